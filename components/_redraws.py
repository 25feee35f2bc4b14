"""When a table that grows while something runs is drawn anew. Pure.

A browser takes the longer to draw a table the more rows it has; drawn at every new row, a page with
60 of them already stands still.
"""

import math
import time
from collections.abc import Callable

LEAST_SECONDS = 1.5
SECONDS_A_ROW = 0.05


class Redraws:
    """Of one table, by one thread; at most once in `least` seconds."""

    def __init__(
        self, least: float = LEAST_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._least, self._clock, self._last = least, clock, -math.inf

    def due(self, rows: int) -> bool:
        """Whether a table of so many rows may be drawn now; then it counts as drawn."""
        now = self._clock()
        if now - self._last < max(self._least, rows * SECONDS_A_ROW):
            return False
        self._last = now
        return True
