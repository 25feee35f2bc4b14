"""A push in a child process: what it tells, that it ends, and that the token shows nowhere."""

import os
from pathlib import Path

import pytest

from finetune.errors import (
    NothingToDownload,
    PushRefused,
    RepositoryNameRefused,
    RepositoryPublic,
    TokenMissing,
)
from finetune.pushing import adapter_bytes, pushing
from finetune.trainer import train
from inference.errors import HubUnreachable
from tests.finetune.runs_of_tiny import make, tiny_models
from tests.finetune.writable_hub import TOKEN, WritableHub
from tests.serving import until

WAIT = 60.0


@pytest.fixture
def hub():
    with WritableHub() as hub:
        yield hub


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("m")
    run = make(folder / "run", tiny_models(folder), max_steps=1)
    assert train(run).type == "finished"
    return run


def environ(hub, **more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    return kept | {"HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_operator"} | more


def ended(going):
    """The address; what it yields on the way are seconds that grow."""
    taken = [0.0]
    while True:
        try:
            taken.append(next(going))
        except StopIteration as end:
            return end.value
        assert taken[-1] > taken[-2]


def children():
    """The processes this one has started: their ids."""
    return set(map(int, Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()))


def test_the_adapter_arrives_and_its_address_is_told(hub, run):
    assert ended(pushing(run, "mine", TOKEN, environ=environ(hub))) == f"{hub.url}/me/mine"
    assert any("/commit/" in path for path, _, _ in hub.asked)
    assert "hf_operator" not in repr(hub.asked)
    assert adapter_bytes(run) > 1_000


def test_a_refusal_of_the_hub_keeps_its_name(hub, run):
    with pytest.raises(PushRefused) as caught:
        ended(pushing(run, "me/mine", "hf_wrong", environ=environ(hub)))
    assert caught.value.values == {"host": "127.0.0.1", "repository": "me/mine", "status": 401}


def test_what_should_be_private_is_not_sent_to_a_public_repository(hub, run):
    hub.about["private"] = False
    with pytest.raises(RepositoryPublic):
        ended(pushing(run, "mine", TOKEN, environ=environ(hub)))
    assert not any("/commit/" in path for path, _, _ in hub.asked)
    assert ended(pushing(run, "mine", TOKEN, private=False, environ=environ(hub)))


@pytest.mark.parametrize("limits", [{"silence": 1.0}, {"seconds": 2.0}])
def test_a_silent_hub_counts_as_unreachable(hub, run, limits):
    hub.answering.clear()
    before = children()
    with pytest.raises(HubUnreachable) as caught:
        ended(pushing(run, "mine", TOKEN, environ=environ(hub), **limits))
    assert caught.value.values["host"] == "127.0.0.1"
    assert children() == before


def test_an_offline_machine_is_told_at_once(hub, run):
    with pytest.raises(HubUnreachable):
        ended(pushing(run, "mine", TOKEN, environ=environ(hub, HF_HUB_OFFLINE="1")))
    assert hub.asked == []


def test_the_token_shows_nowhere(hub, run, tmp_path, monkeypatch, caplog):
    """Not in arguments, environment, files or logs, while the hub holds the request; giving up
    then ends the child.
    """
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    hub.answering.clear()
    before = children()
    going = pushing(run, "mine", TOKEN, environ=environ(hub, SECRET="s3cret"))
    until(lambda: next(going) and hub.asked, WAIT, "the hub is asked")
    (child,) = children() - before
    for name in ("cmdline", "environ"):
        found = Path(f"/proc/{child}/{name}").read_bytes()
        assert TOKEN.encode() not in found and b"s3cret" not in found and b"operator" not in found
    for file in [*tmp_path.rglob("*"), *run.folder.rglob("*")]:
        assert file.is_dir() or TOKEN.encode() not in file.read_bytes()
    going.close()
    assert children() == before and not list(tmp_path.iterdir())
    assert TOKEN not in caplog.text


def test_nothing_is_started_without_token_name_or_adapter(run, tmp_path):
    before = children()
    for wrong, values in (
        (TokenMissing, (run, "mine", "")),
        (RepositoryNameRefused, (run, "a/b/c", TOKEN)),
        (NothingToDownload, (make(tmp_path / "new", tiny_models(tmp_path)), "mine", TOKEN)),
    ):
        with pytest.raises(wrong):
            next(pushing(*values))
    assert children() == before
