"""Fetching, against a hub on this machine; the Hub's client is unmodified and in its process."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psutil
import pytest
from filelock import FileLock

from inference import errors, fetch_child, hub, remote
from inference.catalog import BUILTIN_FOLDER, Catalog
from inference.fetch import Downloads, probe
from tests.inference.stand_in_hub import COMMIT, Fault, StandInHub, commit_of
from tests.serving import until

CATALOG = Catalog.load({})
MODEL = CATALOG.find("nlptown/bert-base-multilingual-uncased-sentiment")
IN_A_PULL_REQUEST = CATALOG.find("textattack/bert-base-uncased-SST-2")
OTHERS = [CATALOG.find(f"Qwen/Qwen3-{size}") for size in ("0.6B", "1.7B", "8B")]
SECRET = "hf_of_the_operator"
TOKEN = "hf_of_the_visitor"


@pytest.fixture
def source(tmp_path):
    """A hub with a small real model, and with what no app needs of it."""
    folder = tmp_path / "hub" / MODEL.id
    shutil.copytree(BUILTIN_FOLDER / "sentiment", folder)
    for name in ("pytorch_model.bin", "tf_model.h5", "model.onnx", "modeling.py"):
        (folder / name).write_bytes(b"not wanted")
    with StandInHub(tmp_path / "hub") as hub:
        yield hub


@pytest.fixture
def environ(source, tmp_path):
    return environment(source, tmp_path)


def environment(source, folder):
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    own = {"HF_ENDPOINT": source.url, "HF_HUB_CACHE": str(folder / "cache")}
    homes = {"HOME": str(folder), "LAB_HOME": str(folder / "home")}
    secrets = {"HF_TOKEN": SECRET, "HUGGING_FACE_HUB_TOKEN": SECRET, "OAUTH_CLIENT_SECRET": SECRET}
    secrets["LAB_CHAT_KEY"] = SECRET
    return kept | own | homes | secrets


@pytest.fixture
def downloads(environ):
    """Nothing of them is left running after a test."""
    made = []

    def make(**more):
        made.append(Downloads(environ, **{"free_space": lambda folder: 10**12} | more))
        return made[-1]

    yield make
    for it in made:
        for model in (MODEL, IN_A_PULL_REQUEST, *OTHERS):
            if download := it.find(model.id):
                download.cancel()
                assert download.wait(10).ended


def small(source, model=MODEL, size=400_000):
    """A model of random bytes: enough for everything that does not load it."""
    folder = source.folder / model.id
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("config.json", "tokenizer.json"):
        (folder / name).write_text("{}", encoding="utf-8")
    (folder / "model.safetensors").write_bytes(os.urandom(size))
    return folder


def soon(condition):
    until(condition, 20, "what the test waits for")


def children():
    found = psutil.Process().children()
    return [it for it in found if "inference.fetch_child" in it.cmdline()]


# Everything goes well


def test_a_model_is_fetched_and_found(source, environ, downloads):
    end = downloads().begin(MODEL).wait(30)
    assert (end.state, end.error) == ("done", None)
    assert end.bytes_done == end.bytes_total > 2_000_000

    folder = hub.locate(MODEL, environ)
    assert hub.revision(folder) == COMMIT and hub.name_of(folder) == MODEL.id
    known = BUILTIN_FOLDER / "sentiment"
    assert hub.parameters_on_disk(folder) == hub.parameters_on_disk(known)
    for file in folder.iterdir():
        assert file.read_bytes() == (known / file.name).read_bytes()
    wanted = {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert {it.name for it in folder.iterdir()} == wanted
    assert sorted(it.file for it in source.bodies()) == sorted(wanted)


def test_the_hubs_client_finds_in_its_cache_what_was_fetched(source, environ, downloads):
    assert downloads().begin(MODEL).wait(30).state == "done"
    before = len(source.bodies())
    call = "import sys, huggingface_hub as h; print(h.snapshot_download(*sys.argv[1:2], "
    call += "allow_patterns=['*.json', '*.safetensors']), h.scan_cache_dir().warnings)"
    command = [sys.executable, "-c", call, MODEL.id]
    said = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert said.stdout.split() == [str(hub.locate(MODEL, environ)), "[]"]
    assert len(source.bodies()) == before


def test_a_model_in_shards_is_fetched(source, environ, downloads):
    folder = small(source)
    names = [f"model-0000{number}-of-00002.safetensors" for number in (1, 2)]
    (folder / "model.safetensors").rename(folder / names[0])
    (folder / names[1]).write_bytes(b"second")
    index = {"weight_map": {"a": names[0], "b": names[1]}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    assert downloads().begin(MODEL).wait(30).state == "done"
    assert [it.name for it in hub.weight_files(hub.locate(MODEL, environ))] == names


def test_files_of_the_same_content_are_fetched_once(source, environ, downloads):
    folder = small(source)
    for name in remote.PLAIN:
        (folder / name).write_text("{}", encoding="utf-8")
    assert downloads().begin(MODEL).wait(30).state == "done"
    assert len(source.bodies()) == 2
    assert {it.name for it in hub.locate(MODEL, environ).iterdir()} == {
        *remote.PLAIN,
        "model.safetensors",
    }


def test_only_what_is_used_is_needed():
    weights = ["model.safetensors"]
    plain = sorted(remote.PLAIN)
    never = ["pytorch_model.bin", "a.py", "flax_model.msgpack", "onnx/model.safetensors"]
    assert remote.needed([*plain, *weights, *never]) == sorted([*plain, *weights])
    assert remote.needed(["config.json", "pytorch_model.bin"]) == []
    shard, index = "model-00001-of-00001.safetensors", "model.safetensors.index.json"
    assert remote.needed([shard, index]) == sorted([shard, index])
    assert remote.needed([*weights, shard, index]) == weights
    assert remote.needed([index]) == remote.needed([shard]) == []


def test_a_probe_tells_the_size_and_writes_nothing(source, environ, tmp_path):
    found = probe(MODEL, environ)
    size = (source.folder / MODEL.id / "model.safetensors").stat().st_size
    assert found.revision == COMMIT and ("model.safetensors", size) in found.files
    assert found.bytes_total == sum(bytes for _, bytes in found.files) > size
    assert [it.method for it in source.asked] == ["GET"]
    assert not (tmp_path / "cache").exists()


def test_a_model_that_is_here_is_done_without_a_request(source, environ, downloads):
    builtin = CATALOG.find("builtin/chat")
    environ["HF_HUB_OFFLINE"] = "1"
    assert downloads().begin(builtin).progress().state == "done"
    assert source.asked == []


# Revisions


def only_a_pickle(source, model):
    folder = source.folder / model.id
    folder.mkdir(parents=True)
    for name in ("config.json", "vocab.txt", "pytorch_model.bin"):
        (folder / name).write_bytes(b"{}")
    return folder


def test_safetensors_in_a_pull_request_are_fetched_and_found(source, environ, downloads, tmp_path):
    model = IN_A_PULL_REQUEST
    assert model.revision == "refs/pr/2"
    only_a_pickle(source, model)
    proposed = source.folder / f"{model.id}@refs-pr-2"
    shutil.copytree(BUILTIN_FOLDER / "sentiment", proposed)

    end = downloads().begin(model).wait(30)
    assert (end.state, end.error) == ("done", None)
    folder = hub.locate(model, environ)
    assert hub.revision(folder) == commit_of("refs/pr/2") != COMMIT
    weights = (proposed / "model.safetensors").read_bytes()
    assert (folder / "model.safetensors").read_bytes() == weights
    refs = hub.repository_folder(model.id, environ) / "refs"
    assert [it.relative_to(refs).as_posix() for it in refs.rglob("*") if it.is_file()] == [
        "refs/pr/2"
    ]


def test_the_hubs_client_finds_a_pull_request_in_its_cache(source, environ, downloads):
    model = IN_A_PULL_REQUEST
    only_a_pickle(source, model)
    small(source, replace(model, id=f"{model.id}@refs-pr-2"))
    assert downloads().begin(model).wait(30).state == "done"
    call = "import sys, huggingface_hub as h; print(h.snapshot_download(*sys.argv[1:2], "
    call += "revision=sys.argv[2], local_files_only=True), h.scan_cache_dir().warnings)"
    command = [sys.executable, "-c", call, model.id, model.revision]
    said = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert said.stdout.split() == [str(hub.locate(model, environ)), "[]"]


def test_a_commit_is_fetched_without_a_reference(source, environ, downloads):
    small(source, replace(MODEL, id=f"{MODEL.id}@v2"))
    model = replace(MODEL, revision=commit_of("v2"))
    assert downloads().begin(model).wait(30).state == "done"
    assert hub.revision(hub.locate(model, environ)) == commit_of("v2")
    assert not (hub.repository_folder(model.id, environ) / "refs").exists()


def test_a_revision_that_is_not_there_is_missing(source, environ):
    small(source)
    with pytest.raises(errors.ModelMissing):
        probe(replace(MODEL, revision="refs/pr/9"), environ)
    assert source.bodies() == []


# Everything goes wrong

STALL = 1.0
FAULTS = {
    "sign in": (Fault("api", status=401), errors.ModelGated),
    "forbidden": (Fault("api", status=403), errors.ModelGated),
    "no such model": (Fault("api", status=404), errors.ModelMissing),
    "too many requests": (Fault("api", status=429), errors.HubBusy),
    "broken": (Fault("api", status=500), errors.HubFailed),
    "in maintenance": (Fault("api", status=503), errors.HubFailed),
    "never answers": (Fault("api", "silent"), errors.HubSilent),
    "web page": (Fault("api", "page"), errors.NotAHub),
    "file: terms to accept": (Fault("file", status=403), errors.ModelGated),
    "file: missing": (Fault("file", status=404), errors.ModelMissing),
    "file: too many requests": (Fault("file", status=429), errors.HubBusy),
    "file: broken": (Fault("file", status=500), errors.HubFailed),
    "file: never answers": (Fault("file", "silent"), errors.ConnectionStalled),
    "file: stalls": (Fault("file", "stall", after=100_000), errors.ConnectionStalled),
    "file: always cut off": (Fault("file", "cut", after=100_000), errors.DownloadTruncated),
    "file: shorter than told": (Fault("file", "short", after=100_000), errors.DownloadTruncated),
}


@pytest.fixture(scope="module")
def ends(tmp_path_factory):
    """name -> how a download with that fault ended, and after how many seconds; four at a time."""
    folder = tmp_path_factory.mktemp("faults")

    def end_of(name):
        fault = FAULTS[name][0]
        model = replace(MODEL, id=f"faults/number-{list(FAULTS).index(name)}")
        small(source, model)
        source.faults[model.id] = fault
        # A file that is cut off is tried again before it counts: longer than this short patience.
        patience = 10 if fault.what == "cut" else STALL
        begun = time.monotonic()
        environ = environment(source, folder)
        downloads = Downloads(environ, stall_seconds=patience, free_space=lambda folder: 10**12)
        download = downloads.begin(model)
        end = download.wait(20)
        download.cancel()
        return end, time.monotonic() - begun

    with StandInHub(folder / "hub") as source, ThreadPoolExecutor(4) as pool:
        yield dict(zip(FAULTS, pool.map(end_of, FAULTS), strict=True))


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_has_its_own_error_soon(name, ends):
    end, seconds = ends[name]
    assert end.state == "failed" and type(end.error) is FAULTS[name][1]
    assert seconds < 10


def test_a_probe_does_not_wait_for_a_server_that_never_answers(source, environ):
    source.faults[MODEL.id] = Fault("api", "silent")
    begun = time.monotonic()
    with pytest.raises(errors.HubSilent, match="3 seconds"):
        probe(MODEL, environ)
    assert time.monotonic() - begun < 5  # three, and Python starting on a busy machine
    assert children() == []


def test_a_closed_port_is_unreachable(environ, downloads):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        environ["HF_ENDPOINT"] = f"http://someone:secret@127.0.0.1:{free.getsockname()[1]}"
    error = downloads().begin(MODEL).wait(10).error
    assert type(error) is errors.HubUnreachable
    assert error.values["host"].startswith("127.0.0.1:") and "secret" not in str(error)


def test_weights_that_can_hide_code_are_refused(source, environ):
    folder = small(source)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(errors.NoSafeWeights):
        probe(MODEL, environ)
    assert source.bodies() == []


def test_what_is_no_name_of_a_blob_does_not_become_a_path():
    for told in ("../../../etc/passwd", "", None, 7):
        assert remote._BLOB.fullmatch(remote._blob(COMMIT, "config.json", told))
    assert remote._blob(COMMIT, "config.json", "a" * 40) == "a" * 40


def test_a_disk_that_is_too_small_is_told_before_anything_is_fetched(source, downloads):
    small(source)
    error = downloads(free_space=lambda folder: 10**9).begin(MODEL).wait(10).error
    assert type(error) is errors.DiskTooSmall
    assert error.values == {"model": MODEL.id, "needed": "1.0 GB", "free": "1.0 GB"}
    assert source.bodies() == []


@pytest.mark.parametrize("name", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_offline_means_no_connection_at_all(name, source, environ, downloads):
    environ[name] = "1"
    end = downloads().begin(MODEL).progress()
    assert end.state == "failed" and type(end.error) is errors.DownloadsOff
    with pytest.raises(errors.DownloadsOff, match=name):
        probe(MODEL, environ)
    assert source.asked == [] and children() == []


def test_a_folder_that_cannot_be_written_is_named_as_such(environ, downloads, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be", encoding="utf-8")
    assert type(downloads().begin(MODEL).wait(10).error) is errors.CacheNotWritable


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(28, "No space left on device"), errors.DiskFull),
        (PermissionError(13, "Permission denied"), errors.CacheNotWritable),
        (ModuleNotFoundError("no", name="modelscope"), errors.SourceNotInstalled),
        (ZeroDivisionError(), errors.FetchFailed),
    ],
)
def test_what_the_child_reports_gets_its_name(error, kind, environ, capfd):
    told = remote.Source.of(MODEL, environ).error(fetch_child.report(error))
    assert type(told) is kind
    assert ("ZeroDivisionError" in capfd.readouterr().err) == (kind is errors.FetchFailed)


def test_a_child_that_dies_is_an_error(source, downloads):
    small(source)
    source.faults[MODEL.id] = Fault("file", "stall", after=1)
    download = downloads().begin(MODEL)
    soon(lambda: source.bodies("model.safetensors"))
    children()[0].kill()
    assert type(download.wait(10).error) is errors.FetchFailed


@pytest.mark.parametrize("value", ["0", "-1", "soon", "nan", "inf"])
def test_patience_must_be_a_number(value):
    with pytest.raises(errors.ConfigurationRefused, match="LAB_STALL_SECONDS"):
        Downloads({"LAB_STALL_SECONDS": value})


# Progress, cancelling and going on


def test_progress_moves_within_a_file(source, downloads):
    small(source)
    source.faults[MODEL.id] = Fault("file", "stall", after=100_000)
    download = downloads().begin(MODEL)
    soon(lambda: download.progress().bytes_done >= 100_000)
    seen = download.progress()
    assert seen.state == "downloading" and 100_000 <= seen.bytes_done < seen.bytes_total
    assert seen.bytes_per_second > 0 and seen.eta_seconds > 0 and not seen.ended
    source.go_on.set()
    end = download.wait(10)
    assert end.state == "done" and end.bytes_per_second == 0


def test_a_slow_connection_is_not_a_dead_one(source, downloads):
    small(source)
    source.faults[MODEL.id] = Fault("file", "slow")
    begun = time.monotonic()
    assert downloads(stall_seconds=STALL).begin(MODEL).wait(30).state == "done"
    assert time.monotonic() - begun > 1.5 * STALL


def test_a_cancelled_download_goes_on_where_it_was(source, environ, downloads):
    weights = small(source) / "model.safetensors"
    source.faults[MODEL.id] = Fault("file", "stall", after=100_000)
    several = downloads()
    download = several.begin(MODEL)
    soon(lambda: download.progress().bytes_done >= 100_000)
    begun = time.monotonic()
    download.cancel()
    assert download.wait(10).state == "cancelled"
    assert time.monotonic() - begun < 1 and children() == []
    assert not hub.is_here(MODEL, environ)

    source.faults.clear()
    before = len(source.asked)
    again = several.begin(MODEL)
    assert again is not download and again.wait(30).state == "done"
    (body,) = [it for it in source.bodies() if it in source.asked[before:]]
    assert body.file == "model.safetensors" and body.headers["range"] == "bytes=100000-"
    assert (hub.locate(MODEL, environ) / weights.name).read_bytes() == weights.read_bytes()


def test_one_asked_for_again_while_it_is_being_cancelled_is_fetched_all_the_same(source, downloads):
    small(source)
    source.faults[MODEL.id] = Fault("file", "stall", after=300_000)
    pool = downloads()
    first = pool.begin(MODEL)
    soon(lambda: first.progress().bytes_done > 200_000)
    before = first.progress().bytes_done
    source.faults.clear()
    first.cancel()
    second = pool.begin(MODEL)
    assert second is not first and second.progress().bytes_done >= before
    assert second.wait(30).state == "done" and first.progress().state == "cancelled"
    assert source.bodies("model.safetensors")[-1].headers["range"].startswith("bytes=3")


def test_a_stalled_download_goes_on_where_it_was(source, environ, downloads):
    small(source)
    source.faults[MODEL.id] = Fault("file", "stall", after=100_000)
    several = downloads(stall_seconds=STALL)
    error = several.begin(MODEL).wait(10).error
    assert error.values["seconds"] == STALL and error.values["done"] == "100 kB"
    source.faults.clear()
    assert several.begin(MODEL).wait(30).state == "done"
    assert source.bodies("model.safetensors")[-1].headers["range"] == "bytes=100000-"


def test_a_file_of_the_wrong_size_is_fetched_again(source, environ, downloads):
    weights = small(source) / "model.safetensors"
    assert downloads().begin(MODEL).wait(30).state == "done"
    folder = hub.locate(MODEL, environ)
    (folder / "model.safetensors").resolve().write_bytes(b"cut")
    (folder / "config.json").unlink()  # else the model counts as here
    assert downloads().begin(MODEL).wait(30).state == "done"
    assert (folder / "model.safetensors").read_bytes() == weights.read_bytes()


def test_two_visitors_share_a_download(source, downloads):
    small(source)
    source.faults[MODEL.id] = Fault("file", "stall", after=1)
    several = downloads()
    first = several.begin(MODEL)
    soon(lambda: first.progress().state == "downloading")
    assert several.begin(MODEL) is first is several.find(MODEL.id)
    source.go_on.set()
    assert first.wait(30).state == "done"
    assert len(source.bodies("model.safetensors")) == 1
    assert len([it for it in source.asked if it.path.startswith("/api/")]) == 1


def test_two_processes_do_not_write_the_same_file(source, environ, downloads):
    small(source)
    locks = hub.cache_folder(environ) / ".locks"
    locks.mkdir(parents=True)
    several = downloads(stall_seconds=STALL)
    with FileLock(locks / f"{hub.repository_folder(MODEL.id, environ).name}.lock"):
        assert type(several.begin(MODEL).wait(10).error) is errors.ConnectionStalled
    assert source.bodies() == []
    assert several.begin(MODEL).wait(30).state == "done"


def test_two_are_fetched_at_a_time_and_the_others_wait_their_turn(source, downloads):
    for model in OTHERS:
        small(source, model)
        source.faults[model.id] = Fault("file", "stall", after=1)
    several = downloads()
    begun = [several.begin(model) for model in OTHERS]
    soon(lambda: all(it.progress().state == "downloading" for it in begun[:2]))
    last = begun[2]
    assert last.progress().state == "waiting"
    assert last.progress().bytes_total == OTHERS[2].download_bytes
    assert not [it for it in source.asked if OTHERS[2].id in it.path]
    begun[0].cancel()
    soon(lambda: last.progress().state == "downloading")
    last.cancel()
    assert [it.wait(10).state for it in (begun[0], last)] == ["cancelled", "cancelled"]


def test_one_that_waits_can_be_cancelled(source, downloads):
    small(source)
    source.faults[MODEL.id] = Fault("api", "silent")
    several = downloads(at_once=1)
    several.begin(MODEL)
    waiting = several.begin(OTHERS[0])
    waiting.cancel()
    assert waiting.wait(10).state == "cancelled"
    assert not [it for it in source.asked if OTHERS[0].id in it.path]


# Tokens


def test_the_visitors_token_reaches_the_hub_and_no_environment(source, downloads):
    small(source)
    source.faults[MODEL.id] = Fault("file", "stall", after=1)
    download = downloads().begin(MODEL, TOKEN)
    soon(lambda: source.bodies("model.safetensors"))
    (child,) = children()
    seen = [*child.environ().values(), *child.cmdline()]
    assert not [it for it in seen if TOKEN in it or SECRET in it]
    assert TOKEN not in repr(vars(download))
    to_hub = [it for it in source.asked if not it.path.startswith("/cdn/")]
    assert {it.headers.get("authorization") for it in to_hub} == {f"Bearer {TOKEN}"}
    assert "authorization" not in source.bodies("model.safetensors")[0].headers


def test_without_a_token_the_operators_is_not_used(source, environ, downloads, tmp_path):
    small(source)
    (tmp_path / ".cache" / "huggingface").mkdir(parents=True)
    (tmp_path / ".cache" / "huggingface" / "token").write_text(SECRET, encoding="utf-8")
    assert downloads().begin(MODEL).wait(30).state == "done"
    assert not [it for it in source.asked if "authorization" in it.headers]


def test_the_child_ends_with_the_app(source, environ):
    small(source)
    source.faults[MODEL.id] = Fault("file", "stall", after=1)
    found = remote.Source.of(MODEL, environ)
    files = list(probe(MODEL, environ).entries())
    request = {"revision": COMMIT, "files": files, "folder": str(found.folder), "token": None}
    with remote.running(found, "download", seconds=9, **request) as child:
        soon(lambda: source.bodies("model.safetensors"))
        child._process.stdin.close()  # as the system does when the app dies
        assert child._process.wait(10) == 1


# Other sources


def test_a_source_nobody_knows_is_refused(environ, downloads):
    environ["LAB_SOURCE"] = "ftp"
    error = downloads().begin(MODEL).progress().error
    assert type(error) is errors.SourceUnknown and "huggingface, modelscope" in str(error)


def test_modelscope_must_be_installed(source, environ, downloads):
    environ["LAB_SOURCE"] = "modelscope"
    error = downloads().begin(MODEL).wait(10).error
    assert type(error) is errors.SourceNotInstalled and "pip install modelscope" in str(error)
    assert source.asked == []


MODELSCOPE = {
    "__init__.py": "",
    "hub/__init__.py": "",
    "hub/api.py": """
