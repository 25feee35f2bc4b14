"""Models in memory: each loaded once, shared by everybody, the longest idle one evicted first."""

import functools
import gc
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from inference import hardware, hub, loading
from inference.catalog import Task
from inference.errors import LabError, ModelDoesNotFit
from inference.loading import Loaded
from inference.records import Choice
from inference.units import readable_bytes

__all__ = ["Choice", "Loaded", "Pool", "shared"]

Key = tuple[Choice, Task]
# Loading needs some room beside the weights, and so does running.
HEADROOM = 1.1


@dataclass
class _Entry:
    size: int
    users: int = 1
    used: int = 0
    loaded: Loaded | None = None
    error: BaseException | None = None
    ready: threading.Event = field(default_factory=threading.Event)


class Pool:
    """Up to `limit_bytes` of weights.

    What is in use is never evicted: a model that would fit only then waits `patience_seconds`
    for it to be given back, and is refused after that, so that nobody waits for ever.
    `load`, `measure` and `available` are given only by tests.
    """

    def __init__(
        self,
        limit_bytes: int,
        *,
        patience_seconds: float = 60.0,
        load: Callable[[Choice, Task], Loaded] = loading.load,
        measure: Callable[[Choice], int] = loading.bytes_to_load,
        available: Callable[[], int] = hardware.memory_available,
    ) -> None:
        self._limit = limit_bytes
        self._patience = patience_seconds
        self._load = load
        self._measure = measure
        self._available = available
        self._entries: dict[Key, _Entry] = {}
        self._changed = threading.Condition()
        self._clock = itertools.count(1)

    @contextmanager
    def borrow(self, choice: Choice, task: Task) -> Iterator[Loaded]:
        """The model of `choice`, loaded if need be, kept in memory while the block runs.

        Raises:
            ModelDoesNotFit: there is no memory for it.
            ModelBroken, AdapterRefused, …: as `loading.load`.
        """
        entry = self._claim((choice, task))
        try:
            yield self._wait(entry)
        finally:
            with self._changed:
                entry.users -= 1
                entry.used = next(self._clock)
                self._changed.notify_all()

    def clear(self) -> None:
        """Evict everything that is idle."""
        with self._changed:
            while self._evict_one():
                pass

    def sizes(self) -> dict[Key, int]:
        """What is in memory, in bytes."""
        with self._changed:
            return {key: entry.size for key, entry in self._entries.items()}

    def _claim(self, key: Key) -> _Entry:
        """An entry with this caller counted in; the first caller loads it."""
        with self._changed:
            known = key in self._entries
        needed = 0 if known else int(self._measure(key[0]) * HEADROOM)  # reads files: no lock
        with self._changed:
            if known and key not in self._entries:  # evicted between the two looks
                needed = int(self._measure(key[0]) * HEADROOM)
            entry = self._entries.get(key) or self._reserve(key, needed)
            entry.users += 1
            if entry.users > 1 or entry.loaded:
                return entry
        try:
            entry.loaded = self._load(*key)
        except BaseException as error:
            entry.error = error
            with self._changed:
                del self._entries[key]
                self._changed.notify_all()
            raise
        finally:
            entry.ready.set()
        return entry

    def _wait(self, entry: _Entry) -> Loaded:
        entry.ready.wait()
        if isinstance(entry.error, LabError):
            raise type(entry.error)(**entry.error.values) from entry.error
        if entry.error is not None:
            raise entry.error
        assert entry.loaded is not None
        return entry.loaded

    def _reserve(self, key: Key, needed: int) -> _Entry:
        """Room for `key`, accounted for before it is loaded. Called with the lock held."""
        until = time.monotonic() + self._patience
        while not self._fits(needed):
            if self._evict_one():
                continue
            in_use = any(entry.users for entry in self._entries.values())
            if not in_use or needed > self._limit or time.monotonic() >= until:
                raise ModelDoesNotFit(
                    model=hub.name_of(key[0].folder),
                    needed=readable_bytes(needed),
                    available=readable_bytes(self._room()),
                )
            self._changed.wait(max(0.0, until - time.monotonic()))
            if key in self._entries:  # somebody else began to load it meanwhile
                return self._entries[key]
        entry = self._entries[key] = _Entry(needed, users=0)
        return entry

    def _room(self) -> int:
        kept = sum(entry.size for entry in self._entries.values())
        loading_now = sum(entry.size for entry in self._entries.values() if not entry.loaded)
        return max(0, min(self._limit - kept, self._available() - loading_now))

    def _fits(self, needed: int) -> bool:
        return needed <= self._room()

    def _evict_one(self) -> bool:
        """Drop the model that has been idle longest. Called with the lock held."""
        idle = [key for key, entry in self._entries.items() if entry.loaded and not entry.users]
        if not idle:
            return False
        del self._entries[min(idle, key=lambda key: self._entries[key].used)]
        _give_back_memory()
        return True


@functools.cache
def shared() -> Pool:
    """The pool of this process: at most 80 % of what was free when it was first asked for."""
    pool = Pool(int(0.8 * hardware.memory_available()))
    hardware.count_as_free(lambda: sum(pool.sizes().values()))
    return pool


def _give_back_memory() -> None:
    import torch

    gc.collect()  # models hold cycles
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()
