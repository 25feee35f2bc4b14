"""Downloads as visitors ask for them: who waits for which, and who may not. Knows no Gradio.

Visitors who ask for one model share its download. One of them who cancels leaves the others'
alone, and so does whoever closes the page.
"""

import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from finetune.run import hash_of
from inference.catalog import Model
from inference.errors import AccessTokenRefused, ConfigurationRefused, DownloadsNotForVisitors
from inference.fetch import Downloads
from inference.records import FetchProgress

SWITCH = "LAB_DOWNLOADS"
END_SECONDS = 2.0  # a download that is cancelled ends within one
TOKEN_CHARACTERS = 200
_TOKEN = re.compile(rf"[!-~]{{1,{TOKEN_CHARACTERS}}}")  # what a header can carry


@dataclass(frozen=True)
class Standing:
    """How a download is, and whether this visitor asked for it and has not cancelled."""

    progress: FetchProgress
    mine: bool


class VisitorDownloads:
    """One for all visitors, over the `Downloads` of this process.

    Raises:
        ConfigurationRefused: `LAB_DOWNLOADS` is neither on nor off, or as `Downloads`.
    """

    def __init__(self, environ: Mapping[str, str], downloads: Downloads | None = None) -> None:
        self._open = _switched_on(environ)
        self._downloads = downloads or Downloads(environ)
        # model id -> hashes of the tokens of those who wait; the one asked for last comes last
        self._waiting: dict[str, set[str]] = {}
        self._lock = threading.Lock()

    def check(self, model: Model) -> None:
        """Whether a visitor may have `model` downloaded at all.

        Raises:
            DownloadsNotForVisitors, DownloadsOff, SourceUnknown
        """
        self._downloads.check(model)
        if not self._open:
            raise DownloadsNotForVisitors(model=model.id)

    def begin(self, model: Model, owner: str, token: str = "") -> None:
        """Start or join the download of `model` for the visitor `owner`.

        Args:
            token: an access token for the source; used for this download and not kept.

        Raises:
            AccessTokenRefused, and as `check`
        """
        self.check(model)
        token = access_token(token)
        with self._lock:
            before = self._downloads.find(model.id)
            joined = self._downloads.begin(model, token or None) is before
            others = self._waiting.pop(model.id, set()) if joined else set()
            self._waiting[model.id] = others | {hash_of(owner)}

    def leave(self, model_id: str, owner: str) -> None:
        """The visitor no longer waits; the download ends where nobody else does.

        Nothing happens for a visitor who did not ask for it.
        """
        visitor = hash_of(owner)
        with self._lock:
            download, waiting = self._downloads.find(model_id), self._waiting.get(model_id, set())
            alone = waiting == {visitor}
            if download is not None and alone:
                download.cancel()
        if download is not None and alone:
            download.wait(END_SECONDS)  # so that the page shows how it ended
        with self._lock:
            waiting.discard(visitor)

    def standing(self, model_id: str, owner: str) -> Standing | None:
        """The last download of this model, if there was one since the start."""
        download = self._downloads.find(model_id)
        if download is None:
            return None
        with self._lock:
            mine = hash_of(owner) in self._waiting.get(model_id, ())
        return Standing(download.progress(), mine)

    def latest(self, models: Iterable[Model], owner: str) -> str | None:
        """The id of that of `models` which the visitor asked for last and did not cancel."""
        known, visitor = {model.id for model in models}, hash_of(owner)
        with self._lock:
            asked = [it for it, waiting in self._waiting.items() if visitor in waiting]
        return next((it for it in reversed(asked) if it in known), None)


def access_token(typed: str) -> str:
    """The token as it was typed, without spaces around it; it may be empty.

    Raises:
        AccessTokenRefused: no header can carry it.
    """
    token = typed.strip()
    if token and not _TOKEN.fullmatch(token):
        raise AccessTokenRefused(limit=TOKEN_CHARACTERS)
    return token


def _switched_on(environ: Mapping[str, str]) -> bool:
    text = environ.get(SWITCH) or "on"
    if text not in ("on", "off"):
        raise ConfigurationRefused(name=SWITCH, value=text, reason="it must be on or off")
    return text == "on"
