"""An XLSX workbook -> rows of text, as a person sees them: 7 and not 7.0, dates as ISO 8601.

calamine reads the cells. It takes memory for every cell between the first and the last one, and
ends the process where there is none left. So a file is first unpacked piece by piece, measured,
and packed anew: only XML that is whole, of bounded size and extent, reaches calamine. Knows
nothing of headers or tasks.
"""

import datetime
import io
import re
import zipfile
import zlib
from array import array
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from finetune.errors import TableRefused
from finetune.problems import Problem, problem
from inference.limits import Limits

Rows = list[tuple[str, ...]]

MAGIC = b"PK\x03\x04"
_CHUNK = 1 << 20  # bytes
_NOTES = 100  # rows beyond the limit on rows: notes above the header, and blank ones
_PLACE = re.compile(r"([A-Za-z]{1,4})?(\d{1,8})?")
_LOCAL_HEADER = 30  # bytes of a zip entry before its name


def read_workbook(raw: bytes, limits: Limits) -> tuple[Rows, array, list[Problem]]:
    """(rows that are not blank, their numbers in the sheet, warnings) of the first filled sheet.

    Raises:
        TableRefused: not a workbook, broken, locked by a password, or a limit passed.
    """
    name, values, others = _first_sheet(_measured(raw, limits))
    rows: Rows = []
    numbers = array("L")
    shared: dict[str, str] = {}
    for number, cells in enumerate(values, start=1):
        texts = [as_text(cell) for cell in cells]
        if not any(texts):
            continue
        for text in texts:
            if len(text) > limits.cell_characters:
                limit = limits.cell_characters
                raise TableRefused([problem("giant_cell", row=number, limit=limit, line=number)])
        rows.append(tuple([shared.setdefault(text, text) for text in texts]))
        numbers.append(number)
    if not rows:
        raise TableRefused([problem("empty_file")])
    _narrow_notes(rows)
    told = [problem("other_sheets", value=name, sheet=name, count=others)] if others else []
    return rows, numbers, told


def _narrow_notes(rows: Rows) -> None:
    """Above the table, a row with its first cell alone is as wide as that, as in a text file."""
    for index, row in enumerate(rows[:_NOTES]):
        if len(row) < 2 or not row[0] or any(row[1:]):
            return
        if any(any(later[1:]) for later in rows[index + 1 : index + _NOTES]):
            rows[index] = row[:1]


