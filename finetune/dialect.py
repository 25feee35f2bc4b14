"""How a delimited text is written: delimiter, quote, spaces, notes above the header, header.

Decided on a sample, by what makes the rows most even. Knows nothing about bytes or tasks.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from finetune.columns import KNOWN, plain

SAMPLE_CHARACTERS = 300_000  # more than the longest cell allowed
DELIMITERS = (",", "\t", ";", "|", ":")
QUOTES = ('"', "'")
SAMPLE_ROWS = 2_000
NOTES = 20  # lines above a header, at most
_SENTENCE = "。！？，!"  # no column name has them
_SHORT = 24  # characters
_LONG = 60  # characters; a column name is shorter
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_NUMBER = re.compile(r"[-+]?[\d.,]*\d(?:[eE][-+]?\d+)?%?")
_MOMENT = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}(?:[ T].*)?|\d{1,2}:\d{2}(?::\d{2}.*)?")

Row = Sequence[str]


@dataclass(frozen=True)
class Dialect:
    """`quotechar` is empty where quotes are text like any other."""

    delimiter: str
    quotechar: str
    skipinitialspace: bool = False


def lines(text: str) -> Iterator[str]:
    """With their ends; LF, CRLF and CR alone all end a line (and nothing else does)."""
    return (found.group() for found in _LINE.finditer(text))


def reader(text: Iterable[str], dialect: Dialect, strict: bool = True) -> Any:
    """`csv.reader` over lines; its `line_num` counts them."""
    return csv.reader(
        text,
        delimiter=dialect.delimiter,
        quotechar=dialect.quotechar or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quotechar else csv.QUOTE_NONE,
        skipinitialspace=dialect.skipinitialspace,
        strict=strict,
    )


def sample_rows(text: str, dialect: Dialect) -> list[Row]:
    """The rows of the first part, blank ones too; a row that may be cut is left out."""
    part = text[:SAMPLE_CHARACTERS]
    rows: list[Row] = []
    try:
        rows.extend(reader(lines(part), dialect, strict=False))
    except csv.Error:  # a giant cell: judge by what came before it
        return rows
    return rows[:-1] if len(part) < len(text) and len(rows) > 1 else rows


def find(text: str, delimiter: str | None = None, quotechar: str | None = None) -> Dialect:
    """The most even dialect; what is given is kept. A table of one column gets a comma."""
    best, best_score = Dialect(delimiter or ",", quotechar or '"'), 0.0
    for mark in [delimiter] if delimiter else DELIMITERS:
        for quote in [quotechar] if quotechar else QUOTES:
            if quote == mark or (quote == "'" and not quotechar and not _wraps(text, mark, "'")):
                continue
            spaced = mark != " " and re.search(
                rf"{re.escape(mark)} +{re.escape(quote)}", text[:SAMPLE_CHARACTERS]
            )
            for skip in (True, False) if spaced else (False,):
                dialect = Dialect(mark, quote, skip)
                rows = sample_rows(text, dialect)
                score = evenness(rows, dialect, _quotes_around(text, dialect, len(rows)))
                if score > best_score * 1.001:
                    best, best_score = dialect, score
    return best


def _wraps(text: str, delimiter: str, quote: str) -> bool:
    """Whether some cell begins and ends with the quote, as one with an apostrophe rarely does."""
    edge, quote = rf"(?:[\r\n]|{re.escape(delimiter)})", re.escape(quote)
    inside = rf"(?:[^{quote}\\]|{quote}{quote}|\\.){{0,2000}}"
    cell = rf"(?:\A|{edge}){quote}{inside}{quote}(?={edge}|\Z)"
    return bool(re.search(cell, text[:SAMPLE_CHARACTERS], re.DOTALL))


def _quotes_around(text: str, dialect: Dialect, rows: int) -> bool:
    """Whether most rows hold the delimiter between two quotes: nothing says more about it."""
    mark, quote = dialect.delimiter, dialect.quotechar
    return text.count(f"{quote}{mark}{quote}", 0, SAMPLE_CHARACTERS) * 2 > rows


def evenness(rows: Sequence[Row], dialect: Dialect, quoted: bool = False) -> float:
    """0 for one column; else the share of rows with the usual number of cells, times a little for
    more columns, less for quotes left inside cells (they were meant to quote something).

    Args:
        quoted: most rows hold the delimiter between two quotes.
    """
    filled = [row for row in rows if row]
    dropped = comments(filled)
    filled = [row for index, row in enumerate(filled) if index not in dropped]
    width, start = shape(filled)
    body = filled[start:]
    if width < 2 or not body:
        return 0.0
    even = sum(len(row) == width for row in body) / len(filled)
    if has_known_name(body[0]):  # `text;label` says more about the delimiter than commas do
        even *= 1.2
    if quoted:
        even *= 1.2
    elif dialect.delimiter == ":":  # times, dates and addresses hold colons too
        even *= 0.5
    cells = [cell for row in body for cell in row if cell]
    edges = sum(cell.strip()[:1] in QUOTES and cell.strip()[-1:] in QUOTES for cell in cells)
    stray = edges / max(1, len(cells))
    return even * even * (1 - 0.5 * stray) * (1 + 0.01 * min(width, 20))


def shape(rows: Sequence[Row]) -> tuple[int, int]:
    """(the usual number of cells, how many leading rows are notes above the header)."""
    if not rows:
        return 0, 0
    counts = Counter(len(row) for row in rows)
    most = max(counts.values())
    width = len(rows[0]) if most == 1 else max(n for n, times in counts.items() if times == most)
    if width < 2:
        return width, 0
    if len(rows[0]) > width and _names_more(rows):
        return len(rows[0]), 0
    for start, row in enumerate(rows[: NOTES + 1]):
        if len(row) == width:
            return width, start
    return width, 0


def _names_more(rows: Sequence[Row]) -> bool:
    """A header for more columns than the rows below fill: short, different names, then data."""
    names = [cell for cell in rows[0] if cell]
    short = all(len(name) <= _SHORT and name == name.strip() for name in names)
    if not short or len(set(names)) < len(rows[0]):
        return False
    return has_known_name(rows[0]) or not has_header(rows[1], rows[2:SAMPLE_ROWS])


def has_header(first: Row, body: Sequence[Row]) -> bool:
    """Whether the first row names the columns: by known names, else by what it cannot be."""
    cells = [cell.strip() for cell in first]
    if any(len(cell) > _LONG or "\n" in cell or "\r" in cell for cell in cells):
        return False
    if has_known_name(first):
        return True
    if any(mark in cell for cell in cells for mark in _SENTENCE):
        return False
    numbers = [cell for cell in cells if _NUMBER.fullmatch(cell)]
    if numbers and not _years(numbers) and not _index(cells):
        return False
    if any(_all_moments([first, *body[:9]], at) for at, cell in enumerate(cells) if cell):
        return False
    if not body:
        return True
    return not any(_recurs(index, cell, body) for index, cell in enumerate(cells) if cell)


def _years(numbers: Sequence[str]) -> bool:
    """2000, 2001, 2002: columns are often named after years."""
    years = [int(cell) for cell in numbers if cell.isdecimal() and 1900 <= int(cell) <= 2100]
    return len(years) == len(numbers) > 1 and years == sorted(set(years))


def _index(cells: Sequence[str]) -> bool:
    """An empty cell, then 0, 1, 2: a data frame without column names, saved with its index."""
    return len(cells) > 1 and cells == ["", *map(str, range(len(cells) - 1))]


def _all_moments(rows: Sequence[Row], column: int) -> bool:
    """Dates or times of day, from the first row on."""
    return all(len(row) > column and _MOMENT.fullmatch(row[column].strip()) for row in rows)


def _recurs(column: int, cell: str, body: Sequence[Row]) -> bool:
    """A first cell seen again below it is a value, such as a label, and not a name."""
    times = sum(len(row) > column and row[column].strip() == cell for row in body)
    return times >= 2 or (times == 1 and len(body) < 10)


def names_but_first(rows: Sequence[Row]) -> bool:
    """R's `write.table` names every column but the first, which holds the row names."""
    body = rows[1 : SAMPLE_ROWS + 1]
    return has_header(("", *rows[0]), body) and not has_header(body[0], body[1:])


