"""A run folder is the truth about a run; its status is derived from it, never stored.

    recipe.json    what was asked for and, once started, what really ran
    train.jsonl held_out.jsonl events.jsonl report.json checkpoints/ encoded/ adapter/
    owner          sha256 of the owner's token           shares.json  links the owner made
    worker.lock    held while it trains, see below       queue.ticket waiting for its turn
    stop.request   asks the worker to stop               worker.log   what the worker printed

Knows files and locks; knows nothing of models, training or the web. The lock is held by the worker
or, on ZeroGPU, by the app whose workers have the GPU in turn. It is the operating system's (flock),
so it ends with its process however that ends: no ghost can be "running".
"""

import hashlib
import hmac
import json
import os
import secrets
import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from finetune import events
from finetune.errors import RunBusy, RunNotFinished, RunNotFound
from finetune.events import Event, EventType, Progress
from finetune.files import write_json, write_text
from finetune.recipe import Recipe
from inference.records import ADAPTER_WEIGHTS

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

Status = Literal["queued", "running", "stopping", "interrupted", "stopped", "failed", "finished"]
Row = Mapping[str, Any]

TICKET_BYTES = 32  # more is no time in nanoseconds
LOCK_SECONDS = 2.0  # a worker's patience with those who only look whether the run is held
PROBE_SECONDS = 0.1  # the patience of a look with others, where it cannot share the lock
_probe = threading.Lock()


