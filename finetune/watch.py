"""What the losses so far say: which check was best, whether to go on, what looks wrong.

Reads the Trainer's `log_history`, which its checkpoints carry: a resumed run comes to the same
conclusions as an undisturbed one. Numbers only.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import fmean
from typing import Any

History = Sequence[Mapping[str, Any]]

LEAST_STEPS = 20  # logged, before anything is said about the training loss
STILL = 0.01  # a loss that changed by a smaller share did not move
LEARNT = 0.05  # nats; a loss below has nowhere to move
RISES = 2  # checks in a row with a rising held-out loss


def checks(history: History) -> list[tuple[int, float]]:
    """(step, held-out loss) of every check, oldest first."""
    return [(entry["step"], entry["eval_loss"]) for entry in history if "eval_loss" in entry]


def best(history: History) -> tuple[int, float] | None:
    """The first check with the lowest held-out loss."""
    return min(checks(history), key=lambda check: check[1], default=None)


def out_of_patience(history: History, patience: int) -> bool:
    """Whether the last `patience` checks brought nothing better; 0 is endless patience."""
    found = best(history)
    return bool(
        patience and found and sum(step > found[0] for step, _ in checks(history)) >= patience
    )


def stuck(history: History, total_steps: int) -> bool:
    """Whether half of the training went by without the loss moving."""
    losses = [(entry["step"], entry["loss"]) for entry in history if "loss" in entry]
    if len(losses) < LEAST_STEPS or losses[-1][0] < total_steps / 2:
        return False
    quarter = len(losses) // 4
    before = fmean(loss for _, loss in losses[:quarter])
    now = fmean(loss for _, loss in losses[-quarter:])
    return now > LEARNT and abs(now - before) < STILL * abs(before)


def overfitting(history: History) -> bool:
    """Whether the held-out loss has risen `RISES` times in a row while the training loss fell."""
    last = checks(history)[-RISES - 1 :]
    if len(last) <= RISES or any(later[1] <= sooner[1] for sooner, later in pairwise(last)):
        return False
    windows = [
        [e["loss"] for e in history if "loss" in e and sooner[0] < e["step"] <= later[0]]
        for sooner, later in pairwise(last)
    ]
    return all(windows) and fmean(windows[-1]) < fmean(windows[0])
