import json

import pytest
import torch

from inference.errors import (
    AdapterBroken,
    AdapterRefused,
    AdapterUnsafe,
    ModelBroken,
    WrongModelForTask,
)
from inference.loading import bytes_to_load, load
from inference.records import Choice
from tests.inference import tiny


@pytest.fixture(scope="module")
def chat(tmp_path_factory):
    return tiny.chat(tmp_path_factory.mktemp("model") / "chat")


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    return tiny.classifier(tmp_path_factory.mktemp("model") / "classifier")


@pytest.fixture
def adapter(tmp_path, chat):
    return tiny.adapter(tmp_path / "adapter", chat, "chat", {})


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


def test_a_fresh_adapter_changes_nothing_and_a_trained_one_does(chat, adapter):
    ids = torch.tensor([[5, 6, 7]])
    base = load(Choice(chat), "chat").model(ids).logits
    tuned = load(Choice(chat, adapter), "chat").model
    torch.testing.assert_close(tuned(ids).logits, base)
    for name, weight in tuned.named_parameters():
        if "lora_B" in name:
            weight.fill_(0.5)
    assert not torch.allclose(tuned(ids).logits, base)


def test_an_adapter_of_another_base_is_refused(adapter, tmp_path):
    other = tiny.chat(tmp_path / "other", context=128)
    with pytest.raises(AdapterRefused, match=r"trained for tiny/base .* attached to other"):
        load(Choice(other, adapter), "chat")


def test_an_adapter_of_other_weights_with_the_same_shape_is_refused(tmp_path, chat):
    record = {"base_revision": "sha256:0000000000000000"}
    adapter = tiny.adapter(tmp_path / "adapter", chat, "chat", record)
    with pytest.raises(AdapterRefused):
        load(Choice(chat, adapter), "chat")


def test_an_adapter_for_another_task_is_refused(tmp_path, chat):
    adapter = tiny.adapter(tmp_path / "adapter", chat, "chat", {"task": "summarization"})
    with pytest.raises(WrongModelForTask):
        load(Choice(chat, adapter), "chat")


@pytest.mark.parametrize("name", ["adapter_model.bin", "optimizer.pt", "payload.py"])
def test_an_adapter_with_code_or_pickles_is_refused(chat, adapter, name):
    (adapter / name).write_bytes(b"")
    with pytest.raises(AdapterUnsafe, match=name):
        load(Choice(chat, adapter), "chat")


@pytest.mark.parametrize("name", ["adapter_model.safetensors", "adapter_config.json", "lab.json"])
def test_an_adapter_that_is_incomplete_or_torn_is_refused(chat, adapter, name):
    content = (adapter / name).read_bytes()
    (adapter / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(AdapterBroken):
        load(Choice(chat, adapter), "chat")
    (adapter / name).unlink()
    with pytest.raises(AdapterBroken):
        load(Choice(chat, adapter), "chat")


def test_a_classification_adapter_brings_its_own_labels(tmp_path, classifier):
    labels = ["bad", "fair", "good"]
    adapter = tiny.adapter(tmp_path / "a", classifier, "classification", {"labels": labels})
    loaded = load(Choice(classifier, adapter), "classification")
    assert loaded.labels == ("bad", "fair", "good")
    assert loaded.model(torch.tensor([[1, 5, 2]])).logits.shape == (1, 3)