class Run:
    """One training run in its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._held = False

    # What it is

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def facts(self) -> dict[str, Any]:
        """recipe.json: `name`, `created`, `recipe`, `data`, `estimated_seconds` (None where the
        plan's time is not known), and `ran` once a worker began.

        Raises:
            RunNotFound: the folder is gone.
        """
        try:
            return json.loads((self.folder / "recipe.json").read_text("utf-8"))
        except FileNotFoundError:
            raise RunNotFound() from None

    @property
    def name(self) -> str:
        return self.facts["name"]

    @property
    def created(self) -> float:
        return self.facts["created"]

    @property
    def last_activity(self) -> float:
        """Seconds since 1970 of the last event, or of the run's creation."""
        try:
            return (self.folder / "events.jsonl").stat().st_mtime
        except FileNotFoundError:
            return self.created

    @property
    def recipe(self) -> Recipe:
        return Recipe.model_validate(self.facts["recipe"])

    def record(self, **ran: Any) -> None:
        """Add what really ran (versions, base revision, labels …) to recipe.json."""
        facts = self.facts
        facts["ran"] = {**facts.get("ran", {}), **ran}
        write_json(self.folder / "recipe.json", facts)

    def rows(self, part: Literal["train", "held_out"]) -> list[dict[str, Any]]:
        with (self.folder / f"{part}.jsonl").open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    # How it stands

    def status(self) -> Status:
        """Derived from lock, ticket and last event, in that order."""
        if not self.folder.is_dir():
            raise RunNotFound()
        if self.locked:
            return "stopping" if (self.folder / "stop.request").exists() else "running"
        if (self.folder / "queue.ticket").exists():
            return "queued"
        last = self.last_event
        return last.type if last and last.type in events.FINAL else "interrupted"

    def events(self, since: int = 0) -> list[Event]:
        """The events after the first `since`, oldest first."""
        return events.read(self.folder / "events.jsonl")[since:]

    @property
    def last_event(self) -> Event | None:
        """The newest event, without reading those before it."""
        return events.last(self.folder / "events.jsonl")

    def append(self, kind: EventType, **fields: Any) -> Event:
        return events.append(self.folder / "events.jsonl", kind, fields)

    def progress(self) -> Progress:
        running = self.status() in ("running", "stopping")
        return events.progress(self.events(), running, time.time())

    def report(self) -> dict[str, Any] | None:
        """The evaluation of base and tuned model, or None before there is one."""
        path = self.folder / "report.json"
        return json.loads(path.read_text("utf-8")) if path.exists() else None

    @property
    def adapter(self) -> Path | None:
        """The adapter's folder once a finished or stopped training has written it."""
        folder = self.folder / "adapter"
        return folder if (folder / ADAPTER_WEIGHTS).exists() else None

    # Who works on it

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the run as its worker; again by the same object, it is held already.

        Raises:
            RunBusy: another worker holds it.
        """
        if self._held:
            yield
            return
        if not self.folder.is_dir():
            raise RunNotFound()
        # Not of a thread: a generator that holds it is resumed and closed by other threads.
        lock = FileLock(self.folder / "worker.lock", thread_local=False)
        try:
            lock.acquire(timeout=LOCK_SECONDS, poll_interval=0.02)
        except Timeout:
            raise RunBusy(status="running") from None
        self._held = True
        try:
            yield
        finally:
            self._held = False
            lock.release()

    @property
    def locked(self) -> bool:
        """Whether a worker holds the run; answers at once and reads no log."""
        path = self.folder / "worker.lock"
        if self._held or not path.exists():
            return self._held
        return _held_in_turn(path) if fcntl is None else _held_by_another(path)

    # The queue

    def withdraw_stop(self) -> None:
        """Take an earlier request to stop back: the run is to go on."""
        (self.folder / "stop.request").unlink(missing_ok=True)

    def enqueue(self) -> None:
        """Ask for a worker; the ticket's time is the place in the queue."""
        self.withdraw_stop()
        write_text(self.folder / "queue.ticket", f"{time.time_ns()}\n")

    @property
    def ticket(self) -> int | None:
        """When the run was queued, in nanoseconds since 1970; None when it does not wait."""
        path = self.folder / "queue.ticket"
        try:
            text = path.read_bytes()
            whole = text.endswith(b"\n") and text.strip().isdigit() and len(text) <= TICKET_BYTES
            return int(text) if whole else path.stat().st_mtime_ns
        except FileNotFoundError:
            return None

    def take_ticket(self) -> bool:
        """Called with the lock held: True if the run was waiting for its turn."""
        waiting = self.ticket is not None
        (self.folder / "queue.ticket").unlink(missing_ok=True)
        return waiting

    def request_stop(self) -> None:
        """Ask the worker to stop; a run that only waits in the queue is stopped here and now."""
        status = self.status()
        if status == "running":
            (self.folder / "stop.request").touch(mode=0o600)
        elif status == "queued":
            try:
                with self.lock():
                    if self.take_ticket():
                        self.append("stopped", step=self.progress_step(), reason="request")
            except RunBusy:  # its worker was faster
                (self.folder / "stop.request").touch(mode=0o600)

    def progress_step(self) -> int:
        """The last logged step; 0 before the first."""
        return next((e.fields["step"] for e in reversed(self.events()) if e.type == "step"), 0)

    @property
    def stop_requested(self) -> bool:
        return (self.folder / "stop.request").exists()

    def delete(self) -> None:
        """Remove the run and everything in it.

        Raises:
            RunBusy: a worker holds it.
        """
        with self.lock():
            # Renamed first: a run is there whole or not at all.
            gone = self.folder.rename(self.folder.with_name(f".deleted-{self.id}"))
        shutil.rmtree(gone, ignore_errors=True)  # what stays, `RunStore.expire` removes

    # Who may read it

    def share(self) -> str:
        """The token of the run's link; asked again, the same one.

        Raises:
            RunNotFinished: only a finished run can be shared.
        """
        status = self.status()
        if status != "finished":
            raise RunNotFinished(status=status)
        known = self._shares()
        if known:
            return known[0]
        token = secrets.token_urlsafe(16)
        write_json(self.folder / "shares.json", {"tokens": [token], "created": time.time()})
        return token

    def unshare(self) -> None:
        """Withdraw every link."""
        (self.folder / "shares.json").unlink(missing_ok=True)

    @property
    def shared(self) -> bool:
        return bool(self._shares())

    def _shares(self) -> list[str]:
        path = self.folder / "shares.json"
        return json.loads(path.read_text("utf-8"))["tokens"] if path.exists() else []

    @property
    def owner(self) -> str | None:
        """The hash of the owner's token; None of a run that was made without an owner."""
        try:
            return (self.folder / "owner").read_bytes().decode("ascii", "replace").strip()
        except FileNotFoundError:
            return None

    def owned_by(self, token: str | None) -> bool:
        owner = self.owner
        if not token or not owner:
            return False
        return hmac.compare_digest(owner.encode(), hash_of(token).encode())

    def shared_with(self, token: str | None) -> bool:
        given = hash_of(token or "")
        matches = [hmac.compare_digest(hash_of(share), given) for share in self._shares()]
        return bool(token) and any(matches) and self.status() == "finished"


def _held_by_another(path: Path) -> bool:
    """Asks for a share of the lock: looks never meet each other, only a worker refuses them."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:  # deleted just now
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        fcntl.flock(handle, fcntl.LOCK_UN)  # a child forked just now has the handle too
    except (BlockingIOError, PermissionError):  # some file systems answer EACCES
        return True
    finally:
        os.close(handle)
    return False


def _held_in_turn(path: Path) -> bool:
    """Takes the whole lock: two looks of one process never meet, others are waited for."""
    with _probe:
        lock = FileLock(path)
        try:
            lock.acquire(timeout=PROBE_SECONDS, poll_interval=0.01)
        except Timeout:
            return True
        lock.release()
    return False


def hash_of(token: str) -> str:
    """What is kept of a token: sha256 in hex."""
    return hashlib.sha256(token.encode()).hexdigest()
