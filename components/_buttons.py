"""Buttons that several tabs have: run and stop, and a download behind a check."""

import gradio as gr


def run_or_stop(busy: bool) -> tuple[gr.Button, gr.Button]:
    """Updates of run and stop: one of them is there at a time."""
    return gr.Button(visible=not busy), gr.Button(visible=busy)


def press(elem_id: str) -> str:
    """A script that presses the hidden button of that id. A download button has its file before it
    is pressed: the button that is seen makes the file, and then presses it."""
    return f"() => document.querySelector('#{elem_id}').click()"
