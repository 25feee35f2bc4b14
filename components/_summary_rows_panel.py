"""A table of documents on the page: its columns, progress row by row, results and their file."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import gradio as gr

from components import _exports, _picker, _plans, _summary_rows, _summary_settings
from components._buttons import press, run_or_stop
from components._feedback import Handler
from components._page import ENGINE_EVENTS, Page
from components._picker import Picker
from components._plans import Reading
from components._redraws import Redraws
from components._refusals import error_sentence, problem_sentences
from components._summary_rows import Columns, Progress
from components._summary_source import is_table
from components._texts import i18n, plain, say
from components._throttle import COSTLY
from components._visitor import Language
from finetune.errors import Refused, SummaryMissing
from finetune.problems import errors
from finetune.tables import Table
from inference.errors import LabError

DOWNLOAD_ID = "documents-parcel"
KEPT_SECONDS = 3_600  # of what is done with a file, after the last row
MOST_TOLD = 4  # times a second


@dataclass(frozen=True)
class Outcome:
    """What was done with a file, which may be gone when it is saved."""

    table: Table
    progress: Progress


@dataclass(frozen=True)
class Panel:
    told: gr.Markdown
    part: gr.Column
    text: gr.Dropdown
    reference: gr.Dropdown
    run: gr.Button
    stop: gr.Button
    progress: gr.HTML
    figures: gr.Markdown
    results: gr.Dataframe
    save: gr.Button
    parcel: gr.DownloadButton
    outcome: gr.State

    @property
    def busy(self) -> list[Any]:
        return [self.run, self.stop, self.progress]

    @property
    def shown(self) -> list[Any]:
        return [self.figures, self.results, self.save]


def place() -> Panel:
    told = gr.Markdown(visible=False, elem_id="documents-told")
    with gr.Column(visible=False, elem_id="documents") as part:
        with gr.Row():
            text, reference = (
                gr.Dropdown(
                    [],
                    label=i18n(f"documents_{name}"),
                    filterable=False,
                    min_width=220,
                    elem_id=f"documents-{name}",
                )
                for name in ("text", "reference")
            )
        run = gr.Button(i18n("documents_run"), variant="primary", elem_id="documents-run")
        stop = gr.Button(i18n("stop"), visible=False, elem_id="documents-stop")
        progress = gr.HTML(visible=False, elem_id="documents-progress")
        figures = gr.Markdown(elem_id="documents-figures")
        results = gr.Dataframe(
            label=i18n("documents_results"),
            interactive=False,
            wrap=True,
            visible=False,
            max_height=420,
            elem_id="documents-results",
        )
        save = gr.Button(i18n("documents_save"), size="sm", visible=False, elem_id="documents-save")
    # Not in the column: shown a second time, it would show this too.
    parcel = gr.DownloadButton(visible="hidden", elem_id=DOWNLOAD_ID)
    made = (told, part, text, reference, run, stop, progress, figures, results, save, parcel)
    return Panel(*made, gr.State(None, time_to_live=KEPT_SECONDS))


def wire(page: Page, panel: Panel, file: gr.File, picker: Picker, settings: Sequence[Any]) -> None:
    """The panel follows `file`: it is there while that is a table."""
    running = page.on(
        panel.run.click,
        _summarizer(page, panel),
        [file, panel.text, panel.reference, *settings, *picker.inputs],
        [*panel.busy, *panel.shown, panel.outcome],
        **ENGINE_EVENTS,
    )

    def stopped(language: Language, outcome: Outcome | None) -> list[Any]:
        return [*_busy(False), *_shown(outcome, language, stopped=True)]

    def save(language: Language, owner: str, outcome: Outcome | None) -> str:
        if outcome is None or not outcome.progress.rows:
            raise SummaryMissing()
        page.services.throttle.charge(COSTLY, owner)
        content = _summary_rows.as_csv(outcome.table, outcome.progress)
        return _exports.written(page.services, "summaries.csv", content)

    def reword(language: Language, outcome: Outcome | None) -> list[Any]:
        return _shown(outcome, language)

    cleared = [panel.told, panel.part, panel.text, panel.reference, panel.outcome]
    changed = file.change(None, cancels=[running], api_visibility="private")
    page.on(
        changed.then,
        _opener(page),
        [page.owner, file],
        [*cleared, *panel.busy, *panel.shown],
    )
    halted = panel.stop.click(None, cancels=[running], api_visibility="private")
    page.on(halted.then, stopped, [panel.outcome], [*panel.busy, *panel.shown])
    page.on_shown(reword, [panel.outcome], panel.shown, on_arrival=False)
    done = page.on(panel.save.click, save, [page.owner, panel.outcome], [panel.parcel])
    done.success(None, js=press(DOWNLOAD_ID), api_visibility="private")


def _opener(page: Page) -> Handler:
    def opened(language: Language, owner: str, file: str | None) -> list[Any]:
        """What a table's columns are; hidden where the file is none, with the reason where it
        cannot be used."""
        rest = [None, *_busy(False), *_shown(None, language)]
        hidden = [gr.Column(visible=False), gr.skip(), gr.skip(), *rest]
        if not file or not is_table(file):
            return [gr.Markdown(visible=False), *hidden]
        try:
            page.services.throttle.charge(COSTLY, owner)
            table = _table(page, file)
            _summary_rows.check_size(table, page.services.limits)
        except LabError as error:
            return [gr.Markdown(_reason(error, language), visible=True), *hidden]
        found, names = _summary_rows.guessed(table), [(it, it) for it in table.columns]
        told = say("documents_read", language, rows=len(table.rows), columns=len(names))
        return [
            gr.Markdown(told, visible=True),
            gr.Column(visible=True),
            gr.Dropdown(choices=names, value=found.text),
            gr.Dropdown(choices=[(say("no_column", language), ""), *names], value=found.reference),
            *rest,
        ]

    return opened


def _summarizer(page: Page, panel: Panel) -> Handler:
    def summarize(
        language: Language,
        file: str | None,
        text: str,
        reference: str,
        length: str,
        search: str,
        *picked: Any,
    ) -> Iterator[dict[Any, Any]]:
        """Every row that is done is kept at once, and shown as often as a browser can follow."""
        owner = picked[0]
        page.services.throttle.charge(COSTLY, owner)
        table = _table(page, file or "")
        found = _summary_rows.summarize(
            page.services,
            _picker.wanted(*picked),
            table,
            Columns(text or "", reference or ""),
            _summary_settings.chosen(length, search),
        )
        nothing = _shown(None, language)
        yield {panel.outcome: None, **_dict(panel.busy, _busy(True)), **_dict(panel.shown, nothing)}
        table_due, bar_due, kept, now = Redraws(), Redraws(least=1 / MOST_TOLD), -1, None
        try:
            with closing(found):
                for now in found:
                    shown: dict[Any, Any] = {}
                    if bar_due.due(0):
                        shown[panel.progress] = _summary_rows.progress(now, language)
                    if kept < (done := len(now.rows)):
                        kept, shown[panel.outcome] = done, Outcome(table, now)
                        if done and table_due.due(done):
                            shown |= _dict(panel.shown, _drawn(table, now, language))
                    if shown:
                        yield shown
        except Exception:
            done = Outcome(table, now) if now else None
            yield {
                **_dict(panel.busy, _busy(False)),
                **_dict(panel.shown, _shown(done, language)),
            }
            raise
        yield {
            **_dict(panel.busy, _busy(False)),
            **_dict(panel.shown, _drawn(table, now, language)),
        }

    return summarize


def _table(page: Page, path: str) -> Table:
    """Raises UploadMissing, TableRefused."""
    return _plans.table_of(page.services, path, Reading())


def _reason(error: LabError, language: Language) -> str:
    """Of a table that is refused, its first problem: nothing is trained here."""
    if isinstance(error, Refused):
        what, advice = problem_sentences(errors(error.problems)[0].to_dict(), language)
        return f"**{say('not_readable', language)}** {plain(what)} {plain(advice)}"
    return plain(error_sentence(error, language))


def _shown(outcome: Outcome | None, language: Language, stopped: bool = False) -> list[Any]:
    """Figures, results and the button that saves them; nothing where nothing is done."""
    if outcome is None or not outcome.progress.rows:
        told = say("stopped_here", language) if stopped else ""
        return [told, gr.Dataframe(visible=False), gr.Button(visible=False)]
    figures, *rest = _drawn(outcome.table, outcome.progress, language)
    if stopped:
        figures = f"{say('stopped_here', language)} {figures}"
    return [figures, *rest]


def _drawn(table: Table, found: Progress, language: Language) -> list[Any]:
    return [
        _summary_rows.told(found, language),
        gr.Dataframe(_summary_rows.results(table, found, language), visible=True),
        gr.Button(visible=True),
    ]


def _busy(busy: bool) -> list[Any]:
    return [*run_or_stop(busy), gr.HTML(visible=busy)]


def _dict(parts: Sequence[Any], values: Sequence[Any]) -> dict[Any, Any]:
    return dict(zip(parts, values, strict=True))
