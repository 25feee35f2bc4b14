"""What a step asks of the memory, and how to ask for less when it was too much."""

from dataclasses import dataclass, replace
from typing import Self

import torch

from finetune.recipe import Recipe

SHORTEST = 16  # tokens: as the recipe's own bound


@dataclass(frozen=True)
class Load:
    """How a step is worked off. The rows of a step stay the same, whatever is made smaller."""

    batch: int  # rows at a time
    accumulation: int  # batches a step
    activation_checkpointing: bool
    max_length: int  # tokens

    @classmethod
    def of(cls, recipe: Recipe) -> Self:
        return cls(
            recipe.per_device_train_batch_size,
            recipe.gradient_accumulation_steps,
            recipe.activation_checkpointing,
            recipe.max_length,
        )

    def lighter(self, may_shorten: bool) -> Self | None:
        """Half the batch and twice the accumulation; at one row activation checkpointing, then,
        where allowed, half the length; None when nothing is left to give up."""
        if self.batch > 1:
            # An odd batch is cut to its largest part that divides it.
            part = next(n for n in range(self.batch // 2, 0, -1) if self.batch % n == 0)
            return replace(self, batch=part, accumulation=self.accumulation * self.batch // part)
        if not self.activation_checkpointing:
            return replace(self, activation_checkpointing=True)
        if may_shorten and self.max_length > SHORTEST:
            return replace(self, max_length=max(SHORTEST, self.max_length // 2))
        return None


def clear() -> None:
    """Give back what the failed step still held."""
    import gc

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
