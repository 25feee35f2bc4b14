"""JSON of flat objects -> a header and rows of text: a list of objects, or one object a line."""

import json
import re
from array import array
from collections.abc import Iterator, Sequence
from typing import Any

from finetune.conversation import is_conversation
from finetune.errors import TableRefused
from finetune.problems import Problem, problem
from inference.limits import Limits

_KINDS = {dict: "an object", list: "an array", str: "a string", bool: "true or false"}

# JSON can spell half of a character ("\ud83d"), which no file can hold.
_HALF = re.compile("[\ud800-\udfff]")

_SHORT = 12  # characters

Rows = list[tuple[str, ...]]


def read_json(
    text: str, limits: Limits
) -> tuple[tuple[str, ...], Rows, Sequence[int], tuple[Problem, ...]]:
    """(header, rows, row numbers, warnings). Texts stay as they are, null is empty, numbers and
    nested values are kept as the JSON they were; half a character becomes U+FFFD.

    The header holds every key, in order of appearance; a row without a key has an empty cell.
    A row's number is its place in the list, or its line.

    Raises:
        TableRefused: broken JSON, items that are not objects, or a limit passed.
    """
    columns: dict[str, int] = {}
    rows: list[Any] = []
    shared: dict[str, str] = {}  # one copy of a short text that repeats, such as a label
    numbers = array("L")
    warnings: list[Problem] = []
    halves: list[tuple[int, str, str]] = []  # row, column and cell, as repaired
    for number, record in _records(text.lstrip("\ufeff")):
        if not isinstance(record, dict):
            kind = _KINDS.get(type(record), "null or a number")
            raise TableRefused([problem("json_not_flat", row=number, value=record, found=kind)])
        cells = [""] * len(columns)
        for key, value in record.items():
            name, in_name = _HALF.subn("\ufffd", key)
            cell, in_cell = _HALF.subn("\ufffd", _cell(value, name, number, limits))
            halves += [(number, name, cell)] * (in_name + in_cell)
            if name not in columns:
                columns[name] = len(columns)
                cells.append("")
                if isinstance(value, dict | list) and not is_conversation(cell):
                    warnings.append(problem("json_nested", row=number, column=name, value=cell))
            cells[columns[name]] = shared.setdefault(cell, cell) if len(cell) <= _SHORT else cell
        rows.append(tuple(cells))
        numbers.append(number)
        _check(len(columns), len(rows), number, limits)
    if not columns:
        raise TableRefused([problem("empty_file")])
    for at, cells in enumerate(rows):
        if len(cells) < len(columns):  # keys that came up later
            rows[at] = cells + ("",) * (len(columns) - len(cells))
    if halves:
        row, name, cell = halves[0]
        warnings.append(
            problem("half_characters", row=row, column=name, value=cell, count=len(halves))
        )
    return tuple(columns), rows, numbers, tuple(warnings)


def _check(columns: int, rows: int, number: int, limits: Limits) -> None:
    if columns > limits.table_columns:
        limit = limits.table_columns
        found = problem("too_many_columns", row=number, columns=columns, limit=limit)
    elif rows > limits.table_rows:
        found = problem("too_many_rows", limit=limits.table_rows)
    elif rows * columns > limits.table_cells:
        found = problem("too_many_cells", row=number, limit=limits.table_cells)
    else:
        return
    raise TableRefused([found])


def _records(text: str) -> Iterator[tuple[int, Any]]:
    """A list's items by place, also one within an object; else JSON Lines, by line."""
    whole = _value(text, 0) if text.lstrip().startswith("[") else _one_object(text)
    if isinstance(whole, dict):
        lists = [value for value in whole.values() if isinstance(value, list)]
        whole = lists[0] if len(lists) == 1 and len(whole) == 1 else [whole]
    if isinstance(whole, list):
        for number in range(1, len(whole) + 1):
            yield number, whole[number - 1]
            whole[number - 1] = None  # the list need not be kept beside the rows made of it
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, _value(line, number - 1)


def _one_object(text: str) -> dict[str, Any] | None:
    """The text as one object; None where more follows the first, as in JSON Lines."""
    try:
        return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except (json.JSONDecodeError, RecursionError):
        return None


def _value(text: str, lines_before: int) -> Any:
    """Numbers stay as typed: 1.50 does not become 1.5."""
    try:
        return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except json.JSONDecodeError as error:
        line = lines_before + error.lineno
        found = problem("json_broken", row=line, line=line, position=error.colno)
        raise TableRefused([found]) from error
    except RecursionError as error:
        found = problem("json_not_flat", row=lines_before + 1, found=_KINDS[list])
        raise TableRefused([found]) from error


def _cell(value: Any, name: str, row: int, limits: Limits) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text) > limits.cell_characters:
        found = problem("giant_cell", row=row, column=name, limit=limits.cell_characters, line=row)
        raise TableRefused([found])
    return text
