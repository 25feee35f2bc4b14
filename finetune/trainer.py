"""`train(run)`: one path for the three tasks on transformers' Trainer and peft; events, no prints.

    1 base and labels   2 examples as Arrow   3 train, or go on from the newest good checkpoint
    4 adapter/          5 base and tuned on held-out rows -> report.json   6 the final event

Whatever ends it, the run ends with one final event, except a kill: that leaves it interrupted.
"""

import math
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

import torch

from finetune import checkpoints, ranks, rescue, watch
from finetune.adapter import Weights, save_adapter, split_off
from finetune.arrow import encoded_part, forget_encoded
from finetune.bases import (
    Base,
    Labels,
    align_labels,
    attach,
    context,
    find_base,
    load_base,
    precision_here,
)
from finetune.errors import BaseChanged, TrainingTooLarge
from finetune.estimate import spacing, total_steps
from finetune.events import Event
from finetune.export import TOKENIZER, card
from finetune.failures import failure
from finetune.files import write_text
from finetune.loop import EventTrainer, training_arguments
from finetune.measure import Tuned, figures, measure
from finetune.recipe import Recipe
from finetune.rescue import Load
from finetune.run import Run
from finetune.stopping import StopSwitch, stop_switch
from finetune.tuned import load_tuned
from inference import hardware
from inference.accelerator import out_of_memory
from inference.allocation import give_large_blocks_back
from inference.loading import load_tokenizer

VERSIONS = ("torch", "transformers", "peft", "accelerate", "datasets", "tokenizers", "safetensors")
WATCHED_ROWS = 256  # held-out rows the loss is watched on while training


def train(run: Run, seconds: float = math.inf) -> Event:
    """Train a run to its end, or as far as it gets in `seconds`, and return its final event.

    Goes on from the newest checkpoint that verifies; a finished run is left as it is. Started by
    `torchrun` or `accelerate launch`, its processes train together and the first of them writes.

    Raises:
        RunBusy: another worker holds the run.
    """
    if not ranks.leads():
        run = ranks.Follower(run.folder)
    with run.lock():
        last = run.last_event
        if last and last.type == "finished":
            return last
        ranks.meet()
        with stop_switch(lambda: run.stop_requested, seconds) as switch:
            training = Training(run, switch)
            try:
                return training.run_through()
            except Exception as error:
                fields = failure(error)
                ranks.part()
                training.keep_what_there_is()
                return run.append("failed", **fields)


def encode_ahead(run: Run) -> None:
    """Encode the run's rows and keep its tokenizer, without the model: no GPU need be at hand.

    Raises:
        BaseChanged, and as `find_base`
    """
    base = _base_of(run)
    labels = _labels_of(run, base)
    tokenizer = load_tokenizer(base.folder)
    names = labels.names if labels else ()
    for part in ("train", "held_out"):
        encoded_part(run, part, tokenizer, _load_of(run, base).max_length, names)
    if tokenizer.pad_token_id is None:  # as `load_base` does
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.save_pretrained(run.folder / TOKENIZER)


@dataclass
class _Prepared:
    base: Base
    labels: Labels | None
    load: Load
    precision: str
    model: Any  # peft.PeftModel
    tokenizer: Any
    taken: Weights | None  # see `split_off`


