"""Streams read at once: nothing lost at their end, nothing left running."""

import contextvars
import threading

import pytest

from components._together import together
from inference.errors import TextEmpty

WHO = contextvars.ContextVar("who")


def counted(last):
    yield from range(1, last + 1)


def endless(closed):
    try:
        while True:
            yield "on"
            threading.Event().wait(0.01)
    finally:
        closed.set()


def failing(error):
    yield "begun"
    raise error


def test_the_last_record_of_every_stream_is_shown():
    assert [*together([counted(3), counted(5)])][-1] == [3, 5]


def test_an_expected_error_takes_the_place_of_its_stream():
    error = TextEmpty()
    assert [*together([failing(error), counted(2)])][-1] == [error, 2]


def test_any_other_error_is_raised_and_the_rest_closed():
    closed = threading.Event()
    with pytest.raises(ValueError, match="torn"):
        list(together([failing(ValueError("torn")), endless(closed)]))
    assert closed.is_set()


def test_who_leaves_closes_the_streams():
    closed = threading.Event()
    pairs = together([endless(closed), endless(threading.Event())])
    next(pairs)
    pairs.close()
    assert closed.is_set()
    assert not [it for it in threading.enumerate() if it.name == "together"]


def test_one_stream_does_not_wait_for_the_other():
    gate = threading.Event()

    def late():
        assert gate.wait(30)
        yield "late"

    pairs = together([late(), counted(1)])
    first = next(pair for pair in pairs if pair[1] == 1)
    assert first[0] is None
    gate.set()
    assert [*pairs][-1] == ["late", 1]


def test_every_stream_knows_who_asks():
    def asking():
        yield WHO.get()

    def visit():
        WHO.set("a visitor")
        return [*together([asking(), asking()])][-1]

    assert contextvars.copy_context().run(visit) == ["a visitor"] * 2
