"""Texts -> the probability of every label."""

import itertools
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from typing import NamedTuple

import torch
from tokenizers import Encoding

from inference import accelerator
from inference.errors import DeadlinePassed
from inference.generation import set_threads
from inference.pool import Choice, Loaded, shared
from inference.records import Scores
from inference.texts import check_text

__all__ = ["Choice", "Scores", "check_text", "classify"]

WINDOW = 256  # rows among which those of a like length are looked for
# Of a batch, padding included (`python -m tests.measure_sentiment` compares): a CPU is slower with
# more, and shows its first rows later; a GPU is idle with fewer.
TOKENS = {"cpu": 512, "mps": 8_192, "cuda": 16_384}
SECONDS = 30  # of a ZeroGPU call: a slice, and a model to load
SLICE = 10  # seconds of computing, after which others have their turn
SLICE_ROWS = 2_048  # which travel to a ZeroGPU worker at a time


class Row(NamedTuple):
    """A text as the model reads it; sorts by length."""

    length: int
    place: int
    ids: list[int]


def classify(
    texts: Sequence[str],
    choice: Choice,
    deadline_seconds: float,
    labels: tuple[str, ...] = (),
) -> Generator[Scores, None, None]:
    """Score each text, in the order given.

    Texts longer than the model reads are cut at its limit. The class names are, first found:
    an adapter's own, `labels` (a catalogue model's, in the order of its outputs), the model's
    config. Every batch brings the text on which the order waits: the first scores come soon, and
    few are held back. Closing it stops after the batch at work.

    Raises:
        DeadlinePassed, ModelDoesNotFit, ModelBroken, WrongModelForTask, AdapterRefused,
        OutOfMemory
    """
    found: dict[int, Scores] = {}  # scored, and one before them not yet
    given = 0
    while given < len(texts):
        ahead = range(given, min(given + SLICE_ROWS, len(texts)))
        rest = {place: texts[place] for place in ahead if place not in found}
        with closing(_scored(rest, choice, deadline_seconds, labels)) as batches:
            for batch in batches:
                found.update(batch)
                while given in found:
                    yield found.pop(given)
                    given += 1


@accelerator.gpu(duration=SECONDS)
def _scored(
    texts: Mapping[int, str], choice: Choice, deadline_seconds: float, labels: tuple[str, ...]
) -> Iterator[dict[int, Scores]]:
    """Batches of place -> scores, until all are scored or the slice is over."""
    with shared().borrow(choice, "classification") as loaded:
        names = names_of(loaded, labels)
        started = time.monotonic()
        limit = accelerator.time_limit(min(deadline_seconds, SLICE), SECONDS)
        begun = False
        for batch in _batches(texts, lambda some: encoded(loaded, some), TOKENS[loaded.device]):
            if time.monotonic() - started > limit:
                if not begun:
                    raise DeadlinePassed(seconds=round(deadline_seconds))
                return
            begun = True
            shares = probabilities(loaded, [row.ids for row in batch])
            yield {
                row.place: record_of(texts[row.place], names, share)
                for row, share in zip(batch, shares, strict=True)
            }


def _batches(
    texts: Mapping[int, str], encode: Callable[[list[str]], list[Encoding]], tokens: int
) -> Iterator[list[Row]]:
    """Rows of a like length, at most `tokens` of them with the padding: the first text that waits,
    and of the `WINDOW` read ahead those nearest to it."""
    coming = iter(texts)
    waiting: list[Row] = []
    while True:
        if len(waiting) <= WINDOW // 2:
            read = list(itertools.islice(coming, WINDOW - len(waiting)))
            rows = [encoding.ids for encoding in encode([texts[place] for place in read])]
            waiting += [Row(len(ids), place, ids) for place, ids in zip(read, rows, strict=True)]
            waiting.sort()
        if not waiting:
            return
        low, high = _around(waiting, tokens)
        yield waiting[low:high]
        del waiting[low:high]


def _around(waiting: Sequence[Row], tokens: int) -> tuple[int, int]:
    """The first and last index, exclusive, of a batch out of rows sorted by length."""
    low = min(range(len(waiting)), key=lambda index: waiting[index].place)
    own = waiting[low].length
    high = low + 1
    while high - low < len(waiting):
        shorter = own - waiting[low - 1].length if low else None
        longer = waiting[high].length - own if high < len(waiting) else None
        down = longer is None or (shorter is not None and shorter <= longer)
        longest = waiting[high - 1 if down else high].length
        if longest * (high - low + 1) > tokens:
            break
        low, high = (low - 1, high) if down else (low, high + 1)
    return low, high


def encoded(loaded: Loaded, texts: list[str]) -> list[Encoding]:
    """The tokens of each text, as far as the model reads; what it does not is `overflowing`."""
    if not texts:
        return []
    with loaded.lock:
        inputs = loaded.tokenizer(
            texts,
            split_special_tokens=True,  # "[SEP]" in a text is five characters
            truncation=True,
            max_length=tokens_read(loaded),
        )
    return inputs.encodings


def tokens_read(loaded: Loaded) -> int:
    """The most tokens the model reads, those around the text included."""
    return min(loaded.tokenizer.model_max_length, loaded.model.config.max_position_embeddings)


@torch.inference_mode()
def probabilities(loaded: Loaded, rows: Sequence[list[int]]) -> list[list[float]]:
    """Of each row of token ids the probability of every label, summing to 1."""
    set_threads(loaded.model)  # a generator may be resumed by another thread each time
    longest = max(map(len, rows))
    fill = loaded.tokenizer.pad_token_id
    ids = torch.tensor([[*row, *[fill] * (longest - len(row))] for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    mask = (torch.arange(longest) < lengths[:, None]).long()
    read = {"input_ids": ids.to(loaded.device), "attention_mask": mask.to(loaded.device)}
    logits = loaded.model(**read).logits
    # Double, which not every GPU has, so that they sum to 1 in print.
    return logits.float().cpu().double().softmax(dim=-1).tolist()


def names_of(loaded: Loaded, labels: tuple[str, ...]) -> tuple[str, ...]:
    """The class names in the order of the outputs, as `classify` says."""
    config = loaded.model.config
    names = loaded.labels or labels
    if len(names) == config.num_labels:
        return names
    return tuple(str(config.id2label[number]) for number in range(config.num_labels))


def record_of(text: str, names: tuple[str, ...], row: list[float]) -> Scores:
    """`row` holds a probability for each of `names`."""
    probabilities = dict(zip(names, row, strict=True))
    return Scores(text, max(probabilities, key=probabilities.__getitem__), probabilities)
