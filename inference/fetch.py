"""Bringing a model of the catalogue onto this machine, where `hub.locate` finds it.

What arrives is measured on disk, so progress moves within large files and silence is noticed;
what has arrived stays when a download ends early, and the next one goes on from there.

Settings, as in the environment: `LAB_SOURCE` (huggingface or modelscope), `HF_ENDPOINT` (a
mirror), `LAB_STALL_SECONDS`, `HF_HUB_OFFLINE`.
"""

import logging
import math
import os
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from inference import errors, hub
from inference.catalog import Model
from inference.errors import LabError
from inference.records import FetchProgress, FetchState
from inference.remote import TICK, Remote, Source, ask, probe, running, size_of
from inference.units import readable_bytes

__all__ = ["Download", "Downloads", "Remote", "probe"]

AT_ONCE = 2
STALL_SECONDS = 8.0
SPARE_BYTES = 10**9  # left free on the disk
SPEED_SECONDS = 5.0  # the speed shown is that of the last ones

log = logging.getLogger(__name__)

FreeSpace = Callable[[Path], int]


def free_space(folder: Path) -> int:
    """Free bytes where `folder` is or will be made."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def _stall_seconds(environ: Mapping[str, str]) -> float:
    """Raises ConfigurationRefused: `LAB_STALL_SECONDS` is not a positive number."""
    text = environ.get("LAB_STALL_SECONDS") or str(STALL_SECONDS)
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise errors.ConfigurationRefused(
            name="LAB_STALL_SECONDS", value=text, reason="it must be a positive number"
        )
    return seconds


class Downloads:
    """The downloads of this process: one a model, two at a time, in the order they were asked for.

    Args:
        stall_seconds: how long nothing may arrive; None for `LAB_STALL_SECONDS`, else 8.
        free_space: the free bytes of the disk that holds a folder.

    Raises:
        ConfigurationRefused: `LAB_STALL_SECONDS` is not a positive number.
    """

    def __init__(
        self,
        environ: Mapping[str, str] = os.environ,
        *,
        stall_seconds: float | None = None,
        free_space: FreeSpace = free_space,
        at_once: int = AT_ONCE,
    ) -> None:
        self._environ = environ
        self._stall = stall_seconds or _stall_seconds(environ)
        self._free = free_space
        self._line = _Line(at_once)
        self._known: dict[str, Download] = {}
        self._lock = threading.Lock()

    def begin(self, model: Model, token: str | None = None) -> "Download":
        """Start fetching `model`, or join the download of it that is under way.

        A model that is here is done at once; one that failed or was cancelled, be it a moment
        ago, starts again and goes on from what has arrived. Never raises: what is wrong is the
        download's `error`.

        Args:
            token: the visitor's access token, for a model that asks for one. It goes to the
                source in use and nowhere else; ModelScope does not get it.
        """
        with self._lock:
            known = self._known.get(model.id)
            if known is None or known.leaving:
                download = Download(model, self._environ, self._stall, self._free)
                if known is not None:
                    download.go_on_from(known.progress())
                self._known[model.id] = download
                download.start(self._line, token, after=known)
                return download
            return known

    def check(self, model: Model) -> None:
        """Whether a download of `model` could begin at all; the network is not asked.

        Raises:
            DownloadsOff, SourceUnknown
        """
        Source.of(model, self._environ)

    def find(self, model_id: str) -> "Download | None":
        """The last download of this model, ended or not."""
        with self._lock:
            return self._known.get(model_id)


class Download:
    """One model on its way. Made by `Downloads.begin`."""

    def __init__(
        self, model: Model, environ: Mapping[str, str], stall: float, free: FreeSpace
    ) -> None:
        self.model = model
        self._environ = environ
        self._stall = stall
        self._free = free
        self._cancelled = threading.Event()
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._state: FetchState = "waiting"
        self._error: LabError | None = None
        self._total = model.download_bytes
        self._seen: deque[tuple[float, int]] = deque([(time.monotonic(), 0)])

    def progress(self) -> FetchProgress:
        with self._lock:
            (before, less), (now, done) = self._seen[0], self._seen[-1]
            speed = (done - less) / (now - before) if now > before else 0.0
            if self._state != "downloading":
                speed = 0.0
            left = (self._total - done) / speed if speed > 0 else None
            return FetchProgress(self._state, done, self._total, speed, left, self._error)

    def go_on_from(self, before: FetchProgress) -> None:
        """Count what an earlier attempt left as here, until the source has been asked."""
        if before.state != "done":
            self._total = before.bytes_total
            self._saw(before.bytes_done)

    @property
    def leaving(self) -> bool:
        """Whether it has ended or is about to: nobody can join it any more."""
        return self._cancelled.is_set() or self._ended.is_set()

    def cancel(self) -> None:
        """End it within a second; what has arrived stays. Nothing happens once it has ended."""
        self._cancelled.set()

    def wait(self, timeout: float | None = None) -> FetchProgress:
        """How it ended, or how far it is after `timeout` seconds."""
        self._ended.wait(timeout)
        return self.progress()

    def start(self, line: "_Line", token: str | None, after: "Download | None" = None) -> None:
        """`after` is the one before it of this model: two must not write the same files."""
        if hub.is_here(self.model, self._environ):
            self._saw(self._total)
            self._end("done")
            return
        try:
            source = Source.of(self.model, self._environ)
        except LabError as error:
            self._end("failed", error)
            return
        name = f"fetch {self.model.id}"
        args = (line, source, token, after)
        threading.Thread(target=self._run, args=args, name=name, daemon=True).start()

    def _run(
        self, line: "_Line", source: Source, token: str | None, after: "Download | None"
    ) -> None:
        try:
            line.wait(self, self._go_on)
            while after is not None and not after.wait(TICK).ended:
                self._go_on()
            self._fetch(source, token)
        except _Cancelled:
            end, error = "cancelled", None
        except LabError as expected:
            end, error = "failed", expected
        except Exception as unexpected:
            log.exception("the download of %s failed", self.model.id)
            reason = type(unexpected).__name__
            end, error = "failed", errors.FetchFailed(model=self.model.id, reason=reason)
        else:
            end, error = "done", None
        line.leave(self)  # first, so that who waits for the end finds the place free
        self._end(end, error)

    def _fetch(self, source: Source, token: str | None) -> None:
        self._enter("probing")
        remote = ask(source, token, watch=self._go_on)
        self._total = remote.bytes_total
        here = source.fetched(remote)
        self._saw(here)
        self._check_space(source, remote.bytes_total - here)
        self._enter("downloading")
        request = {
            "revision": remote.revision,
            "files": list(remote.entries()),
            "folder": str(source.folder),
            "token": token,
            # So that one new connection is tried before it counts as stalled.
            "seconds": self._stall / 2,
        }
        with running(source, "download", **request) as child:
            try:
                answer = child.result(self._watching(source, remote))
            finally:
                self._saw(source.fetched(remote))
        self._enter("checking")
        self._check_files(source, remote, Path(answer["folder"]))
        self._saw(remote.bytes_total)

    def _watching(self, source: Source, remote: Remote) -> Callable[[bool], None]:
        last, moved = -1, time.monotonic()

        def watch(ready: bool) -> None:
            nonlocal last, moved
            self._go_on()
            done = source.fetched(remote)
            self._saw(done)
            if done != last or not ready:
                last, moved = done, time.monotonic()
            elif time.monotonic() - moved > self._stall:
                raise errors.ConnectionStalled(
                    model=self.model.id,
                    seconds=self._stall,
                    done=readable_bytes(done),
                    total=readable_bytes(remote.bytes_total),
                )

        return watch

    def _check_space(self, source: Source, missing: int) -> None:
        free = self._free(source.folder)
        if missing and free < missing + SPARE_BYTES:
            raise errors.DiskTooSmall(
                model=self.model.id,
                needed=readable_bytes(missing + SPARE_BYTES),
                free=readable_bytes(free),
            )

    def _check_files(self, source: Source, remote: Remote, folder: Path) -> None:
        for name, size in remote.files:
            path = folder / name
            found = size_of(path)
            if found != size:
                for it in (path.resolve(), path):  # the blob behind a link too
                    it.unlink(missing_ok=True)
                raise errors.DownloadTruncated(
                    model=self.model.id, file=name, found=found, expected=size
                )
        if not hub.is_complete(folder):
            raise errors.ModelMissing(model=self.model.id, host=source.host)

    def _go_on(self) -> None:
        if self._cancelled.is_set():
            raise _Cancelled

    def _enter(self, state: FetchState) -> None:
        self._go_on()
        with self._lock:
            self._state = state

    def _saw(self, done: int) -> None:
        now = time.monotonic()
        with self._lock:
            if self._state != "downloading":  # what was here before arrived at no speed
                self._seen.clear()
            self._seen.append((now, done))
            while now - self._seen[0][0] > SPEED_SECONDS:
                self._seen.popleft()

    def _end(self, state: FetchState, error: LabError | None = None) -> None:
        with self._lock:
            self._state, self._error = state, error
        self._ended.set()


class _Cancelled(Exception):
    pass


class _Line:
    """Who may fetch now: the first ones of those who came and have not left."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._line: list[Download] = []
        self._moved = threading.Condition()

    def wait(self, download: Download, go_on: Callable[[], None]) -> None:
        with self._moved:
            self._line.append(download)
            while download not in self._line[: self._places]:
                go_on()
                self._moved.wait(TICK)

    def leave(self, download: Download) -> None:
        with self._moved:
            self._line.remove(download)
            self._moved.notify_all()
