"""Whether the chosen model reads the language of a text, and one click to one that does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from components import _models, _picker
from components._models import Wanted
from components._page import Page
from components._picker import Picker
from components._services import Services
from components._texts import say
from components._visitor import Language
from inference.errors import LabError
from inference.texts import is_chinese

BEGINNING = 2_000  # characters that tell a language


@dataclass(frozen=True)
class ReadingNote:
    """One sentence and one button, about the text that was looked at last, the beginning of which
    is `text`. `reader` finds a model that reads a text: its id, "" where there is none."""

    page: Page
    picker: Picker
    reader: Callable[[Services, str], str]
    told: gr.Markdown
    take: gr.Button
    other: gr.State
    text: gr.State

    @property
    def outputs(self) -> list[Any]:
        return [self.told, self.take, self.other, self.text]

    def watch(self, text: Any, triggers: Sequence[Any]) -> None:
        """Look at `text` at each of the triggers, one after the other: what was seen of an earlier
        text or model never comes last."""
        given = [text, *self.picker.inputs]
        in_turn = {"concurrency_id": self.take.elem_id, "concurrency_limit": 1}
        for trigger in triggers:
            self.page.on(
                trigger, self.look, given, self.outputs, trigger_mode="always_last", **in_turn
            )

    def look(self, language: Language, source: str | None, *picked: Any) -> list[Any]:
        source = (source or "")[:BEGINNING]
        services, wanted = self.page.services, _picker.wanted(*picked)
        return [*shown(services, language, source, wanted, self.reader), source]


def place(
    page: Page, picker: Picker, tab: str, reader: Callable[[Services, str], str]
) -> ReadingNote:
    told = gr.Markdown(visible=False, elem_classes="lab-advice", elem_id=f"{tab}-reading")
    take = gr.Button(visible=False, size="sm", elem_id=f"{tab}-reading-take")
    note = ReadingNote(page, picker, reader, told, take, gr.State(""), gr.State(""))
    picker.choose_on(take.click, lambda language, model: model, [note.other])
    again = [note.text, *picker.inputs]
    page.on_shown(note.look, again, note.outputs, on_arrival=False)
    return note


def shown(
    services: Services,
    language: Language,
    source: str,
    wanted: Wanted,
    reader: Callable[[Services, str], str],
) -> list[Any]:
    """The sentence, the button and the model it takes; nothing where the wanted one reads it."""
    if not source.strip() or reads(services, wanted, source):
        return [gr.Markdown(visible=False), gr.Button(visible=False), ""]
    sentence = say("reading_chinese" if is_chinese(source) else "reading_other", language)
    other = reader(services, source)
    return [
        gr.Markdown(sentence, visible=True),
        gr.Button(say("reading_take", language, model=other), visible=bool(other)),
        other,
    ]


def reads(services: Services, wanted: Wanted, text: str) -> bool:
    """As `_models.reads`; a model nobody knows is left to be refused where it is used."""
    try:
        return _models.reads(services, wanted, text[:BEGINNING])
    except LabError:
        return True
