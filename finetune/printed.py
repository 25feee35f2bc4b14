"""What a worker prints, kept short: a library that prints without end must not fill the disk.

Knows files and nothing else.
"""

import os
import threading
from contextlib import suppress
from pathlib import Path

LOG_BYTES = 1_000_000  # of worker.log; its end is what tells why a worker ended
LOOK_SECONDS = 1.0


def shorten(path: Path, most: int = LOG_BYTES) -> None:
    """Keep the last half of `most` bytes of a file that has more; whoever appends to it goes on."""
    with suppress(FileNotFoundError):
        if path.stat().st_size <= most:
            return
        with path.open("r+b") as log:
            log.seek(-(most // 2), os.SEEK_END)
            end = log.read(most // 2)
            log.seek(0)
            log.truncate()
            log.write(end)


def keep_short(path: Path, most: int = LOG_BYTES, seconds: float = LOOK_SECONDS) -> None:
    """Shorten `path` for as long as this process lives, looking every `seconds`."""

    def look() -> None:
        pause = threading.Event()
        while not pause.wait(seconds):
            with suppress(OSError):  # not writable for a moment: looked at again
                shorten(path, most)

    threading.Thread(target=look, name="printed", daemon=True).start()
