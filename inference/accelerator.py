"""One accelerator for all heavy work, and the only module that imports `spaces`.

On a ZeroGPU Space a function decorated with `gpu` runs in a forked worker that owns a GPU for
some seconds. Everywhere else it runs here, in one of a few slots handed out first come, first
served. Decorated functions are module-level, take and give picklable values, and never call
one another (a slot is not given twice to the same caller).
Chat alone takes no slot here: its `decoder` writes all replies of a model in one thread.

ZeroGPU: https://huggingface.co/docs/hub/spaces-zerogpu
"""

import functools
import inspect
import os
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Literal, ParamSpec, TypeVar

from inference import hardware
from inference.errors import (
    AcceleratorBusy,
    AcceleratorFailed,
    CallTooLong,
    ConfigurationRefused,
    LabError,
    OutOfMemory,
    QuotaExceeded,
)

try:  # before anything imports torch, so that ZeroGPU can patch it
    import spaces
except ImportError:
    spaces = None

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
Duration = int | Callable[..., int]

# Read here because functions are decorated while modules are imported; it never changes.
ZERO_GPU: bool = spaces is not None and hardware.zero_gpu()
SLOTS = 2
# What the worker needs for itself at both ends of a call: starting, moving weights, returning.
ZERO_GPU_MARGIN = 10

# Titles of the platform's own errors (the `spaces` package, zero/client.py and zero/wrappers.py).
_TITLES: dict[str, type[LabError]] = {
    "ZeroGPU quota exceeded": QuotaExceeded,
    "ZeroGPU pending credits exceeded": QuotaExceeded,
    "ZeroGPU illegal duration": CallTooLong,
    "ZeroGPU queue timeout": AcceleratorBusy,
    "ZeroGPU client error": AcceleratorFailed,
    "ZeroGPU worker error": AcceleratorFailed,
}

_WAIT = re.compile(r"Try again in (?:(\d+) days?, )?(\d+):(\d\d):(\d\d)")
_call = threading.local()  # when the call of this worker began


class Slots:
    """`count` places, given in the order they were asked for.

    A place belongs to no thread: a generator that holds one may be resumed by another thread.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def held(self) -> Iterator[None]:
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            try:
                self._changed.wait_for(lambda: self._free > 0 and self._waiting[0] is ticket)
                self._free -= 1
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()

    def waiting(self) -> int:
        """How many callers stand in the queue now."""
        with self._changed:
            return len(self._waiting)


@functools.cache
def slots() -> Slots:
    """The slots of this process: `LAB_CONCURRENCY` of them, 2 unless set.

    Two, so that a short request need not wait for a long one; more would only divide the same
    cores and memory bandwidth.
    """
    return Slots(concurrency())


def concurrency(environ: Mapping[str, str] = os.environ) -> int:
    """Raises ConfigurationRefused: `LAB_CONCURRENCY` is not a positive whole number."""
    text = environ.get("LAB_CONCURRENCY", str(SLOTS))
    if not text.isdecimal() or int(text) == 0:
        raise ConfigurationRefused(
            name="LAB_CONCURRENCY", value=text, reason="it must be a positive whole number"
        )
    return int(text)


def gpu(
    duration: Duration = 60,
) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """Decorate a function or generator function that computes with a model.

    `duration` is what a ZeroGPU call asks for, in seconds: a number, or a function of the
    call's arguments. A slot or worker is given back when the function returns, raises, or its
    generator is closed. Expected errors come out as the LabErrors they are, in either place;
    running out of memory comes out as OutOfMemory.
    """

    def decorate(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        return _on_zero_gpu(function, duration) if ZERO_GPU else _in_slot(function)

    return decorate


def time_limit(seconds: float, duration: int = 60) -> float:
    """The deadline from now on that a decorated function should keep: on ZeroGPU what is left of
    its call's duration, part of which loading a model may have taken."""
    if not ZERO_GPU:
        return seconds
    now = time.monotonic()
    spent = now - getattr(_call, "began", now)
    return min(seconds, max(0.0, duration - ZERO_GPU_MARGIN - spent))


def wait_told(error: LabError) -> float | None:
    """Seconds until the quota is there again, as the platform's sentence has it; None without.

    Source: the `spaces` package, zero/client.py ("Try again in 1:02:03.").
    """
    told = _WAIT.search(str(error.values.get("detail", "")))
    if told is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in told.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)


def device() -> Literal["cuda", "mps", "cpu"]:
    """What torch computes on; meaningful only inside a decorated function."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


@dataclass(frozen=True)
class _Refusal:
    """An expected error on its way out of a worker: ZeroGPU keeps only the name of a raised one."""

    error: LabError


def _in_slot(function: Callable[..., Any]) -> Callable[..., Any]:
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def iterate(*args: Any, **kwargs: Any) -> Iterator[Any]:
            with slots().held(), naming_memory_errors():
                yield from function(*args, **kwargs)

        return iterate

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with slots().held(), naming_memory_errors():
            return function(*args, **kwargs)

    return call


def _on_zero_gpu(function: Callable[..., Any], duration: Duration) -> Callable[..., Any]:
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def iterate_inside(*args: Any, **kwargs: Any) -> Iterator[Any]:
            try:
                with _timed(), naming_memory_errors():
                    yield from function(*args, **kwargs)
            except LabError as error:
                yield _Refusal(error)

        remote_iterate = spaces.GPU(duration=duration)(iterate_inside)

        @functools.wraps(function)
        def iterate(*args: Any, **kwargs: Any) -> Iterator[Any]:
            with _naming_platform_errors(), closing(remote_iterate(*args, **kwargs)) as items:
                for item in items:
                    yield _unwrapped(item)

        return iterate

    @functools.wraps(function)
    def call_inside(*args: Any, **kwargs: Any) -> Any:
        try:
            with _timed(), naming_memory_errors():
                return function(*args, **kwargs)
        except LabError as error:
            return _Refusal(error)

    remote_call = spaces.GPU(duration=duration)(call_inside)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with _naming_platform_errors():
            return _unwrapped(remote_call(*args, **kwargs))

    return call


def _unwrapped(item: Any) -> Any:
    if isinstance(item, _Refusal):
        raise item.error
    return item


def out_of_memory(error: BaseException) -> bool:
    """Whether this is how Python, a GPU or the CPU's allocator say that memory ran out."""
    # torch.OutOfMemoryError is a RuntimeError; its CPU allocator raises a plain one.
    if isinstance(error, MemoryError | OutOfMemory) or type(error).__name__ == "OutOfMemoryError":
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and (
        "can't allocate memory" in text or "out of memory" in text
    )


@contextmanager
def _timed() -> Iterator[None]:
    """A worker runs a call in one thread from its first moment to its last."""
    _call.began = time.monotonic()
    try:
        yield
    finally:
        vars(_call).pop("began", None)  # a reader who left has it closed by another thread


@contextmanager
def naming_memory_errors() -> Iterator[None]:
    """What `out_of_memory` knows is raised as OutOfMemory."""
    try:
        yield
    except LabError:
        raise
    except (MemoryError, RuntimeError) as error:
        if out_of_memory(error):
            raise OutOfMemory() from error
        raise


@contextmanager
def _naming_platform_errors() -> Iterator[None]:
    try:
        yield
    except LabError:
        raise
    except Exception as error:
        # A gr.Error, known by its title: this floor does not know gradio.
        kind = _TITLES.get(getattr(error, "title", ""))
        if kind is None:
            raise
        raise kind(detail=str(getattr(error, "message", error))) from error
