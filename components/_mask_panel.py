"""The game BERT was pre-trained on: a sentence with gaps, and what it would put into each."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from components import _classifiers, _fetch_panel, _models, _picker
from components._fetch_panel import FetchPanel
from components._models import Wanted
from components._page import ENGINE_EVENTS, Page, relisted
from components._texts import i18n, say
from components._visitor import Language
from inference.records import MASK, MOST_MASKS, Candidate

EXAMPLES = (  # a model of either language is tried out on the other page as well
    "Paris is the capital of [MASK].",
    "The soup was cold and the waiter was [MASK]. We will never [MASK] back.",
    "这家店的菜很好[MASK]，下次还会再来。",
    "手机用了两天就[MASK]了，真是太[MASK]望了。",
)
_PIECE = "##"  # begins a token that goes on with the word before it
_TYPED = re.compile(r"[\[【［]\s*mask\s*[\]】］]", re.IGNORECASE)


@dataclass(frozen=True)
class _Parts:
    text: gr.Textbox
    told: gr.Markdown
    charts: list[gr.Label]
    found: gr.State

    @property
    def outputs(self) -> list[Any]:
        return [self.text, self.told, *self.charts, self.found]


def build(page: Page, opened: Any) -> None:
    """`opened`: the event at which the models that are here are looked for."""
    services = page.services
    gr.Markdown(i18n("mask_info"), elem_classes="lab-note")
    with gr.Row():
        with gr.Column(scale=3, min_width=300):
            text = gr.Textbox(
                label=i18n("mask_text"),
                placeholder=i18n("mask_placeholder"),
                lines=2,
                max_lines=6,
                elem_id="mask-text",
            )
            with gr.Row():
                run = gr.Button(i18n("mask_run"), variant="primary", elem_id="mask-run")
                put = gr.Button(i18n("mask_put"), elem_id="mask-put")
            gr.Markdown(i18n("try_one"), elem_classes="lab-note")
            with gr.Row(elem_classes="lab-starters", elem_id="mask-examples"):
                examples = [gr.Button(sentence, size="sm") for sentence in EXAMPLES]
        with gr.Column(scale=2, min_width=280):
            ids = [model.id for model in _classifiers.mask_models(services)]
            model = gr.Dropdown(
                choices=ids,
                value=next(iter(ids), None),
                label=i18n("mask_model"),
                filterable=False,
                elem_id="mask-model",
            )
            note = gr.Markdown(elem_classes="lab-note", elem_id="mask-note")
            panel = _fetch_panel.place(page, "mask")
    told = gr.Markdown(elem_classes="lab-note", elem_id="mask-told")
    with gr.Row():
        charts = [
            gr.Label(visible=False, min_width=200, elem_id=f"mask-{number + 1}")
            for number in range(MOST_MASKS)
        ]
    parts = _Parts(text, told, charts, gr.State([]))
    _wire_model(page, model, note, panel, opened)
    _wire(page, parts, model, run, put, examples)


def _wire_model(
    page: Page, model: gr.Dropdown, note: gr.Markdown, panel: FetchPanel, opened: Any
) -> None:
    """The list, one line about what is chosen, and the way to get it here."""
    services = page.services

    def told(language: Language, owner: str, chosen: str | None) -> list[Any]:
        about = _picker.about(services, language, Wanted(model=chosen)) if chosen else ""
        return [about, *panel.shown(language, owner, chosen)]

    def listed(language: Language, chosen: str | None) -> tuple[Any, str | None]:
        known = _classifiers.mask_models(services)
        ids = [it.id for it in known]
        value = chosen if chosen in ids else next(iter(ids), None)
        choices = [(_picker.label(_models.record(it), language), it.id) for it in known]
        return relisted(choices, value, chosen), value

    def renew(language: Language, chosen: str | None) -> Any:
        return listed(language, chosen)[0]

    def show(language: Language, owner: str, chosen: str | None) -> list[Any]:
        dropdown, value = listed(language, chosen)
        return [dropdown, *told(language, owner, value)]

    inputs, outputs = [page.owner, model], [model, note, *panel.outputs]
    page.on_shown(show, inputs, outputs, on_arrival=False)
    page.on(opened, show, inputs, outputs)
    page.on(model.focus, renew, [model], [model])
    for trigger in (model.change, model.input):
        page.on(trigger, told, inputs, outputs[1:])
    panel.wire(model, show, inputs, [model, note])


def _wire(
    page: Page,
    parts: _Parts,
    model: gr.Dropdown,
    run: gr.Button,
    put: gr.Button,
    examples: Sequence[gr.Button],
) -> None:
    services = page.services

    def guess(language: Language, sentence: str, owner: str, chosen: str) -> list[Any]:
        sentence = with_masks(sentence)
        wanted = Wanted(model=str(chosen or ""), visitor=owner)
        found = _classifiers.fill_mask(services, wanted, sentence)
        return [sentence, *_shown(found, language)]

    def fill(gap: int) -> Any:
        def call(
            language: Language,
            sentence: str,
            owner: str,
            chosen: str,
            found: list[list[str]],
            clicked: gr.SelectData,
        ) -> list[Any]:
            """The token that was clicked goes into its gap; the others are guessed anew."""
            at = clicked.index if isinstance(clicked.index, int) else clicked.index[0]
            if gap >= len(found) or not 0 <= at < len(found[gap]):
                return [gr.skip()] * len(parts.outputs)
            sentence = filled(with_masks(sentence), gap, found[gap][at])
            if MASK in sentence:
                return guess(language, sentence, owner, chosen)
            return [sentence, say("mask_filled", language), *_hidden(MOST_MASKS), []]

        return call

    inputs = [parts.text, page.owner, model]
    options = {"show_progress": "minimal", "show_progress_on": parts.charts[0], **ENGINE_EVENTS}
    for trigger in (run.click, parts.text.submit):
        page.on(trigger, guess, inputs, parts.outputs, **options)
    for example in examples:
        taken = page.on(example.click, lambda language, text: text, [example], [parts.text])
        page.on(taken.then, guess, inputs, parts.outputs, **options)
    for gap, chart in enumerate(parts.charts):
        page.on(chart.select, fill(gap), [*inputs, parts.found], parts.outputs, **options)
    page.on(put.click, lambda language, text: with_gap(text), [parts.text], [parts.text])


def _shown(found: Sequence[Sequence[Candidate]], language: Language) -> list[Any]:
    """Updates of what stands below the text: a chart for each of the first gaps."""
    charts = [
        gr.Label(
            _bars(candidates),
            num_top_classes=len(candidates),
            label=say("mask_gap", language, number=number),
            visible=True,
        )
        for number, candidates in enumerate(found, start=1)
    ]
    tokens = [[it.text for it in candidates] for candidates in found]
    return [say("mask_click", language), *charts, *_hidden(MOST_MASKS - len(charts)), tokens]


def _hidden(count: int) -> list[Any]:
    return [gr.Label(visible=False) for _ in range(count)]


def _bars(candidates: Sequence[Candidate]) -> dict[str, float]:
    """A chart has one bar a name: of tokens that look alike the later ones show their number."""
    bars: dict[str, float] = {}
    for it in candidates:
        name = it.text if it.text not in bars else f"{it.text} ({it.id})"
        bars[name] = it.probability or 0.0
    return bars


def with_masks(sentence: str) -> str:
    """`[mask]` and `【MASK】`, as they are typed, as the mask that the model knows."""
    return _TYPED.sub(MASK, sentence)


def with_gap(sentence: str) -> str:
    """A gap at the end, a space before it where words have spaces."""
    wide = not sentence or sentence[-1].isspace() or not sentence[-1].isascii()
    return sentence + ("" if wide else " ") + MASK


def filled(sentence: str, gap: int, token: str) -> str:
    """The sentence with `token` in the gap of that number, counted from 0; `##s` joins the word."""
    parts = sentence.split(MASK)
    if gap >= len(parts) - 1:
        return sentence
    before, after = MASK.join(parts[: gap + 1]), MASK.join(parts[gap + 1 :])
    if token.startswith(_PIECE):
        return before.rstrip() + token.removeprefix(_PIECE) + after
    return before + token + after