def has_known_name(row: Row) -> bool:
    """Whether a cell is the name of a column that examples are made of."""
    return any(len(cell) > 1 and plain(cell) in KNOWN for cell in row)


def comments(rows: Sequence[Row]) -> frozenset[int]:
    """Which rows are comment lines.

    Above the table, a line that starts with # is one if a space or another # follows, or if the
    rows below have another width: `#id,text` above rows of two cells is a header, and so is
    `# id,text` above rows that have no other. Further down, one that is not as wide as the table
    is one, and so is one with a space after its # where the first line is one too.
    """
    marked = [index for index, row in enumerate(rows) if row[0].startswith("#")]
    if not marked:
        return frozenset()
    others = [row for row in rows[: SAMPLE_ROWS + len(marked)] if not row[0].startswith("#")]
    width, _ = shape(others)
    leading = 0
    while leading < len(rows) and rows[leading][0].startswith("#"):
        plainly = rows[leading][0].startswith(("# ", "##"))
        if not plainly and len(rows[leading]) == width:
            break
        leading += 1
    last = rows[leading - 1] if leading else ()
    if len(last) == width > 1 and others and not has_header(others[0], others[1:]):
        leading -= 1  # it names the columns, as numpy.savetxt writes it
    spaced = leading and rows[0][0].startswith("# ")
    return frozenset(
        i
        for i in marked
        if i < leading
        or (i > leading and width > 1 and len(rows[i]) != width and (leading or len(rows[i]) == 1))
        or (i > leading and spaced and rows[i][0].startswith("# "))
    )


def joined(row: Row) -> str:
    """A row as one line, to show it."""
    return " | ".join(row[:8])
