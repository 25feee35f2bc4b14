"""Texts -> the probability of every label."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing

import torch

from inference import accelerator
from inference.errors import DeadlinePassed
from inference.generation import set_threads
from inference.pool import Choice, Loaded, shared
from inference.records import Scores
from inference.texts import check_text

__all__ = ["Choice", "Scores", "check_text", "classify"]

# One window is sorted by length, scored in batches and given out in order: so batches waste
# little padding, and a long file still shows its first rows soon.
WINDOW = 256
BATCH = 32
SECONDS = 30  # of a ZeroGPU call: one window, and a model to load


def classify(
    texts: Sequence[str],
    choice: Choice,
    deadline_seconds: float,
    labels: tuple[str, ...] = (),
) -> Iterator[Scores]:
    """Score each text, in the order given.

    Texts longer than the model reads are cut at its limit. The class names are, first found:
    an adapter's own, `labels` (a catalogue model's, in the order of its outputs), the model's
    config. The deadline holds for each 256 texts.

    Raises:
        DeadlinePassed, ModelDoesNotFit, ModelBroken, WrongModelForTask, AdapterRefused,
        OutOfMemory
    """
    for start in range(0, len(texts), WINDOW):
        window = list(texts[start : start + WINDOW])
        found: dict[int, Scores] = {}
        with closing(_scored(window, choice, deadline_seconds, labels)) as batches:
            for batch in batches:
                found.update(batch)
        for place in range(len(window)):
            yield found[place]


@accelerator.gpu(duration=SECONDS)
def _scored(
    texts: Sequence[str], choice: Choice, deadline_seconds: float, labels: tuple[str, ...]
) -> Iterator[dict[int, Scores]]:
    """Batches of place -> scores, the longest texts first."""
    with shared().borrow(choice, "classification") as loaded:
        names = _names(loaded, labels)
        started = time.monotonic()
        limit = accelerator.time_limit(deadline_seconds, SECONDS)
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]), reverse=True)
        for start in range(0, len(order), BATCH):
            if time.monotonic() - started > limit:
                raise DeadlinePassed(seconds=round(deadline_seconds))
            places = order[start : start + BATCH]
            rows = _probabilities(loaded, [texts[place] for place in places])
            yield {
                place: _record(texts[place], names, row)
                for place, row in zip(places, rows, strict=True)
            }


@torch.inference_mode()
def _probabilities(loaded: Loaded, texts: list[str]) -> list[list[float]]:
    """[len(texts), labels], each row summing to 1."""
    set_threads(loaded.model)  # a generator may be resumed by another thread each time
    limit = min(loaded.tokenizer.model_max_length, loaded.model.config.max_position_embeddings)
    with loaded.lock:
        inputs = loaded.tokenizer(
            texts,
            split_special_tokens=True,  # "[SEP]" in a text is five characters
            padding=True,
            truncation=True,
            max_length=limit,
            return_tensors="pt",
        )
    logits = loaded.model(**inputs.to(loaded.device)).logits
    return logits.double().softmax(dim=-1).tolist()  # double, so that they sum to 1 in print


def _names(loaded: Loaded, labels: tuple[str, ...]) -> tuple[str, ...]:
    config = loaded.model.config
    names = loaded.labels or labels
    if len(names) == config.num_labels:
        return names
    return tuple(str(config.id2label[number]) for number in range(config.num_labels))


def _record(text: str, names: tuple[str, ...], row: list[float]) -> Scores:
    probabilities = dict(zip(names, row, strict=True))
    return Scores(text, max(probabilities, key=probabilities.__getitem__), probabilities)
