"""The four steps of the Fine-tune tab: their ids, and how one opens another."""

from typing import Any

import gradio as gr

DATA, RECIPE, TRAIN, RESULT = 1, 2, 3, 4


def opened(step: int) -> Any:
    """As an output of the walkthrough: that step is shown."""
    return gr.Walkthrough(selected=step)
