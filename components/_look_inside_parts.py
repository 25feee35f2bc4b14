"""What the panels of the look inside share: when they are filled, and with which models."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from components._page import Page
from components._services import Services
from components._texts import TABLE, say
from components._visitor import Language
from inference import hub
from inference.catalog import Task

BERT = "builtin/sentiment"


def fill_when_opened(
    page: Page,
    opened: Sequence[Any],
    show: Callable[..., list[Any]],
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    **options: Any,
) -> None:
    """`show` fills `outputs` when one of `opened` happens, and from then on in each language."""
    seen = gr.State(False)

    def first(language: Language, *values: Any) -> list[Any]:
        return [True, *show(language, *values)]

    def again(language: Language, before: bool, *values: Any) -> list[Any]:
        return list(show(language, *values)) if before else [gr.skip()] * len(outputs)

    for trigger in opened:
        page.on(trigger, first, inputs, [seen, *outputs], **options)
    page.on_shown(again, [seen, *inputs], outputs, on_arrival=False)


def here(services: Services, *tasks: Task) -> list[str]:
    """The catalogue's models for these tasks that are on this machine, the built-in ones first."""
    found = [it for it in services.catalog.models if it.task in tasks and hub.is_here(it)]
    return [it.id for it in sorted(found, key=lambda it: not it.demo)]


def taken(ids: Sequence[str], chosen: Any) -> str:
    """What was chosen, else the first."""
    return chosen if chosen in ids else ids[0]


def folder_of(services: Services, model_id: Any) -> Path:
    """Raises ModelUnknown, ModelNotHere."""
    return hub.locate(services.catalog.find(str(model_id or "")))


def or_example(text: Any, key: str, language: Language) -> str:
    """What was typed; the example where it is empty, or that of the other language."""
    typed = str(text or "")
    return say(key, language) if not typed or typed in TABLE[key] else typed
