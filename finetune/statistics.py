"""What training will see of a table's columns: lengths in tokens, what is cut, how labels spread.

Pure: rows and a tokenizer in, figures out. Knows nothing of files or models.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from finetune.encode import render
from finetune.problems import Problem, problem
from inference.catalog import Task

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SAMPLE_ROWS = 2_000  # measured at most, evenly over the whole
_MOST_LABELS = 100  # listed, the most frequent first

Row = Mapping[str, Any]


def statistics(
    rows: Sequence[Row], task: Task, tokenizer: "PreTrainedTokenizerBase", max_length: int
) -> dict[str, Any]:
    """JSON-able: `{"rows", "measured", "max_length", "truncated", "parts", "labels"}`.

    `parts` is part -> `{"p50", "p95", "max"}` in tokens: of a chat the whole conversation, what is
    asked and what is answered. `truncated` is the share of the measured rows that is longer than
    `max_length` tokens somewhere. `labels` is label -> rows, empty where the task has none.
    """
    measured = [rows[at] for at in _spread(len(rows))]
    lengths = _lengths(measured, task, tokenizer)
    longest = [max(row) for row in zip(*(lengths[part] for part in _CUT[task]), strict=True)]
    labels = Counter(row["label"] for row in rows) if task == "classification" else Counter()
    return {
        "rows": len(rows),
        "measured": len(measured),
        "max_length": max_length,
        "truncated": sum(tokens > max_length for tokens in longest) / max(1, len(measured)),
        "parts": {part: _figures(counts) for part, counts in lengths.items()},
        "labels": dict(labels.most_common(_MOST_LABELS)),
    }


def row_lengths(rows: Sequence[Row], task: Task, tokenizer: "PreTrainedTokenizerBase") -> list[int]:
    """Tokens of each row, of its longest part that `max_length` would cut."""
    lengths = _lengths(rows, task, tokenizer)
    return [max(row) for row in zip(*(lengths[part] for part in _CUT[task]), strict=True)]


def length_problems(found: Mapping[str, Any]) -> list[Problem]:
    """A warning where rows are too long, from `statistics`."""
    if not found["truncated"]:
        return []
    share = max(1, round(100 * found["truncated"]))
    return [problem("rows_truncated", percent=share, max_length=found["max_length"])]


# What is cut at `max_length` (see `encode`): a conversation as a whole, a summary by itself.
_CUT: dict[Task, tuple[str, ...]] = {
    "chat": ("conversation",),
    "classification": ("text",),
    "summarization": ("document", "summary"),
}


def _spread(count: int) -> list[int]:
    if count <= SAMPLE_ROWS:
        return list(range(count))
    return [number * count // SAMPLE_ROWS for number in range(SAMPLE_ROWS)]


def _lengths(
    rows: Sequence[Row], task: Task, tokenizer: "PreTrainedTokenizerBase"
) -> dict[str, list[int]]:
    if task != "chat":
        return {part: _counts([row[part] for row in rows], tokenizer) for part in _CUT[task]}
    turns = [row["messages"] for row in rows]
    asked = ["\n".join(it["content"] for it in row if it["role"] != "assistant") for row in turns]
    said = ["\n".join(it["content"] for it in row if it["role"] == "assistant") for row in turns]
    return {
        "conversation": [len(render(row, tokenizer, answer_next=False)) for row in turns],
        "asked": _counts(asked, tokenizer),
        "answered": _counts(said, tokenizer),
    }


def _counts(texts: Sequence[str], tokenizer: "PreTrainedTokenizerBase") -> list[int]:
    if not texts:
        return []
    return [len(ids) for ids in tokenizer(list(texts), verbose=False)["input_ids"]]


def _figures(counts: Sequence[int]) -> dict[str, int]:
    """Nearest-rank percentiles."""
    ordered = sorted(counts) or [0]
    last = len(ordered) - 1
    return {
        "p50": ordered[round(last * 0.5)],
        "p95": ordered[round(last * 0.95)],
        "max": ordered[-1],
    }
