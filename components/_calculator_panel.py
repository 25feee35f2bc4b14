"""The calculator: what a model of any size would take, next to the cards people ask about."""

from functools import partial
from typing import Any, get_args

import gradio as gr
import pandas as pd

from components import _plots
from components._page import Page
from components._texts import i18n, say
from components._visitor import Language
from inference import calculator
from inference.calculator import CARDS, LEAST, LONGEST, MOST, MOST_ROWS, PARTS, PURPOSES, Parts
from inference.catalog import Catalog
from inference.errors import SettingChoiceRefused, SettingsRefused
from inference.memory import Precision
from inference.units import readable_bytes

TYPICAL = "typical"
PRECISIONS = get_args(Precision)
HEIGHT = 380  # pixels of the plot
# Of the parts in their order, and of a card.
COLOURS = ("#4f46e5", "#0d9488", "#d97706", "#db2777", "#0284c7", "#cbd5e1")
BILLION = 10**9


def build(page: Page) -> None:
    catalog = page.services.catalog
    with gr.Accordion(i18n("part_title"), open=False, elem_id="environment-calculator") as part:
        gr.Markdown(i18n("part_intro"), elem_classes="lab-note")
        with gr.Row(elem_classes="lab-grid"):
            fields = _fields(catalog)
        told = gr.Markdown(elem_id="calculator-told")
        plot = gr.BarPlot(
            x="card",
            y="gigabytes",
            color="part",
            label=i18n("part_chart"),
            height=HEIGHT,
            x_label_angle=-35,  # or their names would lie upon each other on a phone
            visible=False,
            elem_id="calculator-plot",
        )
        gr.Markdown(i18n("part_note"), elem_classes="lab-note")

    def compute(language: Language, *values: Any) -> list[Any]:
        found = reckon(catalog, *values)
        return [told_of(found, language), _drawn(found, language)]

    page.on_shown(compute, fields, [told, plot], on_arrival=False)
    triggers = [part.expand]
    triggers += [it.blur if isinstance(it, gr.Number) else it.input for it in fields]
    triggers += [it.submit for it in fields if isinstance(it, gr.Number)]
    # One event: of two, the answer to the earlier one could come last.
    page.on(partial(gr.on, triggers), compute, fields, [told, plot], trigger_mode="always_last")


def _fields(catalog: Catalog) -> list[Any]:
    """In the order `reckon` takes them."""
    known = [(model.id, model.id) for model in catalog.models]
    return [
        gr.Dropdown(
            [(i18n("part_typical"), TYPICAL), *known],
            value=TYPICAL,
            label=i18n("part_like"),
            filterable=False,
            elem_id="calculator-like",
        ),
        gr.Number(7, label=i18n("part_parameters"), elem_id="calculator-parameters"),
        gr.Radio(
            [(i18n(f"part_purpose_{name}"), name) for name in PURPOSES],
            value="run",
            label=i18n("part_purpose"),
            elem_id="calculator-purpose",
        ),
        gr.Dropdown(
            list(PRECISIONS),
            value="float16",
            label=i18n("part_precision"),
            filterable=False,
            elem_id="calculator-precision",
        ),
        # No `minimum`: Gradio would answer a smaller one itself, in English.
        gr.Number(2_048, label=i18n("part_context"), precision=0, elem_id="calculator-context"),
        gr.Number(1, label=i18n("part_batch"), precision=0, elem_id="calculator-batch"),
        gr.Checkbox(False, label=i18n("part_checkpointing"), elem_id="calculator-checkpointing"),
    ]


def reckon(
    catalog: Catalog,
    like: object,
    billions: object,
    purpose: object,
    precision: object,
    context: object,
    batch: object,
    checkpointing: object,
) -> Parts:
    """The memory of what the fields say.

    Raises:
        SettingsRefused: a number is none, or outside its bounds.
        SettingChoiceRefused, ModelUnknown
    """
    if like == TYPICAL:
        weights = _number("parameters", billions, LEAST / BILLION, MOST / BILLION) * BILLION
        built = calculator.typical(round(weights))
    else:
        built = catalog.find(str(like)).architecture
    return calculator.parts(
        built,
        _one_of("purpose", purpose, PURPOSES),
        _one_of("precision", precision, PRECISIONS),
        int(_number("context", context, 1, LONGEST)),
        int(_number("batch", batch, 1, MOST_ROWS)),
        checkpointing is True,
    )


def _number(name: str, value: object, low: float, high: float) -> float:
    usable = isinstance(value, int | float) and not isinstance(value, bool)
    if usable and low <= value <= high:
        return float(value)
    raise SettingsRefused(name=name, value=str(value)[:40], low=f"{low:,g}", high=f"{high:,.0f}")


def _one_of(name: str, value: object, choices: tuple[Any, ...]) -> Any:
    if value in choices:
        return value
    raise SettingChoiceRefused(name=name, value=str(value)[:40], choices=", ".join(choices))


def told_of(found: Parts, language: Language) -> str:
    """All of it and its parts, and on how many cards it fits."""
    comma = _plots.COMMA[language]
    named = comma.join(
        f"{say(f'part_{name}', language)} {readable_bytes(getattr(found, name))}"
        for name in PARTS
        if getattr(found, name)
    )
    total = readable_bytes(found.total)
    enough = [name for name, size in CARDS.items() if size >= found.total]
    if enough:
        cards = say("part_one", language, cards=comma.join(enough))
    else:
        largest = max(CARDS, key=CARDS.__getitem__)
        count = calculator.cards_needed(found.total, CARDS[largest])
        cards = say("part_many", language, count=count, card=largest)
    return f"{say('part_told', language, total=total, parts=named)}\n\n{cards}"


def _drawn(found: Parts, language: Language) -> Any:
    names = [*(say(f"part_{name}", language) for name in PARTS), say("part_card", language)]
    frame = bars(found, language)
    drawn = set(frame["part"])
    return gr.BarPlot(
        frame,
        x_title=" ",
        y_title="GB",
        color_title="",
        color_map=dict(zip(names, COLOURS, strict=True)),
        colors_in_legend=[name for name in names if name in drawn],
        sort=[say("part_needed", language), *CARDS],
        visible=True,
    )


def bars(found: Parts, language: Language) -> pd.DataFrame:
    """`card`, `gigabytes`, `part`: what is needed, stacked, and what each card has."""
    needed = say("part_needed", language)
    rows = [
        (needed, getattr(found, name) / 1e9, say(f"part_{name}", language))
        for name in PARTS
        if getattr(found, name)
    ]
    card = say("part_card", language)
    rows += [(name, size / 1e9, card) for name, size in CARDS.items()]
    return pd.DataFrame(rows, columns=["card", "gigabytes", "part"])
