"""What callers send is checked before it reaches anything: Gradio hands on any JSON."""

import inspect
from collections.abc import Iterator
from dataclasses import replace

import gradio as gr
import pytest
from gradio import FileData
from gradio.utils import get_return_types

from components import _scored_file
from components._api import _in_english
from components._api_models import ModelEndpoints


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


def streamed(n: int) -> Iterator[str]:
    """A stream of one output."""
    yield from map(str, range(n))


def test_what_is_streamed_is_described_as_the_outputs_it_has(services):
    assert get_return_types(_in_english(streamed)) == [str]
    found = _in_english(ModelEndpoints(services).classify_file)
    assert get_return_types(found) == [dict, FileData | None]
    assert [*inspect.signature(found).parameters] == [
        *("file", "text_column", "label_column", "model", "run_id", "token")
    ]


@pytest.fixture
def reviews(services):
    path = services.uploads / "reviews.csv"
    path.write_text("n,review,right\n1,I love it,pos\n2,A terrible waste,neg\n3,,pos\n4,fine,\n")
    return {"path": str(path)}


def test_a_file_is_classified_and_the_last_answer_is_the_whole(services, reviews, monkeypatch):
    monkeypatch.setattr(_scored_file, "TICK_SECONDS", 0.0)
    first, *between, last = _in_english(ModelEndpoints(services).classify_file)(
        reviews, "", "right"
    )
    assert first == ({"rows": 0, "rows_to_score": 4}, None)
    assert [told["rows"] for told, _ in between] == [1, 2, 3, 4, 4]
    told, parcel = last
    assert (told["rows"], told["skipped"], told["text_column"]) == (4, 1, "review")
    assert told["matched"] == {"pos": "positive", "neg": "negative"}
    assert (told["figures"]["rows"], told["figures"]["accuracy"]) == (2, 1.0)
    assert (parcel.orig_name, parcel.path.startswith(str(services.exports))) == ("scored.csv", True)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (("nope",), "There is no column called “nope”"),
        (("n",), "The column “n” holds no words"),
        (("", "nope"), "There is no column called “nope”"),
        (("review", "review"), "Choose a different column for each"),
        (("", "", "nobody/nothing"), "no model called"),
        (("", "", "builtin/chat"), "builtin/chat"),
        ((5,), "“text_column” must be text"),
    ],
)
def test_a_file_that_cannot_be_classified_as_asked_is_refused(services, reviews, values, sentence):
    with pytest.raises(gr.Error) as caught:
        [*_in_english(ModelEndpoints(services).classify_file)(reviews, *values)]
    assert sentence in caught.value.message


def test_more_rows_than_are_scored_at_a_time_are_refused_whole(services, reviews):
    few = replace(services, limits=replace(services.limits, classify_file_rows=3))
    with pytest.raises(gr.Error) as caught:
        [*_in_english(ModelEndpoints(few).classify_file)(reviews)]
    assert "4 rows, and at most 3" in caught.value.message
