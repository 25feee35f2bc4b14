"""A run that ended too early -> the one thing to do next. Pure.

What a failure means is told by `failure_sentence`; here is the button below it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

SHORTEST = 16  # tokens a row, and
MOST_TIMES = 1_024  # batches a step: the recipe's own bounds
SLOWER = 3  # the part of the learning rate that is taken after it blew up


@dataclass(frozen=True)
class NextStep:
    """`key` names the button. "resume" goes on with the run; "again" begins a new one on its rows,
    with `changes` to its settings."""

    key: str
    verb: Literal["resume", "again"] = "resume"
    changes: Mapping[str, Any] = field(default_factory=dict)


def next_step(
    status: str, events: Sequence[Mapping[str, Any]], recipe: Mapping[str, Any]
) -> NextStep | None:
    """What the card of a failed run offers; None for a run that needs nothing."""
    if status == "interrupted":
        return NextStep("next_resume")
    last = events[-1] if events else {}
    reason = str(last.get("reason", ""))
    if status == "stopped" and reason == "quota":
        return NextStep("next_continue")
    if status != "failed":
        return None
    if reason == "training_too_large":
        return NextStep("next_shorter", "again", _shorter(recipe, last.get("values", {})))
    if reason == "out_of_memory":
        key = "next_half" if recipe["per_device_train_batch_size"] > 1 else "next_shorter"
        return NextStep(key, "again", _half(recipe))
    if reason == "not_finite":
        rate = float(f"{recipe['learning_rate'] / SLOWER:.2g}")
        return NextStep("next_slower", "again", {"learning_rate": rate})
    if reason == "base_changed":
        return NextStep("next_again", "again")
    return NextStep("next_resume")


def _half(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Half the rows at a time, as many a step; of one row, half its length."""
    rows, times = recipe["per_device_train_batch_size"], recipe["gradient_accumulation_steps"]
    if rows == 1:
        return _shorter(recipe, {})
    return {
        "per_device_train_batch_size": rows // 2,
        "gradient_accumulation_steps": min(MOST_TIMES, times * 2),
    }


def _shorter(recipe: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """One row at a time, as many a step, of half the length that was still too much.

    A run that ran out of memory in training has come down to one row by itself: fewer rows at a
    time would fail in the same way.
    """
    rows, times = recipe["per_device_train_batch_size"], recipe["gradient_accumulation_steps"]
    tokens = str(values.get("tokens", ""))
    length = int(tokens) if tokens.isdecimal() else recipe["max_length"]
    return {
        "per_device_train_batch_size": 1,
        "gradient_accumulation_steps": min(MOST_TIMES, rows * times),
        "activation_checkpointing": True,
        "max_length": max(SHORTEST, length // 2),
    }
