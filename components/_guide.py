"""The first ten minutes: four steps, each a button that opens a tab with an example in it."""

from dataclasses import dataclass

import gradio as gr

from components._feedback import Handler
from components._page import Page, to_open
from components._texts import i18n


@dataclass(frozen=True)
class Lesson:
    """`example` is what the tab offers under that key: see `Page.offer_example`."""

    tab: str
    text: str
    button: str
    example: str


LESSONS = (
    Lesson("chat", "guide_chat", "guide_chat_go", "guide_question"),
    Lesson("summarization", "guide_summary", "guide_summary_go", "summary_example"),
    Lesson("sentiment", "guide_sentiment", "guide_sentiment_go", "sentiment_example_1"),
    Lesson("finetuning", "guide_finetune", "guide_finetune_go", "guide_table"),
)


def build(page: Page) -> None:
    with gr.Accordion(i18n("guide"), open=True, elem_id="guide"):
        gr.Markdown(i18n("guide_info"), elem_classes="lab-note")
        with gr.Row(elem_classes="lab-guide"):
            for lesson in LESSONS:
                with gr.Column(min_width=220):
                    gr.Markdown(i18n(lesson.text), elem_classes="lab-lesson")
                    go = gr.Button(i18n(lesson.button), size="sm", elem_id=f"guide-{lesson.tab}")
                page.on(go.click, _opening(lesson), [], [page.opened, page.tabs])


def _opening(lesson: Lesson) -> Handler:
    return lambda language: (
        to_open(lesson.tab, example=lesson.example),
        gr.Tabs(selected=lesson.tab),
    )
