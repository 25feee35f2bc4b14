"""transformers' Trainer made to tell events, stop when asked and save whole checkpoints."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import torch
from torch.nn import functional
from transformers import (
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerState,
    TrainingArguments,
)

from finetune import checkpoints, ranks, watch
from finetune.adversarial import Nudge
from finetune.batches import GroupedByLength, collator, next_tokens
from finetune.chance import chance_now, set_chance
from finetune.checkpoints import Checkpoint
from finetune.encode import IGNORE
from finetune.recipe import Recipe
from finetune.run import Run
from finetune.stopping import StopSwitch

if TYPE_CHECKING:
    from datasets import Dataset

EVALUATION_BATCH = 16
STATE = "trainer_state.json"
SKIPPED = 25  # steps in a row that loss scaling may skip: from 65,536 it is below 1 long before


class NotFinite(Exception):
    """Loss or gradient is NaN or infinite; the weights are still those before step `step` + 1."""

    def __init__(self, what: str, step: int) -> None:
        super().__init__(what)
        self.what, self.step = what, step


def training_arguments(
    run: Run, recipe: Recipe, watched: bool, precision: str = "fp32"
) -> TrainingArguments:
    """The recipe as the Trainer's arguments.

    Args:
        watched: measure the held-out loss at each checkpoint.
        precision: fp32, fp16 (with loss scaling) or bf16.
    """
    return TrainingArguments(
        output_dir=str(run.folder / "checkpoints" / ".aside"),
        num_train_epochs=recipe.num_train_epochs,
        max_steps=recipe.max_steps,
        learning_rate=recipe.learning_rate,
        per_device_train_batch_size=recipe.per_device_train_batch_size,
        per_device_eval_batch_size=min(EVALUATION_BATCH, 2 * recipe.per_device_train_batch_size),
        gradient_accumulation_steps=recipe.gradient_accumulation_steps,
        lr_scheduler_type=recipe.lr_scheduler_type,
        warmup_steps=recipe.warmup_steps,
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.max_grad_norm,
        label_smoothing_factor=recipe.label_smoothing_factor,
        neftune_noise_alpha=recipe.neftune_noise_alpha or None,
        activation_checkpointing=recipe.activation_checkpointing,
        # The other way needs inputs that ask for a gradient, and a frozen base has none.
        activation_checkpointing_kwargs={"use_reentrant": False},
        logging_steps=recipe.logging_steps,
        logging_nan_inf_filter=False,  # the default shows a NaN loss as 0.0
        save_steps=recipe.save_steps,
        eval_strategy="steps" if watched else "no",
        eval_steps=recipe.save_steps,
        seed=recipe.seed,
        use_cpu=not torch.cuda.is_available() and not torch.backends.mps.is_available(),
        bf16=precision == "bf16",
        fp16=precision == "fp16",
        dataloader_pin_memory=torch.cuda.is_available(),
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
        recipe: Recipe,
        model: Any,
        tokenizer: Any,
        arguments: TrainingArguments,
        train_dataset: "Dataset",
        eval_dataset: "Dataset | None",
        started: Mapping[str, Any],
    ) -> None:
        self.run, self.recipe = run, recipe
        self.started = started
        self.root = run.folder / "checkpoints"
        self.tokens = 0  # read since the last step event, padding left out
        self.save_seconds = 0.0  # what the longest save took
        self.chance = chance_now()
        epsilon = recipe.adversarial_epsilon
        self.nudge = Nudge(model, epsilon) if epsilon else None
        super().__init__(
            model=model,
            args=arguments,
            data_collator=collator(tokenizer, model, recipe.task),
            train_dataset=train_dataset,
            eval_dataset=eval_dataset,
            processing_class=tokenizer,
            compute_loss_func=self._mean_loss,
            callbacks=[_Reporter(run, switch, self)],
        )
        self.remove_callback(PrinterCallback)

    def go(self, checkpoint: Checkpoint | None) -> None:
        """Train from the start, or on from `checkpoint`; nothing is left to do after the last."""
        if ranks.leads():
            checkpoints.aside(self.root)
        ranks.meet()
        try:
            if checkpoint is None:
                self.train()
            elif self._left_to_do(state := _state_of(checkpoint)):
                self.train(resume_from_checkpoint=str(checkpoint.folder))
            else:
                self.restore(checkpoint)
                self.state = state
        finally:
            hook = getattr(self, "neftune_hook_handle", None)  # an error leaves it behind
            if hook is not None:
                hook.remove()

    def restore(self, checkpoint: Checkpoint) -> None:
        """The adapter of `checkpoint` instead of the present one."""
        self._load_from_checkpoint(str(checkpoint.folder))

    def save_now(self) -> None:
        """A checkpoint of the last whole step, whatever a step since then has begun."""
        set_chance(self.chance)
        self._save_checkpoint(self.model, None)

    def _left_to_do(self, state: TrainerState) -> bool:
        patience = self.recipe.early_stopping_patience
        ended = watch.out_of_patience(state.log_history, patience)
        return state.global_step < self.started["total_steps"] and not ended

    def _get_train_sampler(self, train_dataset: "Dataset | None" = None) -> GroupedByLength:
        return GroupedByLength(
            [len(ids) for ids in self.train_dataset["input_ids"]],
            self.args.per_device_train_batch_size
            * self.args.gradient_accumulation_steps
            * ranks.world(),
            self.args.seed,
            epoch=lambda: int(self.state.epoch or 0),
        )

    def compute_loss(self, model: Any, inputs: Mapping[str, Any], *args: Any, **kwargs: Any) -> Any:
        """As the Trainer's, the scores of a chat model being computed for trained tokens only.

        A small model's output layer is most of its work, and a large vocabulary's scores are most
        of a step's memory; questions and padding need none.
        """
        if self.recipe.task == "chat":
            inputs = {**inputs, "logits_to_keep": next_tokens(inputs["labels"]) != IGNORE}
        return super().compute_loss(model, inputs, *args, **kwargs)

    def _mean_loss(
        self, outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """Cross-entropy over everything trained in the whole step, however many batches it has.

        BERT and BART take `num_items_in_batch` and then return the mean of the batch all the same,
        which transformers 5.24 does not divide by the accumulation. The held-out loss is measured
        without label smoothing, so that it can be compared.
        """
        if self.recipe.task == "chat":
            labels = next_tokens(labels)
            labels = labels[labels != IGNORE]
        smoothing = self.args.label_smoothing_factor if self.model.training else 0.0
        total = functional.cross_entropy(
            outputs.logits.flatten(0, -2).float(),
            labels.flatten(),
            ignore_index=IGNORE,
            reduction="sum",
            label_smoothing=smoothing,
        )
        items = (labels != IGNORE).sum() if num_items_in_batch is None else num_items_in_batch
        return total / max(1, int(items))

    def training_step(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> torch.Tensor:
        self.tokens += int(inputs["attention_mask"].sum())
        if self.nudge is None:
            loss = super().training_step(model, inputs, *args, **kwargs)
        else:
            with self.nudge.watched():
                loss = super().training_step(model, dict(inputs), *args, **kwargs)
            with self.nudge.applied():
                super().training_step(model, dict(inputs), *args, **kwargs)
        if ranks.any_of(not torch.isfinite(loss)):
            raise NotFinite("loss", self.state.global_step)
        return loss

    def _load_rng_state(self, checkpoint: str | None) -> None:
        super()._load_rng_state(checkpoint)
        self.chance = chance_now()

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        began = time.monotonic()
        step = self.state.global_step
        super()._save_checkpoint(model, trial)
        written = self.root / ".aside" / f"checkpoint-{step}"
        ranks.meet()  # every process has written its random state
        if ranks.leads():
            # A pickle of the arguments that resuming does not read.
            (written / "training_args.bin").unlink(missing_ok=True)
            found = watch.best(self.state.log_history)
            keep = found[0] if found and self.recipe.keep_adapter == "best" else None
            checkpoints.commit(written, self.root, step, keep)
        ranks.meet()
        self.save_seconds = max(self.save_seconds, time.monotonic() - began)
        self.run.append("checkpoint", step=step)


class _Reporter(TrainerCallback):
    """Trainer callbacks -> events of the run, and the Trainer's stop."""

    def __init__(self, run: Run, switch: StopSwitch, trainer: EventTrainer) -> None:
        self.run, self.switch, self.trainer = run, switch, trainer
        self.logged_at = 0.0
        self.batch_began = 0.0
        self.batch_seconds = 0.0  # what the longest batch took
        self.skipped = 0
        self.told = {e.fields.get("code") for e in run.events() if e.type == "warning"}

    def on_train_begin(self, args, state, control, **kwargs):
        self.run.append("started", **self.trainer.started, resumed_at=state.global_step)
        self.logged_at = self.batch_began = time.monotonic()

    def on_epoch_begin(self, args, state, control, **kwargs):
        self.trainer.chance = chance_now()

    def on_step_begin(self, args, state, control, **kwargs):
        # At the start of a pass the random state to go on from is the one before its batches
        # were drawn: resuming draws them again.
        if state.epoch is None or not float(state.epoch).is_integer():
            self.trainer.chance = chance_now()
        self.batch_began = time.monotonic()

    def on_pre_optimizer_step(self, args, state, control, **kwargs):
        gradients = [p.grad for p in self.trainer.model.parameters() if p.grad is not None]
        norms = torch.stack(torch._foreach_norm(gradients))
        if torch.isfinite(norms).all():
            self.skipped = 0
            return
        self.skipped += 1  # loss scaling skips such a step by itself and takes a smaller scale
        if self.trainer.accelerator.scaler is None or self.skipped > SKIPPED:
            raise NotFinite("gradient", state.global_step)

    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step >= state.max_steps:
            control.should_log = True  # the curve ends where the run does
        elif ranks.any_of(self.switch.pressed(self._reserve())):
            self.switch.press("request")  # known to every process now
            control.should_training_stop = True
            control.should_save = True
            control.should_log = True
        return control

    def on_substep_end(self, args, state, control, **kwargs):
        # A step may be as long as one likes, so the time limit does not wait for its end: saved is
        # the step before. Other stops wait.
        if ranks.any_of(self.switch.overdue(self._reserve())):
            self.switch.press("time_limit")
            set_chance(self.trainer.chance)
            control.should_training_stop = True
            control.should_save = state.global_step > 0
        return control

    def on_log(self, args, state, control, logs=None, **kwargs):
        if "loss" in (logs or {}):
            self._tell_step(state, logs)
            if watch.stuck(state.log_history, state.max_steps):
                self._warn_once("loss_stuck", state.global_step)
        elif "eval_loss" in (logs or {}):
            self.run.append("evaluated", step=state.global_step, held_out_loss=logs["eval_loss"])

    def on_evaluate(self, args, state, control, **kwargs):
        if watch.overfitting(state.log_history):
            self._warn_once("overfitting", state.global_step)
        patience = self.trainer.recipe.early_stopping_patience
        if watch.out_of_patience(state.log_history, patience):
            if state.global_step < state.max_steps:
                self._warn_once("stopped_early", state.global_step)
            control.should_training_stop = True
            control.should_save = True
        return control

    def _tell_step(self, state: TrainerState, logs: Mapping[str, Any]) -> None:
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
            memory_bytes=_memory_in_use(),
        )

    def _warn_once(self, code: str, step: int) -> None:
        if code not in self.told:
            self.told.add(code)
            self.run.append("warning", code=code, step=step)

    def _reserve(self) -> float:
        """Seconds to keep for one more batch, the checkpoint and the adapter."""
        now = time.monotonic()
        self.batch_seconds = max(self.batch_seconds, now - self.batch_began)
        self.batch_began = now
        return self.batch_seconds + 2 * self.trainer.save_seconds


def _memory_in_use() -> int:
    """Bytes: what torch has reserved on a GPU, else what this process holds in main memory."""
    if torch.cuda.is_available():
        return torch.cuda.memory_reserved()
    return psutil.Process().memory_info().rss


def _state_of(checkpoint: Checkpoint) -> TrainerState:
    return TrainerState.load_from_json(str(Path(checkpoint.folder) / STATE))
