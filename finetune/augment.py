"""Easy data augmentation: reworded copies of training rows, seeded. Plain text; no torch.

Swap, delete and insert as in Wei & Zou 2019 (https://aclanthology.org/D19-1670), without their
dictionary of synonyms: what is inserted is a unit of the same text. A unit is a word; Chinese and
Japanese, which do not divide words, go by character. Only what is read is reworded, never what is
to be answered.
"""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from inference.catalog import Task

Row = Mapping[str, Any]

_HAN = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
# A unit with the space before it: texts keep their own spacing.
_UNIT = re.compile(rf"\s*(?:[{_HAN}]|(?:(?![{_HAN}])\S)+)")


def with_copies(
    rows: Sequence[Row], task: Task, copies: int, share: float, seed: int
) -> Iterator[Row]:
    """Every row, each followed by its `copies`; the same arguments give the same rows."""
    for number, row in enumerate(rows):
        yield row
        for copy in range(copies):
            chance = random.Random(f"{seed} {number} {copy}")
            yield _reworded(row, task, share, chance)


def reword(text: str, share: float, chance: random.Random) -> str:
    """`text` with about `share` of its units, and at least one, swapped, left out or repeated.

    One of the three is drawn for the whole text, as in the paper; one unit alone stays as it is.
    """
    units = _UNIT.findall(text)
    if len(units) < 2:
        return text
    change = chance.choice((_swap, _delete, _insert))
    for _ in range(max(1, round(share * len(units)))):
        change(units, chance)
    return "".join(units).strip()


def _swap(units: list[str], chance: random.Random) -> None:
    one, other = chance.sample(range(len(units)), 2)
    units[one], units[other] = units[other], units[one]


def _delete(units: list[str], chance: random.Random) -> None:
    if len(units) > 1:
        del units[chance.randrange(len(units))]


def _insert(units: list[str], chance: random.Random) -> None:
    units.insert(chance.randrange(len(units) + 1), chance.choice(units))


def _reworded(row: Row, task: Task, share: float, chance: random.Random) -> Row:
    if task == "chat":
        turns = [
            {**turn, "content": reword(turn["content"], share, chance)}
            if turn["role"] == "user"
            else turn
            for turn in row["messages"]
        ]
        return {**row, "messages": turns}
    read = "text" if task == "classification" else "document"
    return {**row, read: reword(row[read], share, chance)}