class Training:
    """The stages of one run, in order; `run_through` reads as the list above."""

    def __init__(self, run: Run, switch: StopSwitch) -> None:
        self.run = run
        self.recipe: Recipe = run.recipe
        self.switch = switch
        self.prepared: _Prepared | None = None
        self.trainer: EventTrainer | None = None

    def run_through(self) -> Event:
        step = self.fit()
        ranks.part()
        if not ranks.leads():
            return self.run.append("stopped", step=step)
        self.save_adapter()
        report = None
        if not self.switch.pressed():
            report = measure(self.run, self.to_measure(), self.switch.pressed, step)
        write_text(self.run.folder / "adapter" / "README.md", card(self.run))
        if report is None:
            return self.run.append("stopped", step=step, reason=self.switch.reason)
        return self.run.append("finished", step=step, metrics=figures(report))

    def fit(self) -> int:
        """Train, as far as the switch lets; the step whose adapter the model has then."""
        self.prepared = prepared = self._prepare()
        trainer = self._fit(prepared)
        if self.switch.pressed():
            return trainer.state.global_step
        return self._take_best(trainer)

    def keep_what_there_is(self) -> None:
        """After a failure: the adapter of the last finite step, where there is one to write."""
        if self.prepared is None or self.trainer is None or not ranks.leads():
            return
        if not self.trainer.state.global_step:
            return
        root = self.run.folder / "checkpoints"
        with suppress(OSError):
            checkpoints.aside(root)  # makes room on a full disk
        try:
            if not _finite(self.prepared.model):
                good, _ = checkpoints.newest_good(root)
                if good is None:
                    return
                self.trainer.restore(good)
            self.save_adapter()
        except Exception as error:  # the run has failed already, and for a better reason
            failure(error)

    # 1 base and labels

    def _prepare(self) -> _Prepared:
        recipe = self.recipe
        base = _base_of(self.run)
        precision = precision_here(recipe.precision)
        torch.set_num_threads(self._threads(base))
        if base.parameters >= hardware.ONE_THREAD:  # a tiny one would pay more than it gains
            give_large_blocks_back()
        torch.manual_seed(recipe.seed)  # a fresh head and the adapter's start are drawn from it
        labels = _labels_of(self.run, base)
        model, tokenizer, fresh = load_base(
            base.folder, recipe.task, labels, precision, recipe.quantization
        )
        load = _load_of(self.run, base)
        model = attach(model, recipe, fresh)
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
            precision=precision,
            threads=torch.get_num_threads(),
            processes=ranks.world(),
            **vars(load),
        )
        return _Prepared(base, labels, load, precision, model, tokenizer, split_off(model))

    def _threads(self, base: Base) -> int:
        """As before when the run goes on: the number of threads changes the last bits of a sum."""
        before = self.run.facts.get("ran", {}).get("threads")
        if before:
            return int(before)
        return 1 if base.parameters < hardware.ONE_THREAD else max(1, int(hardware.cores()))

    # 2 and 3 examples, training

    def _fit(self, prepared: _Prepared) -> EventTrainer:
        """Train; when memory runs out, go on from the last whole step with a lighter load."""
        root = self.run.folder / "checkpoints"
        good, damaged = checkpoints.newest_good(root)
        for checkpoint in damaged:
            self.run.append("warning", code="checkpoint_damaged", step=checkpoint.step)
        while True:
            self.trainer = trainer = self._trainer(prepared)
            try:
                trainer.go(good)
                return trainer
            except (MemoryError, RuntimeError) as error:
                if not out_of_memory(error) or ranks.world() > 1:
                    raise
            # Outside the handler: the error holds on to everything the step had made.
            self._lighten(prepared, trainer.state.global_step)
            prepared.model.zero_grad(set_to_none=True)
            rescue.clear()
            if trainer.state.global_step and trainer.optimizer is not None:
                trainer.save_now()
            good, _ = checkpoints.newest_good(root)

    def _lighten(self, prepared: _Prepared, step: int) -> None:
        lighter = prepared.load.lighter(self.recipe.shorten_rows)
        if lighter is None:
            raise TrainingTooLarge(rows=prepared.load.batch, tokens=prepared.load.max_length)
        if lighter.max_length != prepared.load.max_length:
            forget_encoded(self.run)
        prepared.load = lighter
        self.run.record(**vars(lighter))
        self.run.append("warning", code="memory_short", step=step, **vars(lighter))

    def _trainer(self, prepared: _Prepared) -> EventTrainer:
        names = prepared.labels.names if prepared.labels else ()
        with ranks.leader_first():
            parts = {
                part: encoded_part(
                    self.run, part, prepared.tokenizer, prepared.load.max_length, names
                )
                for part in ("train", "held_out")
            }
        watched = parts["held_out"]
        if len(watched) > WATCHED_ROWS:
            watched = watched.select(
                number * len(watched) // WATCHED_ROWS for number in range(WATCHED_ROWS)
            )
        recipe = self.recipe.model_copy(
            update={
                "per_device_train_batch_size": prepared.load.batch,
                "gradient_accumulation_steps": prepared.load.accumulation,
                "activation_checkpointing": prepared.load.activation_checkpointing,
            }
        )
        steps = total_steps(recipe, len(parts["train"]), ranks.world())
        spaced = {
            name: spacing(getattr(recipe, name), steps) for name in ("logging_steps", "save_steps")
        }
        self.run.record(**spaced)
        recipe = recipe.model_copy(update=spaced)
        return EventTrainer(
            run=self.run,
            switch=self.switch,
            recipe=recipe,
            model=prepared.model,
            tokenizer=prepared.tokenizer,
            arguments=training_arguments(self.run, recipe, bool(len(watched)), prepared.precision),
            train_dataset=parts["train"],
            eval_dataset=watched if len(watched) else None,
            started={
                "total_steps": steps,
                "train_rows": len(parts["train"]),
                "held_out_rows": len(parts["held_out"]),
                "trainable_parameters": prepared.model.num_parameters(only_trainable=True),
            },
        )

    # 4 the adapter

    def _take_best(self, trainer: EventTrainer) -> int:
        """The step whose adapter is kept: the last, or where the recipe says so the best one."""
        last = trainer.state.global_step
        found = watch.best(trainer.state.log_history)
        if self.recipe.keep_adapter != "best" or found is None or found[0] == last:
            return last
        step, loss = found
        checkpoint = checkpoints.at_step(self.run.folder / "checkpoints", step)
        if checkpoint is None:
            self.run.append("warning", code="best_lost", step=step)
            return last
        trainer.restore(checkpoint)
        self.run.append("warning", code="best_kept", step=step, held_out_loss=loss)
        return step

    def to_measure(self) -> Tuned:
        """The model as trained; one that took from its base is put together anew."""
        it = self.prepared
        assert it is not None
        if it.taken is not None:
            it.model = self.trainer = None
            return load_tuned(self.run)
        names = it.labels.names if it.labels else ()
        return Tuned(it.model, it.tokenizer, names, it.load.max_length)

    def save_adapter(self) -> None:
        assert self.prepared is not None
        it = self.prepared
        it.tokenizer.save_pretrained(self.run.folder / TOKENIZER)
        save_adapter(self.run, it.model, it.base, it.labels, it.taken)


