"""What a run will take, before it starts: steps exactly, memory by formula. No torch."""

import math
from dataclasses import dataclass

from finetune.recipe import Recipe
from inference import fit, memory
from inference.catalog import Architecture
from inference.memory import Memory

MOST_RECORDS = 2_000  # step events and checkpoints of a run: a curve needs no more


@dataclass(frozen=True)
class Estimate:
    """A run in numbers; `memory_bytes` is None where the base's architecture is not known."""

    steps: int
    rows_per_step: int
    memory_bytes: int | None


def trained_rows(recipe: Recipe, train_rows: int) -> int:
    """Rows of a pass: those of the file and their reworded copies."""
    return train_rows * (1 + recipe.augmented_copies)


def total_steps(recipe: Recipe, rows: int, processes: int = 1) -> int:
    """Optimizer steps of a whole run, as transformers' Trainer counts them.

    Args:
        rows: of a pass, copies included.
        processes: that train together, each with a batch of its own.
    """
    if recipe.max_steps > 0:
        return recipe.max_steps
    batches = math.ceil(rows / (recipe.per_device_train_batch_size * processes))
    each = max(1, math.ceil(batches / recipe.gradient_accumulation_steps))
    return max(1, math.ceil(recipe.num_train_epochs * each))


def spacing(chosen: int, steps: int) -> int:
    """Steps between two records: what was chosen, or more where that makes too many of them."""
    return max(chosen, math.ceil(steps / MOST_RECORDS))


def memory_needed(recipe: Recipe, architecture: Architecture) -> Memory:
    """To train on the largest batch the recipe allows; shorter rows need less."""
    return memory.to_train(
        architecture,
        fit.training_format(),
        rows=recipe.per_device_train_batch_size,
        length=recipe.max_length,
        rank=recipe.r,
    )


def estimate(recipe: Recipe, train_rows: int, memory_bytes: int | None = None) -> Estimate:
    """The plan in numbers.

    Args:
        memory_bytes: the total of `memory_needed` of the recipe on its base.
    """
    return Estimate(
        steps=total_steps(recipe, trained_rows(recipe, train_rows)),
        rows_per_step=recipe.per_device_train_batch_size * recipe.gradient_accumulation_steps,
        memory_bytes=memory_bytes,
    )
