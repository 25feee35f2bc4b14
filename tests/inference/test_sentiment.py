import random

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


class Encoded:
    def __init__(self, text):
        self.ids = list(text)


def batches(texts, tokens):
    made = sentiment._batches(dict(enumerate(texts)), lambda some: [*map(Encoded, some)], tokens)
    return [[(row.place, row.length) for row in batch] for batch in made]


def test_every_batch_brings_the_text_on_which_the_order_waits():
    lengths = [random.Random(number).randint(1, 40) for number in range(600)]
    made = batches(["x" * length for length in lengths], 100)
    left = set(range(600))
    for batch in made:
        places = {place for place, _ in batch}
        assert min(left) in places and places <= left
        left -= places
    assert not left


def test_a_batch_holds_rows_of_a_like_length_and_no_more_tokens_than_it_may():
    made = batches(["x" * (3 if number % 2 else 30) for number in range(60)], 90)
    assert {frozenset(length for _, length in batch) for batch in made} == {
        frozenset({3}),
        frozenset({30}),
    }
    assert all(len(batch) * batch[-1][1] <= 90 for batch in made)
    assert batches(["x" * 500], 90) == [[(0, 500)]]  # larger than a batch: alone


def test_only_a_window_is_read_ahead():
    read = []

    def encode(some):
        read.extend(some)
        return [*map(Encoded, some)]

    texts = dict(enumerate("x" * (1 + number % 30) for number in range(5_000)))
    next(sentiment._batches(texts, encode, 100))
    assert len(read) == sentiment.WINDOW


def test_after_a_slice_others_have_their_turn(choice, scores, monkeypatch):
    turns = []
    scored = sentiment._scored
    monkeypatch.setattr(sentiment, "_scored", lambda *args: turns.append(args[0]) or scored(*args))
    monkeypatch.setattr(sentiment, "SLICE_ROWS", 30)
    monkeypatch.setitem(sentiment.TOKENS, "cpu", 128)
    sliced = list(classify(TEXTS, choice, 60))
    assert [score.text for score in sliced] == TEXTS
    assert len(turns) == 3 and max(map(len, turns)) <= 30
    for one, other in zip(sliced, scores, strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-5)


def test_closing_stops_after_the_batch_at_work(choice, monkeypatch):
    work = []
    plain = sentiment.probabilities
    monkeypatch.setattr(
        sentiment, "probabilities", lambda *args: work.append(len(args[1])) or plain(*args)
    )
    monkeypatch.setitem(sentiment.TOKENS, "cpu", 64)
    stream = classify(TEXTS, choice, 60)
    next(stream)
    stream.close()
    assert len(work) == 1


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
