"""Models in memory: each loaded once, shared by everybody, the longest idle one evicted first.

A trained adapter is held on top of its base: the base is loaded once for all adapters on it and
for those who use it plain, and stays as long as one of its adapters does.
"""

import functools
import gc
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from inference import adapters, fit, hub, loading
from inference.catalog import Head
from inference.errors import LabError, ModelDoesNotFit, WrongModelForTask
from inference.loading import Loaded
from inference.records import Choice
from inference.units import readable_bytes

__all__ = ["Choice", "Loaded", "Pool", "shared"]

Key = tuple[Choice, Head]
# Loading needs some room beside the weights, and so does running.
HEADROOM = 1.1


@dataclass
class _Entry:
    """`users` are those who borrow it now, and the adapters on top of it."""

    size: int
    users: int = 0
    used: int = 0
    below: "_Entry | None" = None
    loaded: Loaded | None = None
    error: BaseException | None = None
    ready: threading.Event = field(default_factory=threading.Event)


class Pool:
    """Up to `limit_bytes` of weights.

    What is in use is never evicted: a model that would fit only then waits `patience_seconds`
    for it to be given back, and is refused after that, so that nobody waits for ever.
    `load`, `attach`, `measure` and `available` are given only by tests.
    """

    def __init__(
        self,
        limit_bytes: int,
        *,
        patience_seconds: float = 60.0,
        load: Callable[[Choice, Head], Loaded] = loading.load,
        attach: Callable[[Loaded, Choice, Head], Loaded] = adapters.attach,
        measure: Callable[[Choice], int] = loading.bytes_to_load,
        available: Callable[[], int] = fit.available,
    ) -> None:
        self._limit = limit_bytes
        self._patience = patience_seconds
        self._load = load
        self._attach = attach
        self._measure = measure
        self._available = available
        self._entries: dict[Key, _Entry] = {}
        self._changed = threading.Condition()
        self._clock = itertools.count(1)

    @contextmanager
    def borrow(self, choice: Choice, task: Head) -> Iterator[Loaded]:
        """The model of `choice`, loaded if need be, kept in memory while the block runs.

        Raises:
            ModelDoesNotFit: there is no memory for it.
            ModelBroken, AdapterRefused, …: as `loading.load` and `adapters.attach`.
        """
        if choice.adapter is None:
            with self._held((choice, task), lambda: self._load(choice, task)) as entry:
                if self._wait(entry).headless:  # it is here for the adapters on it
                    raise WrongModelForTask(model=hub.name_of(choice.folder), task=task)
                yield self._wait(entry)
            return
        base = choice.base
        with self._held((base, task), lambda: self._load(base, task)) as below:

            def on_top() -> Loaded:
                return self._attach(self._wait(below), choice, task)

            with self._held((choice, task), on_top, below) as entry:
                yield self._wait(entry)

    def clear(self) -> None:
        """Evict everything that is idle."""
        with self._changed:
            while self._evict_one():
                pass

    def sizes(self) -> dict[Key, int]:
        """What is in memory, in bytes."""
        with self._changed:
            return {key: entry.size for key, entry in self._entries.items()}

    @contextmanager
    def _held(
        self, key: Key, load: Callable[[], Loaded], below: _Entry | None = None
    ) -> Iterator[_Entry]:
        entry = self._claim(key, load, below)
        try:
            yield entry
        finally:
            self._give_back(entry)

    def _claim(self, key: Key, load: Callable[[], Loaded], below: _Entry | None) -> _Entry:
        """An entry with this caller counted in; the first caller loads it, on top of `below`."""
        with self._changed:
            known = key in self._entries
        needed = 0 if known else int(self._measure(key[0]) * HEADROOM)  # reads files: no lock
        with self._changed:
            if known and key not in self._entries:  # evicted between the two looks
                needed = int(self._measure(key[0]) * HEADROOM)
            entry = self._entries.get(key) or self._reserve(key, needed, below)
            entry.users += 1
            if entry.users > 1 or entry.loaded:
                return entry
        try:
            loaded = load()
        except BaseException as error:
            entry.error = error
            with self._changed:
                del self._entries[key]
                self._changed.notify_all()
            raise
        else:
            with self._changed:
                entry.loaded, entry.below = loaded, below
                if below is not None:  # until this one is evicted
                    below.users += 1
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

    def _give_back(self, entry: _Entry) -> None:
        with self._changed:
            entry.users -= 1
            entry.used = next(self._clock)
            self._changed.notify_all()

    def _reserve(self, key: Key, needed: int, below: _Entry | None) -> _Entry:
        """Room for `key`, accounted for before it is loaded. Called with the lock held."""
        until = time.monotonic() + self._patience
        while not self._fits(needed):
            if self._evict_one():
                continue
            # The caller holds the base itself: waiting for that would be for nothing.
            in_use = any(it.users > (it is below) for it in self._entries.values())
            if not in_use or needed > self._limit or time.monotonic() >= until:
                raise ModelDoesNotFit(
                    model=hub.name_of(key[0].folder),
                    needed=readable_bytes(needed),
                    available=readable_bytes(self._room()),
                )
            self._changed.wait(max(0.0, until - time.monotonic()))
            if key in self._entries:  # somebody else began to load it meanwhile
                return self._entries[key]
        entry = self._entries[key] = _Entry(needed)
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
        gone = self._entries.pop(min(idle, key=lambda key: self._entries[key].used))
        # Who has just given it back may still hold the entry: the model goes now all the same.
        gone.loaded = None
        if gone.below is not None:
            self._give_back(gone.below)
        _give_back_memory()
        return True


@functools.cache
def shared() -> Pool:
    """The pool of this process: at most 80 % of what was free when it was first asked for."""
    pool = Pool(int(0.8 * fit.available()))
    fit.count_as_free(lambda: sum(pool.sizes().values()))
    return pool


def _give_back_memory() -> None:
    import torch

    gc.collect()  # models hold cycles
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()
