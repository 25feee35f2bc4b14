"""The base and the tuned model on rows that were never trained on.

    classification  accuracy, macro_f1, confusion, per_label; beside them what always answering
                    the most frequent label would reach
    chat            loss (nats a trained token), perplexity, samples
    summarization   rouge1, rouge2, rougeL (F-measure), samples

The base is measured with the adapter off. Every figure comes with an interval, and the most
telling one with a verdict. Knows models and rows, not files.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Literal

import numpy
import torch

from finetune.answers import BATCH, Answer, answers
from finetune.certainty import CONFIDENCE, Figures, bootstrap, difference, interval, wilson
from finetune.metrics import (
    ROUGE,
    classification_metrics,
    macro_f1,
    majority,
    rouge_of_each,
)
from inference.catalog import Task

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Row = Mapping[str, Any]
Metrics = dict[str, Any]
Side = Literal["base", "tuned"]
SIDES: tuple[Side, ...] = ("base", "tuned")

# Rows measured at most: enough for a figure, few enough for a CPU. The report says how many.
ROWS: dict[Task, int] = {"chat": 200, "classification": 5_000, "summarization": 40}
SAMPLES = 5
TELLING: dict[Task, str] = {
    "chat": "loss",
    "classification": "macro_f1",
    "summarization": "rouge1",
}


class Notes:
    """Answers found so far, side by side; a subclass may keep them across a stop."""

    def __init__(self) -> None:
        self.found: dict[Side, dict[int, Answer]] = {side: {} for side in SIDES}

    def add(self, side: Side, number: int, answer: Answer) -> None:
        self.found[side][number] = {**self.found[side].get(number, {}), **answer}


def never() -> bool:
    return False


def compare(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    held_out: Sequence[Row],
    task: Task,
    max_length: int,
    labels: Sequence[str] = (),
    should_stop: Callable[[], bool] = never,
    notes: Notes | None = None,
    batch: int = BATCH,
) -> dict[str, Any] | None:
    """The report: `{"task", "rows", "held_out_rows", "base", "tuned", "samples", "intervals",
    "difference", …}`.

    None when `should_stop` answered True before both sides were measured; what was found until
    then is in `notes`, and what is in them already is not looked for again.
    """
    notes = notes or Notes()
    rows = spread(held_out, ROWS[task])
    report: dict[str, Any] = {"task": task, "rows": len(rows), "held_out_rows": len(held_out)}
    if not rows:
        return {**report, "base": {}, "tuned": {}, "samples": []}
    asked = spread(range(len(rows)), SAMPLES)
    for side in SIDES:
        known = notes.found[side]
        with side_of(model, side):
            for number, answer in answers(
                *(model, tokenizer, rows, task, max_length, labels),
                asked=asked,
                known=dict(known),
                should_stop=should_stop,
                batch=batch,
            ):
                notes.add(side, number, answer)
        if should_stop():
            return None
    return {**report, **summed_up(rows, task, labels, notes)}


@contextmanager
def side_of(model: "PreTrainedModel", side: Side) -> Iterator[None]:
    """The model as base (adapter off) or tuned, in evaluation mode; as it was afterwards."""
    training = model.training
    model.eval()
    off = model.disable_adapter() if side == "base" else nullcontext()
    try:
        with off, _mixed(model):
            yield
    finally:
        model.train(training)


def _mixed(model: "PreTrainedModel") -> Any:
    """What was trained is float32; on a base in half precision the two are computed together."""
    half = {p.dtype for p in model.parameters() if p.dtype in (torch.float16, torch.bfloat16)}
    if model.device.type == "cpu" or len(half) != 1:
        return nullcontext()
    return torch.autocast(model.device.type, dtype=half.pop())


def spread(rows: Sequence[Any], most: int) -> list[Any]:
    """At most `most` of them, evenly over the whole."""
    if len(rows) <= most:
        return list(rows)
    return [rows[number * len(rows) // most] for number in range(most)]


def summed_up(rows: Sequence[Row], task: Task, labels: Sequence[str], notes: Notes) -> Metrics:
    """The figures of both sides from their answers to every row, with how sure they are."""
    ordered = {side: [notes.found[side][n] for n in range(len(rows))] for side in SIDES}
    summed: Metrics = {"samples": _samples(rows, task, ordered)}
    if task == "classification":
        summed |= {"labels": list(labels), "majority": majority(rows, labels)}
    resamplers: dict[Side, Figures] = {}
    for side in SIDES:
        summed[side], resamplers[side] = _SUMS[task](rows, ordered[side], labels)
    base, tuned = bootstrap(len(rows), [resamplers[side] for side in SIDES])
    telling = TELLING[task]
    summed["intervals"] = {
        side: {name: list(interval(values)) for name, values in found.items()}
        for side, found in (("base", base), ("tuned", tuned))
    }
    if task == "classification":
        for side in SIDES:
            right = round(summed[side]["accuracy"] * len(rows))
            summed["intervals"][side]["accuracy"] = list(wilson(right, len(rows)))
    summed["confidence"] = CONFIDENCE
    summed["difference"] = difference(
        telling,
        summed["base"][telling],
        summed["tuned"][telling],
        (base[telling], tuned[telling]),
        len(rows),
        lower_is_better=telling == "loss",
    ).to_dict()
    return summed


# Of one side: rows, their answers, labels -> the figures, and the same for a resample.


def _classified(
    rows: Sequence[Row], found: Sequence[Answer], labels: Sequence[str]
) -> tuple[Metrics, Figures]:
    index = {label: number for number, label in enumerate(labels)}
    expected = numpy.array([index[row["label"]] for row in rows])
    predicted = numpy.array([answer["class"] for answer in found])
    metrics = classification_metrics(expected.tolist(), predicted.tolist(), labels)
    # A label that no held-out row has counts nothing in the figure, so neither in a resample.
    count = len(labels)
    return metrics, lambda drawn: {"macro_f1": macro_f1(expected[drawn], predicted[drawn], count)}


def _conversed(
    rows: Sequence[Row], found: Sequence[Answer], labels: Sequence[str]
) -> tuple[Metrics, Figures]:
    loss = numpy.array([answer["loss"] for answer in found])
    tokens = numpy.array([answer["tokens"] for answer in found])

    def figures(drawn: numpy.ndarray) -> dict[str, float]:
        mean = float(loss[drawn].sum() / max(1, tokens[drawn].sum()))
        return {"loss": mean, "perplexity": math.exp(min(mean, 700.0))}

    return figures(numpy.arange(len(rows))), figures


def _summarized(
    rows: Sequence[Row], found: Sequence[Answer], labels: Sequence[str]
) -> tuple[Metrics, Figures]:
    pairs = [(row["summary"], it["summary"]) for row, it in zip(rows, found, strict=True)]
    scores = rouge_of_each(pairs)
    each = {kind: numpy.array([score[kind] for score in scores]) for kind in ROUGE}

    def figures(drawn: numpy.ndarray) -> dict[str, float]:
        return {kind: float(values[drawn].mean()) for kind, values in each.items()}

    return figures(numpy.arange(len(rows))), figures


_SUMS = {"classification": _classified, "chat": _conversed, "summarization": _summarized}


def _samples(
    rows: Sequence[Row], task: Task, found: Mapping[Side, Sequence[Answer]]
) -> list[dict[str, str]]:
    """A few rows with what was expected and what either side answered."""
    if task == "classification":
        return []
    said = "answer" if task == "chat" else "summary"
    return [
        {
            "prompt": rows[n]["messages"][-2]["content"] if task == "chat" else rows[n]["document"],
            "expected": rows[n]["messages"][-1]["content"]
            if task == "chat"
            else rows[n]["summary"],
            **{side: found[side][n][said] for side in SIDES},
        }
        for n in spread(range(len(rows)), SAMPLES)
    ]
