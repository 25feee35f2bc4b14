import pytest

from finetune.bases import align_labels, attach, context, find_base, load_base
from finetune.recipe import Recipe
from inference.errors import ModelBroken, ModelNotHere, ModelUnknown, WrongModelForTask
from tests.inference import tiny


def test_a_base_is_found_by_its_catalogue_id():
    base = find_base("builtin/sentiment", "classification")
    assert (base.id, base.folder.name) == ("builtin/sentiment", "sentiment")
    assert base.parameters > 500_000


def test_a_folder_is_a_base_only_where_that_is_allowed(tmp_path):
    folder = tiny.chat(tmp_path / "mine")
    base = find_base(str(folder), "chat", local=True)
    assert (base.id, base.folder) == ("mine", folder)
    assert context(folder) == 2_048
    with pytest.raises(ModelUnknown):
        find_base(str(folder), "chat")


@pytest.mark.parametrize(
    ("name", "task", "error"),
    [
        ("no/such", "chat", ModelUnknown),
        ("builtin/sentiment", "chat", WrongModelForTask),
        ("Qwen/Qwen3-0.6B", "chat", ModelNotHere),
    ],
)
def test_a_base_that_cannot_be_used_says_why(name, task, error, tmp_path):
    with pytest.raises(error):
        find_base(name, task, environ={"HF_HUB_CACHE": str(tmp_path)})


def test_broken_weights_are_named_without_a_path(tmp_path):
    folder = tiny.chat(tmp_path / "mine")
    (folder / "model.safetensors").write_bytes(b"not safetensors")
    with pytest.raises(ModelBroken) as caught:
        load_base(folder, "chat")
    assert "mine" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_a_head_of_another_task_beside_the_base_is_no_trouble(tmp_path, capfd):
    folder = tiny.headless(tmp_path / "pretrained")
    capfd.readouterr()
    labels = align_labels(["bad", "good"], folder)
    _, _, fresh = load_base(folder, "classification", labels)
    assert "classifier" in fresh
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("own", "data", "names", "kept"),
    [
        (("negative", "positive"), ["Positive", "Negative"], ("Negative", "Positive"), True),
        (("positive", "negative"), ["0", "1"], ("1", "0"), True),
        (("negative", "positive"), ["good", "bad"], ("bad", "good"), False),
        (("negative", "positive"), ["0", "1", "2"], ("0", "1", "2"), False),
        (("LABEL_0", "LABEL_1"), ["0", "1"], ("0", "1"), False),
    ],
)
def test_labels_take_the_order_of_a_head_that_means_the_same(tmp_path, own, data, names, kept):
    folder = tiny.classifier(tmp_path / "m", own)
    found = align_labels(data, folder)
    assert (found.names, found.own_head) == (names, kept)


def test_a_fresh_head_is_saved_with_the_adapter(tmp_path):
    folder = tiny.classifier(tmp_path / "m")
    labels = align_labels(["a", "b", "c"], folder)
    model, _, fresh = load_base(folder, "classification", labels)
    assert fresh == ["classifier"]
    assert model.config.id2label == {0: "a", 1: "b", 2: "c"}
    tuned = attach(model, Recipe(task="classification", base="x"), fresh)
    trained = {name for name, weight in tuned.named_parameters() if weight.requires_grad}
    assert any("classifier" in name and name.endswith("weight") for name in trained)
