"""A conversation -> the reply of the operator's chat server, in the records of the local engine.

Source: https://platform.openai.com/docs/api-reference/chat-streaming; what is not OpenAI's own
(`top_k`, `repetition_penalty`, `chat_template_kwargs`, `reasoning`) as vLLM and SGLang have it.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from inference import prompts
from inference.chat_server import ChatServer, ServedModel
from inference.errors import (
    ChatServerTorn,
    NotAChatServer,
    RemoteContextTooLong,
    RemoteRequestRefused,
)
from inference.prompts import Message
from inference.reasoning import REASONING, split_reasoning
from inference.records import ChatSettings, Chunk, FinishReason
from inference.server_errors import named

log = logging.getLogger(__name__)

TICK = 0.1
HEARTBEAT_SECONDS = 1.0
CLOSE_SECONDS = 2.0  # for the connection to be let go
USAGE_SECONDS = 2.0  # after the last word, for the count of the tokens
NO_BOUND = -1  # what servers call a `top_k` of 0


def reply(
    server: ChatServer,
    model: ServedModel,
    messages: Sequence[Message],
    settings: ChatSettings,
    deadline_seconds: float,
) -> Iterator[Chunk]:
    """Answer the last message; `messages` come from `prompts.normalise`.

    Yields as `chat.reply` does: at most ten chunks a second and at least one, each with the whole
    text so far. Closing the generator closes the connection, at which servers stop. `tokens`
    counts the pieces that arrived until the server tells its own count at the end.

    Raises:
        ChatServerTrouble
    """
    writing = _Writing()
    work = _written(server, model, messages, settings, deadline_seconds, writing)
    future = server.run(work)
    try:
        sent, sent_at = -1, time.monotonic()
        while not writing.done.wait(TICK):
            pieces = writing.pieces
            if pieces != sent or time.monotonic() - sent_at >= HEARTBEAT_SECONDS:
                yield writing.chunk()
                sent, sent_at = pieces, time.monotonic()
        future.result()
        yield writing.chunk(writing.reason)
    finally:
        if not writing.done.is_set():
            future.cancel()
            writing.done.wait(CLOSE_SECONDS)


@dataclass
class _Writing:
    """A reply as far as it has arrived; written by the server's task, read by the visitor's."""

    text: str = ""
    reasoning: str = ""
    pieces: int = 0
    counted: int | None = None  # tokens, by the server
    reason: FinishReason | None = None
    dropped_turns: int = 0
    began: float = field(default_factory=time.perf_counter)
    first_at: float | None = None
    last_at: float = 0.0
    done: threading.Event = field(default_factory=threading.Event)

    def take(self, received: object) -> None:
        """One event of the stream; what is no part of a reply (calls of tools) is left out."""
        counted = getattr(getattr(received, "usage", None), "completion_tokens", None)
        if type(counted) is int and counted > 0:
            self.counted = counted
        choices = getattr(received, "choices", None)
        if not isinstance(choices, list) or not choices:
            return
        delta = getattr(choices[0], "delta", None)
        text = _words(delta, "content")
        thought = _words(delta, "reasoning_content") or _words(delta, "reasoning")
        if text or thought:
            self.text += text
            self.reasoning += thought
            self.last_at = time.perf_counter()
            self.first_at = self.first_at or self.last_at
            self.pieces += 1
        ended = getattr(choices[0], "finish_reason", None)
        if ended:
            self.reason = "length" if ended == "length" else "stop"

    def chunk(self, reason: FinishReason | None = None) -> Chunk:
        text, reasoning = self.text.strip(), self.reasoning.strip()
        if not reasoning:
            # Some templates open the block themselves: then only its end arrives.
            opening, closing = REASONING
            before, found, _ = text.partition(closing)
            text, reasoning = split_reasoning(text, bool(found) and opening not in before)
        tokens = self.counted or self.pieces
        first = None if self.first_at is None else self.first_at - self.began
        seconds = self.last_at - (self.first_at or 0.0)
        speed = (tokens - 1) / seconds if tokens > 1 and self.pieces > 1 and seconds > 0 else 0.0
        return Chunk(text, reasoning, tokens, first, speed, reason, self.dropped_turns)


def _words(delta: object, name: str) -> str:
    value = getattr(delta, name, None)
    return value if isinstance(value, str) else ""


async def _written(
    server: ChatServer,
    model: ServedModel,
    messages: Sequence[Message],
    settings: ChatSettings,
    deadline_seconds: float,
    writing: _Writing,
) -> None:
    """Fill `writing` until the reply has ended or its time is over."""
    try:
        async with asyncio.timeout(deadline_seconds) as limit:
            stream = await _begun(server, model, messages, settings, writing)
            async with stream:
                async for received in stream:
                    writing.take(received)
                    if writing.reason:
                        soon = asyncio.get_running_loop().time() + USAGE_SECONDS
                        limit.reschedule(min(soon, limit.when() or soon))
    except TimeoutError:  # of ours: the client's have names of their own
        writing.reason = writing.reason or "deadline"
    except Exception as error:
        if not writing.reason:
            trouble = named(error, model.name, server.silence_seconds)
            log.warning("the chat server did not answer: %s", trouble.code())
            raise trouble from None
    else:
        if not writing.reason:  # it ended as if it were whole
            raise ChatServerTorn()
    finally:
        writing.done.set()


async def _begun(
    server: ChatServer,
    model: ServedModel,
    messages: Sequence[Message],
    settings: ChatSettings,
    writing: _Writing,
) -> Any:
    """The open stream; an `openai.AsyncStream`.

    Where the conversation is too long for the model its older half is left out, and where the
    server does not know a setting that is not OpenAI's own, these are. Neither is remembered: one
    visitor's conversation must not change what the next is given.
    """
    kept, plain = prompts.harmless(messages), False
    while True:
        asked = _request(model, kept, settings, plain)
        try:
            stream = await server.client.chat.completions.create(**asked)
            break
        except Exception as error:
            trouble = named(error, model.name, server.silence_seconds)
        shorter = _newer_half(kept) if isinstance(trouble, RemoteContextTooLong) else None
        if shorter:
            writing.dropped_turns += _questions(kept) - _questions(shorter)
            kept = shorter
        elif isinstance(trouble, RemoteRequestRefused) and not plain:
            plain = True
        else:
            raise trouble
    if not stream.response.headers.get("content-type", "").startswith("text/event-stream"):
        await stream.close()
        raise NotAChatServer()
    return stream


def _request(
    model: ServedModel, messages: Sequence[Message], settings: ChatSettings, plain: bool
) -> dict[str, Any]:
    """The arguments of the client's `create`; `plain`: those that every server knows."""
    most = settings.max_new_tokens
    asked = {
        "model": model.name,
        "messages": list(messages),
        # Half of a short context at least stays for the conversation.
        "max_tokens": min(most, max(1, model.context // 2)) if model.context else most,
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if settings.seed is not None:
        asked["seed"] = settings.seed
    if settings.stop:
        asked["stop"] = list(settings.stop)
    if not plain:
        asked["extra_body"] = {
            "top_k": settings.top_k or NO_BOUND,
            "repetition_penalty": settings.repetition_penalty,
            "chat_template_kwargs": {"enable_thinking": settings.thinking},
        }
    return asked


def _newer_half(messages: Sequence[Message]) -> list[Message] | None:
    """The system prompt and the newer half of the turns; None if only one question is there."""
    start = 1 if messages[0]["role"] == "system" else 0
    questions = [place for place, it in enumerate(messages) if it["role"] == "user"]
    if len(questions) < 2:
        return None
    return [*messages[:start], *messages[questions[(len(questions) + 1) // 2] :]]


def _questions(messages: Sequence[Message]) -> int:
    return sum(message["role"] == "user" for message in messages)
