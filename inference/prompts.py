"""Messages -> token ids, with the model's own chat template.

What comes from a page or an API call is not trusted: only user and assistant turns of the
history are kept, and control tokens typed by a visitor are encoded as plain text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from inference.errors import (
    ConversationTooLong,
    MessageEmpty,
    MessageTooLong,
    MessageTooLongForModel,
    TooManyTurns,
)
from inference.limits import Limits

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase


# What a thinking model said before this is not part of its answer.
END_OF_REASONING = "</think>"


class Message(TypedDict):
    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class Prompt:
    """`input_ids` of shape [1, tokens]; `dropped_turns` oldest questions did not fit."""

    input_ids: "torch.LongTensor"
    dropped_turns: int


def normalise(
    message: str, history: Sequence[Mapping[str, Any]] | None, system: str, limits: Limits
) -> list[Message]:
    """The conversation to answer: system prompt (if any), earlier turns, the new message.

    `history` holds messages as an API call sends them (`content` a string) or as the browser
    does (`content` a list of parts). Other roles, thoughts (shown apart, with a `metadata` title,
    or in `<think>` tags before an answer) and parts that are no text are left out.

    Raises:
        MessageEmpty, MessageTooLong, TooManyTurns, ConversationTooLong
    """
    question = message.strip() if isinstance(message, str) else ""
    if not question:
        raise MessageEmpty()
    turns = history if isinstance(history, Sequence) else ()
    earlier = [kept for entry in turns if (kept := _kept(entry))]
    instructions = system.strip() if isinstance(system, str) else ""
    asked = [turn["content"] for turn in earlier if turn["role"] == "user"]
    for text in (question, instructions, *asked):
        if len(text) > limits.message_characters:
            raise MessageTooLong(length=len(text), limit=limits.message_characters)
    if len(asked) + 1 > limits.turns:
        raise TooManyTurns(turns=len(asked) + 1, limit=limits.turns)
    # Answers have no limit of their own, but a forged history could hold megabytes.
    total = len(question) + sum(len(turn["content"]) for turn in earlier)
    if total > limits.turns * limits.message_characters:
        raise ConversationTooLong(length=total, limit=limits.turns * limits.message_characters)
    first: list[Message] = [{"role": "system", "content": instructions}] if instructions else []
    return [*first, *earlier, {"role": "user", "content": question}]


def encode(
    tokenizer: "PreTrainedTokenizerBase",
    messages: Sequence[Message],
    thinking: bool,
    max_tokens: int,
) -> Prompt:
    """The conversation up to the model's next words, in at most `max_tokens` tokens.

    Oldest turns are dropped until it fits; the system prompt and the last question stay.

    Raises:
        MessageTooLongForModel: even these two are too long.
    """
    kept = list(messages)
    dropped = 0
    while True:
        input_ids = _ids(tokenizer, kept, thinking)
        tokens = input_ids.shape[1]
        if tokens <= max_tokens:
            return Prompt(input_ids, dropped)
        shorter = _without_oldest(kept)
        if shorter is None:
            raise MessageTooLongForModel(tokens=tokens, limit=max_tokens)
        dropped += sum(it["role"] == "user" for it in kept) - sum(
            it["role"] == "user" for it in shorter
        )
        kept = shorter


def _ids(
    tokenizer: "PreTrainedTokenizerBase", messages: Sequence[Message], thinking: bool
) -> "torch.LongTensor":
    encoded = tokenizer.apply_chat_template(
        list(messages),
        add_generation_prompt=True,
        enable_thinking=thinking,
        sanitize_control_tokens=True,
        return_tensors="pt",
        return_dict=True,
    )
    return encoded["input_ids"]


def _without_oldest(messages: list[Message]) -> list[Message] | None:
    """The conversation without its oldest turn; None if only the last question is left."""
    start = 1 if messages[0]["role"] == "system" else 0
    questions = [
        place for place, it in enumerate(messages) if place > start and it["role"] == "user"
    ]
    if not questions:
        return None
    return messages[:start] + messages[questions[0] :]


def _kept(entry: object) -> Message | None:
    if not isinstance(entry, Mapping):
        return None
    role, metadata = entry.get("role"), entry.get("metadata")
    apart = isinstance(metadata, Mapping) and metadata.get("title")
    if role not in ("user", "assistant") or apart:
        return None
    text = _text(entry.get("content")).strip()
    if role == "assistant":
        # The template would do it, but not where its control tokens are marked as plain text.
        text = text.rpartition(END_OF_REASONING)[2].strip()
    return {"role": role, "content": text} if text else None


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, Mapping):
        content = [content]
    if not isinstance(content, Sequence):
        return ""
    parts = (part if isinstance(part, str) else _part(part) for part in content)
    return "\n".join(part for part in parts if part)


def _part(part: Any) -> str:
    if isinstance(part, Mapping) and part.get("type") == "text":
        text = part.get("text")
        return text if isinstance(text, str) else ""
    return ""
