import json
import os
import socket
from dataclasses import replace

import pytest

from inference import hub
from inference.catalog import Catalog
from inference.errors import ModelNotHere

MODEL = Catalog.load({}).find("Qwen/Qwen3-0.6B")


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("the network was touched")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def _fill(folder, weights=("model.safetensors",)):
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}", encoding="utf-8")
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    for name in weights:
        (folder / name).write_bytes(b"")
    return folder


def _snapshot(cache, commit="abc"):
    return cache / "models--Qwen--Qwen3-0.6B" / "snapshots" / commit


def test_a_snapshot_in_the_cache_is_found_where_the_hub_keeps_it(tmp_path):
    folder = _fill(_snapshot(tmp_path / "hub"))
    assert hub.locate(MODEL, {"HF_HOME": str(tmp_path)}) == folder
    assert hub.locate(MODEL, {"HF_HUB_CACHE": str(tmp_path / "hub")}) == folder
    assert hub.revision(folder) == "abc"
    assert hub.name_of(folder) == "Qwen/Qwen3-0.6B"


def test_the_main_branch_comes_before_newer_snapshots(tmp_path):
    main = _fill(_snapshot(tmp_path, "old"))
    newer = _fill(_snapshot(tmp_path, "new"))
    os.utime(main, (1, 1))
    assert hub.locate(MODEL, {"HF_HUB_CACHE": str(tmp_path)}) == newer
    refs = tmp_path / "models--Qwen--Qwen3-0.6B" / "refs"
    refs.mkdir()
    (refs / "main").write_text("old", encoding="utf-8")
    assert hub.locate(MODEL, {"HF_HUB_CACHE": str(tmp_path)}) == main


def test_the_models_own_revision_comes_before_main(tmp_path):
    environ = {"HF_HUB_CACHE": str(tmp_path)}
    model = replace(MODEL, revision="refs/pr/3")
    main, proposed = (_fill(_snapshot(tmp_path, commit)) for commit in ("on-main", "proposed"))
    refs = tmp_path / "models--Qwen--Qwen3-0.6B" / "refs"
    (refs / "refs" / "pr").mkdir(parents=True)
    (refs / "main").write_text("on-main", encoding="utf-8")
    (refs / "refs" / "pr" / "3").write_text("proposed", encoding="utf-8")

    assert hub.locate(model, environ) == proposed
    assert hub.locate(MODEL, environ) == main
    assert hub.locate(replace(MODEL, revision="proposed"), environ) == proposed
    (proposed / "model.safetensors").unlink()
    assert hub.locate(model, environ) == main


def test_the_operators_folder_comes_before_the_cache(tmp_path):
    _fill(_snapshot(tmp_path / "cache"))
    own = _fill(tmp_path / "models" / "Qwen" / "Qwen3-0.6B")
    environ = {"LAB_MODELS": str(tmp_path / "models"), "HF_HUB_CACHE": str(tmp_path / "cache")}
    assert hub.locate(MODEL, environ) == own


def test_what_came_from_modelscope_comes_last(tmp_path):
    environ = {"LAB_HOME": str(tmp_path), "HF_HUB_CACHE": str(tmp_path / "cache")}
    own = _fill(tmp_path / "models" / "Qwen" / "Qwen3-0.6B")
    assert hub.locate(MODEL, environ) == own
    cached = _fill(_snapshot(tmp_path / "cache"))
    assert hub.locate(MODEL, environ) == cached


@pytest.mark.parametrize("missing", ["config.json", "tokenizer.json", "model.safetensors"])
def test_half_a_download_is_not_here(tmp_path, missing):
    folder = _fill(_snapshot(tmp_path))
    (folder / missing).unlink()
    environ = {"HF_HUB_CACHE": str(tmp_path), "LAB_HOME": str(tmp_path / "home")}
    assert not hub.is_here(MODEL, environ)
    with pytest.raises(ModelNotHere, match=r"Qwen/Qwen3-0\.6B .*1\.5 GB"):
        hub.locate(MODEL, environ)


def test_a_dangling_link_is_not_here(tmp_path):
    folder = _fill(_snapshot(tmp_path))
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to(tmp_path / "blob-not-there")
    assert not hub.is_here(MODEL, {"HF_HUB_CACHE": str(tmp_path), "LAB_HOME": str(tmp_path)})


def test_every_shard_of_the_index_must_be_there(tmp_path):
    folder = _fill(_snapshot(tmp_path), weights=("a.safetensors",))
    index = {"weight_map": {"x": "a.safetensors", "y": "b.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    environ = {"HF_HUB_CACHE": str(tmp_path), "LAB_HOME": str(tmp_path / "home")}
    assert not hub.is_here(MODEL, environ)
    (folder / "b.safetensors").write_bytes(b"")
    assert hub.is_here(MODEL, environ)


def test_a_half_written_index_is_not_here(tmp_path):
    folder = _fill(_snapshot(tmp_path), weights=())
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {', encoding="utf-8")
    assert not hub.is_here(MODEL, {"HF_HUB_CACHE": str(tmp_path), "LAB_HOME": str(tmp_path)})


def test_the_fingerprint_of_a_local_folder_follows_its_weights(tmp_path):
    folder = _fill(tmp_path / "own")
    before = hub.revision(folder)
    (folder / "model.safetensors").write_bytes(b"other weights")
    assert hub.revision(folder) != before
    assert before.startswith("sha256:")


def test_built_in_models_are_complete():
    for model in Catalog.load({}).models:
        if model.demo:
            assert hub.locate(model, {}).name == model.id.partition("/")[2]
