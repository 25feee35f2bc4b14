"""What happens in a training, told as events of its run; it also passes on the run's stop."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import psutil
import torch
from transformers import TrainerCallback, TrainerState

from finetune import ranks, watch
from finetune.chance import chance_now, set_chance
from finetune.run import Run
from finetune.stopping import StopSwitch

if TYPE_CHECKING:
    from finetune.loop import EventTrainer

SKIPPED = 25  # steps in a row that loss scaling may skip: from 65,536 it is below 1 long before


class NotFinite(Exception):
    """Loss or gradient is NaN or infinite; the weights are still those before step `step` + 1."""

    def __init__(self, what: str, step: int) -> None:
        super().__init__(what)
        self.what, self.step = what, step


class Reporter(TrainerCallback):
    """Trainer callbacks -> events of the run, and the Trainer's stop."""

    def __init__(self, run: Run, switch: StopSwitch, trainer: "EventTrainer") -> None:
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
