"""A table's texts, scored row by row: what the tab and the web API show of it. Knows no Gradio.

table -> sheet (which columns, which rows) -> scored (grows while a model works) -> CSV, figures
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

from components import _classifiers, _exports, _plans
from components._models import Wanted
from components._plans import Reading
from components._services import Services
from components._throttle import COSTLY
from finetune.errors import (
    ColumnMissing,
    ColumnWithoutText,
    NothingScored,
    OneColumnForBoth,
    TableRefused,
    TooManyRowsToScore,
)
from finetune.guess import guess, guess_text, has_words
from finetune.inspect_table import as_read, unread
from finetune.problems import shorten
from finetune.spreadsheet import csv_bytes
from finetune.tables import Table
from inference.records import Scores

TICK_SECONDS = 0.4  # between two tellings of how far it is


@dataclass(frozen=True)
class Sheet:
    """Rows to score. `label` is "" without a column of labels; `numbers` are the rows' as a
    spreadsheet counts; `left_out` rows of the file come after these."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    numbers: Sequence[int]
    text: str
    label: str
    left_out: int

    @cached_property
    def texts(self) -> list[str]:
        return _cells(self.rows, self.columns.index(self.text))

    @cached_property
    def labels(self) -> list[str]:
        """What the file says of each row; empty without such a column."""
        return _cells(self.rows, self.columns.index(self.label)) if self.label else []


@dataclass(frozen=True)
class Scored:
    """The scores of a sheet's first rows: as many as are done, None for a blank text.

    `scores` grows while a model works; `still` gives what does not. `model` is what the visitor
    chose: a catalogue id, or that of a run.
    """

    sheet: Sheet
    model: str = ""
    scores: list[Scores | None] = field(default_factory=list)

    def still(self) -> "Scored":
        return replace(self, scores=list(self.scores))

    @property
    def names(self) -> tuple[str, ...]:
        """The model's labels, in its order; none before a row is scored."""
        first = next((it for it in self.scores if it is not None), None)
        return tuple(first.probabilities) if first else ()

    @property
    def skipped(self) -> int:
        return self.scores.count(None)

    @property
    def counts(self) -> dict[str, int]:
        """Label -> rows, in the model's order."""
        found = Counter(it.label for it in self.scores if it is not None)
        return {name: found[name] for name in self.names}


@dataclass(frozen=True)
class Progress:
    """How far the scoring is; `seconds` since it began."""

    done: int
    total: int
    seconds: float
    scored: Scored

    @property
    def rows_per_second(self) -> float:
        return self.done / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """None before there is a first row to tell from."""
        return (self.total - self.done) / self.rows_per_second if self.done else None


def looked_at(
    services: Services, path: object, reading: Reading, visitor: str = ""
) -> dict[str, Any]:
    """How the file reads, as `inspect_table` says it, and the columns for `text` and `label`
    ("" where no column looks like labels).

    Raises:
        UploadMissing, TooManyRequests
    """
    services.throttle.charge(COSTLY, visitor)
    try:
        table = _plans.table_of(services, path, reading)
    except TableRefused as refused:
        given = asdict(reading)
        del given["has_header"]
        return {**unread(refused, **given), "text": "", "label": ""}
    found = guess(table, "classification")
    text = guess_text(table)
    return {**as_read(table), "text": text, "label": found.mapping["label"] if found else ""}


def sheet(
    services: Services,
    path: object,
    reading: Reading,
    text: str = "",
    label: str = "",
    cut: bool = False,
    visitor: str = "",
) -> Sheet:
    """The rows to score, and the columns that matter; `text` is guessed where it is empty.

    Args:
        cut: take the first rows of a file that has too many.

    Raises:
        UploadMissing, TableRefused, ColumnMissing, OneColumnForBoth, ColumnWithoutText,
        TooManyRowsToScore, TooManyRequests
    """
    services.throttle.charge(COSTLY, visitor)
    table = _plans.table_of(services, path, reading)
    text = text or guess_text(table, label)
    for column in filter(None, (text, label)):
        if column not in table.columns:
            raise ColumnMissing(column=shorten(column), columns=shorten(", ".join(table.columns)))
    if text == label:
        raise OneColumnForBoth(column=shorten(text))
    limit = services.limits.classify_file_rows
    if len(table.rows) > limit and not cut:
        raise TooManyRowsToScore(rows=len(table.rows), limit=limit)
    found = _first(table, limit, text, label)
    if not has_words(found.texts):
        raise ColumnWithoutText(column=shorten(text))
    return found


def _first(table: Table, limit: int, text: str, label: str) -> Sheet:
    """A row may have more cells than there are columns: nothing of it is lost."""
    rows = table.rows[:limit]
    width = max(map(len, rows))
    more = [f"column {number}" for number in range(len(table.columns) + 1, width + 1)]
    columns = (*table.columns, *more)
    return Sheet(columns, rows, table.row_numbers[:limit], text, label, len(table.rows) - len(rows))


def _cells(rows: Sequence[tuple[str, ...]], at: int) -> list[str]:
    return [row[at] if at < len(row) else "" for row in rows]


def score(services: Services, wanted: Wanted, sheet: Sheet) -> Iterator[Progress]:
    """Scores the sheet and tells how far it is, first at 0, then a few times a second.

    What is done stays in `Progress.scored` where the reader leaves early. Raises as
    `_classifiers.classify_rows`.
    """
    total, scored, began = (
        len(sheet.rows),
        Scored(sheet, wanted.run_id or wanted.model),
        time.monotonic(),
    )
    yield Progress(0, total, 0.0, scored)
    told = 0.0
    with closing(_classifiers.classify_rows(services, wanted, sheet.texts)) as found:
        for one in found:
            scored.scores.append(one)
            seconds = time.monotonic() - began
            if seconds - told >= TICK_SECONDS:
                told = seconds
                yield Progress(len(scored.scores), total, seconds, scored)
    yield Progress(total, total, time.monotonic() - began, scored)


def as_csv(services: Services, scored: Scored) -> str:
    """A file with every column of the scored rows, then label and probabilities.

    Raises:
        NothingScored
    """
    if not scored.scores:
        raise NothingScored()
    sheet, names = scored.sheet, scored.names
    added = ["predicted_label", *(f"probability_{name}" for name in names)]
    blank = [""] * len(added)
    rows = [
        [*row, *[""] * (len(sheet.columns) - len(row)), *(_told(one, names) if one else blank)]
        for row, one in zip(sheet.rows, scored.scores, strict=False)
    ]
    content = csv_bytes([*sheet.columns, *_unlike(added, sheet.columns)], rows)
    return _exports.written(services, "scored.csv", content)


def _told(one: Scores, names: Sequence[str]) -> list[str | float]:
    return [one.label, *(round(one.probabilities[name], 6) for name in names)]


def _unlike(names: Sequence[str], taken: Sequence[str]) -> list[str]:
    """The names, numbered where the file has such a column: it was scored before."""
    number = 1
    ending = ""
    while {f"{name}{ending}" for name in names} & set(taken):
        number += 1
        ending = f" ({number})"
    return [f"{name}{ending}" for name in names]