def _base_of(run: Run) -> Base:
    """A run that goes on must find the base it began with."""
    recipe = run.recipe
    # Only a run without an owner, made on the command line, may name a folder.
    base = find_base(recipe.base, recipe.task, local=not (run.folder / "owner").exists())
    began = run.facts.get("ran", {}).get("base")
    if began and (began["revision"], began["config_sha256"]) != (
        base.revision,
        base.config_sha256,
    ):
        raise BaseChanged(model=base.id, expected=began["revision"], found=base.revision)
    return base


def _labels_of(run: Run, base: Base) -> Labels | None:
    if run.recipe.task != "classification":
        return None
    names = [row["label"] for part in ("train", "held_out") for row in run.rows(part)]
    return align_labels(names, base.folder)


def _load_of(run: Run, base: Base) -> Load:
    """As the recipe has it; when the run goes on, as the memory allowed in the end."""
    planned = Load.of(run.recipe)
    planned = replace(planned, max_length=min(planned.max_length, context(base.folder)))
    before = run.facts.get("ran", {})
    return replace(planned, **{name: before[name] for name in vars(planned) if name in before})


def _finite(model: Any) -> bool:
    trained = [p for p in model.parameters() if p.requires_grad]
    return all(bool(torch.isfinite(weight).all()) for weight in trained)
