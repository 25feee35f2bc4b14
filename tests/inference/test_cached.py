import pytest

from inference import cached
from inference.catalog import Catalog
from inference.errors import ModelNotHere

CATALOG = Catalog.load({})
QWEN, BERT = (CATALOG.find(it) for it in ("Qwen/Qwen3-0.6B", "google-bert/bert-base-uncased"))


@pytest.fixture
def environ(tmp_path):
    """A cache with one model, its files linked as the Hub's client does, and one of somebody's."""
    hub = tmp_path / "hub"
    folder = hub / "models--Qwen--Qwen3-0.6B"
    (folder / "blobs").mkdir(parents=True)
    (folder / "blobs" / "abc").write_bytes(b"x" * 1_000)
    (folder / "snapshots" / "main").mkdir(parents=True)
    (folder / "snapshots" / "main" / "model.safetensors").symlink_to("../../blobs/abc")
    secret = hub / "models--me--secret-project" / "blobs"
    secret.mkdir(parents=True)
    (secret / "d").write_bytes(b"y" * 500)
    return {"HF_HUB_CACHE": str(hub), "LAB_HOME": str(tmp_path / "home")}


def test_models_of_the_catalogue_are_told_and_others_only_counted(environ):
    found = cached.held(CATALOG, environ)
    assert found.models == (("Qwen/Qwen3-0.6B", 1_000),)
    assert found.total == 1_500 and found.free > 0
    assert "secret" not in repr(found)


def test_what_modelscope_brought_counts_too(environ, tmp_path):
    folder = tmp_path / "home" / "models" / "Qwen" / "Qwen3-0.6B"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"z" * 30)
    assert cached.held(CATALOG, environ).models == (("Qwen/Qwen3-0.6B", 1_030),)


def test_deleting_a_model_leaves_the_others(environ, tmp_path):
    assert cached.delete(QWEN, environ) == 1_000
    assert cached.held(CATALOG, environ).models == ()
    assert (tmp_path / "hub" / "models--me--secret-project" / "blobs" / "d").is_file()
    with pytest.raises(ModelNotHere):
        cached.delete(QWEN, environ)


def test_a_built_in_model_or_a_folder_of_the_operators_is_never_deleted(environ, tmp_path):
    own = tmp_path / "own" / BERT.id
    own.mkdir(parents=True)
    (own / "model.safetensors").write_bytes(b"w")
    environ = environ | {"LAB_MODELS": str(tmp_path / "own")}
    for model in (CATALOG.find("builtin/chat"), BERT):
        with pytest.raises(ModelNotHere):
            cached.delete(model, environ)
    assert (own / "model.safetensors").is_file()


def test_a_link_in_place_of_a_models_folder_is_not_followed(environ, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_bytes(b"p")
    link = tmp_path / "hub" / "models--google-bert--bert-base-uncased"
    link.symlink_to(elsewhere, target_is_directory=True)
    with pytest.raises(ModelNotHere):
        cached.delete(BERT, environ)
    assert (elsewhere / "precious").is_file()
