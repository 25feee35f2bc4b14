"""The Environment tab: what this machine is, what it can run and train, and the app's limits."""

from typing import Any

import gradio as gr

from components import _guide, _look_inside, _models, _plots, _remote_models
from components._page import Page
from components._texts import i18n
from components._visitor import Language
from inference import hardware

MODEL_WIDTHS = [310, 120, 110, 125, 125, 160, 166]  # pixels


def build(page: Page) -> None:
    services = page.services
    _guide.build(page)
    gr.Markdown(i18n("environment_intro"), elem_classes="lab-intro")
    verdict = gr.Markdown(elem_id="environment-verdict", elem_classes="lab-verdict")
    # Hidden until there is something in them: an empty table shows column numbers.
    machine = gr.Dataframe(
        label=i18n("environment_machine"),
        visible=False,
        interactive=False,
        wrap=True,
        column_widths=["30%", "70%"],
        elem_id="environment-machine",
    )
    models = gr.Dataframe(
        label=i18n("environment_models"),
        visible=False,
        interactive=False,
        wrap=True,
        column_widths=MODEL_WIDTHS,
        max_height=760,
        elem_id="environment-models",
    )
    gr.Markdown(i18n("environment_models_note"), elem_classes="lab-note")
    with gr.Accordion(i18n("environment_versions"), open=False):
        versions = gr.Dataframe(label=i18n("environment_versions"), interactive=False)
    with gr.Accordion(i18n("environment_limits"), open=False):
        limits = gr.Dataframe(label=i18n("environment_limits"), interactive=False)
    refresh = gr.Button(i18n("refresh"), size="sm", elem_id="environment-refresh")

    def show(language: Language) -> tuple[Any, ...]:
        facts = hardware.facts()
        records = [_models.record(model) for model in services.catalog.models]
        best = _remote_models.default_model(services, "chat")
        return (
            _plots.verdict(facts, records, best, language),
            gr.Dataframe(_plots.machine(facts, language), visible=True),
            _plots.versions(facts, language),
            gr.Dataframe(_plots.models(records, language), visible=True),
            _plots.limits(services.limits, language),
        )

    outputs = [verdict, machine, versions, models, limits]
    page.on_shown(show, [], outputs)
    page.on(refresh.click, show, [], outputs)
    _look_inside.build(page)
