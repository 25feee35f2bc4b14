"""transformers' Trainer made to tell events, stop when asked and save whole checkpoints."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional
from transformers import PrinterCallback, Trainer, TrainerState, TrainingArguments

from finetune import checkpoints, ranks, watch
from finetune.adversarial import Nudge
from finetune.batches import GroupedByLength, collator, next_tokens
from finetune.chance import chance_now, set_chance
from finetune.checkpoints import Checkpoint
from finetune.encode import IGNORE
from finetune.recipe import Recipe
from finetune.reporter import NotFinite, Reporter
from finetune.run import Run
from finetune.stopping import StopSwitch

if TYPE_CHECKING:
    from datasets import Dataset

EVALUATION_BATCH = 16
STATE = "trainer_state.json"


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
            callbacks=[Reporter(run, switch, self)],
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


def _state_of(checkpoint: Checkpoint) -> TrainerState:
    return TrainerState.load_from_json(str(Path(checkpoint.folder) / STATE))
