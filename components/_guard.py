"""The door: what a request must be before Gradio sees it. ASGI, outside everything else.

Gradio trusts any Origin unless its own host is a local one, reads a JSON body of any size, and
leaves half an upload on the disk when its sender goes away. Here a request is known by its
address, its host and origin are checked, its body is counted and complete. Knows no Gradio.
"""

import asyncio
import ipaddress
import json
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import urlsplit

from components._early import App, Message, Receive, Send
from components._throttle import Throttle
from inference.errors import ConfigurationRefused
from inference.limits import Limits

UPLOAD = "/gradio_api/upload"
# Gradio passes on what it finds at any address: strangers' pages would seem to be ours.
ELSEWHERE = re.compile(r"/(file|proxy)[=/]+\s*https?:", re.IGNORECASE)
FORM_BYTES = 1_000_000  # of an upload: the names and borders around its files
BODY_SECONDS = 300  # for all of a body: an upload of 20 MB over 1 Mbit/s takes half of it
IN_MEMORY = 1_000_000  # bytes of a body; the rest lies in a file without a name
LOOPBACK = ("localhost", "127.0.0.1", "::1")
HUB = "https://huggingface.co"  # the page around a Space
# What Markdown can name must not make a reader's browser call on another host, and a share's
# token, which is in the address of the page, must not be told to one.
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (
        b"content-security-policy",
        b"img-src 'self' data: blob:; media-src 'self' data: blob:; object-src 'none'; "
        b"base-uri 'self'; form-action 'self'",
    ),
)


@dataclass(frozen=True)
class Door:
    """Who is let in. `proxies` is how many of the operator's stand in front; 0 trusts no header.

    `origins` and `hosts` are `host` or `host:port`; with `only_hosts` no other Host is answered.
    """

    origins: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    only_hosts: bool = False
    proxies: int = 0

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], server: str) -> "Door":
        """`server` is the name the page listens on.

        Raises:
            ConfigurationRefused: `LAB_ORIGINS` or `LAB_PROXIES` is not usable.
        """
        listed = [it for it in environ.get("LAB_ORIGINS", "").replace(",", " ").split() if it]
        for origin in listed:
            if origin_host(origin) is None:
                reason = "it must be a list of origins such as https://example.org"
                raise ConfigurationRefused(name="LAB_ORIGINS", value=origin, reason=reason)
        on_space = bool(environ.get("SPACE_ID"))
        proxies = environ.get("LAB_PROXIES", "1" if on_space else "0")
        if not (proxies.isascii() and proxies.isdecimal() and int(proxies) < 10):
            reason = "it must be the number of proxies in front of the app"
            raise ConfigurationRefused(name="LAB_PROXIES", value=proxies, reason=reason)
        space = environ.get("SPACE_HOST", "").lower()
        origins = {origin_host(it) or "" for it in listed} | {space} - {""}
        return cls(
            origins=frozenset({*origins, "huggingface.co"} - {""}),
            hosts=frozenset({*origins, server.lower(), *LOOPBACK} - {""}),
            only_hosts=server in LOOPBACK and int(proxies) == 0,
            proxies=int(proxies),
        )

    def address(self, peer: str, forwarded: list[str]) -> str:
        """What the outermost of our own proxies saw; the entries to its left are hearsay.

        Args:
            forwarded: the values of X-Forwarded-For.
        """
        seen = [it.strip() for it in ",".join(forwarded).split(",") if it.strip()]
        return seen[-min(self.proxies, len(seen))] if self.proxies and seen else peer

    def knows_host(self, host: str, shared: str = "") -> bool:
        """Whether this is a name of ours: a page whose name leads here is not (DNS rebinding)."""
        name = hostname(host)
        if not self.only_hosts or not name or {host.lower(), name} & {*self.hosts, shared}:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def knows_origin(self, origin: str, hosts: list[str], shared: str = "") -> bool:
        """Whether a page from there may use this server, to which it said `hosts`."""
        found = origin_host(origin)
        own = {without_default_port(host.lower()) for host in hosts}
        return found is not None and found in {*own, *self.origins, shared} - {""}


def hostname(host: str) -> str:
    """`[::1]:7860` -> `::1`; empty for what is no host."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def origin_host(origin: str) -> str | None:
    """`https://Example.org:443` -> `example.org`; None for what is no origin, as `null`."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    usable = parts.scheme in ("http", "https") and parts.netloc and "@" not in parts.netloc
    return without_default_port(parts.netloc.lower()) if usable else None


def without_default_port(host: str) -> str:
    return host.removesuffix(":443").removesuffix(":80")


