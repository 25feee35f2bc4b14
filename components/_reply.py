"""A reply as the page shows it: thoughts in a block to unfold, the answer, figures below. Pure."""

from typing import Any

from components._conversation import History
from components._texts import say
from components._visitor import Language
from inference.records import Chunk


def turns(chunk: Chunk, language: Language) -> History:
    """The assistant's part of the conversation; once it is over, its figures come last."""
    found: History = []
    if chunk.reasoning:
        thinking = not chunk.text and chunk.finish_reason is None
        thought = {
            "title": say("chat_thinking_now" if thinking else "chat_thought", language),
            "status": "pending" if thinking else "done",
        }
        found.append(_part(chunk.reasoning, thought))
    if chunk.text or not chunk.reasoning:
        found.append(_part(chunk.text))
    if chunk.finish_reason:
        title = {"title": figures(chunk, language), "status": "done"}
        found.append(_part(details(chunk, language), title))
    return found


def _part(content: str, metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    part = {"role": "assistant", "content": content}
    return part if metadata is None else {**part, "metadata": metadata}


def figures(chunk: Chunk, language: Language) -> str:
    """`23 tokens · first after 0.2 s · 45 tokens/s · finished`"""
    parts = [say("chat_tokens", language, tokens=chunk.tokens)]
    if chunk.seconds_to_first_token is not None:
        parts.append(say("chat_first", language, seconds=chunk.seconds_to_first_token))
    if chunk.tokens_per_second:
        parts.append(say("chat_speed", language, speed=chunk.tokens_per_second))
    if chunk.finish_reason:
        parts.append(say(f"reason_{chunk.finish_reason}", language))
    if chunk.dropped_turns:
        parts.append(say("chat_dropped", language, turns=chunk.dropped_turns))
    return " · ".join(parts)


def details(chunk: Chunk, language: Language) -> str:
    """How much of the context is used, and what did not have to be read again."""
    lines = [
        say(
            "chat_context",
            language,
            used=chunk.prompt_tokens + chunk.tokens,
            context=chunk.context,
            prompt=chunk.prompt_tokens,
            reused=chunk.reused_tokens,
        )
    ]
    if chunk.dropped_turns:
        lines.append(say("chat_dropped_why", language))
    return "\n\n".join(lines)
