"""The Summarize tab: a text of any length -> its summary, section by section."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import gradio as gr

from components import (
    _exports,
    _picker,
    _reading_note,
    _summarizers,
    _summary_outline,
    _summary_reference,
    _summary_rows_panel,
    _summary_settings,
    _summary_source,
    _summary_told,
)
from components._buttons import press, run_or_stop
from components._feedback import Handler
from components._page import ENGINE_EVENTS, Page
from components._picker import Picker
from components._redraws import Redraws
from components._summary_outline import Outline
from components._summary_source import Source
from components._summary_told import Written
from components._texts import i18n
from components._visitor import Language
from finetune.errors import SummaryMissing

DOWNLOAD_ID = "summary-parcel"


@dataclass(frozen=True)
class Result:
    """Everything below the text, and the buttons that fill it."""

    run: gr.Button
    stop: gr.Button
    progress: gr.HTML
    summary: gr.Textbox
    figures: gr.Markdown
    saving: gr.Row
    as_text: gr.Button
    as_markdown: gr.Button
    parcel: gr.DownloadButton


def build(page: Page) -> None:
    gr.Markdown(i18n("summary_intro"), elem_classes="lab-intro")
    with gr.Row():
        left = gr.Column(scale=3, min_width=320)
        with gr.Column(scale=1, min_width=280):
            picker = _picker.place(page, "summarization", "summarization")
            settings = _summary_settings.place(page, picker)
    with left:
        source = _summary_source.place(page, picker)
        documents = _summary_rows_panel.place()
        with gr.Row(elem_classes="lab-starters"):
            run = gr.Button(i18n("summary_run"), variant="primary", elem_id="summary-run")
            stop = gr.Button(i18n("stop"), visible=False, elem_id="summary-stop")
            examples = _summary_source.place_examples()
        result = _place_result(run, stop)
        outline = _summary_outline.place()
        reference = _summary_reference.place()
    _summary_source.wire(page, source, examples)
    page.offer_example("summarization", source.text, "summary_example")
    _summary_outline.wire(page, outline)
    ended = _wire(page, source, picker, settings, result, outline)
    _summary_reference.wire(page, reference, outline.written, ended)
    _summary_rows_panel.wire(page, documents, source.file, picker, settings)


def _place_result(run: gr.Button, stop: gr.Button) -> Result:
    progress = gr.HTML(visible=False, elem_id="summary-progress")
    summary = gr.Textbox(
        label=i18n("summary_result"),
        lines=6,
        max_lines=24,
        interactive=False,
        buttons=["copy"],
        elem_id="summary-result",
    )
    figures = gr.Markdown(elem_classes="lab-note", elem_id="summary-figures")
    with gr.Row(visible=False, elem_classes="lab-starters") as saving:
        as_text = gr.Button(i18n("summary_save_text"), size="sm", elem_id="summary-save-txt")
        as_markdown = gr.Button(i18n("summary_save_markdown"), size="sm", elem_id="summary-save-md")
    parcel = gr.DownloadButton(visible="hidden", elem_id=DOWNLOAD_ID)
    return Result(run, stop, progress, summary, figures, saving, as_text, as_markdown, parcel)


def _wire(
    page: Page,
    source: Source,
    picker: Picker,
    settings: Sequence[Any],
    result: Result,
    outline: Outline,
) -> list[Any]:
    """Run, stop and save. The events after which a summary is there, whole or in part."""
    busy = [result.run, result.stop, result.progress]
    noted = source.reading.outputs
    running = page.on(
        result.run.click,
        _summarizer(page, source, result, outline),
        [source.text, *settings, *picker.inputs],
        [*busy, result.summary, result.figures, result.saving, *outline.cleared(), *noted],
        **ENGINE_EVENTS,
    )

    def stopped(language: Language, written: Written | None) -> dict[Any, Any]:
        """What was on its way when Stop was pressed is shown too."""
        told = _summary_told.stopped(written, language)
        return {**_ended(result, outline, written, language), result.figures: told}

    def reword(language: Language, written: Written | None) -> str:
        return _summary_told.figures(written, language) if written else ""

    # Cancelled first: the last pieces on their way would overwrite what `stopped` says.
    halted = result.stop.click(None, cancels=[running], api_visibility="private")
    left = [*busy, result.figures, result.saving, outline.table]
    told = page.on(halted.then, stopped, [outline.written], left)
    page.on_shown(reword, [outline.written], [result.figures], on_arrival=False)
    for button, save in ((result.as_text, "txt"), (result.as_markdown, "md")):
        done = page.on(button.click, _saver(page, save), [outline.written], [result.parcel])
        done.success(None, js=press(DOWNLOAD_ID), api_visibility="private")
    return [running, told]


def _summarizer(page: Page, source: Source, result: Result, outline: Outline) -> Handler:
    def summarize(
        language: Language, text: str, length: str, search: str, *picked: Any
    ) -> Iterator[dict[Any, Any]]:
        """The summary as far as it is written; the outline, which for a novel is long, as often as
        a browser can follow."""
        services, wanted = page.services, _picker.wanted(*picked)
        if text and not _reading_note.reads(services, wanted, text):
            told = source.reading.look(language, text, *picked)
            yield dict(zip(source.reading.outputs, told, strict=True))
            return
        pieces = _summarizers.summarize(
            services, wanted, text, _summary_settings.chosen(length, search)
        )
        began, written, drawn, outline_due = time.monotonic(), None, (), Redraws()
        yield {
            **_working(result, True),
            result.progress: gr.HTML(_summary_told.waiting(language), visible=True),
            result.summary: "",
            result.figures: "",
            result.saving: gr.Row(visible=False),
            **outline.cleared(),
        }
        try:
            with closing(pieces):
                for piece in pieces:
                    written = Written(text, piece, time.monotonic() - began)
                    shown = {
                        outline.written: written,
                        result.summary: piece.text,
                        result.progress: _summary_told.progress(written, language),
                    }
                    if piece.outline != drawn and outline_due.due(len(piece.outline)):
                        drawn = piece.outline
                        shown[outline.table] = outline.shown(written, language)
                    yield shown
        except Exception:
            yield _ended(result, outline, written, language)
            raise
        told = _summary_told.figures(written, language) if written else ""
        yield {**_ended(result, outline, written, language), result.figures: told}

    return summarize


def _saver(page: Page, ending: str) -> Handler:
    write = _summary_told.as_text if ending == "txt" else _summary_told.as_markdown

    def save(language: Language, written: Written | None) -> str:
        if written is None:
            raise SummaryMissing()
        content = write(written, language).encode("utf-8", "replace")
        return _exports.written(page.services, f"summary.{ending}", content)

    return save


def _working(result: Result, busy: bool) -> dict[Any, Any]:
    """Run, stop, and the bar while it runs."""
    run, stop = run_or_stop(busy)
    return {result.run: run, result.stop: stop, result.progress: gr.HTML(visible=busy)}


def _ended(
    result: Result, outline: Outline, written: Written | None, language: Language
) -> dict[Any, Any]:
    """Nothing runs any more; what there is can be saved, and its whole outline seen."""
    some = written is not None and bool(written.summary.text)
    shown = {**_working(result, False), result.saving: gr.Row(visible=some)}
    return {**shown, outline.table: outline.shown(written, language)} if written else shown
