import pytest

from inference import accelerator, sentiment
from inference.accelerator import Slots
from inference.catalog import Catalog
from inference.errors import DeadlinePassed
from inference.hub import locate
from inference.records import Choice
from inference.sentiment import classify
from tests.inference import tiny

TEXTS = [
    "short",
    "a much longer text " * 9,
    "今天天气很好",
    "",
    "x",
    "一" * 300,
    "fox dog fox",
] * 12


@pytest.fixture(scope="module")
def choice(tmp_path_factory):
    return Choice(tiny.classifier(tmp_path_factory.mktemp("model") / "classifier"))


@pytest.fixture(scope="module")
def scores(choice):
    return list(classify(TEXTS, choice, 60))


def test_scores_come_in_the_order_of_the_texts(scores):
    assert [score.text for score in scores] == TEXTS


def test_probabilities_sum_to_one_and_the_label_is_the_likeliest(scores):
    for score in scores:
        assert sum(score.probabilities.values()) == pytest.approx(1, abs=1e-12)
        assert score.probabilities[score.label] == max(score.probabilities.values())
        assert list(score.probabilities) == ["negative", "positive"]


def test_a_batch_scores_as_each_text_alone(scores, choice):
    for score in scores[:7]:
        (alone,) = classify([score.text], choice, 60)
        assert alone.probabilities == pytest.approx(score.probabilities, abs=1e-5)


def test_windows_join_in_order(choice, scores, monkeypatch):
    monkeypatch.setattr(sentiment, "WINDOW", 5)
    windowed = list(classify(TEXTS[:12], choice, 60))
    for one, other in zip(windowed, scores, strict=False):
        assert one.text == other.text
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-5)


def test_no_texts_give_no_scores(choice):
    assert list(classify([], choice, 60)) == []


def test_a_catalogue_models_names_replace_its_configs(choice):
    (score,) = classify(["x"], choice, 60, labels=("bad", "good"))
    assert list(score.probabilities) == ["bad", "good"]


def test_an_adapters_labels_come_first(tmp_path, choice):
    record = {"labels": ["bad", "fair", "good"]}
    adapter = tiny.adapter(tmp_path / "adapter", choice.folder, "classification", record)
    (score,) = classify(["x"], Choice(choice.folder, adapter), 60, labels=("no", "yes"))
    assert list(score.probabilities) == ["bad", "fair", "good"]


def test_the_deadline_is_an_expected_error(choice):
    with pytest.raises(DeadlinePassed):
        list(classify(["x"], choice, -1))


def test_closing_frees_the_slot(choice, monkeypatch):
    one = Slots(1)
    monkeypatch.setattr(accelerator, "slots", lambda: one)
    monkeypatch.setattr(sentiment, "WINDOW", 2)
    stream = classify(TEXTS, choice, 60)
    next(stream)
    stream.close()
    assert one._free == 1


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("I love this, it is wonderful!", "positive"),
        ("This is terrible and I hate it.", "negative"),
        ("味道很好，非常喜欢", "positive"),
        ("太差了，非常失望", "negative"),
    ],
)
def test_the_built_in_model_knows_good_from_bad(text, label):
    model = Catalog.load({}).find("builtin/sentiment")
    (score,) = classify([text], Choice(locate(model, {})), 60)
    assert score.label == label
