"""The Sentiment tab: texts -> how likely each label is, by a BERT or a trained adapter.

One text with its reasons, several, a file, beside a chat model, and the game BERT learned by.
"""

from typing import Any

import gradio as gr

from components import (
    _against_panel,
    _classifiers,
    _file_panel,
    _lines_panel,
    _mask_panel,
    _picker,
    _reading_note,
    _words_panel,
)
from components._page import Page
from components._texts import i18n
from components._visitor import Language


def build(page: Page) -> None:
    gr.Markdown(i18n("sentiment_intro"), elem_classes="lab-intro")
    picker = _picker.place(page, "classification", "sentiment")
    reading = _reading_note.place(page, picker, "sentiment", _classifiers.reader)
    reading.watch(reading.text, [picker.dropdown.change])
    with gr.Tabs(elem_id="sentiment-parts"):
        with gr.Tab(i18n("sentiment_one"), id="one"):
            one = _words_panel.build(page, picker, reading)
        with gr.Tab(i18n("sentiment_lines"), id="lines"):
            _lines_panel.build(page, picker, reading)
        with gr.Tab(i18n("sentiment_file"), id="file"):
            _file_panel.build(page, picker)
        with gr.Tab(i18n("sentiment_against"), id="against") as against:
            other = _against_panel.build(page, picker, reading)
        with gr.Tab(i18n("sentiment_mask"), id="mask") as mask:
            _mask_panel.build(page, mask.select)
    page.on(against.select, _carried, [one, other], [other])
    page.offer_example("sentiment", one, "sentiment_example_1")


def _carried(language: Language, one: str, other: str) -> Any:
    """The text goes along from the first part, unless there is another one already."""
    return gr.skip() if other.strip() else one
