import random

import pytest

from inference import explain as module
from inference.catalog import Catalog
from inference.errors import DeadlinePassed
from inference.explain import explain, words
from inference.hub import locate
from inference.records import Choice
from inference.sentiment import classify
from tests.inference import tiny
from tests.inference.plain_sentences import PLAIN_SENTENCES

LEFT_OUT = 3


@pytest.fixture(scope="module")
def choice(tmp_path_factory):
    return Choice(tiny.classifier(tmp_path_factory.mktemp("model") / "classifier"))


@pytest.fixture(scope="module")
def built_in():
    return Choice(locate(Catalog.load({}).find("builtin/sentiment"), {}))


def cut(text):
    return [text[start:end] for start, end in words(text)]


def without(text, spans):
    """`text` without the characters of `spans`."""
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + text[end:]
    return text


def falls(choice, text, spans):
    """How far the label of `text` falls when `spans` are taken out of the text itself."""
    whole, rest = classify([text, without(text, spans)], choice, 60)
    return whole.probabilities[whole.label] - rest.probabilities[whole.label]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It's well-made, 100% “good”!", ["It's", "well-made", "100", "good"]),
        ("味道很好，我们不喜欢。", ["味道", "很", "好", "我们", "不", "喜欢"]),
        ("但是iPhone手机没有坏", ["但是", "iPhone", "手机", "没有", "坏"]),
        ("好吃\U0001f600 ok", ["好吃", "\U0001f600", "ok"]),
        ("…… !!", []),
    ],
)
def test_words_of_a_text(text, expected):
    assert cut(text) == expected


def test_effects_are_those_of_the_text_without_the_word(built_in):
    text = "The soup was good, but the bread was awful."
    found = explain(text, built_in, 60)
    (scores,) = classify([text], built_in, 60)
    assert found.scores.label == scores.label and found.scores.text == text
    assert found.scores.probabilities == pytest.approx(scores.probabilities, abs=1e-6)
    assert [text[it.start : it.end] for it in found.words] == cut(text)
    for word in found.words:
        expected = falls(built_in, text, [(word.start, word.end)])
        assert word.effect == pytest.approx(expected, abs=1e-6)


def test_the_tokens_are_those_the_model_read_and_typed_control_tokens_are_text(built_in):
    found = explain("[SEP] bad", built_in, 60)
    texts = [token.text for token in found.tokens]
    assert (texts[0], texts[-1], texts[-2]) == ("[CLS]", "[SEP]", "bad")
    assert texts.count("[SEP]") == 1
    assert len({token.id for token in found.tokens if token.text in ("[CLS]", "[SEP]")}) == 2


def test_a_text_longer_than_the_model_reads_is_cut_and_said_to_be(choice):
    text = "fox dog " * 200
    found = explain(text, choice, 60)
    assert found.cut and len(found.tokens) == 64
    assert found.words and max(word.end for word in found.words) < 400
    assert not explain("fox dog", choice, 60).cut


def test_of_many_words_neighbours_go_together(choice, monkeypatch):
    monkeypatch.setattr(module, "MOST_WORDS", 4)
    text = "a b c d e f g h i"
    groups = explain(text, choice, 60).words
    assert [text[it.start : it.end] for it in groups] == ["a b c", "d e f", "g h i"]
    monkeypatch.setattr(module, "CPU_WORK", 0)
    monkeypatch.setattr(module, "FEWEST_WORDS", 2)
    assert len(explain(text, choice, 60).words) == 2


def test_several_batches_give_the_effects_of_one(choice, monkeypatch):
    text = "the quick brown fox jumps over the lazy dog"
    whole = explain(text, choice, 60)
    monkeypatch.setitem(module.TOKENS, "cpu", 20)
    parts = explain(text, choice, 60)
    for one, other in zip(whole.words, parts.words, strict=True):
        assert one.effect == pytest.approx(other.effect, abs=1e-5)


def test_punctuation_alone_has_scores_and_no_words(choice):
    found = explain("!!!", choice, 60)
    assert found.words == () and found.scores.label in ("negative", "positive")


def test_an_adapters_labels_are_explained(tmp_path, choice):
    record = {"labels": ["bad", "fair", "good"]}
    adapter = tiny.adapter(tmp_path / "adapter", choice.folder, "classification", record)
    found = explain("a fox", Choice(choice.folder, adapter), 60, labels=("no", "yes"))
    assert list(found.scores.probabilities) == ["bad", "fair", "good"]
    assert len(found.words) == 2


def test_the_deadline_is_an_expected_error(choice):
    with pytest.raises(DeadlinePassed):
        explain("x", choice, -1)


def better_than_random(choice):
    """Of each plain sentence, whether its three words with the largest effect move the label more,
    left out together, than three random ones."""
    for number, text in enumerate(PLAIN_SENTENCES):
        found = sorted(explain(text, choice, 60).words, key=lambda word: -word.effect)
        best = [(word.start, word.end) for word in found[:LEFT_OUT]]
        drawn = random.Random(number).sample(words(text), LEFT_OUT)
        yield falls(choice, text, best) > falls(choice, text, drawn)


def test_leaving_out_the_words_that_count_most_moves_the_label_more_than_random_ones(built_in):
    assert sum(better_than_random(built_in)) >= 0.85 * len(PLAIN_SENTENCES)
