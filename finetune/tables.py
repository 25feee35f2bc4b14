"""A file somebody uploaded -> rows of text, and every problem found on the way.

    check size and kind -> bytes -> text (decode) -> dialect (dialect) -> rows -> header
                                 -> workbook, parquet_table, json_table -> rows

Every cell stays the text that was typed: `NA`, `007`, `1e5`. Nothing is unpacked and nothing is
dropped unsaid. Knows nothing about tasks.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from finetune import dialect as dialects
from finetune import parquet_table, workbook
from finetune.conversation import is_conversation
from finetune.dialect import Dialect
from finetune.errors import TableRefused
from finetune.json_table import read_json
from finetune.parse import Parsed, parse
from finetune.problems import Problem, listed, problem, shorten
from inference import magic
from inference.decode import Decoded, NotText, decode, is_binary
from inference.limits import Limits

_JSON = re.compile(r"\s*(?:\[\s*[\[{\"\]]|\{\s*[\"}])")
_PROSE = ",，;；。\t|"  # in most lines, yet dividing none of them evenly
_LOOKED_AT = 65_536  # characters
_LISTED = 20  # problems of one kind told one by one


@dataclass(frozen=True)
class Table:
    """Rows of text as they stand in the file; uneven rows are kept uneven.

    `header` is empty if the file has none. `row_numbers[i]` is where `rows[i]` stands in the file
    as a spreadsheet counts: from 1, with the header and everything above it. `problems` are
    warnings; an error would have refused the file.
    """

    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    row_numbers: Sequence[int]
    encoding: str
    delimiter: str
    quotechar: str
    problems: tuple[Problem, ...]

    @property
    def width(self) -> int:
        """The number of columns: the header's, or the first row's."""
        return len(self.header or self.rows[0])

    @property
    def columns(self) -> tuple[str, ...]:
        """A name for every column, no two alike: what a mapping refers to."""
        names: dict[str, None] = {}
        for number, name in enumerate(self.header or ("",) * self.width, start=1):
            name = name.strip() or f"column {number}"
            while name in names:
                name = f"{name} ({number})"
            names[name] = None
        return tuple(names)


def read_table(
    path: Path,
    limits: Limits,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    quotechar: str | None = None,
    has_header: bool | None = None,
) -> Table:
    """Reads delimited text, JSON, XLSX or Parquet; what is not given is found out.

    Encoding, delimiter and quotechar are those of a delimited text; the others ignore them.

    Raises:
        TableRefused: the file cannot be read as a table; `problems` says where and why.
    """
    wrong = [
        problem("bad_dialect", name=name, given=given, value=given)
        for name, given in (("delimiter", delimiter), ("quotechar", quotechar))
        if given and (len(given) != 1 or given in "\r\n\0")
    ]
    if delimiter and delimiter == quotechar:
        wrong.append(problem("same_dialect", given=delimiter))
    if wrong:
        raise TableRefused(wrong)
    raw = _bytes(path, limits)
    if raw.startswith(parquet_table.MAGIC):
        header, rows, numbers, doubts = parquet_table.read_parquet(raw, limits)
        return _named(header, rows, numbers, doubts)
    if raw.startswith(workbook.MAGIC):
        rows, numbers, doubts = workbook.read_workbook(raw, limits)
        parsed = Parsed(Dialect("", ""), rows, numbers)
        return _assembled(parsed, limits, has_header, "utf-8", doubts)
    return _read_text(raw, limits, encoding, delimiter, quotechar, has_header)


def _read_text(
    raw: bytes,
    limits: Limits,
    encoding: str | None,
    delimiter: str | None,
    quotechar: str | None,
    has_header: bool | None,
) -> Table:
    """The limit on a cell is set for Python's csv module as a whole: it has no other."""
    csv.field_size_limit(limits.cell_characters)
    decoded, doubts = _decoded(raw, encoding or None)
    text = decoded.text.lstrip("\ufeff").removesuffix("\x1a")  # DOS ended its files with it
    if is_binary(text[:_LOOKED_AT]):
        raise TableRefused([problem("binary")])
    if not text.strip():
        raise TableRefused([problem("empty_file")])
    if not delimiter and _JSON.match(text):
        header, rows, numbers, nested = read_json(text, limits)
        return _named(header, rows, numbers, [*doubts, *nested], decoded.encoding)
    if hint := re.match(r'"?sep=(.)"?(?=[\r\n])', text):  # Excel's own hint; the line stays, blank
        text, delimiter = text[hint.end() :], delimiter or hint[1]
    dialect = dialects.find(text, delimiter or None, quotechar or None)
    try:
        parsed = parse(text, dialect, limits)
    except TableRefused as refused:
        raise TableRefused([*refused.problems, *doubts]) from refused
    if not parsed.rows:
        raise TableRefused([problem("empty_file"), *parsed.problems])
    if not delimiter:
        _check_table(parsed)
    return _assembled(parsed, limits, has_header, decoded.encoding, doubts)


def _decoded(raw: bytes, encoding: str | None) -> tuple[Decoded, tuple[Problem, ...]]:
    try:
        decoded = decode(raw, encoding)
    except NotText as error:
        raise TableRefused([problem(error.doubt.code, **error.doubt.values)]) from error
    return decoded, tuple(problem(it.code, **it.values) for it in decoded.doubts)


def _named(
    header: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    numbers: Sequence[int],
    problems: Iterable[Problem],
    encoding: str = "utf-8",
) -> Table:
    """The table of a file that says itself what its columns are called."""
    table = Table(header, rows, numbers, encoding, "", "", ())
    found = (*problems, *_header_problems(table, 1), *_row_problems(table))
    return replace(table, problems=found)


