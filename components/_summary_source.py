"""The text to summarize: pasted, read from a document, or an example; and whether the chosen model
knows its language."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from components import _plans, _reading_note, _summarizers
from components._page import Page
from components._picker import Picker
from components._reading_note import BEGINNING, ReadingNote
from components._refusals import error_sentence
from components._summary_told import counted
from components._texts import i18n, plain, say
from components._throttle import COSTLY
from components._visitor import Language
from inference import documents
from inference.documents import Document
from inference.errors import LabError

TABLES = (".csv", ".tsv", ".xlsx", ".jsonl", ".json", ".parquet")
EXAMPLES = Path(__file__).parent.parent / "assets"
# The beginning of the text, in steps: what the server looks at while somebody types.
LOOK = f"(text) => text.slice(0, Math.min({BEGINNING}, text.length - text.length % 50))"


@dataclass(frozen=True)
class Source:
    text: gr.Textbox
    file: gr.File
    read: gr.Markdown
    beginning: gr.Textbox
    reading: ReadingNote


def place(page: Page, picker: Picker) -> Source:
    text = gr.Textbox(
        label=i18n("summary_text"),
        placeholder=i18n("summary_placeholder"),
        lines=10,
        max_lines=20,
        elem_id="summary-text",
    )
    beginning = gr.Textbox(visible="hidden", elem_id="summary-beginning")
    reading = _reading_note.place(page, picker, "summary", _summarizers.reader)
    file = gr.File(
        label=i18n("summary_file"),
        file_types=[*documents.SUFFIXES, *TABLES],
        height=120,
        elem_id="summary-file",
    )
    read = gr.Markdown(elem_classes="lab-note", elem_id="summary-read")
    return Source(text, file, read, beginning, reading)


def place_examples() -> Sequence[gr.Button]:
    """A short text, and one of several sections."""
    return (
        gr.Button(i18n("summary_short_example"), elem_id="summary-example"),
        gr.Button(i18n("summary_long_example"), elem_id="summary-example-long"),
    )


def wire(page: Page, source: Source, examples: Sequence[gr.Button]) -> None:
    services = page.services

    def read(language: Language, owner: str, file: str | None) -> tuple[Any, str]:
        """The text of a document; what cannot be read leaves the text that is there."""
        if not file or is_table(file):
            return gr.skip(), ""
        try:
            services.throttle.charge(COSTLY, owner)
            path = _plans.uploaded(services, file)
            found = documents.read(path, path.name, services.limits)
        except LabError as error:
            return gr.skip(), plain(error_sentence(error, language))
        return found.text, told(found, language)

    page.on(
        source.file.change,
        read,
        [page.owner, source.file],
        [source.text, source.read],
        show_progress="minimal",
        show_progress_on=source.read,
        concurrency_limit=4,
    )
    short, long = examples
    for button, example in ((short, _short), (long, _long)):
        page.on(button.click, example, [], [source.text])
    source.text.change(None, [source.text], [source.beginning], js=LOOK, api_visibility="private")
    # One event, so that an answer about an earlier text or model never comes last.
    either = [source.beginning.change, source.reading.picker.dropdown.change]
    source.reading.watch(source.beginning, [partial(gr.on, either)])


def is_table(file: str) -> bool:
    return Path(file).suffix.lower() in TABLES


def told(found: Document, language: Language) -> str:
    """What a document was read as, and how long it is."""
    kind = say("kind_text", language) if found.kind == "text" else found.kind.upper()
    key = "summary_read_encoding" if found.encoding else "summary_read"
    if found.pages:
        key = "summary_read_chapters" if found.kind == "epub" else "summary_read_pages"
    return say(
        key,
        language,
        kind=plain(kind),
        encoding=plain(found.encoding),
        pages=found.pages,
        length=counted(found.text, language),
    )


def _short(language: Language) -> str:
    return say("summary_example", language)


def _long(language: Language) -> str:
    return (EXAMPLES / f"example-text-{language}.txt").read_text(encoding="utf-8").strip()
