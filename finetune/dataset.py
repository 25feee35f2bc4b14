"""A table and a choice of columns -> training examples, a fair split, and every problem found.

The choice itself is guessed by `guess`. Knows tasks and their parts (roles); nothing of files,
models or tokens.
"""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from finetune.columns import ROLES, needed
from finetune.conversation import read_conversation
from finetune.errors import TableRefused
from finetune.guess import Guess, guess
from finetune.problems import PROBLEMS, Problem, errors, listed, problem
from finetune.tables import Table
from inference.catalog import Task

__all__ = ["Example", "Examples", "Guess", "build", "guess", "split"]

LEAST_ROWS = 8
ENOUGH_ROWS = 30
MOST_CLASSES = 300
MANY_CLASSES, LEAST_PER_CLASS = 20, 8
_HELD_OUT = (2, 2_000)  # rows kept for checking, at least and at most

_FIRST_OF_LIST = frozenset({"output", "summary"})  # roles that may have several right texts

Example = dict[str, Any]


@dataclass(frozen=True)
class Examples:
    """`read == kept + left_out` always; `problems` are warnings and say why rows were left out.

    A chat row is `{"messages": [{"role", "content"}, …]}`, a classification row
    `{"text", "label"}`, a summarization row `{"document", "summary"}`; all values are text.
    """

    rows: list[Example]
    problems: tuple[Problem, ...]
    read: int
    kept: int
    left_out: int


def build(table: Table, task: Task, mapping: Mapping[str, str]) -> Examples:
    """The examples of a task, from the columns chosen for its roles.

    Raises:
        TableRefused: columns missing, or rows that nothing can be learnt from; all problems.
    """
    chosen = {role: column for role, column in mapping.items() if column}
    wrong = list(_mapping_problems(table, task, chosen))
    if wrong:
        raise TableRefused([*wrong, *table.problems])
    kept, problems = _kept(table, task, chosen)
    problems += _count_problems(len(kept))
    if task == "classification":
        problems += _label_problems(table, kept, chosen)
    problems += _duplicates(table, kept)
    asked = needed(task, chosen)[0]
    if len({(str(values[asked]), values.get("input")) for _, values in kept}) == 1:
        where = {"column": chosen[asked], "value": str(kept[0][1][asked])}
        problems.append(problem("one_input", **where, role=asked))
    if errors(problems):
        raise TableRefused([*problems, *table.problems])
    rows = [_example(task, values) for _, values in kept]
    read = len(table.rows)
    return Examples(rows, tuple(problems), read, len(rows), read - len(rows))


# (index of the row in the table, role -> text); of "messages", its turns
_Kept = list[tuple[int, dict[str, Any]]]


def _mapping_problems(table: Table, task: Task, mapping: Mapping[str, str]) -> Iterator[Problem]:
    for role in mapping:
        if role not in ROLES[task]:
            known = ", ".join(ROLES[task])
            yield problem("role_unknown", value=role, role=role, task=task, roles=known)
    for role in needed(task, mapping):
        if role not in mapping:
            yield problem("role_missing", role=role)
    if "messages" in mapping and len(mapping) > 1:
        others = ", ".join(role for role in mapping if role != "messages")
        yield problem("messages_alone", column=mapping["messages"], roles=others)
    used: dict[str, str] = {}
    for role, column in mapping.items():
        if column not in table.columns:
            listed = ", ".join(table.columns[:20])
            yield problem("column_missing", value=column, name=column, role=role, columns=listed)
        elif column in used:
            other = used[column]
            yield problem("column_used_twice", column=column, name=column, role=role, other=other)
        used.setdefault(column, role)


def _kept(table: Table, task: Task, mapping: Mapping[str, str]) -> tuple[_Kept, list[Problem]]:
    """Rows with every required part; the others are counted, by reason."""
    places = [(role, table.columns.index(column), column) for role, column in mapping.items()]
    required = needed(task, mapping)
    kept: _Kept = []
    found: dict[tuple[str, str], list[int]] = defaultdict(list)  # (code, role) -> row numbers
    for index, row in enumerate(table.rows):
        number = table.row_numbers[index]
        if len(row) > table.width:  # a delimiter in a cell: what follows it is in the wrong column
            found["long_rows", ""].append(number)
            continue
        values: dict[str, Any] = {
            role: row[at].strip() if at < len(row) else "" for role, at, _ in places
        }
        missing = next((role for role in required if not values[role]), None)
        if missing:
            found["empty_cells", missing].append(number)
            continue
        if "messages" in values:
            turns = read_conversation(values["messages"])
            if isinstance(turns, str):
                found[f"conversation_{turns}", "messages"].append(number)
                continue
            values["messages"], cut = turns
            if cut:
                found["conversation_cut", "messages"].append(number)
        for role in _FIRST_OF_LIST.intersection(values):
            if first := _first_text(values[role]):
                values[role] = first
                found["first_of_list", role].append(number)
        kept.append((index, values))
    return kept, [
        problem(
            code,
            row=numbers[0],
            column=mapping.get(role),
            count=len(numbers),
            rows=listed(numbers),
            **({"role": role} if "{role}" in PROBLEMS[code][1] else {}),
        )
        for (code, role), numbers in found.items()
    ]


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


