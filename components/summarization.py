"""The Summarize tab: a text of any length -> its summary, section by section."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import gradio as gr

from components import _models, _picker
from components._page import ENGINE_EVENTS, Page
from components._texts import i18n, say
from components._visitor import Language
from inference.records import SUMMARY_LENGTHS, Summary, SummarySettings


def build(page: Page) -> None:
    services = page.services
    gr.Markdown(i18n("summary_intro"), elem_classes="lab-intro")
    with gr.Row():
        with gr.Column(scale=3, min_width=320):
            text = gr.Textbox(
                label=i18n("summary_text"),
                placeholder=i18n("summary_placeholder"),
                lines=12,
                max_lines=24,
                elem_id="summary-text",
            )
            with gr.Row():
                run = gr.Button(i18n("summary_run"), variant="primary", elem_id="summary-run")
                stop = gr.Button(i18n("stop"), visible=False, elem_id="summary-stop")
                example = gr.Button(i18n("example"), elem_id="summary-example")
            summary = gr.Textbox(
                label=i18n("summary_result"),
                lines=6,
                max_lines=24,
                interactive=False,
                buttons=["copy"],
                elem_id="summary-result",
            )
            figures = gr.Markdown(elem_classes="lab-note", elem_id="summary-figures")
        with gr.Column(scale=1, min_width=280):
            picker = _picker.place(page, "summarization", "summarization")
            length, fast = _place_settings()

    def summarize(
        language: Language, source: str, length: str, fast: bool, *picked: Any
    ) -> Iterator[tuple[Any, ...]]:
        settings = SummarySettings(length, bool(fast))
        wanted = _picker.wanted(*picked)
        pieces = _models.summarize(services, wanted, source, settings)
        yield "", say("summary_waiting", language), *_buttons(busy=True)
        try:
            with closing(pieces):
                for piece in pieces:
                    yield piece.text, _told(piece, source, language), *_buttons(busy=True)
        except Exception:
            yield gr.skip(), "", *_buttons(busy=False)
            raise
        yield gr.skip(), gr.skip(), *_buttons(busy=False)

    def stopped(language: Language) -> tuple[Any, ...]:
        return say("stopped_here", language), *_buttons(busy=False)

    running = page.on(
        run.click,
        summarize,
        [text, length, fast, *picker.inputs],
        [summary, figures, run, stop],
        **ENGINE_EVENTS,
    )
    # Cancelled first: the last pieces on their way would overwrite what `stopped` says.
    halted = stop.click(None, cancels=[running], api_visibility="private")
    page.on(halted.then, stopped, [], [figures, run, stop])
    page.on(example.click, lambda language: say("summary_example", language), [], [text])


def _place_settings() -> tuple[gr.Radio, gr.Checkbox]:
    """What `SummarySettings` holds, in its order."""
    defaults = SummarySettings()
    length = gr.Radio(
        [(i18n(f"length_{name}"), name) for name in SUMMARY_LENGTHS],
        value=defaults.length,
        label=i18n("summary_length"),
    )
    fast = gr.Checkbox(defaults.fast, label=i18n("summary_fast"), info=i18n("summary_fast_info"))
    return length, fast


def _buttons(busy: bool) -> tuple[gr.Button, gr.Button]:
    """Run and stop: one of them at a time."""
    return gr.Button(visible=not busy), gr.Button(visible=busy)


def _told(piece: Summary, source: str, language: Language) -> str:
    """`Section 1 of 3`, and at the end how much shorter the summary is."""
    if piece.sections_done < piece.sections_total:
        number = piece.sections_done + 1
        return say("summary_section", language, number=number, total=piece.sections_total)
    share = len(piece.text) / max(1, len(source.strip()))
    return say("summary_done", language, length=len(piece.text), share=share)
