"""Writing a run's adapter: safetensors, JSON, and which base it belongs to.

peft loads an adapter onto a base with more or fewer layers without a word; lab.json lets whoever
attaches it compare base, revision and config hash first.
"""

import json
import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.bases import Base, Labels
from finetune.checkpoints import Checkpoint
from finetune.files import replace_folder, write_json
from finetune.run import Run
from inference.records import ADAPTER_CONFIG, ADAPTER_RECORD, ADAPTER_WEIGHTS

if TYPE_CHECKING:
    from peft import PeftModel

Weights = Mapping[str, Any]
TAKES = ("olora", "pissa")  # starts of an adapter that take from the base


def split_off(model: "PeftModel") -> Weights | None:
    """What a new adapter has taken out of the base (OLoRA, PiSSA); None where it took nothing.

    Called before the first step: `save_adapter` needs it to give it back.
    """
    from peft import get_peft_model_state_dict

    if model.active_peft_config.init_lora_weights not in TAKES:
        return None
    state = get_peft_model_state_dict(model, save_embedding_layers=False)
    return {name: weight.detach().clone() for name, weight in state.items() if ".lora_" in name}


def save_adapter(
    run: Run, model: "PeftModel", base: Base, labels: Labels | None, taken: Weights | None = None
) -> Path:
    """adapter/ of the run, in one step, replacing an older one.

    Args:
        taken: from `split_off`; the adapter is then one of twice the rank on the untouched base.

    Raises:
        OSError, SafetensorError: it could not be written; the older one is still there.
    """
    aside = run.folder / ".adapter"
    shutil.rmtree(aside, ignore_errors=True)
    try:
        # The vocabulary is never resized; peft would otherwise look the base's config up for it.
        model.save_pretrained(aside, safe_serialization=True, save_embedding_layers=False)
        (aside / "README.md").unlink(missing_ok=True)  # peft's card names a folder of this machine
        if taken is not None:
            _give_back(aside, taken)
        names = list(labels.names) if labels else None
        return _put(run, aside, base.id, base.revision, base.config_sha256, names)
    except BaseException:  # a full disk, for one: what is half written takes room
        shutil.rmtree(aside, ignore_errors=True)
        raise


def adapter_from(run: Run, checkpoint: Checkpoint) -> Path:
    """adapter/ of the run as `checkpoint` has it, by copying files: no model is loaded.

    Not for OLoRA and PiSSA, whose checkpoints lack what they took from the base.

    Raises:
        OSError: it could not be written; the older one is still there.
    """
    aside = run.folder / ".adapter"
    shutil.rmtree(aside, ignore_errors=True)
    try:
        aside.mkdir(mode=0o700)
        for name in (ADAPTER_CONFIG, ADAPTER_WEIGHTS):
            shutil.copyfile(checkpoint.folder / name, aside / name)
        ran = run.facts["ran"]
        base = ran["base"]
        return _put(run, aside, base["id"], base["revision"], base["config_sha256"], ran["labels"])
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def _put(
    run: Run, aside: Path, base: str, revision: str, config_sha256: str, labels: list[str] | None
) -> Path:
    """Say which base the adapter in `aside` belongs to, and put it in its place."""
    write_json(
        aside / ADAPTER_RECORD,
        {
            "task": run.recipe.task,
            "base": base,
            "base_revision": revision,
            "base_config_sha256": config_sha256,
            "labels": labels,
        },
    )
    target = run.folder / "adapter"
    replace_folder(aside, target)
    return target


def _give_back(folder: Path, taken: Weights) -> None:
    """Turn an adapter of the reduced base W - s B0 A0 into one of W: s (B A - B0 A0), rank 2 r."""
    import torch
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / ADAPTER_WEIGHTS)
    for name, first in taken.items():
        first = first.to("cpu", weights[name].dtype)
        if "lora_A" in name:
            weights[name] = torch.cat([weights[name], first])
        else:
            weights[name] = torch.cat([weights[name], -first], dim=1)
    whole = {name: weight.contiguous() for name, weight in weights.items()}
    save_file(whole, folder / ADAPTER_WEIGHTS, metadata={"format": "pt"})
    config = json.loads((folder / ADAPTER_CONFIG).read_text("utf-8"))
    # The scale stays: alpha / r, or alpha / sqrt(r).
    config["lora_alpha"] *= math.sqrt(2) if config["use_rslora"] else 2
    config |= {"r": 2 * config["r"], "init_lora_weights": True}
    write_json(folder / ADAPTER_CONFIG, config)
