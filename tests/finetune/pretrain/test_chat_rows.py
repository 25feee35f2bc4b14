"""Exactly which tokens are trained, and which reply each prompt wants."""

import random

import pytest
import torch

from finetune.pretrain.chat_rows import (
    BEGINNING,
    IGNORED,
    OPENING,
    OPENING_WEIGHT,
    SHORT,
    SHORT_WEIGHT,
    THOUGHT_WEIGHT,
    Rows,
    example,
)
from finetune.pretrain.vocabularies import chat_tokenizer

USER = {"role": "user", "content": "hi"}
REPLY = {"role": "assistant", "content": "yes"}
LONG = {"role": "assistant", "content": "no hi yes no hi yes no hi yes no"}


class Two:
    """Conversations of one question each: `alone` wants one reply, `after_a_turn` the other."""

    def alone(self, as_written=0.0):
        return [USER, REPLY]

    def after_a_turn(self):
        return [USER, REPLY, USER, LONG]


@pytest.fixture(scope="module")
def tokenizer():
    return chat_tokenizer(["system user assistant hi yes no"] * 2000, 4700, 256)


@pytest.fixture
def rows(tokenizer):
    return Rows(
        Two(), ["hi yes no"] * 99, {"yes": 0, LONG["content"]: 1}, tokenizer, random.Random(1)
    )


def trained(row) -> list[int]:
    return [label for label in row.labels if label != IGNORED]


def test_only_the_last_reply_and_its_end_are_trained(tokenizer):
    row = example(tokenizer, [USER, REPLY, USER, REPLY])
    assert tokenizer.decode(row.ids).endswith("<think>\n\n</think>\n\nyes<|im_end|>")
    assert tokenizer.decode(trained(row)) == "yes<|im_end|>"
    assert all(label in (IGNORED, i) for i, label in zip(row.ids, row.labels, strict=True))


def test_a_thought_is_trained_and_the_answers_opening_counts_most(tokenizer):
    row = example(tokenizer, [USER, {**REPLY, "reasoning_content": "hi no"}])
    assert tokenizer.decode(trained(row)) == "<think>\nhi no\n</think>\n\nyes<|im_end|>"
    weights = row.weights[-len(trained(row)) :]
    answer = weights[-len(tokenizer("yes<|im_end|>").input_ids) :]
    assert set(answer) == {OPENING_WEIGHT}
    assert set(weights[: -len(answer)]) == {THOUGHT_WEIGHT}


@pytest.mark.parametrize(("tokens", "weight"), [(SHORT, SHORT_WEIGHT), (SHORT + 1, 1.0)])
def test_a_short_answers_words_count_more(tokenizer, tokens, weight):
    text = " ".join(["yes"] * (tokens - 1))  # and the end token
    row = example(tokenizer, [USER, {"role": "assistant", "content": text}])
    assert len(trained(row)) == tokens
    assert set(row.weights[-(tokens - OPENING) :]) == {weight}


def test_the_beginning_of_a_reply_keeps_its_whole_question(tokenizer):
    row = example(tokenizer, [USER, {"role": "assistant", "content": "yes no hi yes no hi"}])
    begun = row.begun(2)
    assert tokenizer.decode(trained(begun)) == "yes no"
    assert begun.ids == row.ids[: len(begun.ids)]
    assert len(begun.ids) == len(begun.labels) == len(begun.weights)


def test_a_batch_of_prompts_ends_where_each_reply_begins(rows, tokenizer):
    for second_turn, messages in ((0.0, [USER]), (1.0, [USER, REPLY, USER])):
        batch = next(rows.prompts(second_turn))
        assert set(batch["reply"].tolist()) == {int(second_turn)}
        prompt = tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
        assert {tokenizer.decode(ids) for ids in batch["input_ids"]} == {prompt}
        assert set(batch["prompt_end"].tolist()) == {batch["input_ids"].shape[1] - 1}


def test_beginnings_are_cut_and_whole_replies_stand_beside_plain_text(rows, tokenizer):
    begun = next(rows.replies(1.0, 1.0))
    assert ((begun["labels"] != IGNORED).sum(1) == BEGINNING).all()
    whole = [next(rows.replies(0.0, 1.0)) for _ in range(8)]
    numbers = torch.cat([batch["reply"] for batch in whole])
    labels = [row for batch in whole for row in batch["labels"]]
    assert set(numbers.tolist()) == {1, IGNORED}
    for number, row in zip(numbers.tolist(), labels, strict=True):
        text = tokenizer.decode(row[row != IGNORED])
        if number == IGNORED:
            assert "<|im_start|>" not in text
        else:
            assert text == LONG["content"] + "<|im_end|>"


def test_the_end_of_a_prompt_comes_before_the_thought(tokenizer):
    class Thoughtful(Two):
        def alone(self, as_written=0.0):
            return [USER, {**REPLY, "reasoning_content": "hi no"}]

    rows = Rows(Thoughtful(), ["hi yes no"] * 99, {"yes": 0}, tokenizer, random.Random(1))
    batch = next(rows.replies(1.0, 0.0))
    end = int(batch["prompt_end"][0])
    assert tokenizer.decode(batch["input_ids"][0, end + 1 :]).startswith("<think>\nhi no")
