"""The folder of all runs: making them, finding them, and who may find which.

Another visitor's run answers exactly as one that does not exist. Knows files; knows nothing of
models, training or the web.
"""

import errno
import json
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from finetune import room
from finetune.errors import NoDiskSpace, QueueFull, RunBusy, RunNotFound, TooManyRuns
from finetune.files import sha256, write_json, write_text
from finetune.recipe import Recipe
from finetune.run import Row, Run, hash_of
from finetune.waiting import in_turn, owner_of
from inference.limits import Limits

_ID = re.compile(r"[A-Za-z0-9_-]{22}")  # secrets.token_urlsafe(16)
MOST_TURNS = 1_000  # owners whose last turn is remembered
LEFT_SECONDS = 3_600  # making or deleting a run takes less
SPARED_SECONDS = 3_600  # a run that ended is not deleted for its room before its owner saw it


def create_run(
    folder: Path,
    recipe: Recipe,
    train: Sequence[Row],
    held_out: Sequence[Row],
    owner_token: str | None = None,
    name: str = "",
    estimated_seconds: float | None = None,
) -> Run:
    """Write a new run folder (mode 0700), whole or not at all; it is not queued yet.

    Args:
        estimated_seconds: what the plan is thought to take, where that is known.

    Raises:
        FileExistsError: something is at `folder` already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(folder)
    aside = folder.with_name(f".new-{folder.name}")
    aside.mkdir(mode=0o700, parents=True)
    try:
        for part, rows in (("train", train), ("held_out", held_out)):
            lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            write_text(aside / f"{part}.jsonl", lines)
        facts = {
            "name": name,
            "created": time.time(),
            "recipe": recipe.model_dump(mode="json"),
            "data": {
                "train_rows": len(train),
                "held_out_rows": len(held_out),
                "train_sha256": sha256(aside / "train.jsonl"),
                "held_out_sha256": sha256(aside / "held_out.jsonl"),
            },
            "estimated_seconds": estimated_seconds,
        }
        write_json(aside / "recipe.json", facts)
        if owner_token:
            write_text(aside / "owner", hash_of(owner_token) + "\n")
        aside.rename(folder)
    except BaseException:  # a full disk, for one
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return Run(folder)


class RunStore:
    """Every run under one folder, `LAB_HOME/runs`. The bounds are those of `Limits`."""

    def __init__(
        self,
        root: Path,
        runs_per_visitor: int = Limits.runs_per_visitor,
        queued_runs: int = Limits.queued_runs,
        runs_bytes: int = Limits.runs_bytes,
        disk_spare_bytes: int = Limits.disk_spare_bytes,
    ) -> None:
        self.root = root
        self.runs_per_visitor = runs_per_visitor
        self.queued_runs = queued_runs
        self.runs_bytes = runs_bytes
        self.disk_spare_bytes = disk_spare_bytes
        root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def create(
        self,
        recipe: Recipe,
        train: Sequence[Row],
        held_out: Sequence[Row],
        owner_token: str | None = None,
        name: str = "",
        estimated_seconds: float | None = None,
    ) -> Run:
        """A new run with an id nobody can guess.

        Raises:
            TooManyRuns: this owner keeps as many as one may.
            QueueFull: it would wait behind too many.
            NoDiskSpace: it has no room, though all was deleted that may be.
        """
        if owner_token:
            if len(self.owned(owner_token)) >= self.runs_per_visitor:
                raise TooManyRuns(limit=self.runs_per_visitor)
            self.check_queue()
            if not self.make_room(time.time()):
                raise NoDiskSpace()
        folder = self.root / secrets.token_urlsafe(16)
        try:
            return create_run(folder, recipe, train, held_out, owner_token, name, estimated_seconds)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise NoDiskSpace() from error
            raise

    def get(self, run_id: str) -> Run:
        """The run of that id, whoever owns it.

        Raises:
            RunNotFound: there is none, or the id is none.
        """
        if not isinstance(run_id, str) or not _ID.fullmatch(run_id):
            raise RunNotFound()
        run = Run(self.root / run_id)
        if not (run.folder / "recipe.json").is_file():
            raise RunNotFound()
        return run

    def for_owner(self, run_id: str, token: str | None) -> Run:
        """The run, for its owner; to others it answers exactly as a missing one."""
        run = self.get(run_id)
        if not run.owned_by(token):
            raise RunNotFound()
        return run

    def for_reader(self, run_id: str, token: str | None) -> Run:
        """The run, for its owner or, once finished, for whoever has its link."""
        run = self.get(run_id)
        if not run.owned_by(token) and not run.shared_with(token):
            raise RunNotFound()
        return run

    def all(self) -> list[Run]:
        """Every run, oldest first; one whose recipe.json is broken is left out."""
        found = []
        for run in self._named():
            with suppress(RunNotFound, OSError, ValueError, KeyError, TypeError):
                found.append((float(run.created), run.id, run))
        return [run for _, _, run in sorted(found, key=lambda it: it[:2])]

    def owned(self, token: str | None) -> list[Run]:
        """The runs of one owner, newest first."""
        return [run for run in reversed(self.all()) if run.owned_by(token)]

    def adopt(self, token: str, heir: str) -> int:
        """Make the runs owned by `token` those of `heir`; how many there were."""
        found = self.owned(token) if token != heir else []
        for run in found:
            with suppress(FileNotFoundError):  # deleted meanwhile
                write_text(run.folder / "owner", hash_of(heir) + "\n")
        return len(found)

    def expire(self, days: float, now: float) -> list[str]:
        """Delete the runs nobody works on and nothing happened in for `days`; their ids.

        Also what a crash left of a run that was being made or deleted.
        """
        for left in [*self.root.glob(".new-*"), *self.root.glob(".deleted-*")]:
            with suppress(FileNotFoundError):  # whoever deletes it was faster
                if now - left.stat().st_mtime > LEFT_SECONDS:
                    shutil.rmtree(left, ignore_errors=True)
        old = [(since, run) for since, run in self._ended() if now - since >= days * 86_400]
        return [run.id for since, run in old if _deleted(run, since)]

    def make_room(self, now: float) -> bool:
        """Delete runs nobody works on, the oldest first, until all runs take no more than
        `runs_bytes` and `disk_spare_bytes` of the disk are free. Whether that is so now: one in
        which something happened within `SPARED_SECONDS` is kept, whatever it takes.
        """
        taken = room.folder_bytes(self.root)
        if not self._crowded(taken):  # nearly always
            return True
        old = [(since, run) for since, run in self._ended() if now - since >= SPARED_SECONDS]
        sizes = [room.folder_bytes(run.folder) for _, run in old]
        if self._crowded(taken - sum(sizes), freed=sum(sizes)):
            return False  # nobody's run is given for nothing
        for (since, run), freed in zip(old, sizes, strict=True):
            if not self._crowded(taken):
                break
            if _deleted(run, since):
                taken -= freed
        return not self._crowded(taken)

    def _crowded(self, taken: int, freed: int = 0) -> bool:
        free = room.free_bytes(self.root) + freed
        return taken > self.runs_bytes or free < self.disk_spare_bytes

    def _ended(self) -> list[tuple[float, Run]]:
        """Last activity (seconds since 1970) and run of those nobody works on, oldest first."""
        found = []
        for run in self._named():
            with suppress(RunNotFound, OSError):  # deleted just now
                if run.status() in ("queued", "running", "stopping"):
                    continue
                found.append((_last_activity(run), run.id, run))
        return [(since, run) for since, _, run in sorted(found, key=lambda it: it[:2])]

    def queue(self) -> list[Run]:
        """The runs that wait for a worker, in the order they will start (see `in_turn`)."""
        return in_turn(self._waiting(), self._named(), self._turns())

    def note_turn(self, run: Run, now: float) -> None:
        """The owner of `run` has a turn now; called by whoever launches it."""
        turns = self._turns() | {owner_of(run): int(now * 1e9)}
        newest = sorted(turns.items(), key=lambda it: it[1])[-MOST_TURNS:]
        write_json(self.root / "turns.json", dict(newest))

    def _turns(self) -> dict[str, int]:
        try:
            found = json.loads((self.root / "turns.json").read_text("utf-8"))
            return {str(owner): int(at) for owner, at in found.items()}
        except (OSError, ValueError, AttributeError, TypeError):  # none yet, or a broken one
            return {}

    def waits(self) -> bool:
        """Whether any run waits; cheaper than to ask for their order."""
        return any(True for _ in self._waiting())

    def _waiting(self) -> Iterator[tuple[int, Run]]:
        """Ticket and run of those that wait."""
        for run in self._named():
            with suppress(OSError):  # no folder, or a broken one: not everybody's trouble
                if (ticket := run.ticket) is not None:
                    yield ticket, run

    def check_queue(self) -> None:
        """Before a run is made for a visitor, or queued again.

        Raises:
            QueueFull: as many wait as may.
        """
        if len(self.queue()) >= self.queued_runs:
            raise QueueFull(limit=self.queued_runs)

    def training(self) -> Iterator[Run]:
        """The runs a worker holds; one at most, unless somebody trains beside the app."""
        return (run for run in self._named() if run.locked)

    def busy(self) -> bool:
        """Whether a worker holds any run."""
        return any(True for _ in self.training())

    def _named(self) -> Iterator[Run]:
        """Every folder that has the name of a run."""
        return (Run(path) for path in self.root.iterdir() if _ID.fullmatch(path.name))


def _worked_on(run: Run, since: float) -> bool:
    """Whether something has happened in it after `since`; in a broken one nothing does."""
    try:
        return float(run.last_activity) > since
    except (RunNotFound, ValueError, KeyError, TypeError):
        return False


def _last_activity(run: Run) -> float:
    """Seconds since 1970; with a broken recipe.json its folder tells the time.

    Raises:
        OSError: it is gone.
    """
    try:
        return float(run.last_activity)
    except (RunNotFound, ValueError, KeyError, TypeError):
        return run.folder.stat().st_mtime


def _deleted(run: Run, since: float) -> bool:
    """Delete it, unless somebody has taken, queued or deleted it since it was looked at.

    Args:
        since: its last activity at that look.
    """
    try:
        with run.lock():
            if run.ticket is not None or _worked_on(run, since):
                return False
            run.delete()
    except (RunBusy, RunNotFound, OSError):
        return False
    return True
