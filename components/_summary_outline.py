"""The outline of a long text: its sections with their summaries; the chosen one beside its text."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from components import _summary_told
from components._page import Page
from components._summary_told import Written
from components._texts import i18n
from components._visitor import Language


@dataclass(frozen=True)
class Outline:
    """`written` is what the page shows of the last summary: None before the first."""

    written: gr.State
    table: gr.Dataframe
    part: gr.Column
    where: gr.Markdown
    source: gr.Textbox
    summary: gr.Textbox

    def cleared(self) -> dict[Any, Any]:
        return {
            self.written: None,
            self.table: gr.Dataframe(visible=False),
            self.part: gr.Column(visible=False),
        }

    def shown(self, written: Written, language: Language) -> Any:
        """The table; a text of one section needs none."""
        if not written.several:
            return gr.Dataframe(visible=False)
        return gr.Dataframe(_summary_told.outline(written, language), visible=True)


def place() -> Outline:
    table = gr.Dataframe(
        label=i18n("outline"),
        datatype=["number", "str", "str"],
        column_widths=["9%", "33%", "58%"],
        interactive=False,
        wrap=True,
        visible=False,
        max_height=340,
        elem_id="summary-outline",
    )
    with gr.Column(visible=False, elem_id="summary-section") as part:
        where = gr.Markdown(elem_classes="lab-note", elem_id="summary-section-where")
        with gr.Row():
            source, summary = (_box(name) for name in ("source", "summary"))
    return Outline(gr.State(None), table, part, where, source, summary)


def _box(name: str) -> gr.Textbox:
    return gr.Textbox(
        label=i18n(f"outline_{name}"),
        lines=4,
        max_lines=14,
        min_width=260,
        interactive=False,
        buttons=["copy"],
        elem_id=f"summary-section-{name}",
    )


def wire(page: Page, outline: Outline) -> None:
    def choose(language: Language, chosen: gr.SelectData, written: Written | None) -> list[Any]:
        """The row is known by its number: a reader may have sorted the table."""
        hidden = [gr.Column(visible=False), "", "", ""]
        if written is None or not isinstance(chosen.row_value, list) or not chosen.row_value:
            return hidden
        try:
            found = _summary_told.section(written, int(chosen.row_value[0]), language)
        except (IndexError, TypeError, ValueError):  # of a table that is no longer shown
            return hidden
        return [gr.Column(visible=True), *found]

    def reword(language: Language, written: Written | None) -> Any:
        return outline.shown(written, language) if written else gr.skip()

    shown = [outline.part, outline.where, outline.source, outline.summary]
    page.on(outline.table.select, choose, [outline.written], shown)
    page.on_shown(reword, [outline.written], [outline.table], on_arrival=False)
