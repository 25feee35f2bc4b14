"""A conversation as a list of messages: what is said, kept, written and read again."""

import json

import pytest

from components import _conversation as conversation
from inference.errors import ConversationRefused
from inference.limits import Limits
from inference.prompts import normalise

LIMITS = Limits()
HISTORY = [
    {"role": "user", "content": "one"},
    {"role": "assistant", "content": "why", "metadata": {"title": "Thoughts"}},
    {"role": "assistant", "content": [{"type": "text", "text": "first"}]},
    {"role": "assistant", "content": "120 of 2,048", "metadata": {"title": "12 tokens"}},
    {"role": "user", "content": "two"},
    {"role": "assistant", "content": "second"},
]


def test_thoughts_and_figures_are_no_part_of_what_is_said():
    said = [turn["content"] for turn in conversation.said(HISTORY)]
    assert said == ["one", "first", "two", "second"]
    assert [it["content"] for it in normalise("three", HISTORY, "", LIMITS)] == [*said, "three"]


def test_a_question_is_taken_back_with_all_that_followed():
    assert conversation.up_to_question(HISTORY, 5) == (HISTORY[:4], "two")
    assert conversation.up_to_question(HISTORY, 3) == ([], "one")
    assert conversation.up_to_question([], -1) == ([], "")


def test_the_last_answer_is_found_behind_its_figures():
    assert conversation.last_exchange(HISTORY[:4]) == ([], "one", "first")
    assert conversation.last_exchange(HISTORY[:1]) is None


def test_what_is_written_reads_back():
    text = conversation.as_json(HISTORY, "be brief")
    assert conversation.from_json(text, LIMITS) == (conversation.said(HISTORY), "be brief")
    assert conversation.from_json(json.dumps([{"role": "user", "content": "hi"}]), LIMITS) == (
        [{"role": "user", "content": "hi"}],
        "",
    )


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "5",
        "[]",
        "{}",
        '[{"role": "tool", "content": "x"}]',
        '[{"role": "user", "content": 5}]',
        '{"messages": ["x"]}',
        json.dumps([{"role": "user", "content": "x"}] * 41),
        json.dumps([{"role": "user", "content": "x" * 320_001}]),
        json.dumps([{"role": "user", "content": "x" * 20_000}] * 20),
        "[" * 200_000,
    ],
)
def test_what_is_no_conversation_is_refused(text):
    with pytest.raises(ConversationRefused):
        conversation.from_json(text, LIMITS)


def test_markdown_names_who_said_what():
    text = conversation.as_markdown(HISTORY, "be brief", ("You", "Model"))
    assert text.startswith("> be brief\n\n**You**\n\none\n\n**Model**\n\nfirst")
    assert "why" not in text and "tokens" not in text


def test_liked_answers_become_rows_with_their_questions():
    assert conversation.liked_rows(HISTORY, ["second", "gone"]) == [("two", "second")]


def test_a_conversation_is_called_by_its_first_question():
    assert conversation.title_of(HISTORY) == "one"
    assert len(conversation.title_of([{"role": "user", "content": "long " * 30}])) == 40
    assert conversation.title_of([]) == ""


def test_half_a_surrogate_pair_is_replaced_before_it_is_sent_anywhere():
    (turn,), _ = conversation.from_json('[{"role": "user", "content": "a \\ud83d"}]', LIMITS)
    turn["content"].encode()


def test_a_like_of_a_bubble_is_a_like_of_the_answer_in_it():
    assert conversation.answer_at(HISTORY, 1) == "first"  # the bubble begins with thoughts
    assert conversation.answer_at(HISTORY, 99) == ""
