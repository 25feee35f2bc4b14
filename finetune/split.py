"""Examples -> those to train on and those held out, fairly. Knows what a row of a task asks."""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from inference.catalog import Task

HELD_OUT = (2, 2_000)  # rows kept for checking, at least and at most

Example = dict[str, Any]


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
        groups[input_of(row, task)].append(index)
    by_label: dict[str, list[list[int]]] = defaultdict(list)
    for members in groups.values():
        by_label[rows[members[0]].get("label", "")].append(members)
    if all(len(label_groups) < 2 for label_groups in by_label.values()):
        raise ValueError("a split needs a label with two different inputs")
    wanted = min(max(HELD_OUT[0], round(len(rows) * share)), HELD_OUT[1], len(rows) // 2)
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


def input_of(row: Example, task: Task) -> str:
    """What is asked, as it is compared: texts that differ in case or spaces are the same."""
    if task == "chat":
        asked = "\0".join(turn["content"] for turn in row["messages"][:-1])
    else:
        asked = row["text" if task == "classification" else "document"]
    return alike(asked)


def alike(text: str) -> str:
    """A text as it is compared with others."""
    return " ".join(text.casefold().split())
