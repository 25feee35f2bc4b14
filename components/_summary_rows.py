"""A table with a document in each row -> summaries of them and their scores. Knows no Gradio."""

import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from components import _plots, _summarizers
from components._models import Wanted
from components._services import Services
from components._summary_told import MEASURES, measure, measure_name, measured, time_left
from components._texts import say
from components._throttle import COSTLY
from components._visitor import Language
from finetune.columns import NAMES, plain
from finetune.errors import ColumnMissing, ColumnWithoutText, TooManyDocuments
from finetune.guess import has_words
from finetune.problems import shorten
from finetune.spreadsheet import csv_bytes
from finetune.tables import Table
from inference.errors import DeadlinePassed
from inference.limits import Limits
from inference.records import SummarySettings

SHOWN_COLUMNS = 8  # of a table's own on the page; the file has them all
SHOWN_CHARACTERS = 120
ON_PAGE = ("rougeL", "compression", "novelty")


@dataclass(frozen=True)
class Columns:
    """Names as in `Table.columns`; `reference` is empty where there is none."""

    text: str
    reference: str = ""


@dataclass(frozen=True)
class Row:
    """The summary of row `index` of a table; "" and no scores where it has none."""

    index: int
    summary: str = ""
    scores: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Progress:
    """`rows` are done, of `total`; the next one is at section `section` of `sections`."""

    rows: tuple[Row, ...]
    total: int
    section: int = 0
    sections: int = 0
    seconds: float = 0.0

    @property
    def left_out(self) -> int:
        return sum(not row.summary for row in self.rows)

    def means(self) -> dict[str, float]:
        """Of each measure, over the rows that have it."""
        found = {}
        for name in MEASURES:
            values = [row.scores[name] for row in self.rows if row.scores and name in row.scores]
            if values:
                found[name] = sum(values) / len(values)
        return found


def guessed(table: Table) -> Columns:
    """The columns most likely meant by their names; else the longest, and no reference."""
    named = {plain(name): name for name in reversed(table.columns)}
    text, reference = (
        next((named[it] for it in map(plain, NAMES["summarization"][role]) if it in named), "")
        for role in ("document", "summary")
    )
    text = text or max(table.columns, key=lambda it: sum(map(len, cells(table, it))))
    return Columns(text, "" if reference == text else reference)


def cells(table: Table, column: str) -> list[str]:
    """What each row has there; rows may be shorter than the header.

    Raises:
        ColumnMissing
    """
    if column not in table.columns:
        columns = shorten(", ".join(table.columns))
        raise ColumnMissing(column=shorten(str(column)), columns=columns)
    place = table.columns.index(column)
    return [row[place].strip() if place < len(row) else "" for row in table.rows]


def check_size(table: Table, limits: Limits) -> None:
    """Raises TooManyDocuments."""
    if len(table.rows) > limits.summary_file_rows:
        raise TooManyDocuments(rows=len(table.rows), limit=limits.summary_file_rows)


def summarize(
    services: Services, wanted: Wanted, table: Table, columns: Columns, settings: SummarySettings
) -> Generator[Progress, None, None]:
    """What is done so far, after every row and section; checked before the first is asked for.

    The whole file is one request. A row without text, and one that is not done within the time
    limit, gets no summary.

    Raises:
        TooManyDocuments, ColumnMissing, ColumnWithoutText, TooManyRequests; while it goes on, as
        `_summarizers.summarize`
    """
    check_size(table, services.limits)
    texts = cells(table, columns.text)
    if not has_words(texts):
        raise ColumnWithoutText(column=shorten(columns.text))
    references = cells(table, columns.reference) if columns.reference else [""] * len(texts)
    services.throttle.charge(COSTLY, wanted.visitor or wanted.token)
    return _each(services, wanted, texts, references, settings)


