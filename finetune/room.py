"""What folders take on the disk, and keeping one within bounds. Knows files and nothing else."""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

YOUNG_SECONDS = 3_600  # somebody may be sending or fetching a file this young


def free_bytes(folder: Path) -> int:
    """Free on the disk that `folder` lies on."""
    return shutil.disk_usage(folder).free


def folder_bytes(folder: Path) -> int:
    """Of all files below `folder`; 0 where it is missing. Links are not followed."""
    return sum(entry.stat(follow_symlinks=False).st_size for entry in _files(folder))


def keep_within(folder: Path, most: int, now: float) -> list[Path]:
    """Delete files below `folder`, the oldest first, until they take `most` bytes; which.

    One younger than `YOUNG_SECONDS` goes only while all of them take more than twice as much.

    Args:
        now: seconds since 1970.
    """
    found = []
    for entry in _files(folder):
        told = entry.stat(follow_symlinks=False)
        found.append((told.st_mtime, entry.path, told.st_size))
    taken, gone = sum(size for _, _, size in found), []
    for changed, path, size in sorted(found):
        if taken <= (2 * most if now - changed < YOUNG_SECONDS else most):
            break
        with suppress(OSError):  # fetched just now on Windows, or deleted by another server
            os.unlink(path)
            taken -= size
            gone.append(Path(path))
    return gone


def _files(folder: Path) -> Iterator[os.DirEntry]:
    """Every file and link below; what is deleted meanwhile is left out."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        with suppress(FileNotFoundError):
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry.path))
            else:
                entry.stat(follow_symlinks=False)  # on Windows it is known without
                yield entry