def _bytes(path: Path, limits: Limits) -> bytes:
    """The file's bytes, if their number and their kind are right."""
    if not path.is_file():
        raise TableRefused([problem("no_file", value=path.name)])
    size = path.stat().st_size
    if size > limits.upload_bytes:
        raise TableRefused([problem("too_many_bytes", bytes=size, limit=limits.upload_bytes)])
    raw = path.read_bytes()
    if raw.startswith(magic.OLE):
        raise TableRefused([problem("old_spreadsheet")])
    if found := magic.format_of(raw):
        raise TableRefused([problem("other_format", format=found.name)])
    start = raw[:1024].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise TableRefused([problem("other_format", format="HTML/XML")])
    return raw


def _check_table(parsed: Parsed) -> None:
    """Refuses running text: nothing divides its lines evenly."""
    rows = parsed.rows[:5000]
    width, start = dialects.shape(rows)
    if width >= 2:
        even = sum(len(row) == width for row in rows[start:]) / max(1, len(rows) - start)
        after = [cell for row in rows for cell in row[1:] if cell]
        spaced = sum(cell.startswith(" ") for cell in after) * 2 > len(after)
        prose = even < (0.8 if spaced else 0.4) and len(rows) >= 10
        prose = prose and not dialects.has_known_name(rows[start])
    else:
        divided = sum(any(mark in row[0] for mark in _PROSE) or len(row) > 1 for row in rows)
        gaps = parsed.blank * 20 > len(rows)
        prose = divided * 3 > len(rows) or gaps
        prose = prose and not parsed.quoted and not dialects.has_known_name(rows[0])
    if prose:
        raise TableRefused([problem("not_a_table", value=rows[0][0])])


def _assembled(
    parsed: Parsed,
    limits: Limits,
    has_header: bool | None,
    encoding: str,
    doubts: Iterable[Problem],
) -> Table:
    rows, numbers = parsed.rows, parsed.row_numbers
    problems = [*doubts, *parsed.problems]
    width, start = dialects.shape(rows[: dialects.SAMPLE_ROWS])
    if start == 1 and len(rows[0]) == width - 1 and dialects.names_but_first(rows):
        rows[0], start = ("", *rows[0]), 0
    if start:
        shown = dialects.joined(rows[0])
        problems.append(problem("notes_above_header", row=numbers[0], value=shown, count=start))
    first, body = rows[start], rows[start + 1 :]
    if has_header is None:
        named = dialects.has_header(first, body[: dialects.SAMPLE_ROWS])
        if not named:
            shown = dialects.joined(first)
            problems.append(problem("no_header", row=numbers[start], value=shown))
    else:
        named = has_header
    if named and not body:
        raise TableRefused([problem("no_rows", row=numbers[start]), *problems])
    skip = start + named
    table = Table(
        header=first if named else (),
        rows=rows[skip:] if skip else rows,
        row_numbers=numbers[skip:],
        encoding=encoding,
        delimiter=parsed.dialect.delimiter,
        quotechar=parsed.dialect.quotechar,
        problems=(),
    )
    if len(table.rows) > limits.table_rows:
        raise TableRefused([problem("too_many_rows", limit=limits.table_rows), *problems])
    problems = [_placed(found, table) for found in problems]
    problems += [*_header_problems(table, numbers[start]), *_row_problems(table)]
    return replace(table, problems=tuple(problems))


def _header_problems(table: Table, row: int) -> Iterator[Problem]:
    if table.width == 1 and not is_conversation(table.rows[0][0]):
        yield problem("one_column", row=row, column=table.columns[0])
    told = 0
    if not table.header:
        return
    for number, (name, used) in enumerate(zip(table.header, table.columns, strict=True), start=1):
        if name.strip() == used or told == _LISTED:
            continue
        told += 1
        if name.strip():
            yield problem("duplicate_column_name", row=row, column=used, name=name, used=used)
        else:
            yield problem("empty_column_name", row=row, column=used, number=number)


def _row_problems(table: Table) -> Iterator[Problem]:
    """One for each kind, with the first row and the numbers of the others."""
    numbers, width = table.row_numbers, table.width
    uneven = [index for index, row in enumerate(table.rows) if len(row) != width]
    if uneven:
        row = table.rows[uneven[0]]
        yield problem(
            "ragged_row",
            row=numbers[uneven[0]],
            value=dialects.joined(row),
            count=len(uneven),
            rows=listed([numbers[index] for index in uneven]),
            expected=width,
            found=len(row),
        )
    nul = [(index, *found) for index, found in _cells_with(table, "\0")]
    if nul:
        index, name, cell = nul[0]
        rows = listed([numbers[index] for index, _, _ in nul])
        where = {"row": numbers[index], "column": name, "value": cell}
        yield problem("nul", **where, count=len(nul), rows=rows)


def _cells_with(table: Table, mark: str) -> Iterator[tuple[int, tuple[str | None, str]]]:
    """(index of the row, (its column, the cell)) of each cell that holds `mark`."""
    names, width = table.columns, table.width
    for index, row in enumerate(table.rows):
        if mark in "".join(row):
            for column, cell in enumerate(row):
                if mark in cell:
                    yield index, (names[column] if column < width else None, cell)


def _placed(found: Problem, table: Table) -> Problem:
    """Damage known by its line, with the row and the column it is in."""
    if found.code != "damaged_bytes":
        return found
    index, (column, cell) = next(_cells_with(table, "\ufffd"), (None, (None, "")))
    if index is None:
        return found
    at = max(0, cell.index("\ufffd") - 20)
    row, value = table.row_numbers[index], shorten(cell[at:])
    return replace(found, row=row, column=column, value=value)
