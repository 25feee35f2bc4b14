import json
import threading
from contextlib import closing
from dataclasses import replace

import pytest

from inference import accelerator, summarize
from inference.accelerator import Slots
from inference.catalog import Catalog
from inference.counting import counter
from inference.errors import DeadlinePassed, OutOfMemory
from inference.hub import locate
from inference.records import Choice, Summary, SummarySettings
from inference.summary_lengths import bounds, section_tokens
from inference.texts import sections
from tests.inference import tiny

FAST = SummarySettings(fast=True)
TEXT = "The quick brown fox jumps over the lazy dog. Was it a good day? It was. " * 8
CHINESE = "今天天气很好，我们去公园散步吧！一个模型有很多参数。" * 24
ARTICLE = (
    "The old mill by the river had stood empty for years. In March the council bought it. {n} "
    "people came to the first meeting, and most of them wanted a library. The baker offered bread. "
    "It rained all night, and nobody left before the last word was said.\n\n"
)


@pytest.fixture(scope="module")
def builtin():
    return Choice(locate(Catalog.load({}).find("builtin/summary"), {}))


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
    limit, count = section_tokens(choice.folder), counter(choice.folder)
    lengths = count([text[it.start : it.end] for it in sections(text, limit, count)])
    assert len(lengths) > 1
    assert max(lengths) <= limit


def test_a_text_of_one_word_is_one_section(choice):
    records = list(summarize.summarize("Hi", choice, FAST, 60))
    assert records[-1].sections_done == records[-1].sections_total == 1


