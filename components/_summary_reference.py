"""A reference summary, if somebody has one: how close the model's own came to it."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from components import _summary_told
from components._page import Page
from components._summary_told import Written
from components._texts import i18n
from components._throttle import COSTLY
from components._visitor import Language
from finetune.errors import ReferenceMissing, SummaryMissing
from inference.errors import TextEmpty
from inference.texts import check_text

MOST_CHARACTERS = 100_000


@dataclass(frozen=True)
class Reference:
    text: gr.Textbox
    score: gr.Button
    scores: gr.Dataframe


def place() -> Reference:
    with gr.Accordion(i18n("reference"), open=False, elem_id="summary-reference-part"):
        gr.Markdown(i18n("reference_info"), elem_classes="lab-note")
        text = gr.Textbox(
            label=i18n("reference_text"), lines=3, max_lines=10, elem_id="summary-reference"
        )
        score = gr.Button(i18n("reference_score"), size="sm", elem_id="summary-score")
        scores = gr.Dataframe(
            label=i18n("reference_scores"),
            column_widths=["22%", "16%", "62%"],
            interactive=False,
            wrap=True,
            visible=False,
            elem_id="summary-scores",
        )
    return Reference(text, score, scores)


def wire(page: Page, reference: Reference, written: gr.State, ended: list[Any]) -> None:
    """After each of `ended` a summary has been written: it is scored where there is a reference."""

    def score(language: Language, owner: str, text: str, written: Written | None) -> Any:
        page.services.throttle.charge(COSTLY, owner)
        return scored(language, text, written)

    def scored(language: Language, text: str, written: Written | None) -> Any:
        try:
            text = check_text(text, MOST_CHARACTERS)
        except TextEmpty:
            raise ReferenceMissing() from None
        if written is None or not written.summary.text:
            raise SummaryMissing()
        found = _summary_told.measured(written.summary.text, written.source, text)
        return gr.Dataframe(_summary_told.scores(found, language), visible=True)

    def score_again(language: Language, text: str, written: Written | None) -> Any:
        if written is None or not written.summary.text or not (text or "").strip():
            return gr.Dataframe(visible=False)
        return scored(language, text, written)

    given, outputs = [reference.text, written], [reference.scores]
    page.on(reference.score.click, score, [page.owner, *given], outputs)
    for event in ended:
        page.on(event.then, score_again, given, outputs)
    page.on_shown(score_again, given, outputs, on_arrival=False)
