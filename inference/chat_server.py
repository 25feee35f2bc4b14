"""The operator's own chat server: any that speaks the protocol of OpenAI's.

vLLM, SGLang, llama.cpp, Ollama, the Hub's Inference Providers. `LAB_CHAT_URL` names it,
`LAB_CHAT_KEY` is its key, `LAB_CHAT_MODEL` the model the Chat tab opens with. The key goes into
the client and nowhere else. How a reply is read is known by `remote_chat`.
"""

import asyncio
import logging
import os
import re
import threading
import time
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from inference.errors import ChatServerTrouble, ConfigurationRefused, NotAChatServer
from inference.server_errors import named

if TYPE_CHECKING:
    from openai import AsyncOpenAI

log = logging.getLogger(__name__)

URL, KEY, MODEL = "LAB_CHAT_URL", "LAB_CHAT_KEY", "LAB_CHAT_MODEL"
CONNECT_SECONDS = 5.0
SILENCE_SECONDS = 60.0  # a server under load may let the first token wait
LIST_SECONDS = 3.0
LIST_KEPT_SECONDS = 60.0
FAILURE_KEPT_SECONDS = 15.0
MOST_MODELS = 200
_NAME = re.compile(r"[^\s\x00-\x1f\x7f](?:.{0,198}[^\s\x00-\x1f\x7f])?")
_KEY = re.compile(r"[\x21-\x7e]*")
# The names that servers give the length of a model's context.
_CONTEXT = ("max_model_len", "context_length", "context_window", "max_context_length")


@dataclass(frozen=True)
class ServedModel:
    """A model by the server's name for it; `context` in tokens where the server tells it.

    `adapter` marks one that the server says stands on another (vLLM's `parent`).
    """

    name: str
    context: int | None = None
    adapter: bool = False


@dataclass(frozen=True)
class Listing:
    """What the server offers, and what was wrong when it was asked last: then the list is old."""

    models: tuple[ServedModel, ...] = ()
    error: ChatServerTrouble | None = None

    def find(self, name: str) -> ServedModel | None:
        return next((model for model in self.models if model.name == name), None)


class ChatServer:
    """One server; used by all visitors at once."""

    def __init__(
        self,
        url: str,
        key: str = "",
        model: str = "",
        *,
        connect_seconds: float = CONNECT_SECONDS,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> None:
        self.url = url if urlsplit(url).path.strip("/") else f"{url.rstrip('/')}/v1"
        self.model = model
        self.connect_seconds = connect_seconds
        self.silence_seconds = silence_seconds
        self._key = key
        self._listing = Listing()
        self._asked_again_at = 0.0
        self._asking = threading.Lock()
        self._loop = _Loop()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "ChatServer | None":
        """The server of `LAB_CHAT_URL`; None where that is not set.

        Raises:
            ConfigurationRefused: no http address, or a key that cannot be sent. Neither is
                repeated: an address may hold a password.
        """
        url, key = environ.get(URL, "").strip(), environ.get(KEY, "").strip()
        if not url:
            return None
        if not _is_address(url):
            reason = "it must be an http or https address without a password or a query"
            raise ConfigurationRefused(name=URL, value="…", reason=reason)
        if not _KEY.fullmatch(key):
            reason = "a key has plain letters, digits and signs, and no spaces"
            raise ConfigurationRefused(name=KEY, value="…", reason=reason)
        return cls(url, key, environ.get(MODEL, "").strip())

    def models(self) -> Listing:
        """What the server offers, asked for once a minute and within seconds; never raises.

        Whoever comes while another asks is given the list as it was.
        """
        if time.monotonic() >= self._asked_again_at and self._asking.acquire(
            blocking=not self._listing.models
        ):
            try:
                if time.monotonic() >= self._asked_again_at:
                    self._ask()
            finally:
                self._asking.release()
        return self._listing

    def run(self, work: Coroutine[Any, Any, Any]) -> Future:
        """Start `work` beside that of other visitors; cancelling the future cancels it."""
        _ = self.client  # its import takes a second, which the others must not wait for
        return self._loop.run(work)

    def close(self) -> None:
        """Let its connections go; replies under way are broken off."""
        if "client" in vars(self):
            self.run(self.client.close()).result()
        self._loop.close()

    @cached_property
    def client(self) -> "AsyncOpenAI":
        """The client of the server, for use in `run` only.

        It does not try again (what a server refuses is told at once), follows no redirect to
        another host, and sends none of the variables that are meant for OpenAI's own service.
        """
        from openai import AsyncOpenAI, DefaultAsyncHttpxClient, Timeout

        limit = Timeout(self.silence_seconds, connect=self.connect_seconds)
        client = AsyncOpenAI(
            base_url=self.url,
            api_key=self._key or "none",  # the client insists on one
            admin_api_key="",
            webhook_secret="",
            timeout=limit,
            max_retries=0,
            http_client=DefaultAsyncHttpxClient(follow_redirects=False, timeout=limit),
        )
        client.organization = client.project = None
        return client

    def _ask(self) -> None:
        try:
            self._listing = Listing(self.run(self._listed()).result())
        except ChatServerTrouble as error:
            log.warning("the chat server's models cannot be listed: %s", error.code())
            self._listing = replace(self._listing, error=error)
        kept = FAILURE_KEPT_SECONDS if self._listing.error else LIST_KEPT_SECONDS
        self._asked_again_at = time.monotonic() + kept

    async def _listed(self) -> tuple[ServedModel, ...]:
        try:
            async with asyncio.timeout(LIST_SECONDS):
                answer = await self.client.get("/models", cast_to=object)
        except Exception as error:
            raise named(error, "", LIST_SECONDS) from None
        entries = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(entries, list):
            raise NotAChatServer()
        served = (_served(entry) for entry in entries[:MOST_MODELS])
        return tuple({model.name: model for model in served if model}.values())


class _Loop:
    """An event loop in a thread of its own, from the first use on.

    Tasks can be cancelled wherever they wait, in a connection too; a thread cannot.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run(self, work: Coroutine[Any, Any, Any]) -> Future:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="chat-server", daemon=True
                )
                self._thread.start()
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        with self._lock:
            if self._loop is not None and self._thread is not None:
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._thread.join()
                self._loop.close()
            self._loop = self._thread = None


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port_is_one = parts.port is None or parts.port > 0
    except ValueError:
        return False
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and plain and port_is_one


def _served(entry: object) -> ServedModel | None:
    """A model of the server's list; None for one without a usable name."""
    if not isinstance(entry, dict):
        return None
    name = entry.get("id")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return None
    sizes = (entry.get(field) for field in _CONTEXT)
    context = next((it for it in sizes if type(it) is int and it > 0), None)
    return ServedModel(name, context, bool(entry.get("parent")))
