"""The Environment tab: what this machine is, what it can run and train, and what else would."""

from typing import Any

import gradio as gr

from components import (
    _abilities_panel,
    _calculator_panel,
    _guide,
    _look_inside,
    _machine_panel,
    _models,
    _places,
)
from components._page import Page
from components._texts import i18n
from components._visitor import Language

PLACE_WIDTHS = [210, 230, 200, 200, 300]  # pixels


def build(page: Page) -> None:
    services = page.services
    _guide.build(page)
    gr.Markdown(i18n("environment_intro"), elem_classes="lab-intro")
    facts = _machine_panel.place()
    refresh = gr.Button(i18n("refresh"), size="sm", elem_id="environment-refresh")
    _machine_panel.build_load(page)
    abilities = _abilities_panel.place()
    _calculator_panel.build(page)
    _build_places(page)
    _machine_panel.build_cache(page)
    _machine_panel.build_versions(page)

    def show(language: Language, owner: str, *chosen: Any) -> list[Any]:
        records = [_models.record(model) for model in services.catalog.models]
        drawn = _abilities_panel.show(services, language, owner, *chosen, measure=False)
        return [*_machine_panel.show(services, records, language), *drawn]

    given = [page.owner, *abilities.inputs]
    outputs = [*facts.outputs, *abilities.outputs]
    page.on_shown(show, given, outputs)
    page.on(refresh.click, show, given, outputs)
    _abilities_panel.wire(page, abilities)
    _look_inside.build(page)


def _build_places(page: Page) -> None:
    with gr.Accordion(i18n("place_title"), open=False, elem_id="environment-places-part") as part:
        places = gr.Dataframe(
            visible=False,
            interactive=False,
            wrap=True,
            column_widths=PLACE_WIDTHS,
            elem_id="environment-places",
        )
        gr.Markdown(i18n("place_note"), elem_classes="lab-note")

    def show(language: Language) -> Any:
        return gr.Dataframe(_places.places(page.services.catalog, language), visible=True)

    page.on_unfolded(part, show, [], [places])
