"""Several streams of records read at once, each in a thread of its own. No Gradio."""

import contextvars
import threading
from collections.abc import Generator, Sequence
from contextlib import closing
from typing import Any

from inference.errors import LabError

LOOK_SECONDS = 0.1


def together(streams: Sequence[Generator[Any, None, None]]) -> Generator[list[Any], None, None]:
    """What each stream has come to, ten times a second at most, until all have ended.

    None stands for what has not come yet. An expected error takes the place of its stream's
    records; any other is raised. Closing it closes the streams and waits for their threads.
    """
    latest: list[Any] = [None] * len(streams)
    over = [False] * len(streams)
    changed, left = threading.Condition(), threading.Event()

    def read(at: int) -> None:
        try:
            with closing(streams[at]) as stream:
                for found in stream:
                    with changed:
                        latest[at] = found
                        changed.notify()
                    if left.is_set():
                        break
        except BaseException as error:  # raised again by the reader below
            latest[at] = error
        with changed:
            over[at] = True
            changed.notify()

    # Who asks is read from the context, on ZeroGPU whose quota it is.
    threads = [
        threading.Thread(
            target=contextvars.copy_context().run, args=(read, at), name="together", daemon=True
        )
        for at in range(len(streams))
    ]
    for thread in threads:
        thread.start()
    try:
        yield from _looks(latest, over, changed)
    finally:
        left.set()
        for thread in threads:
            thread.join()


def _looks(
    latest: list[Any], over: list[bool], changed: threading.Condition
) -> Generator[list[Any], None, None]:
    before: list[Any] | None = None
    while True:
        with changed:
            if not all(over):
                changed.wait(LOOK_SECONDS)
            now, ended = list(latest), all(over)
        for found in now:
            if isinstance(found, BaseException) and not isinstance(found, LabError):
                raise found
        if now != before:
            yield now
            before = now
        if ended:
            return
