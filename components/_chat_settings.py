"""The settings of the Chat tab: who the model is to be, and how its words are drawn."""

from collections.abc import Sequence
from typing import Any

import gradio as gr

from components import _models, _picker
from components._models import Wanted
from components._page import Page
from components._picker import Picker
from components._texts import i18n, say
from components._visitor import Language
from inference.records import ChatSettings

NUMBERS = ("max_new_tokens", "temperature", "top_p", "top_k", "repetition_penalty", "seed")
STEPS = {"temperature": 0.05, "top_p": 0.01, "repetition_penalty": 0.01}
LONGEST = 4_096  # tokens a slider goes to
PRESETS = ("teacher", "translator", "poet", "reviewer")


def place(page: Page, picker: Picker) -> list[Any]:
    """System prompt, thinking, stop texts, then `NUMBERS`: what `chosen` reads, in its order."""
    defaults = ChatSettings()
    with gr.Accordion(i18n("chat_settings"), open=False, elem_id="chat-settings"):
        system = gr.Textbox(
            label=i18n("chat_system"),
            info=i18n("chat_system_info"),
            lines=2,
            max_lines=6,
            elem_id="chat-system",
        )
        with gr.Row(elem_classes="lab-starters"):
            presets = {
                name: gr.Button(i18n(f"preset_chat_{name}"), size="sm", elem_id=f"preset-{name}")
                for name in PRESETS
            }
        thinking = gr.Checkbox(
            defaults.thinking,
            label=i18n("chat_thinking"),
            info=i18n("chat_thinking_info"),
            elem_id="chat-thinking",
        )
        numbers = [_number(name, getattr(defaults, name)) for name in NUMBERS]
        stops = gr.Textbox(
            label=i18n("chat_stop"),
            info=i18n("chat_stop_info"),
            lines=1,
            max_lines=ChatSettings.MOST_STOPS,
            elem_id="chat-stop-texts",
        )
    for name, button in presets.items():
        page.on(button.click, _saying(f"preset_chat_{name}_text"), [], [system])
    _follow_model(page, picker, thinking)
    _follow_mode(page, thinking, numbers)
    return [system, thinking, stops, *numbers]


def _number(name: str, value: float | None) -> Any:
    low, high = ChatSettings.BOUNDS[name]
    shared = {
        "label": i18n(f"chat_{name}"),
        "info": i18n(f"chat_{name}_info"),
        "elem_id": f"chat-{name}",
    }
    if name == "seed":
        return gr.Number(value, precision=0, **shared)
    return gr.Slider(low, min(high, LONGEST), value, step=STEPS.get(name, 1), **shared)


def chosen(values: Sequence[Any]) -> tuple[str, ChatSettings]:
    """The system prompt and the settings that the values of `place`'s parts stand for.

    Raises:
        SettingsRefused, StopTextsRefused
    """
    system, thinking, stops, *numbers = values
    named = dict(zip(NUMBERS, numbers, strict=True))
    lines = tuple(line for line in str(stops or "").splitlines() if line)
    return system or "", ChatSettings(**named, thinking=bool(thinking), stop=lines)


def _saying(key: str) -> Any:
    return lambda language: say(key, language)


def _follow_model(page: Page, picker: Picker, thinking: gr.Checkbox) -> None:
    """Offer to think first only where the chosen model, or the base of an adapter, can."""
    thinking.visible = _models.can_think(page.services, Wanted(picker.dropdown.value))

    def show(language: Language, *picked: Any) -> Any:
        return gr.Checkbox(visible=_models.can_think(page.services, _picker.wanted(*picked)))

    page.on(picker.dropdown.change, show, picker.inputs, [thinking])


def _follow_mode(page: Page, thinking: gr.Checkbox, numbers: Sequence[Any]) -> None:
    """What still has the value recommended for one mode takes that for the other."""
    names = list(ChatSettings.RECOMMENDED[True])
    fields = [numbers[NUMBERS.index(name)] for name in names]

    def follow(language: Language, thinks: bool, *values: float) -> list[Any]:
        new, old = (ChatSettings.RECOMMENDED[mode] for mode in (bool(thinks), not thinks))
        return [
            new[name] if value == old[name] else gr.skip()
            for name, value in zip(names, values, strict=True)
        ]

    page.on(thinking.input, follow, [thinking, *fields], fields)