class HubApi:
    def get_model_files(self, model_id, revision, recursive):
        sizes = {"config.json": 2, "vocab.txt": 1, "model.safetensors": 9, "pytorch_model.bin": 9}
        return [{"Path": "docs", "Type": "tree"}] + [
            {"Path": name, "Size": size, "Type": "blob"} for name, size in sizes.items()
        ]
""",
    "hub/snapshot_download.py": """
import pathlib
SIZES = {"config.json": 2, "vocab.txt": 1, "model.safetensors": 9}
def snapshot_download(model_id, revision, local_dir, allow_patterns):
    print("Downloading", model_id)
    folder = pathlib.Path(local_dir)
    folder.mkdir(parents=True)
    for name in allow_patterns:
        (folder / name).write_bytes(bytes(SIZES[name]))
""",
}


def test_models_from_modelscope_are_found(source, environ, downloads, tmp_path):
    # The package is not among the requirements: this one has the functions that are called.
    for name, code in MODELSCOPE.items():
        path = tmp_path / "packages" / "modelscope" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code, encoding="utf-8")
    environ |= {"LAB_SOURCE": "modelscope", "PYTHONPATH": str(tmp_path / "packages")}
    end = downloads().begin(MODEL, TOKEN).wait(30)
    assert (end.state, end.bytes_total) == ("done", 12)
    assert hub.locate(MODEL, environ) == tmp_path / "home" / "models" / MODEL.id
    assert source.asked == []
