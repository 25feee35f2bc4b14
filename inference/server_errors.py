"""What went wrong with the chat server -> one of our errors, named by cause.

What a server or its client says in words is not repeated: it may hold a visitor's text, an
address or a part of the key.
"""

import asyncio
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from inference import errors
from inference.errors import ChatServerTrouble

# vLLM, SGLang, OpenAI (`context_length_exceeded`) and llama.cpp (`exceed_context_size_error`).
_CONTEXT = re.compile(
    r"context[ _](length|window|size)|maximum (model|context)|max_model_len"
    r"|prompt is too long|too many tokens|max_tokens must be at least",
    re.IGNORECASE,
)
LONGEST_WAIT = 86_400


def named(error: Exception, model: str, seconds: float) -> ChatServerTrouble:
    """The cause of what the client raised; `seconds` is how long was waited for an answer.

    Raises:
        what is none of the client's errors: a fault of our own.
    """
    import httpx
    import openai

    if isinstance(error, ChatServerTrouble):
        return error
    cause = error.__cause__ if isinstance(error, openai.APIConnectionError) else error
    if isinstance(cause, httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ConnectError):
        return errors.ChatServerUnreachable(reason=type(cause).__name__)
    if isinstance(cause, httpx.TimeoutException | openai.APITimeoutError | asyncio.TimeoutError):
        return errors.ChatServerSilent(seconds=seconds)
    if isinstance(error, openai.APIStatusError):
        return _of_status(error, model)
    if isinstance(error, openai.APIError) and cause is error:  # told within the stream
        return _of_event(error, model)
    # A connection that broke, or JSON and text that cannot be read.
    if isinstance(cause, httpx.HTTPError | httpx.StreamError | openai.OpenAIError | ValueError):
        return errors.ChatServerTorn()
    raise error


def _of_status(error: Any, model: str) -> ChatServerTrouble:
    status, said = error.status_code, f"{error.code} {error.type} {error.message}"
    if status in (401, 402, 403):
        return errors.ChatServerKeyRefused(status=status)
    if status == 429:
        seconds = wait_told(error.response.headers.get("retry-after", ""))
        return errors.ChatServerBusyFor(seconds=seconds) if seconds else errors.ChatServerBusy()
    if status in (400, 413, 422) and (status == 413 or _CONTEXT.search(said)):
        return errors.RemoteContextTooLong(model=model)
    if status == 404 or error.code == "model_not_found":
        of_the_model = "model" in said.lower()
        return errors.RemoteModelUnknown(model=model) if of_the_model else errors.NotAChatServer()
    if status in (400, 422):
        return errors.RemoteRequestRefused(status=status)
    return errors.ChatServerFailed(status=status)


def _of_event(error: Any, model: str) -> ChatServerTrouble:
    if _CONTEXT.search(f"{error.code} {error.type} {error.message}"):
        return errors.RemoteContextTooLong(model=model)
    code = str(error.code)
    if code.isdecimal() and 400 <= int(code) < 600:
        return errors.ChatServerFailed(status=int(code))
    return errors.ChatServerTorn()


def wait_told(retry_after: str) -> int | None:
    """Seconds of a `Retry-After` header, a number or a date (RFC 9110, 10.2.3); None for none."""
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        seconds = int(text[:9])
    else:
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return None
        if at.tzinfo is None:
            return None
        seconds = round((at - datetime.now(UTC)).total_seconds())
    return min(seconds, LONGEST_WAIT) if seconds > 0 else None
