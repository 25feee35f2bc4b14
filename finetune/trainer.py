"""`train(run)`: one path for the three tasks on transformers' Trainer and peft; events, no prints.

    1 base and labels   2 examples as Arrow   3 train, or go on from the newest good checkpoint
    4 adapter/          5 base and tuned on held-out rows -> report.json   6 the final event

Whatever ends it, the run ends with one final event, except a kill: that leaves it interrupted.
"""

import errno
import math
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import torch

from finetune import checkpoints, evaluate
from finetune.adapter import save_adapter
from finetune.arrow import encoded_part
from finetune.bases import Base, Labels, align_labels, attach, context, find_base, load_base
from finetune.errors import BaseChanged
from finetune.estimate import spacing, total_steps
from finetune.events import Event
from finetune.export import card
from finetune.files import write_json, write_text
from finetune.loop import EventTrainer, NotFinite, StopSwitch, training_arguments
from finetune.recipe import Recipe
from finetune.runs import Run
from inference import hardware
from inference.errors import LabError

VERSIONS = ("torch", "transformers", "peft", "accelerate", "datasets", "tokenizers", "safetensors")
WATCHED_ROWS = 256  # held-out rows the loss is watched on while training


def train(run: Run, seconds: float = math.inf) -> Event:
    """Train a run to its end, or as far as it gets in `seconds`, and return its final event.

    Goes on from the newest checkpoint that verifies; a finished run is left as it is.

    Raises:
        RunBusy: another worker holds the run.
    """
    with run.lock():
        last = run.last_event
        if last and last.type == "finished":
            return last
        with _stop_switch(run, seconds) as switch:
            try:
                return _Training(run, switch).run_through()
            except Exception as error:
                return run.append("failed", **failure(error))


def failure(error: Exception) -> dict[str, Any]:
    """The fields of a failed event: `reason` is a code, `values` what its sentence needs.

    What nobody expected is printed whole to the worker's log.
    """
    if isinstance(error, NotFinite):
        return {"reason": "not_finite", "values": {"step": error.step, "what": error.what}}
    if isinstance(error, LabError):
        values = {name: str(value) for name, value in getattr(error, "values", {}).items()}
        return {"reason": error.code(), "values": values, "sentence": str(error)}
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
    ):
        return {"reason": "out_of_memory", "values": {}}
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return {"reason": "disk_full", "values": {}}
    traceback.print_exception(error, file=sys.stderr)
    return {"reason": "unexpected", "values": {"error": type(error).__name__}}


@contextmanager
def _stop_switch(run: Run, seconds: float) -> Iterator[StopSwitch]:
    """Stops on stop.request, after `seconds` and, in a main thread, on SIGTERM and Ctrl-C."""
    switch = StopSwitch(lambda: run.stop_requested, seconds)
    if threading.current_thread() is not threading.main_thread():
        yield switch
        return
    signals = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(one, lambda *_: switch.press("terminated")) for one in signals]
    try:
        yield switch
    finally:
        for one, handler in zip(signals, before, strict=True):
            signal.signal(one, handler)


@dataclass
class _Prepared:
    base: Base
    labels: Labels | None
    max_length: int
    model: Any  # peft.PeftModel
    tokenizer: Any


