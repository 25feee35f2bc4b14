"""The Fine-tune tab: four steps from a file to a model that answers as it was taught."""

import gradio as gr

from components import (
    _data_step,
    _data_view,
    _my_runs,
    _recipe_step,
    _result_step,
    _steps,
    _train_step,
)
from components._page import Page
from components._texts import i18n


def build(page: Page) -> None:
    gr.Markdown(i18n("finetune_intro"), elem_classes="lab-intro")
    begun = gr.State("")  # the id of the run this page started last
    runs = _my_runs.place()
    with gr.Walkthrough(selected=_steps.DATA, elem_id="finetune-steps") as steps:
        with gr.Step(i18n("step_data"), id=_steps.DATA):
            data = _data_step.place(page)
        with gr.Step(i18n("step_recipe"), id=_steps.RECIPE):
            recipe = _recipe_step.place(page)
        with gr.Step(i18n("step_train"), id=_steps.TRAIN):
            train = _train_step.place()
        with gr.Step(i18n("step_result"), id=_steps.RESULT):
            result = _result_step.place(page, runs.runs)
    filled = _data_step.wire(page, steps, data)
    form = _recipe_step.form_of(data, recipe)
    settled = _recipe_step.wire(page, steps, data, recipe, form, filled, begun)
    _data_view.wire(page, data.view, form, data.table, settled, data.verdict)
    _my_runs.wire(page, steps, runs, begun, train, result)
