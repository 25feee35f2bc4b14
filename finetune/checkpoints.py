"""Checkpoints that are whole or not there: written aside, listed with sha256, fsynced, renamed.

    checkpoints/step-40/   the trainer's files and manifest.json
    checkpoints/.aside/    what is being written now; never read

They hold pickles (optimizer and random state), so they are read only from a run folder this
program wrote and only after every digest was checked. The newest two are kept, so that one damaged
is no loss, and besides them the best where the run is to end with it. Knows files, not models.
"""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from finetune.files import replace_folder, sha256, write_json

MANIFEST = "manifest.json"
KEEP = 2
_NAME = re.compile(r"step-(\d+)")


@dataclass(frozen=True)
class Checkpoint:
    """A finished checkpoint: `step` optimizer steps were done when it was written."""

    folder: Path
    step: int


def aside(root: Path) -> Path:
    """An empty folder to write the next checkpoint in; the remains of a killed save are removed."""
    folder = root / ".aside"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    return folder


def commit(written: Path, root: Path, step: int, keep: int | None = None) -> Checkpoint:
    """Turn the folder `written` into checkpoint `step` and remove all but the newest two.

    Args:
        keep: the step of another one that stays too: the best so far.

    Raises:
        OSError: disk full; nothing half-written stays under a checkpoint's name.
    """
    files = {
        path.relative_to(written).as_posix(): sha256(path)
        for path in sorted(written.rglob("*"))
        if path.is_file()
    }
    write_json(written / MANIFEST, {"step": step, "sha256": files})
    target = root / f"step-{step}"
    replace_folder(written, target)
    prune(root, keep)
    return Checkpoint(target, step)


def verify(checkpoint: Checkpoint) -> bool:
    """Whether every file listed is there, unchanged, and none besides."""
    try:
        manifest = json.loads((checkpoint.folder / MANIFEST).read_text("utf-8"))
        listed = dict(manifest["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
    present = {
        path.relative_to(checkpoint.folder).as_posix()
        for path in checkpoint.folder.rglob("*")
        if path.is_file()
    } - {MANIFEST}
    return (
        manifest.get("step") == checkpoint.step
        and present == set(listed)
        and all(sha256(checkpoint.folder / name) == digest for name, digest in listed.items())
    )


def newest_first(root: Path) -> Iterator[Checkpoint]:
    """Every checkpoint under `root`, verified or not."""
    if not root.is_dir():
        return
    named = [(match, path) for path in root.iterdir() if (match := _NAME.fullmatch(path.name))]
    found = [Checkpoint(path, int(match[1])) for match, path in named]
    yield from sorted(found, key=lambda checkpoint: checkpoint.step, reverse=True)


def newest_good(root: Path) -> tuple[Checkpoint | None, list[Checkpoint]]:
    """The newest checkpoint that verifies, and the newer ones that did not."""
    damaged = []
    for checkpoint in newest_first(root):
        if verify(checkpoint):
            return checkpoint, damaged
        damaged.append(checkpoint)
    return None, damaged


def at_step(root: Path, step: int) -> Checkpoint | None:
    """The checkpoint of that step, if it is there and verifies."""
    found = next((it for it in newest_first(root) if it.step == step), None)
    return found if found and verify(found) else None


def prune(root: Path, keep: int | None = None) -> None:
    """Remove all but the newest `KEEP` checkpoints and the one at step `keep`."""
    for checkpoint in list(newest_first(root))[KEEP:]:
        if checkpoint.step != keep:
            shutil.rmtree(checkpoint.folder)
