"""transformers' Trainer made to tell events, stop when asked and save whole checkpoints."""

import math
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import Sampler
from transformers import (
    DataCollatorForSeq2Seq,
    DataCollatorWithPadding,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from finetune import checkpoints
from finetune.checkpoints import Checkpoint
from finetune.encode import IGNORE
from finetune.recipe import Recipe
from finetune.runs import Run

if TYPE_CHECKING:
    from datasets import Dataset

EVALUATION_BATCH = 16


class NotFinite(Exception):
    """Loss or gradient is NaN or infinite; the weights are still those before step `step` + 1."""

    def __init__(self, what: str, step: int) -> None:
        super().__init__(what)
        self.what, self.step = what, step


class StopSwitch:
    """Whether to stop, and why: asked for in the run folder, pressed by a signal, or too long.

    Args:
        seconds: from now until the time limit.
    """

    def __init__(self, requested: Callable[[], bool], seconds: float = math.inf) -> None:
        self.reason: str | None = None
        self._requested = requested
        self._end = time.monotonic() + seconds

    def press(self, reason: str) -> None:
        self.reason = self.reason or reason

    def pressed(self) -> bool:
        if self.reason is None and self._requested():
            self.reason = "request"
        return self.reason is not None or self.overdue()

    def overdue(self) -> bool:
        if time.monotonic() >= self._end:
            self.press("time_limit")
        return self.reason == "time_limit"


def training_arguments(run: Run, recipe: Recipe, watch: bool) -> TrainingArguments:
    """The recipe as the Trainer's arguments.

    Args:
        watch: measure the held-out loss at each checkpoint.
    """
    cuda = torch.cuda.is_available()
    return TrainingArguments(
        output_dir=str(run.folder / "checkpoints" / ".aside"),
        num_train_epochs=recipe.num_train_epochs,
        max_steps=recipe.max_steps,
        learning_rate=recipe.learning_rate,
        per_device_train_batch_size=recipe.per_device_train_batch_size,
        per_device_eval_batch_size=EVALUATION_BATCH,
        gradient_accumulation_steps=recipe.gradient_accumulation_steps,
        lr_scheduler_type=recipe.lr_scheduler_type,
        warmup_steps=recipe.warmup_steps,
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.max_grad_norm,
        label_smoothing_factor=recipe.label_smoothing_factor,
        logging_steps=recipe.logging_steps,
        logging_nan_inf_filter=False,  # the default shows a NaN loss as 0.0
        save_steps=recipe.save_steps,
        eval_strategy="steps" if watch else "no",
        eval_steps=recipe.save_steps,
        seed=recipe.seed,
        bf16=cuda and torch.cuda.is_bf16_supported(),
        dataloader_pin_memory=cuda,
        label_names=["labels"],
        prediction_loss_only=True,
        report_to=[],
        disable_tqdm=True,
        log_level="error",
    )


class EventTrainer(Trainer):
    """The Trainer of a run: appends its events, honours its stop, writes its checkpoints."""

    def __init__(
        self,
        run: Run,
        switch: StopSwitch,
        model: Any,
        tokenizer: Any,
        arguments: TrainingArguments,
        train_dataset: "Dataset",
        eval_dataset: "Dataset | None",
        started: Mapping[str, Any],
    ) -> None:
        self.run = run
        self.started = started
        self.root = run.folder / "checkpoints"
        self.tokens = 0  # read since the last step event, padding left out
        super().__init__(
            model=model,
            args=arguments,
            data_collator=collator(tokenizer, model, run.recipe.task),
            train_dataset=train_dataset,
            eval_dataset=eval_dataset,
            processing_class=tokenizer,
            callbacks=[_Reporter(run, switch, self)],
        )
        self.remove_callback(PrinterCallback)

    def go(self, checkpoint: Checkpoint | None) -> None:
        """Train from the start, or on from `checkpoint`; nothing is left to do after the last."""
        checkpoints.aside(self.root)
        if checkpoint is None:
            self.train()
        elif checkpoint.step < self.started["total_steps"]:
            self.train(resume_from_checkpoint=str(checkpoint.folder))
        else:
            self._load_from_checkpoint(str(checkpoint.folder))
            self.state.global_step = checkpoint.step

    def _get_train_sampler(self, train_dataset: "Dataset | None" = None) -> "GroupedByLength":
        return GroupedByLength(
            [len(ids) for ids in self.train_dataset["input_ids"]],
            self.args.per_device_train_batch_size,
            self.args.seed,
            epoch=lambda: int(self.state.epoch or 0),
        )

    def training_step(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> torch.Tensor:
        self.tokens += int(inputs["attention_mask"].sum())
        loss = super().training_step(model, inputs, *args, **kwargs)
        if not torch.isfinite(loss):
            raise NotFinite("loss", self.state.global_step)
        return loss

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        step = self.state.global_step
        super()._save_checkpoint(model, trial)
        written = self.root / ".aside" / f"checkpoint-{step}"
        # A pickle of the arguments that resuming does not read.
        (written / "training_args.bin").unlink(missing_ok=True)
        checkpoints.commit(written, self.root, step)
        self.run.append("checkpoint", step=step)


class GroupedByLength(Sampler[int]):
    """Every row once an epoch, rows of like length side by side: most padding is saved.

    Rows are shuffled, sorted by length within stretches of up to 50 batches, and the batches
    shuffled. The order depends on seed and epoch alone, so a resumed run meets the same batches;
    the Trainer's own grouping draws from a random state that differs after a resume.
    """

    def __init__(
        self, lengths: Sequence[int], batch: int, seed: int, epoch: Callable[[], int]
    ) -> None:
        self.lengths, self.batch, self.seed, self.epoch = lengths, batch, seed, epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        chance = random.Random(f"{self.seed} {self.epoch()}")
        order = list(range(len(self.lengths)))
        chance.shuffle(order)
        stretch = self.batch * max(1, min(50, len(order) // (4 * self.batch)))
        batches = []
        for start in range(0, len(order), stretch):
            alike = sorted(order[start : start + stretch], key=lambda row: self.lengths[row])
            batches += [alike[at : at + self.batch] for at in range(0, len(alike), self.batch)]
        whole = [rows for rows in batches if len(rows) == self.batch]
        chance.shuffle(whole)
        yield from (row for rows in whole for row in rows)
        yield from (row for rows in batches if len(rows) < self.batch for row in rows)


class _Reporter(TrainerCallback):
    """Trainer callbacks -> events of the run."""

    def __init__(self, run: Run, switch: StopSwitch, trainer: EventTrainer) -> None:
        self.run, self.switch, self.trainer = run, switch, trainer
        self.logged_at = 0.0

    def on_train_begin(self, args, state, control, **kwargs):
        self.run.append("started", **self.trainer.started, resumed_at=state.global_step)
        self.logged_at = time.monotonic()

    def on_pre_optimizer_step(self, args, state, control, **kwargs):
        gradients = [p.grad for p in self.trainer.model.parameters() if p.grad is not None]
        norms = torch.stack(torch._foreach_norm(gradients))
        if not torch.isfinite(norms).all():
            raise NotFinite("gradient", state.global_step)

    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step >= state.max_steps:
            control.should_log = True  # the curve ends where the run does
        elif self.switch.pressed():
            control.should_training_stop = True
            control.should_save = True
            control.should_log = True
        return control

    def on_substep_end(self, args, state, control, **kwargs):
        # A step may be as long as one likes, so the time limit does not wait for its end; the
        # weights are those of the step before. Other stops do, and resume as if undisturbed.
        if self.switch.overdue():
            control.should_training_stop = True
            control.should_save = state.global_step > 0
        return control

    def on_log(self, args, state, control, logs=None, **kwargs):
        if "loss" in (logs or {}):
            now = time.monotonic()
            rate = self.trainer.tokens / max(now - self.logged_at, 1e-9)
            self.trainer.tokens, self.logged_at = 0, now
            self.run.append(
                "step",
                step=state.global_step,
                loss=logs["loss"],
                learning_rate=logs["learning_rate"],
                grad_norm=logs.get("grad_norm"),
                tokens_per_second=round(rate, 1),
                epoch=round(logs["epoch"], 4),
            )
        elif "eval_loss" in (logs or {}):
            self.run.append("evaluated", step=state.global_step, held_out_loss=logs["eval_loss"])


def collator(
    tokenizer: Any, model: Any, task: str
) -> DataCollatorForSeq2Seq | DataCollatorWithPadding:
    """Pads a batch to its longest row on the right, labels with IGNORE."""
    tokenizer.padding_side = "right"
    if task == "classification":
        return DataCollatorWithPadding(tokenizer)
    # An encoder-decoder needs its decoder's input where label smoothing takes the labels away.
    shifts = model if task == "summarization" else None
    return DataCollatorForSeq2Seq(tokenizer, model=shifts, label_pad_token_id=IGNORE)
