"""When a training stops before its end: asked to, told by a signal, or out of time."""

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class StopSwitch:
    """Whether to stop, and why: asked for in the run folder, pressed by a signal, or too long.

    Args:
        seconds: from now until the time limit.
    """

    def __init__(self, requested: Callable[[], bool], seconds: float = math.inf) -> None:
        self.reason: str | None = None
        self._requested = requested
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def press(self, reason: str) -> None:
        self.reason = self.reason or reason

    def pressed(self, reserve: float = 0.0) -> bool:
        """Whether to stop now; `reserve` as in `overdue`."""
        if self.reason is None and self._requested():
            self.reason = "request"
        return self.reason is not None or self.overdue(reserve)

    def overdue(self, reserve: float = 0.0) -> bool:
        """Whether the time is up, or would be after `reserve` more seconds.

        The reserve is at most half of the whole time, so that every start gets somewhere.
        """
        if time.monotonic() + min(reserve, self._seconds / 2) >= self._end:
            self.press("time_limit")
        return self.reason == "time_limit"


@contextmanager
def stop_switch(requested: Callable[[], bool], seconds: float) -> Iterator[StopSwitch]:
    """A switch that SIGTERM and Ctrl-C press too, where this is the main thread."""
    switch = StopSwitch(requested, seconds)
    if threading.current_thread() is not threading.main_thread():
        yield switch
        return
    signals = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(one, lambda *_: switch.press("terminated")) for one in signals]
    try:
        yield switch
    finally:
        for one, handler in zip(signals, before, strict=True):
            signal.signal(one, handler)
