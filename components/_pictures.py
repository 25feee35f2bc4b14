"""Pictures of a visitor's data: its labels, its lengths, and what the model sees of it. No Gradio.

Tokens are those of the base model's own tokenizer where the base is here, else of the demo's.
"""

import functools
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from components._plans import Reading, uploaded
from components._services import Services
from finetune.dataset import build
from finetune.encode import encode, view
from finetune.problems import Problem
from finetune.statistics import row_lengths
from finetune.tables import read_table
from inference import hub
from inference.catalog import Model, Task
from inference.limits import Limits

# A fast tokenizer changes itself while it reads, and serves all visitors.
_reading = threading.Lock()
SAMPLE_ROWS = 500  # whose tokens are counted
SHOWN_TOKENS = 1_000  # of the example the visitor looks at
MOST_LABELS = 12
BARS = 20


@dataclass(frozen=True)
class Sample:
    """Rows evenly over the whole, how many there are in all, how often each label occurs, and what
    is wrong with the file and with these columns of it."""

    rows: Sequence[Mapping[str, Any]]
    total: int
    labels: Mapping[str, int]
    problems: Sequence[Problem]


@dataclass(frozen=True)
class Lengths:
    """`bars`: (from, to, rows) in tokens; `cut` is the share of rows longer than `max_length`."""

    bars: Sequence[tuple[int, int, int]]
    longest: int
    cut: float
    max_length: int
    tokens_of: str  # the id of the model whose tokens these are


def sample(
    services: Services, path: object, reading: Reading, task: Task, mapping: Mapping[str, str]
) -> Sample:
    """Raises UploadMissing, TableRefused."""
    file = uploaded(services, path)
    columns = tuple(sorted(mapping.items()))
    return _sampled(file, file.stat().st_mtime_ns, services.limits, reading, task, columns)


@functools.lru_cache(maxsize=8)  # a visitor turns over the examples of one file
def _sampled(
    file: Path,
    written: int,
    limits: Limits,
    reading: Reading,
    task: Task,
    columns: tuple[tuple[str, str], ...],
) -> Sample:
    table = read_table(file, limits, **asdict(reading))
    usable = build(table, task, dict(columns))
    rows, problems = usable.rows, [*table.problems, *usable.problems]
    step = max(1, len(rows) // SAMPLE_ROWS)
    labels = Counter(row["label"] for row in rows) if task == "classification" else Counter()
    return Sample(rows[::step], len(rows), labels, problems)


def balance(labels: Mapping[str, int], others: str) -> list[tuple[str, int]]:
    """(label, rows), the most frequent first; what is rare is put together under `others`."""
    ordered = Counter(labels).most_common()
    shown, rest = ordered[:MOST_LABELS], ordered[MOST_LABELS:]
    return [*shown, *([(others, sum(count for _, count in rest))] if rest else [])]


def lengths(services: Services, found: Sample, task: Task, base: str, max_length: int) -> Lengths:
    """Raises ModelUnknown, ModelBroken."""
    model = read_with(services, task, base)
    with _reading:
        counted = row_lengths(found.rows, task, _tokenizer(hub.locate(model)))
    longest, shortest = max(counted, default=0), min(counted, default=0)
    width = max(1, -(-(longest - shortest + 1) // BARS))
    of = Counter((tokens - shortest) // width for tokens in counted)
    starts = [shortest + n * width for n in range(max(of, default=-1) + 1)]
    bars = [(start, start + width - 1, of[n]) for n, start in enumerate(starts)]
    cut = sum(tokens > max_length for tokens in counted) / max(1, len(counted))
    return Lengths(bars, longest, cut, max_length, model.id)


def seen(
    services: Services, found: Sample, task: Task, base: str, number: int, max_length: int
) -> tuple[list[tuple[str, bool]], str]:
    """One example as the model reads it, piece by piece: (text, whether it is trained); and the
    model whose template and tokens these are.

    Raises:
        ModelUnknown, ModelBroken, NoChatTemplate, TemplateUnusable
    """
    model = read_with(services, task, base)
    tokenizer = _tokenizer(hub.locate(model))
    names = sorted(found.labels)
    row = found.rows[number % len(found.rows)]
    with _reading:
        (encoded,) = encode([row], task, tokenizer, min(max_length, SHOWN_TOKENS), names)
    return view(encoded, tokenizer, names), model.id


def read_with(services: Services, task: Task, base: str) -> Model:
    """The base where it is here, else the demo of the task, which always is."""
    model = services.catalog.find(base) if base else None
    if model is not None and model.task == task and hub.is_here(model):
        return model
    return next(it for it in services.catalog.bases(task) if it.demo)


@functools.lru_cache(maxsize=4)
def _tokenizer(folder: Path) -> Any:
    from inference.loading import load_tokenizer

    return load_tokenizer(folder)
