"""Writing files so that a reader, or the next start, never meets a half-written one.

The way is the usual one: write aside, fsync, rename. Knows nothing of runs or training.
"""

import hashlib
import json
import os
import secrets
import shutil
from pathlib import Path


def sha256(path: Path) -> str:
    """Hex digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_text(path: Path, text: str) -> None:
    """Replace `path` with `text` (UTF-8) in one step."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    with aside.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def write_json(path: Path, value: object) -> None:
    """Replace `path` with `value` as readable JSON; NaN and infinity are refused."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def sync_folder(folder: Path) -> None:
    """Push every file under `folder` and the folder entries themselves to the disk."""
    for path in [*sorted(folder.rglob("*")), folder]:
        if os.name == "nt" and path.is_dir():  # Windows cannot open folders
            continue
        handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def replace_folder(source: Path, target: Path) -> None:
    """Move the finished folder `source` to `target`, replacing what was there.

    Both lie on one file system. Between the two renames `target` is missing for a moment; it is
    never half new and half old.
    """
    sync_folder(source)
    old = target.with_name(f".old-{target.name}")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    source.rename(target)
    shutil.rmtree(old, ignore_errors=True)
