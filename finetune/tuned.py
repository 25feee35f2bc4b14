"""A run's base with its adapter attached, for measuring it again or merging it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune import evaluate
from finetune.bases import Labels, attached, find_base, load_base
from finetune.errors import NothingToDownload
from finetune.files import write_json
from finetune.run import Run
from inference.errors import AdapterRefused

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Tuned:
    model: "PeftModel"
    tokenizer: "PreTrainedTokenizerBase"
    labels: tuple[str, ...]
    max_length: int


def load_tuned(run: Run) -> Tuned:
    """The tuned model of a finished or stopped run.

    Raises:
        NothingToDownload: it has no adapter.
        AdapterRefused: the base here is not the one it was trained on.
    """
    import torch

    adapter = run.adapter
    if adapter is None:
        raise NothingToDownload(status=run.status())
    recipe, ran = run.recipe, run.facts["ran"]
    base = find_base(recipe.base, recipe.task, local=not (run.folder / "owner").exists())
    if base.config_sha256 != ran["base"]["config_sha256"]:
        raise AdapterRefused(expected=ran["base"]["id"], found=base.id)
    labels = Labels(tuple(ran["labels"]), ran["own_head"]) if ran["labels"] else None
    torch.manual_seed(recipe.seed)  # a fresh head of the base is the one training began with
    model, tokenizer, _ = load_base(base.folder, recipe.task, labels)
    return Tuned(
        model=attached(model, adapter),
        tokenizer=tokenizer,
        labels=labels.names if labels else (),
        max_length=ran["max_length"],
    )


def evaluate_again(run: Run) -> dict[str, Any]:
    """Measure base and tuned model on the run's held-out rows and write report.json anew."""
    with run.lock():
        tuned = load_tuned(run)
        report = evaluate.compare(
            tuned.model,
            tuned.tokenizer,
            run.rows("held_out"),
            run.recipe.task,
            tuned.max_length,
            tuned.labels,
        )
        if run.recipe.task == "classification":
            report["own_head"] = run.facts["ran"]["own_head"]
        write_json(run.folder / "report.json", report)
    return report


def save_merged(run: Run, folder: Path) -> Path:
    """The base with the adapter merged into its weights, as a model folder of its own."""
    tuned = load_tuned(run)
    model = tuned.model.merge_and_unload()
    model.save_pretrained(folder, safe_serialization=True)
    tuned.tokenizer.save_pretrained(folder)
    return folder
