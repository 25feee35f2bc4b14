"""Messages -> token ids, with the model's own chat template.

What comes from a page or an API call is not trusted: only user and assistant turns of the
history are kept, and control tokens typed by a visitor are encoded as plain text.
"""

import re
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
# How the control tokens of chat formats begin: <|im_start|>, <｜User｜>, <s>, <start_of_turn>,
# [INST], <<SYS>>. Each is stopped at its bracket: what follows is shown unchanged.
_CONTROL = re.compile(
    r"<(?=[|｜])"
    r"|<(?=/?(?:s|bos|eos|pad|unk|think|tool_call|tool_response|tools|end_of_utterance"
    r"|start_of_turn|end_of_turn|start_of_image|end_of_text|begin_of_text)>)"
    r"|<(?=</?SYS>>)"
    r"|\[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|THINK|IMG"
    r"|MODEL_SETTINGS)\])",
    re.IGNORECASE,
)
WORD_JOINER = "\u2060"  # takes no room and never breaks a line


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
    begun: str = "",
) -> Prompt:
    """The conversation up to the model's next words, in at most `max_tokens` tokens.

    Oldest turns are dropped where it does not fit, a quarter of the room at a time, so that for
    some turns what is kept begins alike; the system prompt and the last question stay.

    Args:
        begun: how the answer begins, to be gone on from.

    Raises:
        MessageTooLongForModel: even these are too long.
    """
    import torch

    start = plain_ids(tokenizer, begun)
    room = max_tokens - len(start)
    kept = list(messages)
    input_ids = _ids(tokenizer, kept, thinking)
    whole = input_ids.shape[1]
    part = max(1, room // 4)
    target = -(-(whole - room) // part) * part  # tokens to drop: none below 1
    while target > 0 and whole - input_ids.shape[1] < target:
        shorter = _without_oldest(kept)
        if shorter is None:
            break
        if input_ids.shape[1] <= room and _without_oldest(shorter) is None:
            break  # it fits: the last exchange is worth more than a prefix
        kept, input_ids = shorter, _ids(tokenizer, shorter, thinking)
    if input_ids.shape[1] > room:
        raise MessageTooLongForModel(tokens=input_ids.shape[1] + len(start), limit=max_tokens)
    dropped = _questions(messages) - _questions(kept)
    return Prompt(torch.cat([input_ids, input_ids.new_tensor([start])], dim=1), dropped)


def plain_ids(tokenizer: "PreTrainedTokenizerBase", text: str) -> list[int]:
    """The tokens of `text`, control tokens being plain text. A fast tokenizer is changed by it for
    a moment: nobody else may be using it meanwhile."""
    if not text:
        return []
    return tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]


def _questions(messages: Sequence[Message]) -> int:
    return sum(message["role"] == "user" for message in messages)


def harmless(messages: Sequence[Message]) -> list[Message]:
    """The same for a reader, with no control token of a chat template in it.

    For servers that apply the template themselves: they would read `<|im_start|>` in a message
    as the beginning of another. A word joiner after its bracket is not seen and parts it.
    """
    return [
        {"role": it["role"], "content": _CONTROL.sub(rf"\g<0>{WORD_JOINER}", it["content"])}
        for it in messages
    ]


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
