"""Delimited text -> numbered rows, within the limits; wrong quotes are told.

Strict first: only then is an unclosed quote seen. What strict reading refuses is read again in the
few ways people really write, and kept only if every row then has the same number of cells.
"""

import csv
from array import array
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from itertools import chain

from finetune import dialect as dialects
from finetune.dialect import Dialect, lines
from finetune.errors import TableRefused
from finetune.problems import Problem, problem
from inference.limits import Limits

_ENDED = "\0ended"  # an extra last line: it stands alone unless a quote is still open
_COMMON = 12  # characters; short cells repeat (labels, numbers), so one copy is shared


@dataclass
class Parsed:
    """Every row but blank ones and comments; `row_numbers` counts those too."""

    dialect: Dialect
    rows: list[tuple[str, ...]] = field(default_factory=list)
    row_numbers: array = field(default_factory=lambda: array("L"))
    blank: int = 0
    quoted: bool = False  # the first cell is in quotes
    problems: list[Problem] = field(default_factory=list)


class _Broken(Exception):
    """Strict reading stopped: the record it was in and the lines that record spans."""

    def __init__(self, row: int, first_line: int, last_line: int, message: str) -> None:
        super().__init__(message)
        self.row, self.first_line, self.last_line = row, first_line, last_line

    @property
    def is_open(self) -> bool:
        """A quote that was never closed, or was closed only by a later row's."""
        return self.last_line > self.first_line or "unexpected end" in str(self)

    def problem(self, limits: Limits) -> Problem:
        where = {"row": self.row, "line": self.first_line}
        if "field limit" in str(self):
            return problem("giant_cell", **where, limit=limits.cell_characters)
        if self.is_open:
            return problem("unclosed_quote", **where)
        return problem("stray_quote", **where)


def parse(text: str, dialect: Dialect, limits: Limits) -> Parsed:
    """All rows of `text`. `csv.field_size_limit` must have been set.

    Raises:
        TableRefused: a limit is passed, or the quotes cannot be made sense of.
    """
    try:
        parsed = _read(lines(text), dialect, limits)
    except _Broken as broken:
        parsed = _otherwise(text, dialect, limits, broken)
    parsed.quoted = text.lstrip("\r\n").startswith(dialect.quotechar)
    _drop_comments(parsed)
    _drop_spaces(parsed)
    return parsed


def _read(source: Iterable[str], dialect: Dialect, limits: Limits, strict: bool = True) -> Parsed:
    parsed = Parsed(dialect)
    rows, numbers, shared = parsed.rows, parsed.row_numbers, {}
    reader = dialects.reader(source, dialect, strict)
    number = cells = line = 0
    try:
        for number, row in enumerate(reader, start=1):
            line = reader.line_num
            if not row:
                parsed.blank += 1
                continue
            cells += len(row)
            if len(row) > limits.table_columns or cells > limits.table_cells:
                raise TableRefused([_too_wide(row, number, limits)])
            if len(rows) > limits.table_rows + dialects.NOTES:
                raise TableRefused([problem("too_many_rows", limit=limits.table_rows)])
            rows.append(tuple([shared.setdefault(c, c) if len(c) <= _COMMON else c for c in row]))
            numbers.append(number)
    except csv.Error as error:
        number = len(rows) + parsed.blank + 1
        raise _Broken(number, line + 1, reader.line_num, str(error)) from error
    return parsed


def _too_wide(row: list[str], number: int, limits: Limits) -> Problem:
    if len(row) > limits.table_columns:
        limit = limits.table_columns
        return problem("too_many_columns", row=number, columns=len(row), limit=limit)
    return problem("too_many_cells", row=number, limit=limits.table_cells)


def _otherwise(text: str, dialect: Dialect, limits: Limits, broken: _Broken) -> Parsed:
    """Backslashed quotes, quotes that quote nothing, quotes left undoubled: in this order."""
    quote = dialect.quotechar
    attempts = (
        (
            "backslash_quotes",
            f"\\{quote}" in text,
            lambda: _read(lines(text.replace(f"\\{quote}", quote * 2)), dialect, limits),
        ),
        (
            "quotes_as_text",
            not broken.is_open or dialect.delimiter == "\t",
            lambda: _read(lines(text), replace(dialect, quotechar=""), limits),
        ),
        ("stray_quote_kept", not broken.is_open, lambda: _lenient(text, dialect, limits)),
    )
    for code, possible, attempt in attempts:
        if not possible:
            continue
        try:
            parsed = attempt()
        except _Broken:
            continue
        _drop_comments(parsed)
        if _sensible(parsed, quote):
            where = {"row": broken.row, "line": broken.first_line}
            parsed.problems.append(problem(code, **where))
            return parsed
    raise TableRefused([broken.problem(limits)])


def _lenient(text: str, dialect: Dialect, limits: Limits) -> Parsed:
    parsed = _read(chain(lines(text), [_ENDED]), dialect, limits, strict=False)
    if parsed.rows[-1] != (_ENDED,):
        raise _Broken(0, 0, 0, "still open at the end")
    parsed.rows.pop()
    parsed.row_numbers.pop()
    return parsed


def _sensible(parsed: Parsed, quote: str) -> bool:
    """Rows all of one width, at least two, and few cells still in quotes."""
    width, start = dialects.shape(parsed.rows)
    body = parsed.rows[start:]
    if width < 2 or any(len(row) != width for row in body):
        return False
    if parsed.dialect.quotechar:
        return True
    quoted = sum(
        len(c) > 1 and c[0] == quote and c.rstrip()[-1] == quote for row in body for c in row
    )
    return quoted * 10 < len(body)


def _drop_comments(parsed: Parsed) -> None:
    """Takes out the comment lines, and tells it."""
    rows, numbers = parsed.rows, parsed.row_numbers
    dropped = dialects.comments(rows)
    if not dropped or any(found.code == "comment_lines" for found in parsed.problems):
        return
    first = min(dropped)
    parsed.problems.append(
        problem(
            "comment_lines",
            row=numbers[first],
            value=dialects.joined(rows[first]),
            count=len(dropped),
        )
    )
    _drop(parsed, dropped)


def _drop_spaces(parsed: Parsed) -> None:
    """A line of spaces in a table of several columns is a blank one."""
    spaces = {i for i, row in enumerate(parsed.rows) if len(row) == 1 and not row[0].strip()}
    if spaces and any(len(row) > 1 for row in parsed.rows):
        parsed.blank += len(spaces)
        _drop(parsed, spaces)


def _drop(parsed: Parsed, indexes: Collection[int]) -> None:
    numbers = parsed.row_numbers
    parsed.rows = [row for index, row in enumerate(parsed.rows) if index not in indexes]
    parsed.row_numbers = array("L", (n for i, n in enumerate(numbers) if i not in indexes))
