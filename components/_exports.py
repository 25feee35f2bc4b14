"""Files made for one visitor, each in a folder whose name nobody can guess. Knows no Gradio."""

import secrets
import shutil
import time
from contextlib import suppress
from pathlib import Path

from components._services import Services

KEPT_SECONDS = 3_600  # a file is fetched within seconds


def folder(services: Services) -> Path:
    """A name for a new one; what was made long ago is removed, and more where the disk is short."""
    services.bound_uploads()
    services.exports.mkdir(parents=True, exist_ok=True)
    for old in services.exports.iterdir():
        with suppress(FileNotFoundError):  # another download was faster
            if time.time() - old.stat().st_mtime > KEPT_SECONDS:
                shutil.rmtree(old, ignore_errors=True)
    return services.exports / secrets.token_urlsafe(16)


def written(services: Services, name: str, content: bytes) -> str:
    """`content` as a file of that name, which is ours, never a visitor's."""
    path = folder(services)
    path.mkdir(mode=0o700)
    (path / name).write_bytes(content)
    return str(path / name)
