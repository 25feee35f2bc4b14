"""What came of a scored file: how often each label, row by row, and how right the model is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from components import _file_report, _file_tables, _labels, _scored_file
from components._buttons import press
from components._file_report import ORDERS, WRONG, Judged
from components._page import Page
from components._scored_file import Scored
from components._texts import i18n, say
from components._throttle import COSTLY
from components._visitor import Language
from finetune.errors import NothingScored

PARCEL_ID = "sentiment-file-parcel"
HEIGHT = 280  # pixels of the plot
WIDTHS = ("70px", "110px", "690px", "110px", "110px")  # row, label, text, probability, in the file


@dataclass(frozen=True)
class Results:
    """`filters` say which rows are shown in which order; `rows` are those."""

    place: gr.Column
    told: gr.Markdown
    bars: gr.BarPlot
    filters: list[Any]
    rows: gr.Dataframe
    shown: gr.Markdown
    save: gr.Button
    parcel: gr.DownloadButton
    report: list[Any]

    @property
    def outputs(self) -> list[Any]:
        found = [self.place, self.told, self.bars, *self.filters, self.rows, self.shown]
        return [*found, *self.report]


def place() -> Results:
    with gr.Column(visible=False, elem_id="sentiment-file-results") as column:
        told = gr.Markdown(elem_id="sentiment-file-told", elem_classes="lab-verdict")
        report = [gr.Markdown(elem_id="sentiment-file-judged", elem_classes="lab-verdict")]
        bars = gr.BarPlot(
            x="label",
            y="rows",
            sort="-y",
            label=i18n("file_counts"),
            height=HEIGHT,
            elem_id="sentiment-file-counts",
        )
        with gr.Row():
            with gr.Column(min_width=300):
                report.append(_hidden_table("file_matched", "matched"))
            with gr.Column(min_width=300):
                report.append(_hidden_table("per_label", "per-label"))
        report.append(gr.HTML(visible=False, elem_id="sentiment-file-confusion"))
        report.append(_hidden_table("file_mistakes", "mistakes", wrap=True))
        filters = _place_filters()
        rows = _hidden_table("file_rows", "rows", wrap=True)
        shown = gr.Markdown(elem_classes="lab-note", elem_id="sentiment-file-shown")
        save = gr.Button(i18n("file_download"), elem_id="sentiment-file-download")
    # Outside: shown again, a column shows what is hidden in it.
    parcel = gr.DownloadButton(visible="hidden", elem_id=PARCEL_ID)
    return Results(column, told, bars, filters, rows, shown, save, parcel, report)


def _place_filters() -> list[Any]:
    """Label, text, order."""
    with gr.Row(elem_classes="lab-grid"):
        label = gr.Dropdown(
            [(i18n("file_all"), "")],
            value="",
            label=i18n("file_filter"),
            min_width=160,
            elem_id="sentiment-file-filter",
        )
        search = gr.Textbox(
            label=i18n("file_search"), max_lines=1, min_width=160, elem_id="sentiment-file-search"
        )
        order = gr.Dropdown(
            [(i18n(f"order_{it}"), it) for it in ORDERS],
            value=ORDERS[0],
            label=i18n("file_order"),
            min_width=160,
            elem_id="sentiment-file-order",
        )
    return [label, search, order]


def _hidden_table(key: str, name: str, **options: Any) -> gr.Dataframe:
    return gr.Dataframe(
        label=i18n(key),
        interactive=False,
        visible=False,
        max_height=420,
        elem_id=f"sentiment-file-{name}",
        **options,
    )


def wire(page: Page, results: Results, scored: gr.State) -> None:
    services = page.services

    def filtered(language: Language, scored: Scored | None, *chosen: str) -> list[Any]:
        return _rows(scored, chosen, language) if scored else [gr.skip(), gr.skip()]

    def pack(language: Language, owner: str, scored: Scored | None) -> str:
        if scored is None:
            raise NothingScored()
        services.throttle.charge(COSTLY, owner)
        return _scored_file.as_csv(services, scored)

    given = [scored, *results.filters]
    for it in results.filters:
        change = it.change if isinstance(it, gr.Textbox) else it.input
        page.on(change, filtered, given, [results.rows, results.shown], trigger_mode="always_last")
    packed = page.on(results.save.click, pack, [page.owner, scored], [results.parcel])
    packed.success(None, js=press(PARCEL_ID), api_visibility="private")


def contents(scored: Scored | None, model: str, language: Language) -> list[Any]:
    """Every part for a file scored by that model, unfiltered, in the order of `outputs`."""
    if scored is None or not scored.names:
        return [gr.Column(visible=False), *[gr.skip()] * 12]
    found = _file_report.judged(scored)
    counts = _file_tables.counts(scored, language)
    return [
        gr.Column(visible=True),
        _file_tables.told(scored, model, language),
        gr.BarPlot(
            counts,
            x_title=say("label", language),
            y_title=say("rows", language),
            y_lim=[0, 1.05 * max(counts["rows"], default=1)],
        ),
        *_filters(scored, found, language),
        *_rows(scored, ("", "", ORDERS[0]), language),
        *_report(scored, found, language),
    ]


def _filters(scored: Scored, found: Judged | None, language: Language) -> list[Any]:
    names = _labels.named(scored.names, language)
    choices = [(say("file_all", language), "")]
    choices += [
        (say("file_label_count", language, label=names[it], count=count), it)
        for it, count in scored.counts.items()
    ]
    if found and found.wrong:
        choices.append((say("file_wrong", language, count=len(found.wrong)), WRONG))
    return [gr.Dropdown(choices=choices, value=""), "", ORDERS[0]]


def _rows(scored: Scored, chosen: Sequence[str], language: Language) -> list[Any]:
    """The first rows that are asked for, and how many there are."""
    label, search, order = chosen
    places = _file_report.chosen(scored, label, search, order)
    found = _file_tables.rows(scored, places, language)
    told = say("file_shown", language, shown=len(found["data"]), count=len(places))
    shown = gr.Dataframe(
        found, column_widths=[*WIDTHS[: len(found["headers"])]], visible=bool(places)
    )
    return [shown, told if places else say("file_none", language)]


def _report(scored: Scored, found: Judged | None, language: Language) -> list[Any]:
    """How right, what the labels were taken for, label by label, confusion, mistakes."""
    if found is None:
        hidden = [gr.Dataframe(visible=False)] * 2
        return ["", *hidden, gr.HTML(visible=False), gr.Dataframe(visible=False)]
    confusion = _file_tables.confusion(found, scored, language)
    mistakes = _file_tables.rows(scored, found.wrong, language)
    return [
        _file_tables.judgement(found, scored, language),
        gr.Dataframe(_file_tables.matched(found, scored, language), visible=bool(found.values)),
        gr.Dataframe(_file_tables.per_label(found, scored, language), visible=bool(found.rows)),
        gr.HTML(confusion, visible=bool(confusion)),
        gr.Dataframe(mistakes, column_widths=[*WIDTHS], visible=bool(found.wrong)),
    ]
