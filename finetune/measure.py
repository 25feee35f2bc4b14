"""Measuring a run's model: what was found is kept while it goes on, then report.json and an event.

measured.jsonl   an answer a line, until the report is written: a stop loses none
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune import evaluate, rescue
from finetune.answers import BATCH, Answer
from finetune.evaluate import Notes, Side
from finetune.files import write_json
from finetune.run import Run
from inference.accelerator import out_of_memory

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Tuned:
    """A run's base with its adapter attached."""

    model: "PeftModel"
    tokenizer: "PreTrainedTokenizerBase"
    labels: tuple[str, ...]
    max_length: int


class _Kept(Notes):
    """Notes that are in a file as well; those of an earlier start are read from it."""

    def __init__(self, path: Path, step: int) -> None:
        super().__init__()
        self.path, self.step = path, step
        for line in path.read_text("utf-8").splitlines() if path.exists() else ():
            try:
                step, side, number, answer = json.loads(line)
            except ValueError:  # cut short by a kill
                continue
            if step == self.step:
                super().add(side, number, answer)

    def add(self, side: Side, number: int, answer: Answer) -> None:
        super().add(side, number, answer)
        with self.path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps([self.step, side, number, answer], ensure_ascii=False) + "\n")


def measure(
    run: Run, tuned: Tuned, should_stop: Callable[[], bool], step: int
) -> dict[str, Any] | None:
    """Base and tuned model on the held-out rows: report.json and an event.

    None when `should_stop` answered True first; asked again, it goes on where it was.

    Args:
        step: whose adapter this is.
    """
    path = run.folder / "measured.jsonl"
    notes = _Kept(path, step)
    report = _compared(run, tuned, should_stop, notes, step)
    if report is None:
        return None
    if tuned.labels:
        report["own_head"] = run.facts["ran"]["own_head"]
    report["step"] = step
    write_json(run.folder / "report.json", report)
    path.unlink(missing_ok=True)
    run.append("evaluated", step=step, rows=report["rows"], **figures(report))
    return report


def figures(report: dict[str, Any]) -> dict[str, Any]:
    """The single numbers of a report, base and tuned."""
    return {
        side: {name: value for name, value in report[side].items() if isinstance(value, float)}
        for side in evaluate.SIDES
    }


def _compared(
    run: Run, tuned: Tuned, should_stop: Callable[[], bool], notes: Notes, step: int
) -> dict[str, Any] | None:
    """The report; where memory runs out, with fewer rows at a time."""
    batch = BATCH
    while True:
        try:
            return evaluate.compare(
                tuned.model,
                tuned.tokenizer,
                run.rows("held_out"),
                run.recipe.task,
                tuned.max_length,
                tuned.labels,
                should_stop,
                notes,
                batch,
            )
        except (MemoryError, RuntimeError) as error:
            if batch == 1 or not out_of_memory(error):
                raise
        batch //= 2
        rescue.clear()
        run.append("warning", code="memory_short_measuring", step=step, batch=batch)
