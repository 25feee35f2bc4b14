"""Side by side: one prompt to two models, or to a base and its adapter, at once, with one seed."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import gradio as gr

from components import _chat_settings, _models, _picker
from components import _reply as shown
from components._buttons import run_or_stop
from components._page import ENGINE_EVENTS, Page
from components._picker import Picker
from components._refusals import error_sentence
from components._texts import i18n, plain, say
from components._together import together
from components._visitor import Language
from inference.errors import LabError
from inference.records import Chunk


def build(page: Page, left: Picker, settings: Sequence[Any]) -> None:
    """The model on the left is that of the chat; `settings` are the chat's, for both."""
    with gr.Accordion(i18n("compare"), open=False, elem_id="chat-compare"):
        gr.Markdown(i18n("compare_info"), elem_classes="lab-note")
        right = _picker.place(page, "chat", "compare")
        prompt = gr.Textbox(
            label=i18n("chat_message"), lines=2, max_lines=8, elem_id="compare-prompt"
        )
        with gr.Row():
            run = gr.Button(i18n("compare_run"), variant="primary", elem_id="compare-run")
            stop = gr.Button(i18n("run_stop"), visible=False, elem_id="compare-stop")
        with gr.Row():
            answers, notes = [], []
            for side, key in (("left", "compare_left"), ("right", "compare_right")):
                with gr.Column(min_width=280):
                    gr.Markdown(i18n(key), elem_classes="lab-note")
                    answers.append(
                        gr.Markdown(container=True, min_height=120, elem_id=f"compare-{side}")
                    )
                    notes.append(
                        gr.Markdown(elem_classes="lab-note", elem_id=f"compare-{side}-note")
                    )
    outputs = [run, stop, *answers, *notes]
    inputs = [prompt, *left.inputs, right.dropdown, *settings]
    answering = page.on(run.click, _comparer(page), inputs, outputs, **ENGINE_EVENTS)
    halted = stop.click(None, cancels=[answering], api_visibility="private")
    page.on(halted.then, lambda language: run_or_stop(busy=False), [], [run, stop])


def _comparer(page: Page) -> Any:
    def compare(language: Language, prompt: str, *values: Any) -> Iterator[list[Any]]:
        owner, opened, left, right, *rest = values
        system, settings = _chat_settings.chosen(rest)
        if settings.seed is None:
            settings = replace(settings, seed=secrets.randbits(32))
        streams = [
            _models.chat(
                page.services, _picker.wanted(owner, opened, model), prompt, [], system, settings
            )
            for model in (left, right)
        ]
        waiting = say("chat_waiting", language)
        yield [*run_or_stop(busy=True), "", "", waiting, waiting]
        with closing(together(streams)) as pairs:
            for pair in pairs:
                yield [gr.skip(), gr.skip(), *_side(pair, language)]
        yield [*run_or_stop(busy=False), *[gr.skip()] * 4]

    return compare


def _side(pair: Sequence[Chunk | LabError | None], language: Language) -> list[Any]:
    answers, notes = [], []
    for found in pair:
        if isinstance(found, LabError):
            answers.append(gr.skip())
            notes.append(plain(error_sentence(found, language)))
        elif found is None:
            answers.append(gr.skip())
            notes.append(gr.skip())
        else:
            answers.append(found.text)
            notes.append(shown.figures(found, language))
    return [*answers, *notes]
