import json

import pytest

from finetune.conversation import is_conversation, read_conversation

ASK, ANSWER = {"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}


def said(*turns):
    """`u:hi` -> a turn, as OpenAI writes it."""
    roles = {"u": "user", "a": "assistant", "s": "system", "t": "tool"}
    return json.dumps([{"role": roles[it[0]], "content": it[2:]} for it in turns])


def short(found):
    messages, cut = found
    return [f"{it['role'][0]}:{it['content']}" for it in messages], cut


@pytest.mark.parametrize(
    "cell",
    [
        '[{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]',
        '[{"from": "human", "value": "hi"}, {"from": "gpt", "value": "hello"}]',
        "[{'from': 'human', 'value': 'hi'}, {'from': 'gpt', 'value': 'hello'}]",
        '[{"role": "User", "content": [{"type": "text", "text": "hi"}]}, '
        '{"role": "model", "content": "hello"}]',
        '[{"role": "user", "content": "hi", "weight": 1}, '
        '{"role": "assistant", "content": "hello", "tool_calls": null}]',
    ],
)
def test_the_shapes_people_have(cell):
    assert is_conversation(cell)
    assert read_conversation(cell) == ([ASK, ANSWER], False)


@pytest.mark.parametrize(
    "cell",
    [
        *("", "hello", "[]", "[1, 2]", '["a"]', "{}", "[{}]", '[{"role": "user"}]', "[{'a': 1}]"),
        '[{"role": "wizard", "content": "x"}]',
        "[{" + "[" * 100_000 + "}]",
        '[{"role": "user", "content": {"a": 1}}]',
        '[{"role": "user", "content": __import__("os")}]',
    ],
)
def test_what_is_no_conversation(cell):
    assert not is_conversation(cell)
    assert read_conversation(cell) == "unreadable"


def test_the_system_prompt_and_every_turn_stay_in_order():
    turns = ["s:be kind", "u:a", "a:b", "u:c", "a:d"]
    assert short(read_conversation(said(*turns))) == (turns, False)


def test_turns_that_teach_nothing_are_cut_and_neighbours_joined():
    cut = said("a:welcome", "u:a", "u:and", "a:b", "a:more", "u:bye")
    assert short(read_conversation(cut)) == (["u:a\n\nand", "a:b\n\nmore"], True)


@pytest.mark.parametrize(
    ("turns", "fault"),
    [
        (["u:a", "t:{}", "a:b"], "tools"),
        (["u:a"], "unanswered"),
        (["s:x", "a:hello"], "unanswered"),
        (["u:a", "a: "], "unanswered"),
        (["u:a", "s:late", "a:b"], "unreadable"),
    ],
)
def test_conversations_that_are_of_no_use(turns, fault):
    assert read_conversation(said(*turns)) == fault


def test_a_turn_that_calls_a_tool_in_openais_way():
    call = {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "f"}}]}
    assert read_conversation(json.dumps([ASK, call, ANSWER])) == "tools"
