import json

import pytest
import torch

from inference.adapters import attach, sharing
from inference.errors import AdapterBroken, AdapterRefused, AdapterUnsafe, WrongModelForTask
from inference.loading import load
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


def attached(folder, adapter, task="chat"):
    return attach(load(Choice(folder), task), Choice(folder, adapter), task)


IDS = torch.tensor([[5, 6, 7]])


def test_the_base_is_the_same_with_and_without_adapters_on_it(chat, adapter):
    base = load(Choice(chat), "chat")
    before = {name: (it.data_ptr(), it.clone()) for name, it in base.model.named_parameters()}
    logits, modules = base.model(IDS).logits, [*map(id, base.model.modules())]
    first, second = (attach(base, Choice(chat, adapter), "chat") for _ in range(2))
    for tuned, value in ((first, 0.5), (second, -0.5)):
        for name, weight in tuned.model.named_parameters():
            if "lora_B" in name:
                weight.fill_(value)
    others = [it.model(IDS).logits for it in (first, second)]
    assert not torch.allclose(*others) and not torch.allclose(others[0], logits)
    del first, second
    assert torch.equal(base.model(IDS).logits, logits)
    assert [*map(id, base.model.modules())] == modules
    for name, weight in base.model.named_parameters():
        assert weight.data_ptr() == before[name][0] and torch.equal(weight, before[name][1])


def test_an_adapter_takes_no_copy_of_its_base(chat, adapter):
    base = load(Choice(chat), "chat")
    tuned = attach(base, Choice(chat, adapter), "chat")
    own = {it.data_ptr() for it in base.model.parameters()}
    theirs = {it.data_ptr() for name, it in tuned.model.named_parameters() if "lora" not in name}
    assert theirs == own


def test_a_shared_tree_keeps_tied_weights_tied():
    first = torch.nn.Linear(2, 2)
    tree = torch.nn.ModuleDict({"a": first, "b": torch.nn.Sequential(first)})
    copy = sharing(tree)
    assert copy["a"] is copy["b"][0] is not first
    assert copy["a"].weight is first.weight
    copy["a"].weight = torch.nn.Parameter(torch.zeros(2, 2))
    copy["c"] = torch.nn.Identity()
    assert first.weight is not copy["a"].weight and "c" not in tree


@pytest.mark.parametrize("init", ["pissa", "olora", "loftq"])
def test_an_adapter_that_would_change_its_base_is_refused(chat, adapter, init):
    path = adapter / "adapter_config.json"
    known = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**known, "init_lora_weights": init}), encoding="utf-8")
    with pytest.raises(AdapterBroken, match="changed base weights"):
        attached(chat, adapter)


def test_an_adapter_brings_a_head_to_a_base_that_has_none(tmp_path):
    """google-bert's models are published without a classifier."""
    folder = tiny.headless(tmp_path / "bert")
    labels = ["bad", "fair", "good"]
    adapter = tiny.adapter(tmp_path / "a", folder, "classification", {"labels": labels})
    base = load(Choice(folder), "classification")
    assert base.headless
    tuned = attach(base, Choice(folder, adapter), "classification")
    assert tuned.model(torch.tensor([[1, 5, 2]])).logits.shape == (1, 3) and not tuned.headless


def test_a_fresh_adapter_changes_nothing_and_a_trained_one_does(chat, adapter):
    ids = torch.tensor([[5, 6, 7]])
    base = load(Choice(chat), "chat").model(ids).logits
    tuned = attached(chat, adapter).model
    torch.testing.assert_close(tuned(ids).logits, base)
    for name, weight in tuned.named_parameters():
        if "lora_B" in name:
            weight.fill_(0.5)
    assert not torch.allclose(tuned(ids).logits, base)


def test_an_adapter_of_another_base_is_refused(adapter, tmp_path):
    other = tiny.chat(tmp_path / "other", context=128)
    with pytest.raises(AdapterRefused, match=r"trained for tiny/base .* attached to other"):
        attached(other, adapter)


def test_an_adapter_of_other_weights_with_the_same_shape_is_refused(tmp_path, chat):
    record = {"base_revision": "sha256:0000000000000000"}
    adapter = tiny.adapter(tmp_path / "adapter", chat, "chat", record)
    with pytest.raises(AdapterRefused):
        attached(chat, adapter)


def test_an_adapter_for_another_task_is_refused(tmp_path, chat):
    adapter = tiny.adapter(tmp_path / "adapter", chat, "chat", {"task": "summarization"})
    with pytest.raises(WrongModelForTask):
        attached(chat, adapter)


@pytest.mark.parametrize("name", ["adapter_model.bin", "optimizer.pt", "payload.py"])
def test_an_adapter_with_code_or_pickles_is_refused(chat, adapter, name):
    (adapter / name).write_bytes(b"")
    with pytest.raises(AdapterUnsafe, match=name):
        attached(chat, adapter)


@pytest.mark.parametrize("name", ["adapter_model.safetensors", "adapter_config.json", "lab.json"])
def test_an_adapter_that_is_incomplete_or_torn_is_refused(chat, adapter, name):
    content = (adapter / name).read_bytes()
    (adapter / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(AdapterBroken):
        attached(chat, adapter)
    (adapter / name).unlink()
    with pytest.raises(AdapterBroken):
        attached(chat, adapter)


def test_a_classification_adapter_brings_its_own_labels(tmp_path, classifier):
    labels = ["bad", "fair", "good"]
    adapter = tiny.adapter(tmp_path / "a", classifier, "classification", {"labels": labels})
    loaded = attached(classifier, adapter, "classification")
    assert loaded.labels == ("bad", "fair", "good")
    assert loaded.model(torch.tensor([[1, 5, 2]])).logits.shape == (1, 3)
