"""Errors become messages: expected ones in the visitor's words, others as a reference."""

import logging
import threading

import gradio as gr
import pytest

from components._feedback import answering, errors_told
from inference.errors import MessageEmpty, ModelUnknown


@pytest.fixture(autouse=True)
def shown(monkeypatch):
    """The messages on the page: (text, title, seconds)."""
    seen = []
    monkeypatch.setattr(
        gr, "Warning", lambda text, duration, title: seen.append((text, title, duration))
    )
    return seen


def told(language, error, **options):
    with pytest.raises(gr.Error) as caught, errors_told(language, **options):
        raise error
    return caught.value


def test_an_expected_error_is_told_in_the_visitors_language(shown):
    assert told("en", MessageEmpty()).message == MessageEmpty.sentence
    chinese = told("zh", MessageEmpty())
    assert "消息" in chinese.message and not chinese.visible  # or it would be shown twice
    assert shown[0][0] == MessageEmpty.sentence
    assert shown[1] == (chinese.message, "没有成功", None)  # stays until it is closed


def test_visitors_words_never_become_html(shown):
    error = ModelUnknown(model="<img src=x onerror=alert(1)>")
    told("en", error)
    assert "<img" not in shown[0][0]
    program = told("en", error, markup=False)  # an API call is no page
    assert "<img" in program.message and program.visible and len(shown) == 1


def test_an_unexpected_error_is_logged_whole_and_shown_as_a_reference(caplog):
    with caplog.at_level(logging.ERROR):
        shown = told("en", ZeroDivisionError("secret detail"))
    reference = caplog.records[0].getMessage().split()[-1]
    assert reference in shown.message and "secret detail" not in shown.message
    assert "secret detail" in caplog.text


def test_a_handler_gets_its_language_and_keeps_its_values():
    assert answering(lambda language, a, b: (language, a, b))("zh-CN", 1, 2) == ("zh", 1, 2)
    assert answering(lambda language: language)("de") == "en"


def test_a_streaming_handler_shows_what_it_had_before_its_error():
    def handler(language):
        yield "first"
        raise MessageEmpty()

    stream = answering(handler)("en")
    assert next(stream) == "first"
    with pytest.raises(gr.Error):
        next(stream)


def test_a_reader_who_leaves_ends_the_work_without_waiting_for_it():
    """Gradio closes on its event loop: what is slow to end must end in a thread of its own."""
    may_end, ended = threading.Event(), threading.Event()

    def handler(language):
        try:
            yield 1
        finally:
            may_end.wait(10)
            ended.set()

    stream = answering(handler)("en")
    next(stream)
    stream.close()  # returns although the handler has not ended
    assert not ended.is_set()
    may_end.set()
    assert ended.wait(10)
