"""A run's base with its adapter attached, for measuring it again or merging it."""

from pathlib import Path
from typing import Any

from finetune import evaluate
from finetune.bases import Labels, attached, find_base, load_base
from finetune.errors import NothingToDownload
from finetune.measure import Tuned, measure
from finetune.run import Run
from inference import accelerator
from inference.errors import AdapterRefused


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
    precision, quantization = ran.get("precision", "fp32"), recipe.quantization
    model, tokenizer, _ = load_base(base.folder, recipe.task, labels, precision, quantization)
    tuned = attached(model, adapter)
    return Tuned(
        # One in fewer bits is where it computes already.
        model=tuned if quantization != "none" else tuned.to(accelerator.device()),
        tokenizer=tokenizer,
        labels=labels.names if labels else (),
        max_length=ran["max_length"],
    )


def evaluate_again(run: Run) -> dict[str, Any]:
    """Measure base and tuned model on the run's held-out rows and write report.json anew."""
    with run.lock():
        before = run.report() or {}
        (run.folder / "measured.jsonl").unlink(missing_ok=True)
        step = before.get("step", run.progress_step())
        report = measure(run, load_tuned(run), evaluate.never, step)
    assert report is not None  # nothing stops it
    return report


def save_merged(run: Run, folder: Path) -> Path:
    """The base with the adapter merged into its weights, as a model folder of its own."""
    tuned = load_tuned(run)
    model = tuned.model.merge_and_unload()
    model.save_pretrained(folder, safe_serialization=True)
    tuned.tokenizer.save_pretrained(folder)
    return folder
