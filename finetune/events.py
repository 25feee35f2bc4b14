"""The event log of a run: one JSON object a line, appended by whoever holds the run.

A line cut short by a kill or a full disk is skipped by readers and closed off by the next writer.
Knows nothing of models. Event types: started, step, evaluated, checkpoint, warning, finished,
failed, stopped.
"""

import json
import math
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

EventType = Literal[
    "started", "step", "evaluated", "checkpoint", "warning", "finished", "failed", "stopped"
]
FINAL: tuple[EventType, ...] = ("finished", "failed", "stopped")
Stage = Literal["preparing", "training", "evaluating", "ended"]


@dataclass(frozen=True)
class Event:
    """Something that happened in a run: `time` in seconds since 1970, `fields` JSON values."""

    type: EventType
    time: float
    fields: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {"type": self.type, "time": self.time, **self.fields}


@dataclass(frozen=True)
class Progress:
    """Where a run stands; what is not known yet is None.

    `eta_seconds` covers the training steps that remain, not the evaluation after them.
    """

    stage: Stage
    step: int = 0
    total_steps: int | None = None
    epoch: float | None = None
    loss: float | None = None
    learning_rate: float | None = None
    tokens_per_second: float | None = None
    eta_seconds: float | None = None
    metrics: Mapping[str, Any] | None = None


def finite(value: Any) -> Any:
    """`value` with NaN and infinity, which JSON does not have, turned into None."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


def append(path: Path, kind: EventType, fields: Mapping[str, Any]) -> Event:
    """Write one event at the end of the log; a final one reaches the disk before this returns."""
    event = Event(kind, round(time.time(), 3), finite(dict(fields)))
    line = json.dumps(event.to_dict(), ensure_ascii=False, allow_nan=False).encode() + b"\n"
    with path.open("a+b") as log:
        if log.seek(0, os.SEEK_END):
            log.seek(-1, os.SEEK_END)
            if log.read(1) != b"\n":
                line = b"\n" + line
        log.write(line)
        log.flush()
        if kind in FINAL:
            os.fsync(log.fileno())
    return event


def read(path: Path) -> list[Event]:
    """Every whole event of the log, oldest first; a missing log is an empty one."""
    if not path.exists():
        return []
    return [event for line in path.read_bytes().split(b"\n") if (event := _parsed(line))]


def last(path: Path, block: int = 16_384) -> Event | None:
    """The newest whole event, looked for from the end of the log, `block` bytes at first."""
    if not path.exists():
        return None
    with path.open("rb") as log:
        size = log.seek(0, os.SEEK_END)
        while True:
            start = max(0, size - block)
            log.seek(start)
            lines = log.read(size - start).split(b"\n")
            whole = lines[1:] if start else lines  # the first is cut, unless the log begins here
            found = next((event for line in reversed(whole) if (event := _parsed(line))), None)
            if found or not start:
                return found
            block *= 8


def _parsed(line: bytes) -> Event | None:
    try:
        record = json.loads(line)
    except ValueError:  # empty, or cut short when its writer was killed
        return None
    if not isinstance(record, dict) or "type" not in record or "time" not in record:
        return None
    return Event(record.pop("type"), record.pop("time"), record)


def progress(events: Sequence[Event], running: bool, now: float) -> Progress:
    """Where the run stands according to its events.

    Args:
        running: whether a worker lives; without one there is no ETA.
        now: seconds since 1970.
    """
    total = _total(since_start(events))
    steps = [event for event in events if event.type == "step"]
    last = steps[-1].fields if steps else {}
    step = int(last.get("step", 0))
    return Progress(
        stage=_stage(events, step, total),
        step=step,
        total_steps=total,
        epoch=last.get("epoch"),
        loss=last.get("loss"),
        learning_rate=last.get("learning_rate"),
        tokens_per_second=last.get("tokens_per_second"),
        eta_seconds=time_left(events, now) if running else None,
        metrics=next((e.fields for e in reversed(events) if e.type == "evaluated"), None),
    )


def _stage(events: Sequence[Event], step: int, total: int | None) -> Stage:
    if events and events[-1].type in FINAL:
        return "ended"
    if not step:
        return "preparing"
    return "evaluating" if total is not None and step >= total else "training"


def since_start(events: Sequence[Event]) -> Sequence[Event]:
    """What happened since a worker last began to train; everything before the first time."""
    return events[
        max((i for i, event in enumerate(events) if event.type == "started"), default=0) :
    ]


def time_left(events: Sequence[Event], now: float, comparing: float = 0.0) -> float | None:
    """Seconds for the remaining steps at the pace of the last thirty logged ones; None before
    there is a pace.

    Args:
        comparing: what comes after the steps, as a share of all of them.
    """
    latest = since_start(events)
    total, steps = _total(latest), [event for event in latest if event.type == "step"][-30:]
    if total is None or len(steps) < 2:
        return None
    first, last = steps[0], steps[-1]
    done = last.fields["step"] - first.fields["step"]
    if done <= 0:
        return None
    pace = (last.time - first.time) / done
    left = total - last.fields["step"] + comparing * total
    return max(0.0, left * pace - (now - last.time))


def _total(latest: Sequence[Event]) -> int | None:
    return next((e.fields.get("total_steps") for e in latest if e.type == "started"), None)