class _Training:
    """The stages of one run, in order; `run_through` reads as the list above."""

    def __init__(self, run: Run, switch: StopSwitch) -> None:
        self.run = run
        self.recipe: Recipe = run.recipe
        self.switch = switch

    def run_through(self) -> Event:
        prepared = self._prepare()
        trainer = self._trainer(prepared)
        self._fit(trainer, prepared)
        save_adapter(self.run, prepared.model, prepared.base, prepared.labels)
        step = trainer.state.global_step
        report = None if self.switch.pressed() else self._report(prepared, step)
        write_text(self.run.folder / "adapter" / "README.md", card(self.run))
        if report is None:
            return self.run.append("stopped", step=step, reason=self.switch.reason)
        return self.run.append("finished", step=step, metrics=_figures(report))

    # 1 base and labels

    def _prepare(self) -> _Prepared:
        recipe = self.recipe
        # Only a run without an owner, made on the command line, may name a folder.
        local = not (self.run.folder / "owner").exists()
        base = find_base(recipe.base, recipe.task, local)
        self._same_base(base)
        torch.set_num_threads(self._threads(base))
        torch.manual_seed(recipe.seed)  # a fresh head and the adapter's start are drawn from it
        labels = None
        if recipe.task == "classification":
            names = [row["label"] for part in ("train", "held_out") for row in self.run.rows(part)]
            labels = align_labels(names, base.folder)
        model, tokenizer, fresh = load_base(base.folder, recipe.task, labels)
        max_length = min(recipe.max_length, context(base.folder))
        self.run.record(
            versions={name: version(name) for name in VERSIONS},
            python=sys.version.split()[0],
            base={
                "id": base.id,
                "revision": base.revision,
                "config_sha256": base.config_sha256,
            },
            labels=list(labels.names) if labels else None,
            own_head=labels.own_head if labels else None,
            max_length=max_length,
            threads=torch.get_num_threads(),
        )
        return _Prepared(base, labels, max_length, attach(model, recipe, fresh), tokenizer)

    def _same_base(self, base: Base) -> None:
        """A run that goes on must find the base it began with."""
        began = self.run.facts.get("ran", {}).get("base")
        if began and (began["revision"], began["config_sha256"]) != (
            base.revision,
            base.config_sha256,
        ):
            raise BaseChanged(model=base.id, expected=began["revision"], found=base.revision)

    def _threads(self, base: Base) -> int:
        """As before when the run goes on: the number of threads changes the last bits of a sum."""
        before = self.run.facts.get("ran", {}).get("threads")
        if before:
            return int(before)
        return 1 if base.parameters < hardware.ONE_THREAD else max(1, int(hardware.cores()))

    # 2 and 3 examples, training

    def _trainer(self, prepared: _Prepared) -> EventTrainer:
        names = prepared.labels.names if prepared.labels else ()
        parts = {
            part: encoded_part(
                self.run, part, prepared.tokenizer, self.recipe.task, prepared.max_length, names
            )
            for part in ("train", "held_out")
        }
        watched = parts["held_out"]
        if len(watched) > WATCHED_ROWS:
            watched = watched.select(
                number * len(watched) // WATCHED_ROWS for number in range(WATCHED_ROWS)
            )
        steps = total_steps(self.recipe, len(parts["train"]))
        spaced = {
            name: spacing(getattr(self.recipe, name), steps)
            for name in ("logging_steps", "save_steps")
        }
        self.run.record(**spaced)
        recipe = self.recipe.model_copy(update=spaced)
        return EventTrainer(
            run=self.run,
            switch=self.switch,
            model=prepared.model,
            tokenizer=prepared.tokenizer,
            arguments=training_arguments(self.run, recipe, bool(len(watched))),
            train_dataset=parts["train"],
            eval_dataset=watched if len(watched) else None,
            started={
                "total_steps": steps,
                "train_rows": len(parts["train"]),
                "held_out_rows": len(parts["held_out"]),
                "trainable_parameters": prepared.model.num_parameters(only_trainable=True),
            },
        )

    def _fit(self, trainer: EventTrainer, prepared: _Prepared) -> None:
        root = self.run.folder / "checkpoints"
        good, damaged = checkpoints.newest_good(root)
        for checkpoint in damaged:
            self.run.append("warning", code="checkpoint_damaged", step=checkpoint.step)
        try:
            trainer.go(good)
        except NotFinite as error:
            if error.step:  # the weights are those before the bad step
                save_adapter(self.run, prepared.model, prepared.base, prepared.labels)
            raise

    # 5 report

    def _report(self, prepared: _Prepared, step: int) -> dict[str, Any] | None:
        report = evaluate.compare(
            prepared.model,
            prepared.tokenizer,
            self.run.rows("held_out"),
            self.recipe.task,
            prepared.max_length,
            prepared.labels.names if prepared.labels else (),
            self.switch.pressed,
        )
        if report is None:
            return None
        if prepared.labels:
            report["own_head"] = prepared.labels.own_head
        write_json(self.run.folder / "report.json", report)
        self.run.append("evaluated", step=step, rows=report["rows"], **_figures(report))
        return report


def _figures(report: dict[str, Any]) -> dict[str, Any]:
    """The single numbers of a report, base and tuned."""
    return {
        side: {name: value for name, value in report[side].items() if isinstance(value, float)}
        for side in ("base", "tuned")
    }
