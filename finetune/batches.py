"""Which rows a batch holds, and how they are padded. Knows tokens; nothing of runs."""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch.nn import functional
from torch.utils.data import Sampler
from transformers import DataCollatorForSeq2Seq, DataCollatorWithPadding

from finetune.encode import IGNORE


class GroupedByLength(Sampler[int]):
    """Every row once an epoch, rows of like length side by side: most padding is saved.

    Rows are shuffled, sorted by length within stretches of up to 50 batches, and the batches
    shuffled. The order depends on seed and epoch alone, so a resumed run meets the same batches;
    the Trainer's own grouping draws from a random state that differs after a resume. `batch` is
    the rows of a whole step, so that a step read in smaller parts still has the same rows.
    """

    def __init__(
        self, lengths: Sequence[int], batch: int, seed: int, epoch: Callable[[], int]
    ) -> None:
        self.lengths, self.batch, self.seed, self.epoch = lengths, batch, seed, epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        chance = random.Random(f"{self.seed} {self.epoch()}")
        order = list(range(len(self.lengths)))
        chance.shuffle(order)
        stretch = self.batch * max(1, min(50, len(order) // (4 * self.batch)))
        batches = []
        for start in range(0, len(order), stretch):
            alike = sorted(order[start : start + stretch], key=lambda row: self.lengths[row])
            batches += [alike[at : at + self.batch] for at in range(0, len(alike), self.batch)]
        whole = [rows for rows in batches if len(rows) == self.batch]
        chance.shuffle(whole)
        yield from (row for rows in whole for row in rows)
        yield from (row for rows in batches if len(rows) < self.batch for row in rows)


def collator(
    tokenizer: Any, model: Any, task: str
) -> DataCollatorForSeq2Seq | DataCollatorWithPadding:
    """Pads a batch to its longest row on the right, labels with IGNORE."""
    tokenizer.padding_side = "right"
    if task == "classification":
        return DataCollatorWithPadding(tokenizer)
    # An encoder-decoder makes its decoder's input from labels, which the loss takes for itself.
    shifts = model if task == "summarization" else None
    return DataCollatorForSeq2Seq(tokenizer, model=shifts, label_pad_token_id=IGNORE)


def next_tokens(labels: torch.Tensor) -> torch.Tensor:
    """What a model that writes is to predict at each place: the next label; after the last, none.

    labels: [rows, tokens], and so is what is returned.
    """
    return functional.pad(labels[:, 1:], (0, 1), value=IGNORE)
