"""A plan looked at before it starts: what will go wrong with it, and how it could be made to fit.

Says what to change and to what, as `Problem`s of severity "warning"; nothing here stops a run.
Knows numbers only: no torch, no files.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from finetune.estimate import ZERO_GPU_DAY, Estimate, memory_needed
from finetune.presets import Machine, least_steps, usual_rate
from finetune.problems import Problem, problem
from finetune.recipe import SETTINGS, Recipe
from inference.catalog import Architecture
from inference.units import readable_bytes

# Passes after which rows are surely known by heart. A small demo base has to learn its language
# from them too: its own presets go up to a hundred.
MOST_PASSES, MOST_PASSES_TINY = 20, 150
TINY = 20e6  # parameters
FAST, SLOW = 5, 20  # times the usual learning rate, and a part of it
SHORTEST = 64  # tokens a row is cut to at most to make a plan fit
LONGER = 64  # tokens to which a suggested max_length is rounded up
SPREAD = 1.5  # times its average a row is long at most, mostly
ENOUGH_HELD_OUT = 5  # of fewer rows, one lucky answer is more than a fifth of the score
MOST_OF_A_CLASS = 0.9  # of all rows; a model that always names it is right as often


def advice(
    recipe: Recipe,
    estimate: Estimate,
    architecture: Architecture,
    machine: Machine,
    *,
    row_tokens: float,
    available: int,
    longest_seconds: float,
    held_out: int | None = None,
    labels: Sequence[str] = (),
) -> list[Problem]:
    """What is wrong with the plan, the gravest first.

    What the rows themselves lack is told where the table is read: too few, a class with one row.

    Args:
        machine: what will train.
        row_tokens: tokens of a row on average.
        available: bytes of memory for the training.
        longest_seconds: a run may take.
        held_out: rows to check on, where they are counted.
        labels: of all rows, where the task has some.
    """
    return [
        *_too_large(estimate, available, longest_seconds),
        *_learning(recipe, estimate, architecture, machine),
        *_cut(recipe, row_tokens),
        *_checked(recipe, held_out, labels),
    ]


def _too_large(estimate: Estimate, available: int, longest: float) -> Iterator[Problem]:
    if estimate.memory_bytes is not None and estimate.memory_bytes > available:
        needed, free = readable_bytes(estimate.memory_bytes), readable_bytes(available)
        yield problem("plan_too_large", needed=needed, available=free)
    if estimate.seconds is not None and estimate.seconds > longest:
        hours = math.ceil(estimate.seconds / 3_600)
        yield problem("plan_too_long", hours=hours, limit=round(longest / 3_600))


def _learning(
    recipe: Recipe, estimate: Estimate, architecture: Architecture, machine: Machine
) -> Iterator[Problem]:
    parameters = architecture.parameters
    enough = least_steps(recipe.task, parameters, machine)
    if estimate.steps < enough:
        yield problem("plan_too_few_steps", steps=estimate.steps, enough=enough)
    passes = estimate.passes
    most = MOST_PASSES_TINY if parameters <= TINY else MOST_PASSES
    goes_on = recipe.early_stopping_patience == 0 and recipe.keep_adapter == "last"
    if passes > most and goes_on:
        yield problem("plan_overfits", passes=round(passes), most=most)
    rate = usual_rate(recipe.task, parameters, machine)
    if recipe.learning_rate > FAST * rate:
        yield problem("plan_too_fast", rate=f"{recipe.learning_rate:g}", usual=f"{rate:g}")
    elif recipe.learning_rate < rate / SLOW:
        yield problem("plan_too_slow", rate=f"{recipe.learning_rate:g}", usual=f"{rate:g}")


def _cut(recipe: Recipe, row_tokens: float) -> Iterator[Problem]:
    if row_tokens > recipe.max_length:
        longer = _needed_by_most(row_tokens)
        tokens = math.ceil(row_tokens)
        yield problem("plan_cuts_rows", tokens=tokens, length=recipe.max_length, longer=longer)


def _needed_by_most(row_tokens: float) -> int:
    """`max_length` that most rows keep within."""
    return math.ceil(SPREAD * row_tokens / LONGER) * LONGER


def _checked(recipe: Recipe, held_out: int | None, labels: Sequence[str]) -> Iterator[Problem]:
    """What makes the figures after training say little."""
    if held_out is not None and held_out < ENOUGH_HELD_OUT:
        rows = round(ENOUGH_HELD_OUT / recipe.held_out_share)
        yield problem("plan_checks_on_few", held_out=held_out, enough=ENOUGH_HELD_OUT, rows=rows)
    name, most = next(iter(Counter(labels).most_common(1)), ("", 0))
    if len(set(labels)) > 1 and most > MOST_OF_A_CLASS * len(labels):
        percent = int(100 * most / len(labels))
        yield problem("plan_unbalanced", value=name, column="label", percent=percent)


def make_fit(
    recipe: Recipe,
    architecture: Architecture,
    available: int,
    quantisable: bool,
    row_tokens: float | None = None,
) -> dict[str, Any] | None:
    """The settings that make the plan fit into `available` bytes, as few of them as do; None where
    none do. Empty: it fits as it is.

    First what costs no quality: smaller batches, as many rows a step; then time: activations
    computed again; then length that few rows have; then the base in 4 bits, where `quantisable`;
    then the length of all rows.

    Args:
        row_tokens: tokens of a row on average.
    """
    changed: dict[str, Any] = {}

    def fits() -> bool:
        return memory_needed(recipe.model_copy(update=changed), architecture).total <= available

    rows, times = recipe.per_device_train_batch_size, recipe.gradient_accumulation_steps
    while rows > 1 and not fits():
        part = next(n for n in range(rows // 2, 0, -1) if rows % n == 0)
        if times * rows // part > SETTINGS["gradient_accumulation_steps"].high:
            break
        rows, times = part, times * rows // part
        changed |= {"per_device_train_batch_size": rows, "gradient_accumulation_steps": times}
    if not recipe.activation_checkpointing and not fits():
        changed["activation_checkpointing"] = True
    length = min(recipe.max_length, architecture.context)

    def shorten(least: int) -> None:
        nonlocal length
        while length > least and not fits():
            length = max(least, length // 2)
            changed["max_length"] = length

    shorten(length if row_tokens is None else max(SHORTEST, _needed_by_most(row_tokens)))
    splits = recipe.init_lora_weights in ("olora", "pissa")  # these need the base in full
    if quantisable and recipe.quantization == "none" and not splits and not fits():
        changed["quantization"] = "4bit"
    shorten(SHORTEST)
    return changed if fits() else None


def as_json(
    estimate: Estimate,
    found: Sequence[Problem],
    fitting: Mapping[str, Any] | None,
    smaller: str | None = None,
) -> dict[str, Any]:
    """A plan before it starts, as the web API and the command line tell it.

    Args:
        found: as `advice` gives it. fitting: as `make_fit` gives it.
        smaller: id of the largest base that fits, where nothing makes this one fit.
    """
    taken = estimate.gpu_seconds
    days = (
        {who: round(taken / seconds, 2) for who, seconds in ZERO_GPU_DAY.items()} if taken else {}
    )
    return {
        "steps": estimate.steps,
        "rows_per_step": estimate.rows_per_step,
        "passes": round(estimate.passes, 2),
        "memory_bytes": {"training": estimate.memory_bytes, "evaluation": estimate.measuring_bytes},
        "seconds": estimate.seconds,
        "gpu_seconds": taken,
        "gpu_days": days or None,
        "fits": fitting == {},
        "make_fit": dict(fitting) if fitting else None,
        "smaller_base": smaller,
        "problems": [it.to_dict() for it in found],
    }