def as_text(value: Any) -> str:
    """A cell as a spreadsheet shows it; of a float, the 15 digits that mean something."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e21 else f"{value:.15g}"
    if isinstance(value, datetime.datetime):
        day = value.time() == datetime.time.min
        return value.date().isoformat() if day else value.isoformat(" ")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)


def _first_sheet(checked: io.BytesIO) -> tuple[str, list[list[Any]], int]:
    """(its name, its cells from A1 on, how many other sheets are filled)"""
    import python_calamine

    try:
        book = python_calamine.load_workbook(checked)
        filled: list[tuple[str, list[list[Any]]]] = []
        others = 0
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            if filled:
                others += sheet.start is not None
            elif rows := sheet.to_python(skip_empty_area=False):
                filled.append((name, rows))
    except BaseException as error:  # a panic in calamine is no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit | MemoryError):
            raise
        raise TableRefused([problem("workbook_broken")]) from error
    if not filled:
        raise TableRefused([problem("empty_file")])
    return *filled[0], others


def _measured(raw: bytes, limits: Limits) -> io.BytesIO:
    """The workbook packed anew, its XML parts alone, once all of it is within the limits."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError) as error:
        raise TableRefused([problem("workbook_broken")]) from error
    names = {part.filename for part in parts}
    if not any(name.startswith("xl/") for name in names) or len(names) < len(parts):
        raise TableRefused([problem("not_a_workbook")])
    too_much = TableRefused([problem("too_many_unpacked", limit=limits.unpacked_bytes)])
    room = limits.unpacked_bytes
    if sum(part.file_size for part in parts) > room:
        raise too_much
    checked = io.BytesIO()
    with zipfile.ZipFile(checked, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as again:
        for part in parts:
            xml = _Part(limits)
            for chunk in _unpacked(raw, part):
                room -= len(chunk)
                if room < 0:
                    raise too_much
                xml.feed(chunk, again, part.filename)
            xml.close()
    checked.seek(0)
    return checked


def _unpacked(raw: bytes, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """A part's bytes as its stream gives them, whatever size the archive says it has."""
    start = part.header_offset + _LOCAL_HEADER
    lengths = raw[start - 4 : start]
    if part.flag_bits & 1 or len(lengths) < 4:
        raise TableRefused([problem("workbook_broken")])
    start += int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")
    packed = memoryview(raw)[start : start + part.compress_size]
    if part.compress_type == zipfile.ZIP_STORED:
        yield from (bytes(packed[at : at + _CHUNK]) for at in range(0, len(packed), _CHUNK))
        return
    if part.compress_type != zipfile.ZIP_DEFLATED:
        raise TableRefused([problem("workbook_broken")])
    stream, rest = zlib.decompressobj(-15), bytes(packed)
    try:
        while rest and not stream.eof:
            yield stream.decompress(rest, _CHUNK)
            rest = stream.unconsumed_tail
    except zlib.error as error:
        raise TableRefused([problem("workbook_broken")]) from error


class _Part:
    """A part of the workbook on its way to the new one: whole XML; of a worksheet, its extent."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.row = self.column = self.rows = self.columns = 0
        self.parser: Any = expat.ParserCreate()
        self.parser.StartElementHandler = self._begin
        self.begun = self.binary = False
        self.entry: Any = None

    def feed(self, chunk: bytes, archive: zipfile.ZipFile, name: str) -> None:
        if self.binary:
            return
        try:
            self.parser.Parse(chunk, False)
        except expat.ExpatError as error:
            if self.begun:
                raise TableRefused([problem("workbook_broken")]) from error
            self.binary = True  # a picture, a macro: not needed
            return
        if self.entry is None:
            self.entry = archive.open(name, "w")
        self.entry.write(chunk)

    def close(self) -> None:
        if self.entry is None:
            return
        self.entry.close()
        try:
            self.parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise TableRefused([problem("workbook_broken")]) from error

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self.begun = True
        sheet = name.rpartition(":")[2] == "worksheet"
        self.parser.StartElementHandler = self._element if sheet else None

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "c":
            self._move(attributes.get("r", ""), self.column + 1)
        elif name == "row":
            self.row, self.column = int(_digits(attributes.get("r", ""))) or self.row + 1, 0
        elif name in ("v", "is", "f"):
            self.rows, self.columns = max(self.rows, self.row), max(self.columns, self.column)
            self._check()

    def _move(self, place: str, following: int) -> None:
        """To the cell at `place`, such as B7; without one, to the next cell of the row."""
        letters, digits = _PLACE.match(place).groups()
        self.column = following
        if letters:
            self.column = 0
            for letter in letters.upper():
                self.column = self.column * 26 + ord(letter) - 64
        if digits:
            self.row = int(digits)

    def _check(self) -> None:
        rows, columns, limits = self.rows, self.columns, self.limits
        if columns > limits.table_columns:
            limit = limits.table_columns
            found = problem("too_many_columns", row=self.row, columns=columns, limit=limit)
        elif rows > limits.table_rows + _NOTES:
            found = problem("too_many_rows", limit=limits.table_rows)
        elif rows * columns > limits.table_cells:
            found = problem("too_many_cells", row=self.row, limit=limits.table_cells)
        else:
            return
        raise TableRefused([found])


def _digits(text: str) -> str:
    return text[:8] if text.isdecimal() else "0"
