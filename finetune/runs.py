"""The folder of all runs: making them, finding them, and who may find which.

Another visitor's run answers exactly as one that does not exist. Knows files; knows nothing of
models, training or the web.
"""

import json
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from finetune.errors import QueueFull, RunNotFound, TooManyRuns
from finetune.files import sha256, write_json, write_text
from finetune.recipe import Recipe
from finetune.run import Row, Run, hash_of

_ID = re.compile(r"[A-Za-z0-9_-]{22}")  # secrets.token_urlsafe(16)
LEFT_SECONDS = 3_600  # making or deleting a run takes less


def create_run(
    folder: Path,
    recipe: Recipe,
    train: Sequence[Row],
    held_out: Sequence[Row],
    owner_token: str | None = None,
    name: str = "",
) -> Run:
    """Write a new run folder (mode 0700), whole or not at all; it is not queued yet.

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
    """Every run under one folder, `LAB_HOME/runs`."""

    def __init__(self, root: Path, runs_per_visitor: int = 10, queued_runs: int = 20) -> None:
        self.root = root
        self.runs_per_visitor = runs_per_visitor
        self.queued_runs = queued_runs
        root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def create(
        self,
        recipe: Recipe,
        train: Sequence[Row],
        held_out: Sequence[Row],
        owner_token: str | None = None,
        name: str = "",
    ) -> Run:
        """A new run with an id nobody can guess.

        Raises:
            TooManyRuns: this owner keeps as many as one may.
            QueueFull: it would wait behind too many.
        """
        if owner_token:
            if len(self.owned(owner_token)) >= self.runs_per_visitor:
                raise TooManyRuns(limit=self.runs_per_visitor)
            self.check_queue()
        folder = self.root / secrets.token_urlsafe(16)
        return create_run(folder, recipe, train, held_out, owner_token, name)

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
        """Every run, oldest first."""
        whole = (run for run in self._named() if (run.folder / "recipe.json").is_file())
        return sorted(whole, key=lambda run: run.created)

    def owned(self, token: str | None) -> list[Run]:
        """The runs of one owner, newest first."""
        return [run for run in reversed(self.all()) if run.owned_by(token)]

    def expire(self, days: float, now: float) -> list[str]:
        """Delete the runs nobody works on and nothing happened in for `days`; their ids.

        Also what a crash left of a run that was being made or deleted.
        """
        for left in [*self.root.glob(".new-*"), *self.root.glob(".deleted-*")]:
            with suppress(FileNotFoundError):  # whoever deletes it was faster
                if now - left.stat().st_mtime > LEFT_SECONDS:
                    shutil.rmtree(left, ignore_errors=True)
        gone = []
        for run in self.all():
            if now - run.last_activity < days * 86_400:
                continue
            if run.status() in ("queued", "running", "stopping"):
                continue
            run.delete()
            gone.append(run.id)
        return gone

    def queue(self) -> list[Run]:
        """The runs that wait for a worker, first come first."""
        waiting = [(run.ticket, run.id, run) for run in self._named()]
        return [run for _, _, run in sorted(w for w in waiting if w[0] is not None)]

    def check_queue(self) -> None:
        """Before a run is made for a visitor, or queued again.

        Raises:
            QueueFull: as many wait as may.
        """
        if len(self.queue()) >= self.queued_runs:
            raise QueueFull(limit=self.queued_runs)

    def busy(self) -> bool:
        """Whether a worker holds any run."""
        return any(run.locked for run in self._named())

    def _named(self) -> Iterator[Run]:
        """Every folder that has the name of a run."""
        return (Run(path) for path in self.root.iterdir() if _ID.fullmatch(path.name))
