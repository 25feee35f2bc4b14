"""How busy this machine is: the last minutes, for all visitors together.

A sample is taken when somebody looks and the last one is old enough. While nobody looks nothing
runs: there is no thread.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from inference import hardware

SECONDS = 2.0  # between two samples at least
MINUTES = 5
GAP_SECONDS = 30.0  # without a look: what lies before is no longer shown
FIRST_SECONDS = 0.1  # between the two readings of the processor that the first sample needs


@dataclass(frozen=True)
class Sample:
    """Shares of 1 at a moment, in seconds since 1970. `gpu` and `gpu_memory` are those of the
    busiest card; None where no card tells."""

    time: float
    cpu: float
    memory: float
    gpu: float | None = None
    gpu_memory: float | None = None


class Load:
    """The bounded record of samples.

    Args:
        busy: seconds of processor used so far, of all cores together.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        busy: Callable[[], float] | None = None,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._busy, self._clock, self._pause = busy or busy_seconds, clock, pause
        self._samples: deque[Sample] = deque(maxlen=int(60 * MINUTES / SECONDS))
        self._last: tuple[float, float] | None = None  # when the processor was read, and what
        self._lock = threading.Lock()

    def look(self) -> tuple[Sample, ...]:
        """The samples of the last minutes, the newest last; there is one at least."""
        with self._lock:
            now = self._clock()
            if self._samples and 0 <= now - self._samples[-1].time < SECONDS:
                return tuple(self._samples)
            if self._samples and not 0 <= now - self._samples[-1].time <= GAP_SECONDS:
                self._samples.clear()
                self._last = None
            self._samples.append(self._sample())
            return tuple(it for it in self._samples if now - it.time <= 60 * MINUTES)

    def _sample(self) -> Sample:
        if self._last is None:
            self._last = (self._clock(), self._busy())
            self._pause(FIRST_SECONDS)
        then, before = self._last
        now, busy = self._clock(), self._busy()
        self._last = (now, busy)
        cores = hardware.cores()
        cpu = (busy - before) / (max(1e-6, now - then) * cores)
        total, available = hardware.main_memory()
        cards = hardware.gpus()
        used = [card["use_percent"] for card in cards if card["use_percent"] is not None]
        filled = [1 - card["memory_free"] / card["memory_total"] for card in cards]
        return Sample(
            time=now,
            cpu=min(1.0, max(0.0, cpu)),
            memory=1 - available / total,
            gpu=max(used) / 100 if used else None,
            gpu_memory=max(filled) if filled else None,
        )


def busy_seconds(root: Path = hardware.CGROUP) -> float:
    """Of the container's processors where it has a group of its own, else of the machine's."""
    found = hardware.processor_seconds(root)
    if found is not None:
        return found
    import psutil

    times = psutil.cpu_times()
    # On Linux a guest's time is part of the user's.
    idle = ("idle", "iowait", "guest", "guest_nice")
    return sum(times) - sum(getattr(times, name, 0.0) for name in idle)
