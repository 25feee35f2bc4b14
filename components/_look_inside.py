"""Look inside: tokens, attention, what is predicted in training, what LoRA adds."""

import gradio as gr

from components import (
    _look_inside_attention,
    _look_inside_lora,
    _look_inside_objectives,
    _look_inside_tokens,
)
from components._page import Page
from components._texts import i18n

PANELS = {
    "look_tokens": _look_inside_tokens,
    "look_attention": _look_inside_attention,
    "look_objectives": _look_inside_objectives,
    "look_lora": _look_inside_lora,
}


def build(page: Page) -> None:
    """Nothing is computed before it is opened: a tokenizer and torch take seconds to load."""
    with gr.Accordion(i18n("look_inside"), open=False, elem_id="look-inside") as part:
        gr.Markdown(i18n("look_inside_info"), elem_classes="lab-note")
        with gr.Tabs():
            for number, (name, panel) in enumerate(PANELS.items()):
                with gr.Tab(i18n(name), elem_id=name.replace("_", "-")) as tab:
                    opened = [tab.select] if number else [part.expand, tab.select]
                    panel.build(page, opened)
