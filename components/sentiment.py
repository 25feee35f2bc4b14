"""The Sentiment tab: a text -> how likely each label is, by a BERT or a trained adapter."""

from typing import Any

import gradio as gr

from components import _models, _picker
from components._page import ENGINE_EVENTS, Page
from components._texts import i18n, say
from components._visitor import Language

EXAMPLES = ("sentiment_example_1", "sentiment_example_2", "sentiment_example_3")
SHOWN = 10  # likeliest labels
# What the catalogue's models and their Chinese relatives answer -> the sentence for it.
LABELS = {
    "positive": "label_positive",
    "negative": "label_negative",
    "positive (stars 4 and 5)": "label_positive",
    "negative (stars 1, 2 and 3)": "label_negative",
    "1 star": "label_1_star",
    "2 stars": "label_2_stars",
    "3 stars": "label_3_stars",
    "4 stars": "label_4_stars",
    "5 stars": "label_5_stars",
}


def build(page: Page) -> None:
    services = page.services
    gr.Markdown(i18n("sentiment_intro"), elem_classes="lab-intro")
    with gr.Row():
        with gr.Column(scale=3, min_width=320):
            text = gr.Textbox(
                label=i18n("sentiment_text"),
                placeholder=i18n("sentiment_placeholder"),
                lines=5,
                max_lines=12,
                elem_id="sentiment-text",
            )
            run = gr.Button(i18n("sentiment_run"), variant="primary", elem_id="sentiment-run")
            gr.Markdown(i18n("try_one"), elem_classes="lab-note")
            with gr.Row(elem_classes="lab-starters"):
                examples = [gr.Button(i18n(key), size="sm") for key in EXAMPLES]
        with gr.Column(scale=2, min_width=280):
            picker = _picker.place(page, "classification", "sentiment")
            scores = gr.Label(
                label=i18n("sentiment_result"), num_top_classes=SHOWN, elem_id="sentiment-result"
            )

    def classify(language: Language, source: str, *picked: Any) -> dict[str, float]:
        wanted = _picker.wanted(*picked)
        (found,) = _models.classify(services, wanted, [source])
        return shown(found.probabilities, language)

    def classify_example(key: str) -> Any:
        def call(language: Language, *picked: Any) -> tuple[str, dict[str, float]]:
            source = say(key, language)
            return source, classify(language, source, *picked)

        return call

    options = {"show_progress": "minimal", **ENGINE_EVENTS}
    page.on(run.click, classify, [text, *picker.inputs], [scores], **options)
    for key, example in zip(EXAMPLES, examples, strict=True):
        page.on(example.click, classify_example(key), picker.inputs, [text, scores], **options)


def shown(probabilities: dict[str, float], language: Language) -> dict[str, float]:
    """Known labels in the visitor's words; others, which an adapter brought, as they were typed."""
    words = {label: say(LABELS[label], language) for label in probabilities if label in LABELS}
    named = {words.get(label, label): share for label, share in probabilities.items()}
    # Somebody's "正面" beside "positive" must not become one label.
    return named if len(named) == len(probabilities) else probabilities
