"""A table and a choice of columns -> training examples, a fair split, and every problem found.

The choice itself is guessed by `guess`. Knows tasks and their parts (roles); nothing of files,
models or tokens.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from finetune.columns import ROLES, needed
from finetune.errors import TableRefused
from finetune.guess import Guess, guess
from finetune.parts import Parts
from finetune.problems import Problem, errors, listed, problem
from finetune.split import Example, alike, input_of, split
from finetune.tables import Table
from inference.catalog import Task

__all__ = ["Example", "Examples", "Guess", "build", "guess", "split"]

LEAST_ROWS = 8
ENOUGH_ROWS = 30
MOST_CLASSES = 300
MANY_CLASSES, LEAST_PER_CLASS = 20, 8


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
    kept, problems = _checked(table, task, mapping)
    if kept is None or errors(problems):
        raise TableRefused([*problems, *table.problems])
    rows = [example(task, values) for _, values in kept]
    read = len(table.rows)
    return Examples(rows, tuple(problems), read, len(rows), read - len(rows))


def check(table: Table, task: Task, mapping: Mapping[str, str]) -> tuple[Problem, ...]:
    """Every problem `build` would find, errors too, beside those of the table itself."""
    return tuple(_checked(table, task, mapping)[1])


def _checked(
    table: Table, task: Task, mapping: Mapping[str, str]
) -> tuple[Parts | None, list[Problem]]:
    """The parts of the rows that are used, none where the mapping is wrong; and every problem."""
    chosen = {role: column for role, column in mapping.items() if column}
    if wrong := list(_mapping_problems(table, task, chosen)):
        return None, wrong
    kept = Parts(table, task, chosen)
    problems = [*kept.problems, *_count_problems(len(kept))]
    if task == "classification":
        problems += _label_problems(table, kept, chosen)
    problems += _duplicates(table, kept, *chosen)
    if len(kept) and _is_one_input(kept, task):
        asked = needed(task, chosen)[0]
        value = table.rows[kept.used[0]][table.columns.index(chosen[asked])]
        problems.append(problem("one_input", column=chosen[asked], value=value, role=asked))
    return kept, problems


def _is_one_input(kept: Parts, task: Task) -> bool:
    inputs = (input_of(example(task, values), task) for _, values in kept)
    first = next(inputs)
    return all(other == first for other in inputs)


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


def _count_problems(rows: int) -> Iterator[Problem]:
    if rows < LEAST_ROWS:
        yield problem("too_few_rows", rows=rows, least=LEAST_ROWS)
    elif rows < ENOUGH_ROWS:
        yield problem("few_rows", rows=rows, enough=ENOUGH_ROWS)


def _label_problems(table: Table, kept: Parts, mapping: Mapping[str, str]) -> Iterator[Problem]:
    column = mapping["label"]
    labels = Counter(label for _, (label,) in kept.cells("label"))
    if len(labels) == 1:
        yield problem("one_class", column=column, value=next(iter(labels)))
    elif len(labels) > MOST_CLASSES:
        yield problem("too_many_classes", column=column, classes=len(labels), limit=MOST_CLASSES)
    elif len(labels) > MANY_CLASSES and len(kept) < LEAST_PER_CLASS * len(labels):
        each = len(kept) // len(labels)
        yield problem("many_classes", column=column, classes=len(labels), rows=each)
    elif single := [label for label, count in labels.items() if count == 1]:
        index = next(i for i, (label,) in kept.cells("label") if label == single[0])
        where = {"row": table.row_numbers[index], "column": column, "value": single[0]}
        yield problem("rare_class", **where, count=len(single))
    first: dict[int, str] = {}  # a hash stands for the text: the texts would be there twice
    conflicts: dict[int, tuple[int, str]] = {}  # text -> row number, text
    for index, values in kept:
        text = hash(alike(values["text"]))
        if first.setdefault(text, values["label"]) != values["label"]:
            conflicts.setdefault(text, (table.row_numbers[index], values["text"]))
    if len(labels) <= MOST_CLASSES and 1 < len(first) == len(set(first.values())):
        yield problem("one_text_a_label", column=mapping["text"])
    if conflicts:
        row, text = next(iter(conflicts.values()))
        where = {"row": row, "column": mapping["text"], "value": text}
        rows = listed([number for number, _ in conflicts.values()])
        yield problem("conflicting_labels", **where, count=len(conflicts), rows=rows)


def _duplicates(table: Table, kept: Parts, *roles: str) -> Iterator[Problem]:
    seen: set[int] = set()
    repeated: list[int] = []
    for index, cells in kept.cells(*roles):
        key = hash(tuple(cells))
        if key in seen:
            repeated.append(index)
        seen.add(key)
    if repeated:
        numbers = [table.row_numbers[index] for index in repeated]
        value = table.rows[repeated[0]][0]
        where = {"row": numbers[0], "value": value}
        yield problem("duplicate_rows", **where, count=len(numbers), rows=listed(numbers))


def example(task: Task, values: Mapping[str, Any]) -> Example:
    """The parts of a row as the example they make."""
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
