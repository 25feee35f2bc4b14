"""Which models of the catalogue are on this machine's disk, and deleting one. Knows files only.

Names of other repositories in the cache are nobody's business: they count as bytes.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from inference import hardware, hub
from inference.catalog import BUILTIN_TASKS, Catalog, Model
from inference.errors import ModelNotHere
from inference.home import models_folder
from inference.units import readable_bytes


@dataclass(frozen=True)
class Cache:
    """`total` bytes of the Hugging Face cache and of what came from ModelScope, `free` bytes where
    the next download would go; `models` are pairs of catalogue id and bytes, complete or not, the
    largest first."""

    total: int
    free: int
    models: tuple[tuple[str, int], ...]


def held(catalog: Catalog, environ: Mapping[str, str] = os.environ) -> Cache:
    found = []
    for model in catalog.models:
        size = sum(folder_bytes(folder) for folder in folders(model, environ))
        if size:
            found.append((model.id, size))
    everything = hub.cache_folder(environ), models_folder(environ)
    total = sum(folder_bytes(folder) for folder in everything)
    goes_to = everything[environ.get("LAB_SOURCE") == "modelscope"]
    free = hardware.disk(goes_to)["free"]
    return Cache(total, free, tuple(sorted(found, key=lambda it: -it[1])))


def touched(catalog: Catalog, environ: Mapping[str, str] = os.environ) -> tuple[int, ...]:
    """When a model was last added, removed or got a file: nanoseconds for each folder, 0 for one
    that is not there. A few looks, where `held` looks at every file."""
    looked_at = [hub.cache_folder(environ), models_folder(environ)]
    for model in catalog.models:
        for folder in folders(model, environ):
            looked_at += [folder, folder / "blobs"]
    return tuple(_changed(folder) for folder in looked_at)


def folders(model: Model, environ: Mapping[str, str] = os.environ) -> list[Path]:
    """Where downloads of `model` lie, there or not. `LAB_MODELS` is the operator's own folder, and
    the built-in models are part of the app: none of these."""
    if model.id in BUILTIN_TASKS:
        return []
    return [hub.repository_folder(model.id, environ), models_folder(environ) / model.id]


def delete(model: Model, environ: Mapping[str, str] = os.environ) -> int:
    """Remove what was downloaded of `model`; how many bytes that freed.

    Raises:
        ModelNotHere: there is nothing of it in the cache.
    """
    freed = 0
    for folder in folders(model, environ):
        size = folder_bytes(folder)
        if folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder)
            freed += size
    if not freed:
        raise ModelNotHere(model=model.id, size=readable_bytes(model.download_bytes))
    return freed


def _changed(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:  # not there, or not ours to see
        return 0


def folder_bytes(folder: Path) -> int:
    """Of all files below `folder`; links, by which the cache names its files, count nothing."""
    return sum(_sizes(folder))


def _sizes(folder: str | Path) -> Iterator[int]:
    try:
        entries = list(os.scandir(folder))
    except OSError:  # not there, or gone meanwhile
        return
    for entry in entries:
        try:
            if entry.is_dir(follow_symlinks=False):
                yield from _sizes(entry.path)
            elif not entry.is_symlink():
                yield entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue
