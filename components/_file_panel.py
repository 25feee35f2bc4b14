"""A file of texts in the Sentiment tab: how it is read, scored row by row, and what came of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.events import Dependency

from components import (
    _agreement_panel,
    _file_results,
    _file_work,
    _picker,
    _plots,
    _scored_file,
)
from components._file_work import Work
from components._page import Page
from components._picker import Picker
from components._reading import (
    place_reading,
    reading_of,
    reading_shown,
    told_reading,
    unsure,
    widths,
)
from components._scored_file import Progress, Scored
from components._services import Services
from components._texts import i18n, say
from components._visitor import Language
from inference.texts import joined
from inference.units import readable_bytes


@dataclass(frozen=True)
class Parts:
    """What says which file, how it is read, and which of its columns matter."""

    file: gr.File
    accordion: gr.Accordion
    reading: list[Any]
    told: gr.Markdown
    preview: gr.Dataframe
    columns: gr.Row
    text: gr.Dropdown
    label: gr.Dropdown
    work: Work

    @property
    def outputs(self) -> list[Any]:
        """What a file that was read fills in."""
        found = [self.told, self.preview, self.columns, self.text, self.label, self.work.run]
        return [*found, self.accordion, *self.reading]


def build(page: Page, picker: Picker) -> None:
    parts = _place(page)
    results = _file_results.place()
    second = _agreement_panel.place()
    first, other = parts.work.scored, second.work.scored
    _file_results.wire(page, results, first)
    services = page.services

    def show(
        language: Language,
        scored: Scored | None,
        second: Scored | None,
        owner: str,
        opened: dict[str, str],
    ) -> list[Any]:
        asked = (owner, opened)
        model = _agreement_panel.name_of(services, language, *asked, scored.model if scored else "")
        return [
            *_file_results.contents(scored, model, language),
            *_agreement_panel.contents(services, language, scored, second, *asked),
        ]

    def compare(language: Language, *values: Any) -> list[Any]:
        return _agreement_panel.contents(services, language, *values)

    given = [first, other, page.owner, page.opened]
    everything = [*results.outputs, *second.outputs]
    scoring = _file_work.wire(page, parts.work, _beginner(services), _inputs(parts, picker))
    comparing = _agreement_panel.wire(page, picker, second, first, scoring)
    # What is under way is of the file before: it would fill its rows in again.
    changed = parts.file.change(None, cancels=[scoring[0], comparing[0]], api_visibility="private")
    ended = _file_work.wire_end(page, changed, [parts.work, second.work])
    read = _wire_reading(page, parts, [first, other], ended)
    for event in (read, *scoring):
        page.on(event.then, show, given, everything)
    for event in comparing:
        page.on(event.then, compare, given, second.outputs)
    page.on_shown(show, given, everything, on_arrival=False)


def _place(page: Page) -> Parts:
    gr.Markdown(i18n("file_info"), elem_classes="lab-note")
    with gr.Row():
        with gr.Column(scale=2, min_width=300):
            file = gr.File(label=i18n("file"), height=150, elem_id="sentiment-file")
            limits = gr.Markdown(elem_classes="lab-note")
            accordion, reading = place_reading("sentiment-file-reading")
        with gr.Column(scale=3, min_width=300):
            told = gr.Markdown(elem_id="sentiment-file-read")
            preview = gr.Dataframe(
                label=i18n("preview"),
                interactive=False,
                wrap=True,
                visible=False,
                max_height=260,
                elem_id="sentiment-file-preview",
            )
    with gr.Row(visible=False) as columns:
        text = gr.Dropdown([], label=i18n("role_text"), elem_id="sentiment-file-text")
        label = gr.Dropdown([], label=i18n("role_label"), elem_id="sentiment-file-label")
    work = _file_work.place("file_run", "sentiment-file", variant="primary", interactive=False)
    page.on_shown(lambda language: _limits(page.services, language), [], [limits])
    return Parts(file, accordion, reading, told, preview, columns, text, label, work)


def _limits(services: Services, language: Language) -> str:
    known = services.limits
    size = readable_bytes(known.upload_bytes)
    return say("file_limits_scored", language, size=size, rows=known.classify_file_rows)


def _wire_reading(
    page: Page, parts: Parts, scored: list[gr.State], changed: Dependency
) -> Dependency:
    """Returns the event after which nothing of another file is left in `scored`; `changed` is
    that after which the file is another one."""
    services = page.services

    def read(language: Language, owner: str, file: str | None, *reading: str) -> list[Any]:
        """What the file is: everything below the upload is filled in again."""
        if not file:
            hidden = [gr.Dataframe(visible=False), gr.Row(visible=False)]
            kept = [gr.skip()] * (1 + len(reading))
            return ["", *hidden, gr.skip(), gr.skip(), _run(services, None, language), *kept]
        found = _scored_file.looked_at(services, file, reading_of(reading), owner)
        return [
            *_told(services, found, language),
            *_columns(found, language),
            _run(services, found, language),
            gr.Accordion(open=True) if unsure(found) else gr.skip(),
            *reading_shown(found, reading, language),
        ]

    def read_anew(language: Language, owner: str, file: str | None) -> Iterator[list[Any]]:
        """Another file: how the last one was read, and what came of it, says nothing of it."""
        nothing = [""] * len(parts.reading)
        yield [*read(language, owner, None, *nothing), None, None]
        if file:
            yield [*read(language, owner, file, *nothing), gr.skip(), gr.skip()]

    def reword(language: Language, owner: str, file: str | None, *reading: str) -> list[Any]:
        """The same in another language; the columns stay as they were chosen."""
        if not file:
            return [gr.skip()] * len(parts.outputs)
        found = _scored_file.looked_at(services, file, reading_of(reading), owner)
        label = gr.Dropdown(choices=_labels(found, language))
        told = [*_told(services, found, language), gr.skip(), label]
        run = _run(services, found, language)
        return [*told, run, gr.skip(), *reading_shown(found, reading, language)]

    given = [page.owner, parts.file, *parts.reading]
    for part in parts.reading:
        page.on(part.input, read, given, parts.outputs)
    page.on_shown(reword, given, parts.outputs, on_arrival=False)
    outputs = [*parts.outputs, *scored]
    return page.on(changed.then, read_anew, given[:2], outputs, show_progress="minimal")


def _told(services: Services, found: Mapping[str, Any], language: Language) -> list[Any]:
    """What the file was read as, its first rows, and whether there are columns to choose."""
    told, limit = told_reading(found, language), services.limits.classify_file_rows
    if found["row_count"] > limit:
        told = joined((told, say("file_too_many", language, limit=limit)))
    readable = found["readable"]
    shares = widths(len(found["columns"]))
    preview = gr.Dataframe(_plots.preview(found), column_widths=shares, visible=readable)
    return [told, preview, gr.Row(visible=readable)]


def _columns(found: Mapping[str, Any], language: Language) -> list[Any]:
    """The columns of texts and of labels, as they are guessed."""
    texts = [(name, name) for name in found["columns"]]
    return [
        gr.Dropdown(choices=texts, value=found["text"] or None),
        gr.Dropdown(choices=_labels(found, language), value=found["label"]),
    ]


def _labels(found: Mapping[str, Any], language: Language) -> list[tuple[str, str]]:
    return [(say("no_column", language), ""), *((name, name) for name in found["columns"])]


def _run(services: Services, found: Mapping[str, Any] | None, language: Language) -> gr.Button:
    limit = services.limits.classify_file_rows
    many = found is not None and found["row_count"] > limit
    words = say("file_run_first" if many else "file_run", language, limit=limit)
    return gr.Button(words, interactive=found is not None and found["readable"])


def _inputs(parts: Parts, picker: Picker) -> list[Any]:
    """What `_beginner` takes after the language."""
    return [parts.file, parts.text, parts.label, *picker.inputs, *parts.reading]


def _beginner(services: Services) -> Any:
    def begin(
        language: Language,
        file: str | None,
        text: str | None,
        label: str | None,
        owner: str,
        opened: dict[str, str],
        model: str,
        *reading: str,
    ) -> Iterator[Progress]:
        """The button says so where only the first rows are taken."""
        wanted, how = _picker.wanted(owner, opened, model), reading_of(reading)
        chosen = (text or "", label or "")
        found = _scored_file.sheet(services, file, how, *chosen, cut=True, visitor=owner)
        yield from _scored_file.score(services, wanted, found)

    return begin
