"""What the chat model is trained on, as token ids: whole conversations, beginnings, prompts."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import torch
from transformers import PreTrainedTokenizerBase

from finetune.pretrain import training
from finetune.pretrain.conversations import Conversations, Message

PLAIN_SHARE = 0.1  # of the rows of whole replies, plain text: every token gets some training
PLAIN_LENGTH = 64
IGNORED = -100
# A batch of beginnings holds up to five times as many questions as one of whole replies and takes
# little longer: which answer it is, is decided there.
BEGINNING = 6  # tokens of a reply
ROWS = {False: {False: 16, True: 16}, True: {False: 80, True: 24}}  # by beginnings, second turn
PROMPTS = {False: 256, True: 86}  # in a batch of prompts alone, by second turn
ALIKE = 4  # batches sorted by length at a time
OPENING = 4  # tokens of an answer's opening
OPENING_WEIGHT = 4.0
THOUGHT_WEIGHT = 3.0
# Beside long answers the few tokens of a short one are hardly learned beyond its opening.
SHORT = 32  # tokens of an answer
SHORT_WEIGHT = 2.5


@dataclass(frozen=True)
class Row:
    """Ids of a conversation, and for each its label and how much that counts."""

    ids: list[int]
    labels: list[int]
    weights: list[float]
    asked: int = 1  # tokens of the prompt
    answer: int = 0  # where it begins, after the thought

    def begun(self, tokens: int) -> "Row":
        """The same without what follows the first `tokens` of the answer."""
        end = self.answer + tokens
        return Row(self.ids[:end], self.labels[:end], self.weights[:end], self.asked, self.answer)


def example(tokenizer: PreTrainedTokenizerBase, messages: list[Message]) -> Row:
    """A conversation of which only the last reply and its end token are trained.

    A reply with a thought is one to a prompt with thinking on, and the thought is trained; the
    others follow the empty block that "thinking off" puts into the prompt.
    """
    thought = messages[-1].get("reasoning_content", "")
    prompt = tokenizer.apply_chat_template(
        messages[:-1], tokenize=False, add_generation_prompt=True, enable_thinking=bool(thought)
    )
    told = f"<think>\n{thought}\n</think>\n\n" if thought else ""
    reply = messages[-1]["content"] + tokenizer.eos_token
    asked = tokenizer(prompt, add_special_tokens=False).input_ids
    thinking, answer = _ids(tokenizer, told), _ids(tokenizer, reply)
    ids = [*asked, *thinking, *answer]
    begins = len(asked) + len(thinking)
    opening = min(OPENING, len(answer))
    weights = [1.0] * len(asked) + [THOUGHT_WEIGHT] * len(thinking)
    rest = SHORT_WEIGHT if len(answer) <= SHORT else 1.0
    weights += [OPENING_WEIGHT] * opening + [rest] * (len(answer) - opening)
    labels = [IGNORED] * len(asked) + ids[len(asked) :]
    return Row(ids, labels, weights, len(asked), begins)


@cache
def _ids(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Of a thought or a reply: there are some hundreds, drawn again and again."""
    return tokenizer(text, add_special_tokens=False).input_ids


class Rows:
    """Draws batches of conversations.

    `input_ids`, `labels` and `weights` are [rows, longest]; `prompt_end` is [rows], the index of
    the last token of each prompt, and `reply` the number of the reply that is wanted there, or
    `IGNORED`.
    """

    def __init__(
        self,
        conversations: Conversations,
        plain: list[str],
        numbers: Mapping[str, int],
        tokenizer: PreTrainedTokenizerBase,
        rng: random.Random,
    ) -> None:
        """plain: general text; numbers: of each reply its number, those missing are not decided."""
        self._conversations, self._numbers = conversations, numbers
        self._tokenizer, self._rng = tokenizer, rng
        mixed = rng.sample(plain, len(plain))
        self._stream = [i for text in mixed for i in tokenizer(text).input_ids]

    def replies(
        self, beginnings: float, second_turns: float, as_written: float = 0.0
    ) -> Iterator[training.Batch]:
        """Conversations with their replies; the shares are of batches of beginnings, of batches of
        second turns, and of questions without an earlier turn as the collection words them."""
        rng = self._rng
        while True:
            # Batches of one kind and of rows about as long, so that little is padding.
            beginning, second_turn = rng.random() < beginnings, rng.random() < second_turns
            size = ROWS[beginning][second_turn]
            drawn = [self._row(beginning, second_turn, as_written) for _ in range(ALIKE * size)]
            drawn.sort(key=lambda each: len(each[0].ids))
            for at in rng.sample(range(0, len(drawn), size), ALIKE):
                yield self._collated(drawn[at : at + size])

    def prompts(self, second_turns: float) -> Iterator[training.Batch]:
        """Conversations as far as the reply begins."""
        rng = self._rng
        while True:
            second_turn = rng.random() < second_turns
            drawn = [self._drawn(second_turn) for _ in range(PROMPTS[second_turn])]
            yield self._collated([(row.begun(row.asked - row.answer), n) for row, n in drawn])

    def _row(self, beginning: bool, second_turn: bool, as_written: float) -> tuple[Row, int]:
        if not beginning and self._rng.random() < PLAIN_SHARE:
            at = self._rng.randrange(len(self._stream) - PLAIN_LENGTH)
            piece = self._stream[at : at + PLAIN_LENGTH]
            return Row(piece, piece, [1.0] * PLAIN_LENGTH), IGNORED
        row, number = self._drawn(second_turn, as_written)
        return (row.begun(BEGINNING) if beginning else row), number

    def _drawn(self, second_turn: bool, as_written: float = 0.0) -> tuple[Row, int]:
        conversations = self._conversations
        messages = conversations.after_a_turn() if second_turn else conversations.alone(as_written)
        number = self._numbers.get(messages[-1]["content"], IGNORED)
        return example(self._tokenizer, messages), number

    def _collated(self, drawn: list[tuple[Row, int]]) -> training.Batch:
        rows = [row for row, _ in drawn]
        pad = self._tokenizer.pad_token_id
        return {
            "input_ids": training.padded([row.ids for row in rows], pad),
            "labels": training.padded([row.labels for row in rows], IGNORED),
            "weights": training.padded([row.weights for row in rows], 0.0),
            "prompt_end": torch.tensor([row.asked - 1 for row in rows]),
            "reply": torch.tensor([number for _, number in drawn]),
        }
