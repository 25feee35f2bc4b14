"""What a table is for, and which column is which: guessed from names, then from contents."""

from collections.abc import Iterable
from dataclasses import dataclass
from unicodedata import category

from finetune.columns import IDENTIFIERS, NAMES, ROLES, needed, plain
from finetune.conversation import is_conversation
from finetune.tables import Table
from inference.catalog import Task

_SAMPLE = 2_000  # rows looked at
_CONVERSATIONS = 20  # cells read as conversations, of each column


@dataclass(frozen=True)
class Guess:
    """`mapping` is role -> column name, as in `Table.columns`."""

    task: Task
    mapping: dict[str, str]


def guess(table: Table, task: Task | None = None) -> Guess | None:
    """The task and columns a person most likely means; None where nothing fits.

    With `task`, only the columns for that task.

    Column names come first. Between tasks whose names fit equally, and where names say nothing,
    the contents decide: few short values that repeat are labels, and a summary is much shorter
    than its document.
    """
    seen = _Columns(table)
    if task in (None, "chat") and (conversations := seen.conversations()):
        return Guess("chat", {"messages": conversations})
    named = [found for kind in ([task] if task else NAMES) if (found := seen.by_names(kind))]
    if named:
        return max(named, key=seen.fit)
    found = seen.by_content()
    return found if found and task in (None, found.task) else None


def guess_text(table: Table, label: str = "") -> str:
    """The column most likely to hold the texts to classify, in a table with labels or without.

    By its name; else the longest that holds words and does not only name its row. It is not that
    of the `label`, where there is another.
    """
    found = guess(table, "classification")
    if found and found.mapping["text"] != label:
        return found.mapping["text"]
    seen = _Columns(table)
    plains = {plain(name): name for name in reversed(seen.names)}
    for name in NAMES["classification"]["text"]:
        if plains.get(plain(name), label) != label:
            return plains[plain(name)]
    others = [name for name in seen.names if name != label] or seen.names
    worded = [name for name in others if has_words(seen.values[name])]
    texts = [name for name in worded if not seen.is_identifier(name)] or worded
    return max(texts or others, key=seen.length)


def has_words(cells: Iterable[str]) -> bool:
    """Whether any cell holds a letter or a picture: numbers and marks alone are no text."""
    return any(
        character.isalpha() or category(character) == "So" for cell in cells for character in cell
    )


class _Columns:
    """What the first rows of each column are like."""

    def __init__(self, table: Table) -> None:
        self.names = table.columns
        rows = [row for row in table.rows[:_SAMPLE] if len(row) == table.width]
        self.values = {
            name: [cell for row in rows if (cell := row[index].strip())]
            for index, name in enumerate(self.names)
        }

    def length(self, name: str) -> float:
        values = self.values[name]
        return sum(map(len, values)) / max(1, len(values))

    def is_label(self, name: str) -> bool:
        """Short values, every one of them seen about three times or more."""
        values = self.values[name]
        return 1 < len(set(values)) <= max(2, len(values) // 3) and self.length(name) <= 40

    def is_nested(self, name: str) -> bool:
        """JSON within a cell: no text to learn from as it stands."""
        return all(value[0] in "[{" and value[-1] in "]}" for value in self.values[name])

    def conversations(self) -> str | None:
        """The first column that holds whole conversations, nearly everywhere."""
        for name in self.names:
            values = self.values[name][:_CONVERSATIONS]
            found = sum(map(is_conversation, values))
            if found and found * 10 >= len(values) * 8:
                return name
        return None

    def is_identifier(self, name: str) -> bool:
        """A name of its own for every row, such as a number or a code."""
        values = self.values[name]
        if plain(name) in IDENTIFIERS:
            return True
        codes = all(value.isascii() and " " not in value for value in values)
        return (
            codes
            and any(c.isdigit() for c in "".join(values[:50]))
            and (len(set(values)) == len(values) > 1)
        )

    def by_names(self, task: Task) -> Guess | None:
        """A column for each required role, the best names first, no column twice."""
        plains = {plain(name): name for name in reversed(self.names)}
        mapping: dict[str, str] = {}
        required = needed(task, {})
        for role in sorted(NAMES[task], key=lambda role: role not in required):
            if role == "messages":  # found by what they hold
                continue
            for name in NAMES[task][role]:
                column = plains.get(plain(name))
                if column and column not in mapping.values():
                    mapping[role] = column
                    break
            else:
                if role in required:
                    return None
        return Guess(task, {role: mapping[role] for role in ROLES[task] if role in mapping})

    def fit(self, found: Guess) -> float:
        """How well names and contents go with the task; the highest wins."""
        ranks = [
            [plain(name) for name in NAMES[found.task][role]].index(plain(column))
            for role, column in found.mapping.items()
        ]
        score = sum(1 / (1 + 0.2 * rank) for rank in ranks) / len(ranks)
        if found.task == "classification":
            score += 1 if self.is_label(found.mapping["label"]) else -1
        if found.task == "summarization":
            ratio = self.length(found.mapping["document"]) / max(
                1, self.length(found.mapping["summary"])
            )
            score += 0.3 if ratio >= 2 else -1
        return score

    def by_content(self) -> Guess | None:
        """Names say nothing: the longest column is the text, a label column its label."""
        filled = [
            name
            for name in self.names
            if self.values[name] and not (self.is_nested(name) or self.is_identifier(name))
        ]
        if len(filled) < 2:
            return None
        text = max(filled, key=self.length)
        labels = [name for name in filled if name != text and self.is_label(name)]
        if labels and not self.is_label(text):
            label = min(labels, key=lambda name: len(set(self.values[name])))
            return Guess("classification", {"text": text, "label": label})
        if len(filled) != 2 or any(self.is_label(name) for name in filled):
            return None
        first, second = filled
        if self.length(first) >= 4 * self.length(second) and self.length(first) >= 100:
            return Guess("summarization", {"document": first, "summary": second})
        if min(self.length(first), self.length(second)) >= 4:
            return Guess("chat", {"instruction": first, "output": second})
        return None
