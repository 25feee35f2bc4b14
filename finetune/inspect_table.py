"""What a file was read as, in one JSON-able answer: for the command line and the web API."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from finetune.dataset import check, guess
from finetune.errors import TableRefused
from finetune.tables import Table, read_table
from inference.limits import Limits
from inference.texts import rough_tokens

FIRST_ROWS = 5
SAMPLE_ROWS = 500  # looked at for the length of cells, evenly over the whole


def inspect_table(
    path: Path,
    limits: Limits,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    quotechar: str | None = None,
    has_header: bool | None = None,
) -> dict[str, Any]:
    """How `path` reads, never raising for a file that does not: then `readable` is False.

    `header` is empty if the file has none, while `columns` always names every column, as
    `mapping` does; `cell_tokens` is column -> tokens of a cell on average, roughly. `task` is None
    where no task fits; the file may still be readable. `problems` are those of the file and of the
    examples that the guessed mapping makes of it.
    """
    given = {"encoding": encoding, "delimiter": delimiter, "quotechar": quotechar}
    try:
        table = read_table(path, limits, **given, has_header=has_header)
    except TableRefused as refused:
        guessed = {"cell_tokens": {}, "task": None, "mapping": {}}
        return {**unread(refused, **given), **guessed}
    guessed = guess(table)
    problems = table.problems
    if guessed:
        problems += check(table, guessed.task, guessed.mapping)
    return {
        **as_read(table),
        "cell_tokens": cell_tokens(table),
        "task": guessed.task if guessed else None,
        "mapping": guessed.mapping if guessed else {},
        "problems": [found.to_dict() for found in problems],
    }


def as_read(table: Table) -> dict[str, Any]:
    """How a table was read, and its first rows; `problems` are the file's own."""
    return {
        "encoding": table.encoding,
        "delimiter": table.delimiter,
        "quotechar": table.quotechar,
        "header": list(table.header),
        "columns": list(table.columns),
        "row_count": len(table.rows),
        "first_rows": [list(row) for row in table.rows[:FIRST_ROWS]],
        "last_row": list(table.rows[-1]) if table.rows else None,
        "readable": True,
        "problems": [found.to_dict() for found in table.problems],
    }


def unread(refused: TableRefused, **given: str | None) -> dict[str, Any]:
    """The same of a file that is no table; `given` is how it was to be read."""
    rows = {"header": [], "columns": [], "row_count": 0, "first_rows": [], "last_row": None}
    problems = [found.to_dict() for found in refused.problems]
    return {**given, **rows, "readable": False, "problems": problems}


def cell_tokens(table: Table) -> dict[str, float]:
    """Column -> tokens of a cell on average, roughly (see `rough_tokens`)."""
    step = max(1, len(table.rows) // SAMPLE_ROWS)
    sample = table.rows[::step]
    return {
        name: round(sum(rough_tokens(row[at]) for row in sample if at < len(row)) / len(sample), 1)
        for at, name in enumerate(table.columns)
    }


def row_tokens(cells: Mapping[str, float], mapping: Mapping[str, str]) -> float:
    """Tokens of a row on average: the cells of the columns that are read, labels left out."""
    return sum(cells.get(column, 0.0) for role, column in mapping.items() if role != "label")
