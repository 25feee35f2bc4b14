"""What a browser keeps of conversations: bounded, and each under its own name."""

import pytest

from components._chat_tools import (
    MOST_CHARACTERS,
    MOST_KEPT,
    checked,
    leave,
    mark,
    put,
    without,
)


def chat(text):
    return [{"role": "user", "content": text}, {"role": "assistant", "content": f"re {text}"}]


def test_a_conversation_is_kept_under_one_name_while_it_goes_on():
    kept = put({}, chat("a"), "")
    kept = put(kept, chat("a, longer"), "be brief")
    ((key, one),) = kept["all"].items()
    assert kept["open"] == key
    assert (one["history"], one["system"]) == (chat("a, longer"), "be brief")
    assert put(kept, [], "") is kept


def test_after_leaving_the_next_one_is_new():
    kept = put(leave(put({}, chat("a"), "")), chat("b"), "")
    assert [one["history"] for one in kept["all"].values()] == [chat("a"), chat("b")]


def test_the_longest_unused_goes_when_there_are_too_many_or_too_long_ones():
    kept = {}
    for number in range(MOST_KEPT + 5):
        kept = put(leave(kept), chat(str(number)), "")
    assert len(kept["all"]) == MOST_KEPT
    kept = put(leave(kept), chat("x" * MOST_CHARACTERS), "")
    assert len(kept["all"]) == 1


def test_an_answer_is_liked_once_and_no_longer_when_that_is_taken_back():
    kept = put({}, chat("a"), "")
    key = kept["open"]
    kept = mark(mark(kept, "re a", True), "re a", True)
    assert kept["all"][key]["liked"] == ["re a"]
    kept = put(kept, chat("a, longer"), "")
    assert kept["all"][key]["liked"] == ["re a"]
    assert mark(kept, "re a", False)["all"][key]["liked"] == []
    assert mark({}, "x", True) == {}


def test_a_forgotten_conversation_is_gone():
    kept = put(leave(put({}, chat("a"), "")), chat("b"), "")
    assert [one["history"] for one in without(kept)["all"].values()] == [chat("a")]


def test_what_a_browser_kept_is_shown_as_text_and_nothing_else():
    file = {"role": "user", "content": {"path": "/etc/passwd"}}
    component = {"role": "assistant", "content": [{"type": "component", "component": "x"}]}
    half = {"role": "user", "content": "half \ud83d"}
    titled = {"role": "assistant", "content": "why", "metadata": {"title": "Thoughts", "id": 5}}
    history = [file, component, half, titled, {"role": "system", "content": "x"}, "x"]
    kept = checked(
        {"open": "a", "all": {"a": {"history": history, "system": 5, "liked": [1, "x"]}}}
    )
    assert kept["open"] == "a"
    assert kept["all"]["a"] == {
        "history": [
            {"role": "user", "content": ""},
            {"role": "assistant", "content": ""},
            {"role": "user", "content": "half ?"},
            {
                "role": "assistant",
                "content": "why",
                "metadata": {"title": "Thoughts", "status": "done"},
            },
        ],
        "system": "5",
        "liked": ["x"],
    }


@pytest.mark.parametrize(
    "kept",
    [None, 5, [], {"all": 5}, {"open": "x", "all": {"x": {}}}, {"all": {"x": {"history": 5}}}],
)
def test_what_is_none_of_ours_is_dropped(kept):
    assert checked(kept) == {"open": None, "all": {}}


def test_what_is_ours_stays_as_it_is():
    kept = mark(put({}, chat("a"), "be brief"), "re a", True)
    assert checked(kept) == kept
