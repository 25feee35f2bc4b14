"""A text under the tokenizer of each kind of model, and how one word comes to its tokens."""

from collections.abc import Sequence
from typing import Any

import gradio as gr

from components import _look_inside_parts as parts
from components import _look_inside_pictures as pictures
from components._page import Page
from components._refusals import error_sentence
from components._texts import i18n, plain, say, visible
from components._visitor import Language
from inference.catalog import TASKS, Task
from inference.errors import LabError

FAMILIES: dict[Task, str] = {
    "chat": "look_qwen",
    "summarization": "look_bart",
    "classification": "look_bert",
}


def build(page: Page, opened: Sequence[Any]) -> None:
    gr.Markdown(i18n("look_tokens_info"), elem_classes="lab-note")
    text = gr.Textbox(label=i18n("look_text"), lines=2, max_lines=6, elem_id="look-text")
    models, pieces, counts = [], [], []
    with gr.Row():
        for task, title in FAMILIES.items():
            with gr.Column(min_width=260):
                models.append(
                    gr.Dropdown([], label=i18n(title), filterable=False, elem_id=f"look-{task}")
                )
                pieces.append(
                    gr.HighlightedText(
                        label=i18n("look_pieces"), visible=False, elem_id=f"look-{task}-pieces"
                    )
                )
                counts.append(gr.Markdown(elem_classes="lab-note", elem_id=f"look-{task}-count"))
    shown = [*pieces, *counts]

    def split(language: Language, text: str, *chosen: str) -> list[Any]:
        found = [_split(page, language, text, model) for model in chosen]
        return [*(it[0] for it in found), *(it[1] for it in found)]

    def show(language: Language, text: str, *chosen: str) -> list[Any]:
        text = parts.or_example(text, "look_tokens_example", language)
        lists = [parts.here(page.services, task) for task in FAMILIES]
        taken = [parts.taken(*it) for it in zip(lists, chosen, strict=True)]
        fields = [gr.Dropdown(choices=ids, value=it) for ids, it in zip(lists, taken, strict=True)]
        return [text, *fields, *split(language, text, *taken)]

    parts.fill_when_opened(page, opened, show, [text, *models], [text, *models, *shown])
    for trigger in (text.input, *(model.input for model in models)):
        page.on(trigger, split, [text, *models], shown, trigger_mode="always_last")
    _build_steps(page, opened)


def _build_steps(page: Page, opened: Sequence[Any]) -> None:
    gr.Markdown(i18n("look_steps_info"), elem_classes="lab-note")
    with gr.Row():
        word = gr.Textbox(label=i18n("look_word"), min_width=160, elem_id="look-word")
        model = gr.Dropdown(
            [], label=i18n("look_with"), filterable=False, min_width=160, elem_id="look-with"
        )
    picture = gr.HTML(elem_id="look-steps")

    def steps(language: Language, word: str, model: str) -> str:
        from inference.look_tokens import steps as engine

        try:
            found = engine(str(word or ""), parts.folder_of(page.services, model))
        except LabError as error:  # said here: every key that is pressed would raise it anew
            return pictures.sentence(error_sentence(error, language))
        return pictures.steps(found, language)

    def show(language: Language, word: str, model: str) -> list[Any]:
        word = parts.or_example(word, "look_word_example", language)
        ids = parts.here(page.services, *TASKS)
        model = parts.taken(ids, model)
        return [word, gr.Dropdown(choices=ids, value=model), steps(language, word, model)]

    given = [word, model]
    parts.fill_when_opened(page, opened, show, given, [*given, picture])
    for trigger in (word.input, model.input):
        page.on(trigger, steps, given, [picture], trigger_mode="always_last")


def _split(page: Page, language: Language, text: str, model: str) -> tuple[Any, str]:
    from inference.look_tokens import split as engine

    text = str(text or "")
    try:
        found = engine(text, parts.folder_of(page.services, model))
    except LabError as error:
        return gr.HighlightedText(visible=False), plain(error_sentence(error, language))
    told = say(
        "look_count",
        language,
        tokens=len(found.tokens),
        characters=len(text),
        vocabulary=found.vocabulary,
    )
    pieces = [(visible(it.text), str(it.id)) for it in found.tokens]
    return gr.HighlightedText(pieces, visible=bool(pieces), show_legend=False), told
