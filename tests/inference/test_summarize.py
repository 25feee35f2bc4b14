import functools
import threading

import pytest

from inference import accelerator, summarize
from inference.accelerator import Slots
from inference.catalog import Catalog
from inference.errors import DeadlinePassed
from inference.hub import locate
from inference.pool import shared
from inference.records import Choice, Summary, SummarySettings
from inference.texts import sections
from tests.inference import tiny

FAST = SummarySettings(fast=True)
TEXT = "The quick brown fox jumps over the lazy dog. Was it a good day? It was. " * 8
CHINESE = "今天天气很好，我们去公园散步吧！一个模型有很多参数。" * 24


@pytest.fixture(scope="module")
def choice(tmp_path_factory):
    return Choice(tiny.summary(tmp_path_factory.mktemp("model") / "summary"))


@pytest.mark.parametrize("text", [TEXT, CHINESE])
@pytest.mark.parametrize("fast", [True, False])
def test_every_section_is_done_at_the_end(choice, text, fast):
    records = list(summarize.summarize(text, choice, SummarySettings(fast=fast), 60))
    assert records[-1].sections_done == records[-1].sections_total > 1
    done = [record.sections_done for record in records]
    assert done == sorted(done)


@pytest.mark.parametrize("text", [TEXT, CHINESE, "word " * 400, "A b.\n\nC d!\n" * 90, "x" * 900])
def test_no_section_is_longer_than_the_model_reads(choice, text):
    tokenizer, limit = summarize._reader(choice.folder)
    count = functools.partial(summarize._tokens, tokenizer)
    lengths = count(sections(text, limit, count))
    assert len(lengths) > 1
    assert max(lengths) <= limit


def test_a_text_of_one_word_is_one_section(choice):
    records = list(summarize.summarize("Hi", choice, FAST, 60))
    assert records[-1].sections_done == records[-1].sections_total == 1


def _words(tokenizer, texts):
    return [len(it.split()) for it in texts]


def test_sections_are_joined_and_summarised_again_while_they_fill_more_than_one(
    choice, monkeypatch
):
    """With a summariser that keeps the first sentence of a section, the result is known."""
    seen = []

    def first_sentence(text, choice, settings, deadline_seconds):
        seen.append(text)
        yield text.split(". ")[0].rstrip(".") + "."

    monkeypatch.setattr(summarize, "_section", first_sentence)
    monkeypatch.setattr(summarize, "_reader", lambda folder: (None, 20))
    monkeypatch.setattr(summarize, "_tokens", _words)
    text = " ".join(f"Point {number} matters here. It is so because it is." for number in range(12))
    records = list(summarize.summarize(text, choice, FAST, 60))
    last = records[-1]
    assert last.sections_done == last.sections_total == len(seen)
    assert len(last.text.split()) <= 20
    assert last.text.startswith("Point 0 matters here. Point ")


def test_a_model_that_does_not_shorten_ends_all_the_same(choice, monkeypatch):
    def parrot(text, choice, settings, deadline_seconds):
        yield text

    monkeypatch.setattr(summarize, "_section", parrot)
    last = list(summarize.summarize(TEXT.strip(), choice, FAST, 60))[-1]
    assert last.text == TEXT.strip()


@pytest.mark.parametrize(("length", "most"), [("short", 24), ("medium", 50), ("long", 80)])
def test_a_section_shrinks_to_the_share_asked_for(choice, length, most):
    with shared().borrow(choice, "summarization") as loaded:
        config = summarize._config(loaded, SummarySettings(length=length), 200)
    # The first token of a summary is the decoder's start token.
    assert (config.max_length, config.min_length) == (most + 1, most // 2 + 1)


@pytest.mark.parametrize("fast", [True, False])
def test_the_deadline_of_a_section_is_an_expected_error(choice, fast):
    with pytest.raises(DeadlinePassed):
        list(summarize.summarize(TEXT, choice, SummarySettings(fast=fast), 0.0))


def test_closing_stops_the_model_and_frees_the_slot(choice, monkeypatch):
    one = Slots(1)
    monkeypatch.setattr(accelerator, "slots", lambda: one)
    stream = summarize.summarize(TEXT, choice, FAST, 60)
    assert isinstance(next(stream), Summary)
    stream.close()
    assert one._free == 1
    assert not [it for it in threading.enumerate() if it.name == "generate"]


@pytest.mark.parametrize("text", [TEXT, CHINESE])
def test_the_built_in_model_shortens(text):
    model = Catalog.load({}).find("builtin/summary")
    choice = Choice(locate(model, {}))
    last = list(summarize.summarize(text, choice, SummarySettings(length="short"), 60))[-1]
    assert 0 < len(last.text) < len(text) / 2