class Refusal(Exception):
    """An answer instead of Gradio's."""

    def __init__(self, status: int, sentence: str, wait: int = 0) -> None:
        self.status, self.sentence, self.wait = status, sentence, wait
        super().__init__(sentence)


class Guard:
    """ASGI middleware; `shared` tells the address of Gradio's public link, where there is one.

    Args:
        spool: folder where long bodies lie until they are complete, without a name.
    """

    def __init__(
        self,
        app: App,
        door: Door,
        throttle: Throttle,
        limits: Limits,
        spool: Path,
        shared: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._app, self._door, self._throttle = app, door, throttle
        self._spool, self._shared = spool, shared
        self._json_bytes = limits.json_bytes
        # A file a little over the limit is refused by its reader, in the visitor's language.
        self._upload_bytes = 2 * limits.upload_bytes + FORM_BYTES

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            scope = self._checked(scope)
            if scope["method"] in ("GET", "HEAD", "OPTIONS"):
                await self._app(scope, receive, with_headers(send))
                return
            most = self._upload_bytes if is_upload(scope) else self._json_bytes
            self._spool.mkdir(parents=True, exist_ok=True)
            with tempfile.SpooledTemporaryFile(IN_MEMORY, dir=self._spool) as body:
                kept = cast(BinaryIO, body)
                if await received(kept, receive, most, header(scope, b"content-length")):
                    await self._app(scope, replayed(kept, receive), with_headers(send))
        except Refusal as refusal:
            await answer(send, refusal)

    def _checked(self, scope: Message) -> Message:
        """The scope with the visitor's own address. Raises Refusal."""
        door = self._door
        shared = origin_host(self._shared() or "") or ""
        host = header(scope, b"host")
        if not door.knows_host(host, shared):
            raise Refusal(403, "This server is not known by that name.")
        hosts = [host]
        if door.proxies and (told := header(scope, b"x-forwarded-host")):
            hosts.append(told.split(",")[-1].strip())
        for origin in headers(scope, b"origin"):
            if not door.knows_origin(origin, hosts, shared):
                raise Refusal(403, "Pages of other sites cannot use this server.")
        if ELSEWHERE.search(scope["path"]):
            raise Refusal(404, "Addresses are not fetched here.")
        peer, port = scope.get("client") or ("", 0)
        address = door.address(peer, headers(scope, b"x-forwarded-for"))
        if scope["method"] not in ("GET", "HEAD") and (wait := self._throttle.request(address)):
            raise Refusal(429, f"Too many requests. Try again in {wait} seconds.", wait)
        return {**scope, "client": (address, port)}


def is_upload(scope: Message) -> bool:
    return scope["path"].rstrip("/") == scope.get("root_path", "").rstrip("/") + UPLOAD


def headers(scope: Message, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def header(scope: Message, name: bytes) -> str:
    return next(iter(headers(scope, name)), "")


async def received(body: BinaryIO, receive: Receive, most: int, announced: str) -> bool:
    """Take in the whole body; False where its sender went away.

    Raises:
        Refusal: it is longer than `most`, whatever was `announced`, or takes too long.
    """
    too_long = Refusal(413, f"The request is too long: at most {most:,} bytes are accepted.")
    if announced.isdecimal() and len(announced) < 20 and int(announced) > most:
        raise too_long
    length = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return False
                chunk = message.get("body", b"")
                length += len(chunk)
                if length > most:
                    raise too_long
                body.write(chunk)
                if not message.get("more_body"):
                    break
    except TimeoutError:
        raise Refusal(408, f"The request took longer than {BODY_SECONDS} seconds.") from None
    body.seek(0)
    return True


def replayed(body: BinaryIO, receive: Receive) -> Receive:
    """The kept body in pieces; after it, what the server has to tell."""
    ended = False

    async def next_message() -> Message:
        nonlocal ended
        if ended:
            return await receive()
        chunk = body.read(IN_MEMORY)
        ended = len(chunk) < IN_MEMORY
        return {"type": "http.request", "body": chunk, "more_body": not ended}

    return next_message


def with_headers(send: Send) -> Send:
    async def pass_on(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *HEADERS]}
        await send(message)

    return pass_on


async def answer(send: Send, refusal: Refusal) -> None:
    """One sentence as JSON; the connection is closed, or the rest of a body would be read."""
    body = json.dumps({"detail": refusal.sentence}).encode()
    told = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *HEADERS,
    ]
    if refusal.wait:
        told.append((b"retry-after", str(refusal.wait).encode()))
    await send({"type": "http.response.start", "status": refusal.status, "headers": told})
    await send({"type": "http.response.body", "body": body})
