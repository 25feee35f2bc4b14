"""The web API, which is also the list of MCP tools: one function an endpoint, plain JSON types.

Sentences are English here: a program's language is not known. A run's id together with its owner
token is the only way to it; keep both.
"""

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any, get_args, get_origin

import gradio as gr

from components._api_models import ModelEndpoints
from components._api_runs import RunEndpoints
from components._feedback import errors_told, left_gently
from components._page import ENGINE_EVENTS
from components._services import Services
from inference.errors import ArgumentRefused

# Endpoints that compute with a model.
ENGINES = ("chat", "summarize", "classify", "classify_file", "compare")


def register(services: Services) -> None:
    """Offer every endpoint; called inside the Blocks."""
    for kind in (ModelEndpoints, RunEndpoints):
        endpoints = kind(services)
        for name, function in inspect.getmembers(endpoints, inspect.ismethod):
            if not name.startswith("_"):
                limits = ENGINE_EVENTS if name in ENGINES else {}
                gr.api(_in_english(function), api_name=name, **limits)


def _in_english(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with its arguments checked and its errors told as text.

    Gradio reads the signature: of what is streamed it is told each piece, which may be several
    outputs.
    """
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def stream(*values: Any) -> Iterator[Any]:
            with errors_told("en", markup=False):
                _check(function, values)
                yield from left_gently(function(*values))

        signature = inspect.signature(function)
        (piece,) = get_args(signature.return_annotation)
        stream.__signature__ = signature.replace(return_annotation=piece)  # type: ignore[attr-defined]
        return stream

    @functools.wraps(function)
    def call(*values: Any) -> Any:
        with errors_told("en", markup=False):
            _check(function, values)
            return function(*values)

    return call


def _check(function: Callable[..., Any], values: tuple[Any, ...]) -> None:
    """What reads numbers and options checks them itself; text, lists and objects are checked here.

    Raises:
        ArgumentRefused: Gradio hands on whatever JSON a caller sent.
    """
    parameters = inspect.signature(function).parameters.values()
    for value, parameter in zip(values, parameters, strict=False):  # those left out are defaults
        kind = get_origin(parameter.annotation) or parameter.annotation
        wrong = kind in (str, list, dict) and not isinstance(value, kind)
        if wrong or (kind is str and not _is_text(value)):
            names = {str: "text", list: "a list", dict: "an object"}
            raise ArgumentRefused(name=parameter.name, kind=names[kind], value=repr(value)[:40])


def _is_text(value: str) -> bool:
    """Half a surrogate pair is valid JSON and cannot be written anywhere."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
