"""Whether the chosen classifier reads the language of a text, and one click to one that does."""

from collections.abc import Sequence
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
from inference import fit, hub
from inference.errors import LabError
from inference.texts import is_chinese

BEGINNING = 2_000  # characters that tell a language


@dataclass(frozen=True)
class ReadingNote:
    """One sentence and one button under the picker, about the text that was looked at last."""

    page: Page
    picker: Picker
    told: gr.Markdown
    take: gr.Button
    reader: gr.State
    text: gr.State

    @property
    def outputs(self) -> list[Any]:
        return [self.told, self.take, self.reader, self.text]

    def watch(self, text: gr.Textbox, triggers: Sequence[Any]) -> None:
        """Look at `text` at each of the triggers."""
        for trigger in triggers:
            self.page.on(
                trigger,
                self.look,
                [text, *self.picker.inputs],
                self.outputs,
                trigger_mode="always_last",
            )

    def look(self, language: Language, source: str, *picked: Any) -> list[Any]:
        wanted = _picker.wanted(*picked)
        source = source[:BEGINNING]
        return [*_looked(self.page.services, language, source, wanted), source]


def place(page: Page, picker: Picker) -> ReadingNote:
    told = gr.Markdown(visible=False, elem_classes="lab-advice", elem_id="sentiment-reading")
    take = gr.Button(visible=False, size="sm", elem_id="sentiment-reading-take")
    note = ReadingNote(page, picker, told, take, gr.State(""), gr.State(""))
    picker.choose_on(take.click, lambda language, model: model, [note.reader])
    again = [note.text, *picker.inputs]
    page.on(picker.dropdown.change, note.look, again, note.outputs)
    page.on_shown(note.look, again, note.outputs, on_arrival=False)
    return note


def _looked(services: Services, language: Language, source: str, wanted: Wanted) -> list[Any]:
    """The sentence, the button and the model it takes; nothing where the model reads the text."""
    try:
        if not source.strip() or _models.reads(services, wanted, source):
            return [gr.Markdown(visible=False), gr.Button(visible=False), ""]
    except LabError:  # told when the model is used
        return [gr.Markdown(visible=False), gr.Button(visible=False), ""]
    sentence = say("reading_chinese" if is_chinese(source) else "reading_other", language)
    other = reader(services, source)
    return [
        gr.Markdown(sentence, visible=True),
        gr.Button(say("reading_take", language, model=other), visible=bool(other)),
        other,
    ]


def reader(services: Services, source: str) -> str:
    """The id of a classifier that reads the text and can be used at once; demos come last.

    Empty where there is none.
    """
    usable = [
        model
        for model in services.catalog.served("classification")
        if hub.is_here(model)
        and fit.fits(model).fits
        and _models.reads(services, Wanted(model=model.id), source)
    ]
    return min(usable, key=lambda model: model.demo).id if usable else ""
