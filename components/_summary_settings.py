"""How a summary is written: how long, and whether several wordings are compared."""

from contextlib import suppress
from typing import Any

import gradio as gr

from components import _picker, _summarizers
from components._models import Wanted
from components._page import Page
from components._picker import Picker
from components._services import Services
from components._texts import i18n, say
from components._visitor import Language
from inference.errors import LabError, ModelUnknown
from inference.records import SUMMARY_LENGTHS, SummarySettings

SEARCHES = ("quality", "fast")


def place(page: Page, picker: Picker) -> list[Any]:
    """Length and search, as `chosen` takes them; the lengths are those of the picker's model."""
    defaults = SummarySettings()
    length = gr.Radio(
        [(i18n(f"length_{name}"), name) for name in SUMMARY_LENGTHS],
        value=defaults.length,
        label=i18n("summary_length"),
        info=i18n("summary_length_info"),
        elem_id="summary-length",
    )
    search = gr.Radio(
        [(i18n(f"search_{name}"), name) for name in SEARCHES],
        value=SEARCHES[defaults.fast],
        label=i18n("summary_search"),
        elem_id="summary-search",
    )

    def bound(language: Language, owner: str, opened: dict[str, str], model: str) -> list[Any]:
        """The lengths the model writes; and how it searches, if it does."""
        wanted = _picker.wanted(owner, opened, model)
        known = gr.Radio(choices=lengths(page.services, wanted, language))
        try:
            searches = not _summarizers.is_chat(page.services, wanted)
        except ModelUnknown:  # told where it is used
            searches = True
        return [known, gr.Radio(visible=searches)]

    page.on(picker.dropdown.change, bound, picker.inputs, [length, search])
    page.on_shown(bound, picker.inputs, [length, search])
    return [length, search]


def lengths(services: Services, wanted: Wanted, language: Language) -> list[tuple[str, str]]:
    """(`Short: 20–60 tokens`, "short") and so on; without tokens for a model that is not here."""
    found = []
    for name in SUMMARY_LENGTHS:
        told = say(f"length_{name}", language)
        with suppress(LabError):  # what is wrong with the model is told where it is chosen
            fewest, most = _summarizers.summary_tokens(services, wanted, name)
            told = say("length_bounds", language, name=told, fewest=fewest, most=most)
        found.append((told, name))
    return found


def chosen(length: str, search: str) -> SummarySettings:
    """Raises SettingChoiceRefused."""
    return SummarySettings(length, search == "fast")
