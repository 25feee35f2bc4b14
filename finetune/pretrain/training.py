"""What the three builders share: the loop, and writing a model's folder in one step."""

import math
import random
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

BUILTIN = Path(__file__).parents[2] / "inference" / "builtin"
THREADS = 1  # more would split sums differently; one is also fastest beside other work

Batch = dict[str, torch.Tensor]
Trained = TypeVar("Trained", bound=torch.nn.Module)


def start(seed: int, threads: int = THREADS) -> random.Random:
    """Seed torch, fix its threads; the generator that draws everything else."""
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    return random.Random(seed)


def own_loss(model: PreTrainedModel, batch: Batch) -> torch.Tensor:
    """The loss the model computes from its labels."""
    return model(**batch).loss


def fit(
    model: Trained,
    batches: Iterator[Batch],
    steps: int,
    learning_rate: float,
    *,
    weight_decay: float = 0.01,
    warmup: float = 0.05,
    lowest: float = 0.02,
    loss_of: Callable[[Trained, Batch], torch.Tensor] = own_loss,
    fused: bool = False,
) -> float:
    """Train in place: AdamW, linear warm-up, cosine. Returns seconds taken.

    lowest: share of the learning rate that the cosine ends at.
    fused: one pass over the weights for each step of AdamW.

    Raises:
        RuntimeError: the loss is no longer finite.
    """
    optimizer = torch.optim.AdamW(
        model.parameters(),
        lr=learning_rate,
        betas=(0.9, 0.98),
        weight_decay=weight_decay,
        fused=fused,
    )
    rising = max(1, int(steps * warmup))
    began, mean = time.monotonic(), 0.0
    model.train()
    for step in range(1, steps + 1):
        falling = math.cos(math.pi * max(0, step - rising) / max(1, steps - rising))
        down = lowest + (1 - lowest) * (1 + falling) / 2
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * min(step / rising, 1) * down
        loss = loss_of(model, next(batches))
        if not torch.isfinite(loss):
            raise RuntimeError(f"the loss is {loss.item()} at step {step}")
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        mean = loss.item() if step == 1 else 0.98 * mean + 0.02 * loss.item()
        if step % 100 == 0 or step == steps:
            seconds = time.monotonic() - began
            print(f"step {step}/{steps} loss {mean:.4f} {seconds:.0f} s", file=sys.stderr)
    model.eval()
    return time.monotonic() - began


def save(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Write weights (float16), configuration and tokenizer aside, then swap the folder in.

    A reader sees the old folder or the new one, never half of one. The card is kept.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = folder.with_name(f".{folder.name}.new")
    before = folder.with_name(f".{folder.name}.old")
    for rest in (aside, before):
        shutil.rmtree(rest, ignore_errors=True)
    model.to(torch.float16).save_pretrained(aside)
    tokenizer.save_pretrained(aside)
    for path in aside.iterdir():
        path.chmod(0o644)
    card = folder / "README.md"
    if card.exists():
        shutil.copy2(card, aside / card.name)
    if folder.exists():
        folder.rename(before)
    aside.rename(folder)
    shutil.rmtree(before, ignore_errors=True)


def padded(rows: list[list[Any]], fill: Any) -> torch.Tensor:
    """Rows of numbers, padded on the right to the longest: [rows, longest]."""
    longest = max(map(len, rows))
    return torch.tensor([row + [fill] * (longest - len(row)) for row in rows])
