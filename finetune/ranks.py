"""One run trained by several processes, as `torchrun` and `accelerate launch` start them.

Rank 0 alone writes; the others compute along. Without a launcher there is one process and
nothing here does anything.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from finetune.events import Event, EventType
from finetune.run import Run


def world() -> int:
    """How many processes train together."""
    return int(os.environ.get("WORLD_SIZE") or 1)


def leads() -> bool:
    """Whether this process is the one that writes."""
    return world() == 1 or int(os.environ.get("RANK") or 0) == 0


def meet() -> None:
    """Wait here for every process.

    By a sum that needs all of them: the barrier of gloo lets a process pass that came first
    (torch 2.13 on a CPU).
    """
    any_of(False)


def part() -> None:
    """Training is over: from here on every process is on its own and may end when it likes."""
    if world() > 1:
        import torch

        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


def leave(status: int) -> None:
    """End this process, where several train, with everything written.

    At once: threads of the collective library may outlive their group, and abort a process that
    ends in order (“terminate called without an active exception”).
    """
    if world() > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


@contextmanager
def leader_first() -> Iterator[None]:
    """What is inside is done by rank 0 before the others begin with it."""
    if not leads():
        meet()
    yield
    if leads():
        meet()


def any_of(flag: bool) -> bool:
    """Whether `flag` is True in some process; the same answer in all of them."""
    if world() == 1:
        return flag
    import torch
    from accelerate import PartialState

    told = torch.tensor([float(flag)], device=PartialState().device)
    torch.distributed.all_reduce(told, torch.distributed.ReduceOp.MAX)
    return bool(told.item())


class Follower(Run):
    """The run as every process but the first sees it: read, never written."""

    def append(self, kind: EventType, **fields: Any) -> Event:
        return Event(kind, round(time.time(), 3), fields)

    def record(self, **ran: Any) -> None:
        pass

    @contextmanager
    def lock(self) -> Iterator[None]:
        yield
