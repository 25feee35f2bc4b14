import json

import pytest
import torch

from inference.errors import ModelBroken, WrongModelForTask
from inference.loading import bytes_to_load, load
from inference.records import Choice
from tests.inference import tiny


@pytest.fixture(scope="module")
def chat(tmp_path_factory):
    return tiny.chat(tmp_path_factory.mktemp("model") / "chat")


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    return tiny.classifier(tmp_path_factory.mktemp("model") / "classifier")


def test_a_small_model_is_loaded_in_float32_and_frozen(chat):
    loaded = load(Choice(chat), "chat")
    assert loaded.model.dtype == torch.float32
    assert not any(weight.requires_grad for weight in loaded.model.parameters())
    assert not loaded.model.training
    assert bytes_to_load(Choice(chat)) == sum(it.nbytes for it in loaded.model.parameters())


def test_loading_says_nothing(chat, capfd):
    load(Choice(chat), "chat")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("task", ["classification", "summarization"])
def test_a_model_of_another_kind_gets_no_random_head(chat, task):
    with pytest.raises(WrongModelForTask, match=task):
        load(Choice(chat), task)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_damaged_file_is_named_without_a_path(tmp_path, name):
    folder = tiny.chat(tmp_path / "damaged")
    (folder / name).write_bytes(b"\x10\x00\x00\x00\x00\x00\x00\x00{torn")
    with pytest.raises(ModelBroken, match="damaged") as caught:
        load(Choice(folder), "chat")
    assert str(tmp_path) not in str(caught.value)


def test_weights_that_lack_a_layer_are_refused(tmp_path):
    folder = tiny.chat(tmp_path / "shallow")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["num_hidden_layers"] = 3
    config["layer_types"] = ["full_attention"] * 3
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ModelBroken, match="weights are missing"):
        load(Choice(folder), "chat")