def _each(
    services: Services,
    wanted: Wanted,
    texts: Sequence[str],
    references: Sequence[str],
    settings: SummarySettings,
) -> Generator[Progress, None, None]:
    began, done = time.monotonic(), Progress((), len(texts))
    yield done
    for index, (text, reference) in enumerate(zip(texts, references, strict=True)):
        summary = ""
        if text:
            pieces = _summarizers.summarize_row(services, wanted, text, settings)
            try:
                with closing(pieces):
                    for piece in pieces:
                        summary, at = piece.text, piece.sections_done
                        seconds = time.monotonic() - began
                        yield replace(
                            done, section=at, sections=piece.sections_total, seconds=seconds
                        )
            except DeadlinePassed:
                summary = ""
        scores = measured(summary, text, reference) if summary else None
        seconds = time.monotonic() - began
        done = Progress((*done.rows, Row(index, summary, scores)), len(texts), seconds=seconds)
        yield done


# What is shown and saved


def progress(found: Progress, language: Language) -> str:
    """`Row 3 of 20 · section 2 of 5` over a bar, with the time left: HTML of our own words."""
    done = len(found.rows)
    number = min(done + 1, found.total)
    words = [say("documents_row", language, number=number, total=found.total)]
    part = found.section / found.sections if found.sections else 0.0
    if found.sections > 1:
        at = min(found.section + 1, found.sections)
        words.append(say("documents_section", language, number=at, total=found.sections))
    if left := time_left(done, found.total, found.seconds, language):
        words.append(left)
    return _plots.bar(words, (done + part) / found.total, "running")


def told(found: Progress, language: Language) -> str:
    """How many rows are done, and the mean scores."""
    parts = [say("documents_done", language, done=len(found.rows), total=found.total)]
    if found.left_out:
        parts.append(say("documents_left_out", language, count=found.left_out))
    if means := found.means():
        shown = [
            f"{measure_name(name, language)} {measure(name, it)}" for name, it in means.items()
        ]
        figures = _plots.COMMA[language].join(shown)
        parts.append(say("documents_means", language, figures=figures))
    return (" " if language == "en" else "").join(parts)


def results(table: Table, found: Progress, language: Language) -> _plots.Table:
    """The row's number in the file, its own cells shortened, summary and scores."""
    columns, measures = table.columns[:SHOWN_COLUMNS], _measures(found, ON_PAGE)
    named = [measure_name(name, language) for name in measures]
    own = [say("documents_number", language), *columns]
    headers = [*own, say("summary_result", language), *named]
    rows = [
        (
            table.row_numbers[row.index],
            *(_short(cell) for cell in _own_cells(table, row)[: len(columns)]),
            row.summary,
            *(measure(name, row.scores[name]) if row.scores else "" for name in measures),
        )
        for row in found.rows
    ]
    return _plots.table(headers, rows)


def as_csv(table: Table, found: Progress) -> bytes:
    """The table's own columns, and beside them the summary and its scores as numbers, 0 to 1."""
    measures = _measures(found, MEASURES)
    headers = list(table.columns)
    for name in ("summary", *measures):
        number, free = 2, name
        while free in headers:
            number, free = number + 1, f"{name} ({number})"
        headers.append(free)
    rows = (
        [
            *_own_cells(table, row),
            row.summary,
            *(round(row.scores[name], 4) if row.scores else "" for name in measures),
        ]
        for row in found.rows
    )
    return csv_bytes(headers, rows)


def _measures(found: Progress, names: Sequence[str]) -> list[str]:
    """Those of `names` that any row has."""
    known = found.means()
    return [name for name in names if name in known]


def _own_cells(table: Table, row: Row) -> list[str]:
    width = len(table.columns)
    return [*table.rows[row.index], *[""] * width][:width]


def _short(cell: str) -> str:
    line = " ".join(cell.split())
    return line if len(line) <= SHOWN_CHARACTERS else line[: SHOWN_CHARACTERS - 1] + "…"