def _count_problems(rows: int) -> Iterator[Problem]:
    if rows < LEAST_ROWS:
        yield problem("too_few_rows", rows=rows, least=LEAST_ROWS)
    elif rows < ENOUGH_ROWS:
        yield problem("few_rows", rows=rows, enough=ENOUGH_ROWS)


def _label_problems(table: Table, kept: _Kept, mapping: Mapping[str, str]) -> Iterator[Problem]:
    column = mapping["label"]
    labels = Counter(values["label"] for _, values in kept)
    if len(labels) == 1:
        yield problem("one_class", column=column, value=next(iter(labels)))
    elif len(labels) > MOST_CLASSES:
        yield problem("too_many_classes", column=column, classes=len(labels), limit=MOST_CLASSES)
    elif len(labels) > MANY_CLASSES and len(kept) < LEAST_PER_CLASS * len(labels):
        each = len(kept) // len(labels)
        yield problem("many_classes", column=column, classes=len(labels), rows=each)
    elif single := [label for label, count in labels.items() if count == 1]:
        index = next(i for i, values in kept if values["label"] == single[0])
        where = {"row": table.row_numbers[index], "column": column, "value": single[0]}
        yield problem("rare_class", **where, count=len(single))
    first: dict[str, str] = {}
    conflicts: dict[str, int] = {}  # text -> row number
    for index, values in kept:
        label = first.setdefault(values["text"], values["label"])
        if label != values["label"]:
            conflicts.setdefault(values["text"], table.row_numbers[index])
    if len(labels) <= MOST_CLASSES and 1 < len(first) == len(set(first.values())):
        yield problem("one_text_a_label", column=mapping["text"])
    if conflicts:
        text, row = next(iter(conflicts.items()))
        where = {"row": row, "column": mapping["text"], "value": text}
        rows = listed(list(conflicts.values()))
        yield problem("conflicting_labels", **where, count=len(conflicts), rows=rows)


def _duplicates(table: Table, kept: _Kept) -> Iterator[Problem]:
    seen: set[tuple[str, ...]] = set()
    repeated: list[int] = []
    for index, values in kept:
        key = tuple(map(str, values.values()))
        if key in seen:
            repeated.append(index)
        seen.add(key)
    if repeated:
        numbers = [table.row_numbers[index] for index in repeated]
        value = table.rows[repeated[0]][0]
        where = {"row": numbers[0], "value": value}
        yield problem("duplicate_rows", **where, count=len(numbers), rows=listed(numbers))


def _example(task: Task, values: Mapping[str, Any]) -> Example:
    if task != "chat" or "messages" in values:
        return dict(values)
    asked = "\n\n".join(filter(None, (values["instruction"], values.get("input", ""))))
    system = values.get("system", "")
    return {
        "messages": [
            *([{"role": "system", "content": system}] if system else []),
            {"role": "user", "content": asked},
            {"role": "assistant", "content": values["output"]},
        ]
    }


def split(
    rows: Sequence[Example], task: Task, share: float, seed: int
) -> tuple[list[Example], list[Example]]:
    """(train, held out): `share` of each label's rows, at least 2 and at most 2,000 in all.

    Rows with the same input stay on one side, so nothing held out was trained on, and every label
    keeps some for training. A file sorted by label is split as well as a mixed one. The same rows,
    share and seed give the same split; each side keeps the order of the file.

    Raises:
        ValueError: no label has two different inputs, so none can be on both sides.
    """
    groups: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        groups[_input(row, task)].append(index)
    by_label: dict[str, list[list[int]]] = defaultdict(list)
    for members in groups.values():
        by_label[rows[members[0]].get("label", "")].append(members)
    if all(len(label_groups) < 2 for label_groups in by_label.values()):
        raise ValueError("a split needs a label with two different inputs")
    wanted = min(max(_HELD_OUT[0], round(len(rows) * share)), _HELD_OUT[1], len(rows) // 2)
    held = _drawn(by_label, wanted / len(rows), random.Random(seed))
    held_out = [row for index, row in enumerate(rows) if index in held]
    return [row for index, row in enumerate(rows) if index not in held], held_out


def _drawn(
    by_label: Mapping[str, list[list[int]]], share: float, chance: random.Random
) -> set[int]:
    """Indexes to hold out: each label gives its share, and what rounding left is carried on."""
    held: set[int] = set()
    owed = 0.0
    for _, label_groups in sorted(by_label.items()):
        chance.shuffle(label_groups)
        owed += share * sum(map(len, label_groups))
        for members in label_groups[:-1]:  # the last group always stays for training
            if owed < len(members) / 2:
                break
            held.update(members)
            owed -= len(members)
    if not held:
        held.update(next(groups for groups in by_label.values() if len(groups) > 1)[0])
    return held


def _input(row: Example, task: Task) -> str:
    """What is asked, as it is compared: texts that differ in case or spaces are the same."""
    if task == "chat":
        asked = "\0".join(turn["content"] for turn in row["messages"][:-1])
    else:
        asked = row["text" if task == "classification" else "document"]
    return " ".join(asked.casefold().split())
