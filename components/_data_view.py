"""What the visitor's data look like: labels, lengths, and one example as the model reads it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
import pandas as pd

from components import _pictures, _plans, _plots
from components._form import Form, given
from components._page import Page
from components._pictures import Lengths, Sample
from components._plans import Plan
from components._refusals import problem_sentences
from components._services import Services
from components._texts import i18n, plain, say
from components._visitor import Language
from finetune.errors import Refused
from finetune.problems import Problem
from finetune.recipe import SETTINGS, Recipe
from inference.catalog import Task
from inference.errors import LabError

MAX_LENGTH = Recipe.model_fields["max_length"].default
HEIGHT = 320  # pixels of a plot, its label and titles included
COLOURS = ("#a5b4fc", "#e2e8f0")  # what is trained, and what is only read


@dataclass(frozen=True)
class View:
    balance: gr.BarPlot
    lengths: gr.BarPlot
    note: gr.Markdown
    seen: gr.HighlightedText
    explained: gr.Markdown
    before: gr.Button
    after: gr.Button
    number: gr.State
    turns: gr.Row

    @property
    def pictures(self) -> list[Any]:
        return [self.balance, self.lengths, self.note]

    @property
    def example(self) -> list[Any]:
        return [self.seen, self.explained, self.turns]


def place() -> View:
    with gr.Row():
        balance = gr.BarPlot(
            label=i18n("data_balance"),
            x="label",
            y="rows",
            sort="-y",
            height=HEIGHT,
            visible=False,
            elem_id="data-balance",
        )
        lengths = gr.BarPlot(
            label=i18n("data_lengths"),
            x="tokens",
            y="rows",
            height=HEIGHT,
            visible=False,
            elem_id="data-lengths",
        )
    note = gr.Markdown(elem_classes="lab-note", elem_id="data-note")
    seen = gr.HighlightedText(
        label=i18n("data_seen"), visible=False, show_legend=True, elem_id="data-seen"
    )
    explained = gr.Markdown(elem_classes="lab-note", elem_id="data-explained")
    with gr.Row(visible=False, elem_classes="lab-starters") as turns:
        before = gr.Button(i18n("data_before"), size="sm", elem_id="data-before")
        after = gr.Button(i18n("data_after"), size="sm", elem_id="data-after")
    number = gr.State(0)
    return View(balance, lengths, note, seen, explained, before, after, number, turns)


def wire(
    page: Page,
    view: View,
    form: Form,
    table: gr.State,
    settled: Sequence[Any],
    verdict: Sequence[Any],
) -> None:
    """The view follows the data step, the base whose tokens it shows, and the length that is kept.

    Args:
        settled: the events after which the form has been filled in and a base chosen for it.
        verdict: receives problems, why one cannot go on, and whether one can; see `Data.verdict`.
    """
    services = page.services

    def draw(language: Language, table: Mapping[str, Any], *values: Any) -> list[Any]:
        """Everything anew, on the first example."""
        file, reading, plan = given(values)
        nothing = [*_no_pictures(), *_no_example(), 0]
        if not table["readable"] or not file:
            return [*nothing, *_not_yet(bool(file), language)]
        try:
            found = _pictures.sample(services, file, reading, plan.task, plan.mapping)
        except Refused as refused:
            return [*nothing, *_refused(refused, language)]
        ready = [*_told(found.problems, language), "", gr.Button(interactive=True)]
        longest = _max_length(services, plan, found.total)
        try:
            lengths = _pictures.lengths(services, found, plan.task, plan.base, longest)
        except (Refused, LabError):  # the base: told in the next step, where it is chosen
            return [*nothing, *ready]
        shown = _example(services, found, plan, 0, language)
        return [*_drawn(found.labels, lengths, language), *shown, 0, *ready]

    def turn(by: int) -> Any:
        def show(language: Language, number: int, *values: Any) -> list[Any]:
            file, reading, plan = given(values)
            found = _pictures.sample(services, file, reading, plan.task, plan.mapping)
            number = (number + by) % len(found.rows)
            return [*_example(services, found, plan, number, language), number]

        return show

    inputs, outputs = [table, *form.inputs], [*view.pictures, *view.example, view.number, *verdict]
    length = form.settings[list(SETTINGS).index("max_length")]
    changes = [*(event.then for event in settled), *(role.input for role in form.roles)]
    for trigger in (*changes, form.base.input, form.preset.input, length.blur):
        page.on(trigger, draw, inputs, outputs, trigger_mode="always_last")
    page.on_shown(draw, inputs, outputs, on_arrival=False)
    for button, by in ((view.before, -1), (view.after, 1)):
        given_too = [view.number, *form.inputs]
        page.on(button.click, turn(by), given_too, [*view.example, view.number])


def _max_length(services: Services, plan: Plan, rows: int) -> int:
    """That of the plan, or the usual one while its settings are wrong."""
    try:
        return _plans.max_length(services, plan, rows)
    except (Refused, LabError):  # told beside the settings
        return MAX_LENGTH


def _not_yet(any_file: bool, language: Language) -> list[Any]:
    reason = say("next_unusable" if any_file else "next_no_file", language)
    return [gr.skip(), reason, gr.Button(interactive=False)]


def _refused(refused: Refused, language: Language) -> list[Any]:
    """The problems of these columns, the first error as the reason why one cannot go on."""
    error = next(it for it in refused.problems if it.severity == "error")
    what, advice = problem_sentences(error.to_dict(), language)
    reason = f"**{say('next_columns', language)}** {plain(what)} {plain(advice)}"
    return [*_told(refused.problems, language), reason, gr.Button(interactive=False)]


def _told(problems: Sequence[Problem], language: Language) -> list[Any]:
    listed = _plots.problems([it.to_dict() for it in problems], language)
    return [gr.Dataframe(listed, visible=bool(problems))]


def _example(
    services: Services, found: Sample, plan: Plan, number: int, language: Language
) -> list[Any]:
    longest = _max_length(services, plan, found.total)
    try:
        pieces, model = _pictures.seen(services, found, plan.task, plan.base, number, longest)
    except (Refused, LabError):
        return _no_example()
    return _seen(pieces, model, number, len(found.rows), plan.task, language)


def _no_pictures() -> list[Any]:
    return [gr.BarPlot(visible=False), gr.BarPlot(visible=False), ""]


def _no_example() -> list[Any]:
    return [gr.HighlightedText(visible=False), "", gr.Row(visible=False)]


def _drawn(labels: Mapping[str, int], lengths: Lengths, language: Language) -> list[Any]:
    rows = say("rows", language)
    counted = _pictures.balance(labels, say("data_others", language))
    spans = [(_span(low, high), count) for low, high, count in lengths.bars]
    bars = pd.DataFrame(spans, columns=["tokens", "rows"])
    note = say(
        "data_lengths_note",
        language,
        longest=lengths.longest,
        model=lengths.tokens_of,
        cut=round(100 * lengths.cut),
        length=lengths.max_length,
    )
    return [
        gr.BarPlot(
            pd.DataFrame(counted, columns=["label", "rows"]),
            x_title=say("label", language),
            y_title=rows,
            y_lim=_from_zero(labelled for _, labelled in counted),
            visible=len(counted) > 1,
        ),
        gr.BarPlot(
            bars,
            x_title=say("tokens", language),
            y_title=rows,
            y_lim=_from_zero(bars["rows"]),
            sort=list(bars["tokens"]),
            x_label_angle=-45,
            visible=not bars.empty,
        ),
        note,
    ]


def _from_zero(counts: Iterable[int]) -> list[float]:
    """Bounds of the axis: left alone it begins at the lowest bar, which then cannot be seen."""
    return [0, 1.05 * max(counts, default=1)]


def _span(low: int, high: int) -> str:
    return f"{low}–{high}" if high > low else str(low)


def _seen(
    pieces: Sequence[tuple[str, bool]],
    model: str,
    number: int,
    total: int,
    task: Task,
    language: Language,
) -> list[Any]:
    trained, read = say("data_trained", language), say("data_read", language)
    shown = [(text, trained if it else read) for text, it in pieces if text]
    explained = say(f"data_seen_{task}", language)
    place = say("data_example", language, number=number + 1, total=total, model=plain(model))
    return [
        gr.HighlightedText(
            shown,
            color_map=dict(zip((trained, read), COLOURS, strict=True)),
            show_inline_category=False,
            visible=True,
        ),
        f"{place} {explained}",
        gr.Row(visible=total > 1),
    ]
