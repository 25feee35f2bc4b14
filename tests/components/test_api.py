"""What callers send is checked before it reaches anything: Gradio hands on any JSON."""

import gradio as gr
import pytest

from components._api import _in_english


def endpoint(text: str, history: list[dict] = [], settings: dict = {}, seed: int | None = 0) -> str:  # noqa: B006
    """An endpoint."""
    return f"{text} {seed}"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ((5,), "“text” must be text; it was “5”"),
        (("half a smile: \ud83d",), "“text” must be text"),
        (("hi", "past"), "“history” must be a list"),
        (("hi", [], "r=8"), "“settings” must be an object"),
    ],
)
def test_an_argument_of_another_kind_is_refused_in_one_sentence(values, sentence):
    with pytest.raises(gr.Error) as caught:
        _in_english(endpoint)(*values)
    assert sentence in caught.value.message


def test_right_arguments_and_defaults_pass():
    assert _in_english(endpoint)("hi", [{}], {}, None) == "hi None"
    assert _in_english(endpoint)("hi") == "hi 0"
