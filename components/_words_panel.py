"""One text: how likely each label is, the words that moved the decision, and the tokens read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from components import _classifiers, _labels, _picker, _plots
from components._feedback import Handler
from components._page import ENGINE_EVENTS, Page
from components._picker import Picker
from components._reading_note import ReadingNote
from components._refusals import error_sentence
from components._texts import i18n, plain, say
from components._visitor import Language
from inference.errors import LabError
from inference.records import Explanation, Scores

EXAMPLES = ("sentiment_example_1", "sentiment_example_2", "sentiment_example_3")
SHOWN = 10  # likeliest labels
# What a word does, as a share of what the strongest one does: from this on.
COLOURS = {
    "words_for_strongly": "#5eead4",
    "words_for": "#ccfbf1",
    "words_against": "#ffedd5",
    "words_against_strongly": "#fdba74",
}
STRONG, WEAK = 0.5, 0.2
NOTABLE = 0.02  # of probability: what does less is not strong, and decides nothing by itself


@dataclass(frozen=True)
class _Why:
    """What explains a decision, in the order of `outputs`."""

    words: gr.HighlightedText
    note: gr.Markdown
    fold: gr.Accordion
    tokens: gr.HighlightedText
    effects: gr.Dataframe

    @property
    def outputs(self) -> list[Any]:
        return [self.words, self.note, self.fold, self.tokens, self.effects]


def build(page: Page, picker: Picker, reading: ReadingNote) -> gr.Textbox:
    """Returns the text."""
    services = page.services
    with gr.Row():
        with gr.Column(scale=3, min_width=300):
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
            scores = gr.Label(
                label=i18n("sentiment_result"), num_top_classes=SHOWN, elem_id="sentiment-result"
            )
    why = _place_why()

    def classify(language: Language, source: str, *picked: Any) -> Iterator[list[Any]]:
        """The label as soon as it is known, then its reasons."""
        wanted = _picker.wanted(*picked)
        yield [gr.skip()] * 6
        (found,) = _classifiers.classify(services, wanted, [source])
        label = _labels.shown(found.probabilities, language)
        yield [label, *_nothing(say("words_waiting", language))]
        try:
            explained = _classifiers.explain(services, wanted, source)
        except LabError as error:  # the label stays
            yield [gr.skip(), *_nothing(plain(error_sentence(error, language)))]
            return
        yield [gr.skip(), *_shown(explained, language)]

    outputs = [scores, *why.outputs]
    options = {"show_progress": "minimal", "show_progress_on": scores, **ENGINE_EVENTS}
    page.on(run.click, classify, [text, *picker.inputs], outputs, **options)
    taken = [
        page.on(
            example.click, _on_example(classify, key), picker.inputs, [text, *outputs], **options
        )
        for key, example in zip(EXAMPLES, examples, strict=True)
    ]
    reading.watch(text, [text.blur, run.click, *(event.then for event in taken)])
    return text


def _on_example(classify: Handler, key: str) -> Handler:
    """`classify` on the sentence of that key, which is shown first."""

    def shown(language: Language, *picked: Any) -> Iterator[list[Any]]:
        source = say(key, language)
        for number, found in enumerate(classify(language, source, *picked)):
            yield [gr.skip() if number else source, *found]

    return shown


def _place_why() -> _Why:
    words = gr.HighlightedText(
        label=i18n("words"),
        color_map={},
        show_legend=True,
        show_inline_category=False,
        visible=False,
        elem_id="sentiment-words",
    )
    note = gr.Markdown(elem_classes="lab-note", elem_id="sentiment-words-note")
    with gr.Accordion(i18n("words_read"), open=False, visible=False) as fold:
        tokens = gr.HighlightedText(label=i18n("words_tokens"), elem_id="sentiment-tokens")
        effects = gr.Dataframe(
            label=i18n("words_effects"),
            interactive=False,
            max_height=300,
            elem_id="sentiment-effects",
        )
    return _Why(words, note, fold, tokens, effects)


def _nothing(note: str) -> list[Any]:
    return [
        gr.HighlightedText(visible=False),
        note,
        gr.Accordion(visible=False),
        gr.skip(),
        gr.skip(),
    ]


def _shown(found: Explanation, language: Language) -> list[Any]:
    """Updates of `_Why.outputs`."""
    colours = {say(key, language): colour for key, colour in COLOURS.items()}
    pieces = [(text, say(key, language) if key else None) for text, key in marked(found)]
    tokens = [(it.text, str(it.id)) for it in found.tokens]
    return [
        gr.HighlightedText(pieces, color_map=colours, visible=bool(found.words)),
        explained(found, language),
        gr.Accordion(visible=True),
        gr.HighlightedText(tokens, show_legend=False),
        _effects(found, language),
    ]


def marked(found: Explanation) -> list[tuple[str, str]]:
    """The text in pieces, each with a key of `COLOURS`; empty for what does next to nothing."""
    text, most = found.scores.text, max((abs(it.effect) for it in found.words), default=0.0)
    pieces, at = [], 0
    for word in found.words:
        if word.start > at:
            pieces.append((text[at : word.start], ""))
        pieces.append((text[word.start : word.end], _band(word.effect, most)))
        at = word.end
    if at < len(text):
        pieces.append((text[at:], ""))
    return pieces


def _band(effect: float, most: float) -> str:
    share = abs(effect) / most if most else 0.0
    if share < WEAK:
        return ""
    way = "for" if effect > 0 else "against"
    strong = share >= STRONG and abs(effect) >= NOTABLE
    return f"words_{way}_strongly" if strong else f"words_{way}"


def explained(found: Explanation, language: Language) -> str:
    """What the colours mean, the word that matters most, and whether the text was cut."""
    label = plain(_name(found.scores, language))
    told = [say("words_info", language, label=label)]
    strongest = max(found.words, key=lambda it: abs(it.effect), default=None)
    if strongest is not None:
        before = found.scores.probabilities[found.scores.label]
        told.append(
            say(
                "words_strongest" if abs(strongest.effect) >= NOTABLE else "words_together",
                language,
                word=plain(found.scores.text[strongest.start : strongest.end]),
                label=label,
                before=before,
                after=before - strongest.effect,
            )
        )
    if found.cut:
        told.append(f"**{say('words_cut', language)}**")
    return "\n\n".join(told)


def _name(scores: Scores, language: Language) -> str:
    return _labels.named(scores.probabilities, language)[scores.label]


def _effects(found: Explanation, language: Language) -> _plots.Table:
    """The strongest word first."""
    text = found.scores.text
    words = sorted(found.words, key=lambda it: -abs(it.effect))
    return _plots.table(
        (say("words_word", language), say("words_effect", language)),
        [(text[it.start : it.end], round(100 * it.effect, 2)) for it in words],
    )
