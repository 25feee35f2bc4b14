"""The text to summarize: pasted, read from a document, or an example; and whether the chosen model
knows its language."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from components import _models, _picker, _plans, _remote_models
from components._models import Wanted
from components._page import Page
from components._picker import Picker
from components._refusals import error_sentence
from components._services import Services
from components._summary_told import counted
from components._texts import i18n, plain, say
from components._throttle import COSTLY
from components._visitor import Language
from inference import documents
from inference.documents import Document
from inference.errors import LabError
from inference.texts import check_text, is_chinese

TABLES = (".csv", ".tsv", ".xlsx", ".jsonl", ".json", ".parquet")
EXAMPLES = Path(__file__).parent.parent / "assets"
# The beginning of the text, in steps: what the server looks at while somebody types.
BEGINNING = "(text) => text.slice(0, Math.min(2000, text.length - text.length % 50))"


@dataclass(frozen=True)
class Source:
    text: gr.Textbox
    file: gr.File
    read: gr.Markdown
    beginning: gr.Textbox
    unread: gr.Markdown
    switch: gr.Button

    @property
    def notice(self) -> list[Any]:
        return [self.unread, self.switch]


def place() -> Source:
    text = gr.Textbox(
        label=i18n("summary_text"),
        placeholder=i18n("summary_placeholder"),
        lines=10,
        max_lines=20,
        elem_id="summary-text",
    )
    beginning = gr.Textbox(visible="hidden", elem_id="summary-beginning")
    unread = gr.Markdown(visible=False, elem_classes="lab-advice", elem_id="summary-unread")
    switch = gr.Button(visible=False, size="sm", elem_id="summary-switch")
    file = gr.File(
        label=i18n("summary_file"),
        file_types=[*documents.SUFFIXES, *TABLES],
        height=120,
        elem_id="summary-file",
    )
    read = gr.Markdown(elem_classes="lab-note", elem_id="summary-read")
    return Source(text, file, read, beginning, unread, switch)


def place_examples() -> Sequence[gr.Button]:
    """A short text, and one of several sections."""
    return (
        gr.Button(i18n("summary_short_example"), elem_id="summary-example"),
        gr.Button(i18n("summary_long_example"), elem_id="summary-example-long"),
    )


def wire(page: Page, source: Source, picker: Picker, examples: Sequence[gr.Button]) -> None:
    services = page.services

    def read(language: Language, owner: str, file: str | None) -> tuple[Any, str]:
        """The text of a document; what cannot be read leaves the text that is there."""
        if not file or is_table(file):
            return gr.skip(), ""
        try:
            services.throttle.charge(COSTLY, owner)
            path = _plans.uploaded(services, file)
            found = documents.read(path, path.name, services.limits)
            check_text(found.text, services.limits.summary_characters)
        except LabError as error:
            return gr.skip(), plain(error_sentence(error, language))
        return found.text, told(found, language)

    def notice(
        language: Language, owner: str, opened: dict[str, str], model: str, beginning: str
    ) -> list[Any]:
        wanted = _picker.wanted(owner, opened, model)
        return noticed(services, wanted, beginning or "", language)

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
    source.text.change(
        None, [source.text], [source.beginning], js=BEGINNING, api_visibility="private"
    )
    looked = [*picker.inputs, source.beginning]
    # One event, so that an answer about an earlier text or model never comes last.
    either = partial(gr.on, [source.beginning.change, picker.dropdown.change])
    page.on(either, notice, looked, source.notice, trigger_mode="always_last")
    page.on_shown(notice, looked, source.notice, on_arrival=False)
    picker.choose_on(source.switch.click, lambda language: reader(services))


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


def noticed(services: Services, wanted: Wanted, text: str, language: Language) -> list[Any]:
    """That the chosen model does not know the language of `text`, and a button that takes one that
    does; hidden where it knows it."""
    if not text.strip() or knows(services, wanted, text):
        return [gr.Markdown(visible=False), gr.Button(visible=False)]
    model, other = plain(wanted.model), reader(services)
    key = "summary_unread_zh" if is_chinese(text) else "summary_unread_en"
    return [
        gr.Markdown(say(key, language, model=model, other=plain(other)), visible=True),
        gr.Button(say("summary_switch", language, model=other), visible=True),
    ]


def knows(services: Services, wanted: Wanted, text: str) -> bool:
    """Whether the model knows the language of the text. What an adapter was taught only its owner
    knows; a model nobody knows is left to be refused as such."""
    try:
        return bool(wanted.run_id) or _models.reads(services, wanted, text)
    except LabError:
        return True


def reader(services: Services) -> str:
    """A model that knows both languages: the chat's own, and where that is but the demo, which
    writes no summaries, the built-in one."""
    found = _remote_models.default_model(services, "chat")
    return "builtin/summary" if found == "builtin/chat" else found


def _short(language: Language) -> str:
    return say("summary_example", language)


def _long(language: Language) -> str:
    return (EXAMPLES / f"example-text-{language}.txt").read_text(encoding="utf-8").strip()