@pytest.mark.parametrize(("length", "most"), [("short", 24), ("medium", 50), ("long", 80)])
def test_a_section_shrinks_to_the_share_asked_for(choice, length, most):
    # The first token of a summary is the decoder's start token.
    assert bounds(choice.folder, length, 200) == (most // 2 + 1, most + 1)


@pytest.mark.parametrize("fast", [True, False])
def test_the_deadline_of_a_section_is_an_expected_error(choice, fast):
    with pytest.raises(DeadlinePassed):
        list(summarize.summarize(TEXT, choice, SummarySettings(fast=fast), 0.0))


def test_the_outline_is_there_before_the_model_is_and_its_places_stay(choice):
    records = list(summarize.summarize(TEXT, choice, FAST, 60))
    first, last = records[0], records[-1]
    assert (first.text, first.sections_done, first.sections_total) == ("", 0, len(first.outline))
    assert not any(it.summary for it in first.outline)
    assert [replace(it, summary="") for it in last.outline] == list(first.outline)
    assert all(it.summary for it in last.outline)


def test_what_was_written_when_it_was_closed_is_whole(builtin, monkeypatch):
    """The sections done by then have the summaries they have at the end."""
    monkeypatch.setattr(summarize, "_at_once", lambda *_: 2)
    text = "".join(ARTICLE.format(n=n) for n in range(40))
    whole = list(summarize.summarize(text, builtin, FAST, 60))[-1]
    with closing(summarize.summarize(text, builtin, FAST, 60)) as stream:
        kept = next(it for it in stream if it.sections_done >= 4)
    assert kept.sections_done < kept.sections_total
    assert kept.outline[: kept.sections_done] == whole.outline[: kept.sections_done]
    assert not any(it.summary for it in kept.outline[kept.sections_done :])


@pytest.mark.parametrize("settings", [FAST, SummarySettings("short")], ids=["greedy", "beams"])
def test_sections_summarised_together_come_out_as_they_do_alone(builtin, settings):
    """Of different lengths: padding must not be read, nor another's bounds be kept to."""
    # Told apart by what the demo takes of a text: how it begins, or what was in which month.
    texts = [
        f"Town number {size} has a long story of its own. "
        + "".join(ARTICLE.format(n=n).replace("March", month) for n in range(size))
        for size, month in ((1, "March"), (9, "June"), (4, "May"))
    ]
    texts.append("今天天气很好，我们去公园散步吧！一个模型有很多参数。" * 9)
    *_, together = summarize._batch(texts, builtin, settings, 60)
    alone = [list(summarize._batch([text], builtin, settings, 60))[-1][0] for text in texts]
    assert together == alone
    assert len(set(alone)) == len(alone)


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("length", ["short", "medium", "long"])
def test_every_summary_of_a_batch_keeps_to_bounds_of_its_own(choice, length, fast, monkeypatch):
    """An untrained model seldom ends by itself."""
    seen = []

    def decoded(loaded, tokens):
        seen.append(len(tokens))
        return "x"

    monkeypatch.setattr(summarize, "_decoded", decoded)
    monkeypatch.setattr(summarize, "TICKS_A_HEARTBEAT", 10**9)
    settings = SummarySettings(length, fast)
    texts = [TEXT[:20], TEXT[:60], TEXT[:110]]
    list(summarize._batch(texts, choice, settings, 60))
    sources = [size + 2 for size in counter(choice.folder)(texts)]
    limits = [bounds(choice.folder, length, source) for source in sources]
    assert len(seen) == 3
    assert all(least <= it <= most for it, (least, most) in zip(seen, limits, strict=True))
    assert len(set(limits)) > 1


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("favoured", [True, False])
def test_a_checkpoint_may_favour_the_words_of_the_text(fast, favoured, tmp_path, monkeypatch):
    folder = tiny.summary(tmp_path / "model")
    if favoured:
        path = folder / "generation_config.json"
        told = json.loads(path.read_text()) | {"encoder_repetition_penalty": 1e9}
        path.write_text(json.dumps(told))
    written = set()
    monkeypatch.setattr(summarize, "_decoded", lambda _, tokens: written.update(tokens) or "x")
    list(summarize._batch(["a b"], Choice(folder), SummarySettings(fast=fast), 60))
    with summarize.shared().borrow(Choice(folder), "summarization") as loaded:
        read = set(loaded.tokenizer("a b").input_ids)
    assert (written <= read) is favoured


def test_where_a_line_is_broken_changes_no_summary(builtin):
    text = ARTICLE.format(n=40).strip()
    whole, broken = (
        list(summarize.summarize(it, builtin, FAST, 60))[-1].text
        for it in (text, text.replace(". ", ".\n").replace("the ", "the\n"))
    )
    assert whole == broken


@pytest.mark.parametrize("fast", [True, False])
def test_an_adapter_writes_every_section(choice, fast, tmp_path):
    record = {"task": "summarization"}
    folder = tiny.adapter(tmp_path / "adapter", choice.folder, "summarization", record)
    tuned, settings = replace(choice, adapter=folder), SummarySettings(fast=fast)
    last = list(summarize.summarize(TEXT, tuned, settings, 60))[-1]
    assert len(last.outline) > 1
    assert all(it.summary for it in last.outline)


def test_where_memory_runs_out_fewer_are_written_together(choice, monkeypatch):
    sizes = []

    def narrow(texts, *_):
        sizes.append(len(texts))
        if len(texts) > 2:
            raise OutOfMemory()
        yield ["It is so."] * len(texts)

    monkeypatch.setattr(summarize, "_at_once", lambda *_: 8)
    monkeypatch.setattr(summarize, "_batch", narrow)
    last = list(summarize.summarize(TEXT, choice, FAST, 60))[-1]
    assert all(it.summary == "It is so." for it in last.outline)
    assert sizes[0] > 2 >= sizes[-1]
    monkeypatch.setattr(summarize, "_batch", lambda texts, *_: narrow([None] * 9))
    with pytest.raises(OutOfMemory):
        list(summarize.summarize(TEXT, choice, FAST, 60))


def test_a_batch_has_as_many_times_the_deadline_as_it_has_sections(choice, monkeypatch):
    asked = []
    monkeypatch.setattr(accelerator, "time_limit", lambda seconds: asked.append(seconds) or 60)
    list(summarize._batch(["One.", "Two.", "Three."], choice, FAST, 10))
    assert asked == [30]


@pytest.mark.parametrize(
    ("free", "fast", "expected"),
    [(10**12, False, 2), (10**12, True, 8), (0, False, 1)],
)
def test_a_large_model_on_a_processor_writes_few_together_and_one_without_memory(
    free, fast, expected, minis, monkeypatch
):
    folder = minis.folder("facebook/bart-large-cnn")
    monkeypatch.setattr(summarize.hardware, "accelerator", lambda: "cpu")
    monkeypatch.setattr(summarize.fit, "available", lambda: free)
    monkeypatch.setattr(summarize.fit, "SMALL", 1)
    assert summarize._at_once(Choice(folder), SummarySettings(fast=fast), 1_020) == expected


def test_closing_stops_the_model_and_frees_the_slot(choice, monkeypatch):
    one = Slots(1)
    monkeypatch.setattr(accelerator, "slots", lambda: one)
    stream = summarize.summarize(TEXT, choice, FAST, 60)
    next(stream)  # the outline
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
