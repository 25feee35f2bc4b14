"""A trained adapter on a base that others are using: checked, attached, and nothing else moved.

peft changes the modules of the model it is given, so it is given a copy of the module tree whose
tensors are the base's own: the base stays as it is, and an adapter takes only its own bytes.
Peft also attaches an adapter to a base with other layers without a word: that is checked here.
"""

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from inference import hub
from inference.catalog import Head
from inference.errors import AdapterBroken, AdapterRefused, AdapterUnsafe, WrongModelForTask
from inference.loading import Loaded, quiet
from inference.records import ADAPTER_CONFIG, ADAPTER_RECORD, ADAPTER_WEIGHTS, Choice

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_HARMLESS = {".json", ".md", ".txt", ".jinja"}
# Other ways to begin (PiSSA, OLoRA …) take the adapter out of the base's own weights, in place.
_INITS_THAT_KEEP_THE_BASE = (True, False, "gaussian")


def attach(base: Loaded, choice: Choice, task: Head) -> Loaded:
    """The adapter of `choice` on a base in memory, which goes on serving others unchanged.

    Raises:
        AdapterRefused, AdapterUnsafe, AdapterBroken: it cannot be attached to this base.
        WrongModelForTask: it was trained for another task.
    """
    record = read_record(choice, task)
    labels = tuple(record.get("labels") or ())
    own = sharing(base.model)
    if labels:
        _give_head(own, labels)
    tuned = _with_adapter(own, choice.adapter).to(base.device).eval().requires_grad_(False)
    return replace(base, model=tuned, choice=choice, labels=labels, headless=False)


def read_record(choice: Choice, task: Head) -> dict[str, Any]:
    """What the adapter's lab.json says, once it is sure to belong to the base and the task.

    Raises:
        AdapterUnsafe: there is a file that is neither safetensors nor text.
        AdapterBroken: a file is missing or unreadable.
        AdapterRefused: it was trained on another base. WrongModelForTask: for another task.
    """
    assert choice.adapter is not None
    for file in sorted(choice.adapter.rglob("*")):
        if file.is_file() and file.name != ADAPTER_WEIGHTS and file.suffix not in _HARMLESS:
            raise AdapterUnsafe(file=file.name)
    if not (choice.adapter / ADAPTER_WEIGHTS).is_file():
        raise AdapterBroken(reason=f"{ADAPTER_WEIGHTS} is missing")
    if _read(choice.adapter / ADAPTER_CONFIG).get("init_lora_weights", True) not in (
        _INITS_THAT_KEEP_THE_BASE
    ):
        raise AdapterBroken(reason="it begins from changed base weights")
    record = _read(choice.adapter / ADAPTER_RECORD)
    try:
        expected, trained_for = record["base"], record["task"]
        digest, version = record["base_config_sha256"], record.get("base_revision") or ""
    except (KeyError, TypeError) as error:
        raise AdapterBroken(reason=f"{ADAPTER_RECORD}: {type(error).__name__}") from error
    found = hub.name_of(choice.folder)
    if digest != hub.config_hash(choice.folder):
        raise AdapterRefused(expected=expected, found=found)
    here = hub.revision(choice.folder)
    # Commits may differ by a README only; two fingerprints differ by the weights themselves.
    if version.startswith("sha256:") and here.startswith("sha256:") and version != here:
        raise AdapterRefused(expected=f"{expected} ({version})", found=f"{found} ({here})")
    if trained_for != task:
        raise WrongModelForTask(model=found, task=task)
    return record


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AdapterBroken(reason=f"{path.name}: {type(error).__name__}") from error
    if not isinstance(found, dict):
        raise AdapterBroken(reason=f"{path.name}: {type(found).__name__}")
    return found


def sharing(module: nn.Module) -> Any:
    """A copy of the module tree around the same tensors, tied ones included.

    What is put into the copy, or taken out of it, is not seen by the original.
    """
    made: dict[int, nn.Module] = {}

    def of(original: nn.Module) -> nn.Module:
        if id(original) in made:
            return made[id(original)]
        clone = made[id(original)] = original.__class__.__new__(original.__class__)
        for name, value in original.__dict__.items():
            # Tables of parameters, buffers and hooks: each tree has its own.
            clone.__dict__[name] = copy.copy(value) if isinstance(value, dict | set) else value
        children = original._modules.items()
        clone.__dict__["_modules"] = {name: child and of(child) for name, child in children}
        return clone

    clone = of(module)
    for name in ("config", "generation_config"):
        if hasattr(clone, name):
            setattr(clone, name, copy.deepcopy(getattr(clone, name)))
    return clone


def _give_head(model: "PreTrainedModel", labels: tuple[str, ...]) -> None:
    """A classifier for these labels; its weights come with the adapter."""
    like = model.classifier
    head = nn.Linear(like.in_features, len(labels), device=model.device, dtype=model.dtype)
    model.classifier = head.requires_grad_(False)
    model.config.id2label = dict(enumerate(labels))  # the number of labels follows
    model.config.label2id = {label: number for number, label in enumerate(labels)}
    model.num_labels = len(labels)


def _with_adapter(model: "PreTrainedModel", folder: Path) -> "PreTrainedModel":
    from peft import PeftModel

    with quiet():
        try:
            tuned = PeftModel.from_pretrained(model, str(folder), use_safetensors=True)
        except Exception as error:  # every kind of damage has an exception class of its own
            raise AdapterBroken(reason=type(error).__name__) from error
    # The model with the LoRA layers inside. peft's own wrapper changes attributes of the shared
    # model during `generate`, which two replies at once must not do.
    return tuned.get_base_model()
