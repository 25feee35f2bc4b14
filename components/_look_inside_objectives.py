"""What BERT is asked in pre-training: which tokens are hidden, and how a pair of sentences goes in.

What a model answers to hidden words is shown in the Sentiment tab.
"""

import secrets
from collections.abc import Sequence
from typing import Any

import gradio as gr

from components import _look_inside_parts as parts
from components._page import Page, to_open
from components._texts import i18n, say
from components._visitor import Language
from inference.texts import check_text

MOST_CHARACTERS = 1_000
DONE = {"masked": "look_masked", "replaced": "look_replaced", "kept": "look_kept"}


def build(page: Page, opened: Sequence[Any]) -> None:
    gr.Markdown(i18n("look_objectives_info"), elem_classes="lab-note")
    _build_masked(page, opened)
    _build_pair(page, opened)


def _build_masked(page: Page, opened: Sequence[Any]) -> None:
    gr.Markdown(i18n("look_masked_info"))
    text = gr.Textbox(label=i18n("look_masked_text"), lines=2, max_lines=6, elem_id="look-learn")
    shown = gr.HighlightedText(label=i18n("look_shown"), visible=False, elem_id="look-shown")
    with gr.Row(elem_classes="lab-starters"):
        draw = gr.Button(i18n("look_draw"), size="sm", elem_id="look-draw")
        play = gr.Button(i18n("look_playground"), size="sm", elem_id="look-play")

    def masked(language: Language, text: str) -> Any:
        from inference.look_objectives import masked as engine

        text = check_text(text, MOST_CHARACTERS)
        folder = parts.folder_of(page.services, parts.BERT)
        found = engine(text, folder, secrets.randbits(32))
        pieces = [
            (_apart(it.shown), say(DONE[it.done], language, truth=it.truth) if it.truth else None)
            for it in found
        ]
        return gr.HighlightedText(pieces, visible=True, show_legend=False)

    def show(language: Language, text: str) -> list[Any]:
        text = parts.or_example(text, "look_masked_example", language)
        return [text, masked(language, text)]

    parts.fill_when_opened(page, opened, show, [text], [text, shown])
    for trigger in (draw.click, text.submit):
        page.on(trigger, masked, [text], [shown])
    page.on(
        play.click,
        lambda language: (to_open("sentiment"), gr.Tabs(selected="sentiment")),
        [],
        [page.opened, page.tabs],
    )


def _build_pair(page: Page, opened: Sequence[Any]) -> None:
    gr.Markdown(i18n("look_next_info"))
    with gr.Row():
        first = gr.Textbox(label=i18n("look_first"), min_width=240, elem_id="look-first")
        second = gr.Textbox(label=i18n("look_second"), min_width=240, elem_id="look-second")
    shown = gr.HighlightedText(label=i18n("look_pair_input"), visible=False, elem_id="look-next")

    def pair(language: Language, first: str, second: str) -> Any:
        from inference.look_objectives import pair as engine

        folder = parts.folder_of(page.services, parts.BERT)
        texts = [check_text(text, MOST_CHARACTERS) for text in (first, second)]
        found = [(piece, str(segment)) for piece, segment in engine(*texts, folder)]
        return gr.HighlightedText(found, visible=True, show_legend=False)

    def show(language: Language, first: str, second: str) -> list[Any]:
        first = parts.or_example(first, "look_first_example", language)
        second = parts.or_example(second, "look_second_example", language)
        return [first, second, pair(language, first, second)]

    given = [first, second]
    parts.fill_when_opened(page, opened, show, given, [*given, shown])
    for field in given:
        page.on(field.submit, pair, given, [shown])


def _apart(piece: str) -> str:
    """With the blank before a word that WordPiece does not keep."""
    return piece if piece.startswith("##") or not piece.isascii() else f" {piece}"
