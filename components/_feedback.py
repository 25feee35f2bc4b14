"""Errors -> a message for the visitor. The one place where `gr.Error` is made.

An expected error is shown in the visitor's language and leaves the page as it is. Any other is
logged whole under a short reference, which is all the visitor sees of it.
"""

import functools
import html
import inspect
import logging
import secrets
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr
from gradio.context import LocalContext

from components._refusals import error_sentence
from components._texts import say
from components._visitor import Language, language_of
from inference.errors import LabError

log = logging.getLogger(__name__)

Handler = Callable[..., Any]


def answering(handler: Handler) -> Handler:
    """Wrap an event handler `(language, …)`: it gets "en" or "zh", its errors become messages."""
    if inspect.isgeneratorfunction(handler):

        @functools.wraps(handler)
        def stream(tag: str, *values: Any) -> Iterator[Any]:
            language = language_of(tag)
            with errors_told(language):
                yield from left_gently(handler(language, *values))

        return stream

    @functools.wraps(handler)
    def call(tag: str, *values: Any) -> Any:
        language = language_of(tag)
        with errors_told(language):
            return handler(language, *values)

    return call


def left_gently(values: Generator[Any, None, None]) -> Iterator[Any]:
    """The values; when the reader leaves, the generator is closed in a thread of its own.

    Gradio closes generators on its event loop: to wait there until a model has stopped would
    hold up every other visitor.
    """
    try:
        for value in values:  # noqa: UP028  (`yield from` would close it here)
            yield value
    except GeneratorExit:
        threading.Thread(target=values.close, name="leave", daemon=True).start()
        raise


def asking() -> tuple[str, str]:
    """The address and the page that sent the event which is handled now; empty outside of one."""
    request = LocalContext.request.get(None)
    client = getattr(request, "client", None)
    return str(client.host) if client else "", str(getattr(request, "session_hash", None) or "")


@contextmanager
def errors_told(language: Language, markup: bool = True) -> Iterator[None]:
    """What goes wrong inside is raised as a `gr.Error`.

    Args:
        markup: whether the message is shown as HTML, as the page does; an API call gets text.
    """
    try:
        yield
    except gr.Error:
        raise
    except LabError as error:
        sentence = error_sentence(error, language)
        raise _told(say("not_possible", language), sentence, markup) from None
    except Exception:
        reference = secrets.token_hex(4)
        log.exception("unexpected error %s", reference)
        sentence = say("unexpected_error", language, reference=reference)
        raise _told(say("went_wrong", language), sentence, markup) from None


def _told(title: str, sentence: str, markup: bool) -> gr.Error:
    """The error to raise; on the page its message is shown here, and stays until it is closed.

    Gradio titles every raised error “Error”, in every language; a warning keeps its title.
    Visitors' own words are never taken as HTML.
    """
    if markup:
        gr.Warning(html.escape(sentence, quote=False), duration=None, title=title)
    return gr.Error(sentence, visible=not markup, title=title, print_exception=False)
