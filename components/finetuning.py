"""The Fine-tune tab: from a file to a model you can talk to.

Left, `_new_run` asks what to train; below it, `_run_panel` shows what became of it.
"""

import gradio as gr

from components import _new_run, _run_panel
from components._page import Page
from components._texts import i18n


def build(page: Page) -> None:
    gr.Markdown(i18n("finetune_intro"), elem_classes="lab-intro")
    begun = gr.State("")  # the id of the run this visitor started last
    _new_run.build(page, begun)
    _run_panel.build(page, begun)
