"""The parts of the examples: of each row the cells chosen for the roles, and the rows left out.

Nothing is kept but which rows are used: a part is read from the table again each time, so that a
table of 200,000 rows is not held twice. Knows roles; nothing of splits or models.
"""

import json
from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from finetune.columns import needed
from finetune.conversation import Message, read_conversation
from finetune.problems import PROBLEMS, Problem, listed, problem
from finetune.tables import Table
from inference.catalog import Task

_FIRST_OF_LIST = frozenset({"output", "summary"})  # roles that may have several right texts


class Parts:
    """Iterating gives (index of the row in the table, role -> text) of every row that is used.

    Of "messages", the value is its turns. `problems` say which rows are left out, and why.
    """

    def __init__(self, table: Table, task: Task, mapping: Mapping[str, str]) -> None:
        self._rows = table.rows
        self._places = [(role, table.columns.index(name)) for role, name in mapping.items()]
        required = needed(task, mapping)
        self._required = [(role, at) for role, at in self._places if role in required]
        self._lists = [(role, at) for role, at in self._places if role in _FIRST_OF_LIST]
        self._turns: dict[int, list[Message]] = {}
        self._found: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.used = array("L")
        width = table.width
        for index, row in enumerate(table.rows):
            number = table.row_numbers[index]
            if len(row) > width:  # a delimiter in a cell: what follows is in the wrong column
                self._found["long_rows", ""].append(number)
            elif self._is_usable(index, number):
                self.used.append(index)
        self.problems = [self._problem(mapping, *found) for found in self._found.items()]

    def __len__(self) -> int:
        return len(self.used)

    def __iter__(self) -> Iterator[tuple[int, dict[str, Any]]]:
        for index in self.used:
            values: dict[str, Any] = self._cells(index)
            for role, _ in self._lists:
                values[role] = _first_text(values[role]) or values[role]
            if index in self._turns:
                values["messages"] = self._turns[index]
            yield index, values

    def cells(self, *roles: str) -> Iterator[tuple[int, list[str]]]:
        """(index, the cells of these roles, as they are typed) of every row that is used."""
        places = [at for role, at in self._places if role in roles]
        for index in self.used:
            row = self._rows[index]
            yield index, [row[at].strip() if at < len(row) else "" for at in places]

    def _cells(self, index: int) -> dict[str, str]:
        row = self._rows[index]
        return {role: row[at].strip() if at < len(row) else "" for role, at in self._places}

    def _is_usable(self, index: int, number: int) -> bool:
        row = self._rows[index]
        for role, at in self._required:
            if at >= len(row) or not row[at].strip():
                self._found["empty_cells", role].append(number)
                return False
            if role == "messages" and not self._is_readable(row[at], index, number):
                return False
        for role, at in self._lists:
            if at < len(row) and _first_text(row[at].strip()):
                self._found["first_of_list", role].append(number)
        return True

    def _is_readable(self, cell: str, index: int, number: int) -> bool:
        turns = read_conversation(cell)
        if isinstance(turns, str):
            self._found[f"conversation_{turns}", "messages"].append(number)
            return False
        self._turns[index], cut = turns
        if cut:
            self._found["conversation_cut", "messages"].append(number)
        return True

    @staticmethod
    def _problem(mapping: Mapping[str, str], kind: tuple[str, str], numbers: list[int]) -> Problem:
        code, role = kind
        named = {"role": role} if "{role}" in PROBLEMS[code][1] else {}
        where = {"row": numbers[0], "column": mapping.get(role)}
        return problem(code, **where, count=len(numbers), rows=listed(numbers), **named)


def _first_text(cell: str) -> str:
    """The first of several texts in a cell, such as the references of a summary."""
    if not cell.startswith('["'):
        return ""
    try:
        texts = json.loads(cell)
    except (ValueError, RecursionError):
        return ""
    whole = all(isinstance(text, str) for text in texts)
    return next((text.strip() for text in texts if text.strip()), "") if whole else ""
