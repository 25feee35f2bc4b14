"""Whether the source of models answers: asked in the background, told as it was last seen.

Nobody waits for the network here. A source of the operator's own is not named: its address may
hold a name of their network, or a password.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from inference.remote import SOURCES

SECONDS = 3.0  # for an answer
AGAIN_SECONDS = 60.0  # between two questions, however many visitors look
PUBLIC = ("huggingface.co", "hf-mirror.com", "modelscope.cn", "modelscope.com")
_OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")


def address(environ: Mapping[str, str]) -> str:
    """Of the source in use, as `remote.Source` chooses it, less a name and password in it; empty
    for what is no address."""
    name = environ.get("LAB_SOURCE") or "huggingface"
    asked = f"https://{SOURCES.get(name, '')}"
    if name == "huggingface":
        asked = environ.get("HF_ENDPOINT") or asked
    try:
        parts = urlsplit(asked)
    except ValueError:  # a bracket that is not closed
        return ""
    usable = parts.scheme in ("http", "https") and parts.hostname
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if usable else ""


def offline(environ: Mapping[str, str]) -> bool:
    return any(environ.get(name, "").upper() in ("1", "ON", "YES", "TRUE") for name in _OFFLINE)


def public_name(asked: str) -> str | None:
    """The host of a public source; None for another's."""
    host = (urlsplit(asked).hostname or "").removeprefix("www.")
    return host if host in PUBLIC else None


def answers(asked: str) -> bool:
    """Whether there is a server at that address; whatever it says is an answer."""
    try:
        with urlopen(Request(asked, method="HEAD"), timeout=SECONDS):
            return True
    except HTTPError:
        return True
    except (URLError, OSError, ValueError, HTTPException):
        return False


class Reach:
    """One for all visitors.

    Args:
        ask: whether an address answers; may take its time.
        clock: seconds.
    """

    def __init__(
        self,
        environ: Mapping[str, str] = os.environ,
        ask: Callable[[str], bool] = answers,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address, self._offline = address(environ), offline(environ)
        self._ask, self._clock = ask, clock
        self._lock = threading.Lock()
        self._asked: float | None = None
        self._reachable: bool | None = None
        self._asking: threading.Thread | None = None

    def seen(self) -> dict[str, Any]:
        """At once. `endpoint` is None for a source that is not public, `reachable` None until it
        is known or where nothing is asked."""
        self._refresh()
        return {
            "endpoint": public_name(self._address),
            "offline": self._offline,
            "reachable": self._reachable,
        }

    def wait(self, seconds: float) -> None:
        """For the question that is under way, if one is."""
        if self._asking is not None:
            self._asking.join(seconds)

    def _refresh(self) -> None:
        if self._offline or not self._address:
            return
        with self._lock:
            now = self._clock()
            under_way = self._asking is not None and self._asking.is_alive()
            if under_way or (self._asked is not None and now - self._asked < AGAIN_SECONDS):
                return
            self._asked = now
            self._asking = threading.Thread(target=self._look, name="reach", daemon=True)
            self._asking.start()

    def _look(self) -> None:
        self._reachable = self._ask(self._address)
