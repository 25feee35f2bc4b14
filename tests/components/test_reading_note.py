"""Whether a model reads a text, told with one that does."""

import pytest

import app
from components import _classifiers, _models, _reading_note, _summarizers
from components._models import Wanted
from tests.components.test_refusals import HAN

ENGLISH = Wanted(model="textattack/bert-base-uncased-SST-2")
CHINESE = Wanted(model="uer/roberta-base-finetuned-jd-binary-chinese")
BART = "facebook/bart-large-cnn"


def looked(services, text, wanted, language="en"):
    told, take, reader = _reading_note.shown(services, language, text, wanted, _classifiers.reader)
    return told.visible and told.value, take.visible and take.value, reader


@pytest.mark.parametrize(
    ("text", "wanted", "told"),
    [
        ("这家店很好。", ENGLISH, "This text is Chinese"),
        ("A very good shop.", CHINESE, "This text is not Chinese"),
    ],
)
def test_a_model_that_does_not_read_the_text_is_told_and_one_that_does_offered(
    services, text, wanted, told
):
    sentence, button, reader = looked(services, text, wanted)
    assert told in sentence
    assert (button, reader) == ("Use builtin/sentiment instead", "builtin/sentiment")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("这家店很好。", CHINESE),
        ("A very good shop.", ENGLISH),
        ("这家店很好。", Wanted(model="builtin/sentiment")),
        ("  \n", ENGLISH),
        ("这家店很好。", Wanted(model="nobody/knows")),
    ],
)
def test_nothing_is_said_where_it_is_read_or_is_told_elsewhere(services, text, wanted):
    assert looked(services, text, wanted) == (False, False, "")


def test_a_real_model_that_is_here_is_offered_before_the_demo(services, monkeypatch):
    monkeypatch.setattr(_classifiers.hub, "is_here", lambda model: True)
    assert _classifiers.reader(services, "Good.") == ENGLISH.model
    assert _classifiers.reader(services, "很好。") == CHINESE.model
    assert _models.reads(services, Wanted(model=_classifiers.reader(services, "很好。")), "很好。")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_summariser_that_reads_both_languages_is_offered_for_chinese(services, language):
    told, take, other = _reading_note.shown(
        services, language, "夜班列车回来了。", Wanted(BART), _summarizers.reader
    )
    assert told.visible and take.visible and other == "builtin/summary"
    assert bool(HAN.search(told.value)) == (language == "zh")


def test_the_adapters_of_a_visitor_are_trusted(services):
    assert _reading_note.reads(services, Wanted(run_id="x" * 22), "夜班列车回来了。")


def test_the_looks_at_a_text_end_in_the_order_they_were_asked_for(services, loop):
    """Else the look at an empty text, as a model is chosen, hides what the text's own showed."""
    events = app.build(services).fns.values()
    looks = [it for it in events if it.js and getattr(it.fn, "__name__", "") == "look"]
    for tab in ("sentiment", "summary"):
        own = [it for it in looks if f"{tab}-reading-take" in {o.elem_id for o in it.outputs}]
        watching = [it for it in own if it.trigger_mode == "always_last"]
        assert watching and {it.concurrency_limit for it in watching} == {1}
        assert len({it.concurrency_id for it in watching}) == 1
