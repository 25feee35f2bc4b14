"""From a local folder (and an adapter's) to a model in memory. Never any network, never pickles.

Transformers fills what a checkpoint lacks with random numbers and only warns, and peft attaches
an adapter to a base with other layers without a word: both are checked here.
"""

import json
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    GenerationConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging as transformers_logging

from inference import accelerator, hardware, hub
from inference.catalog import Task
from inference.errors import (
    AdapterBroken,
    AdapterRefused,
    AdapterUnsafe,
    LabError,
    ModelBroken,
    WrongModelForTask,
)
from inference.records import ADAPTER_CONFIG, ADAPTER_RECORD, ADAPTER_WEIGHTS, Choice

_HARMLESS = {".json", ".md", ".txt", ".jinja"}
_CLASSES = {
    "chat": AutoModelForCausalLM,
    "classification": AutoModelForSequenceClassification,
    "summarization": AutoModelForSeq2SeqLM,
}
# from_pretrained switches torch's default dtype and initialisers for the whole process.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Loaded:
    """A model in memory with its tokenizer. `labels` are the class names an adapter brought.

    Hold `lock` while encoding with padding or truncation: a fast tokenizer keeps these settings
    in itself and refuses to change them while another thread is using it.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    choice: Choice
    device: str
    labels: tuple[str, ...] = ()
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)


def bytes_to_load(choice: Choice) -> int:
    """What the weights will take in memory, counted from the safetensors headers.

    Raises:
        ModelBroken: they cannot be read.
    """
    try:
        parameters = hub.parameters_on_disk(choice.folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _broken(choice.folder, error) from error
    if not parameters:
        raise ModelBroken(model=hub.name_of(choice.folder), reason="no weights")
    width = 4 if hardware.dtype_name(parameters) == "float32" else 2
    adapter = choice.adapter / ADAPTER_WEIGHTS if choice.adapter else None
    return parameters * width + (adapter.stat().st_size if adapter and adapter.is_file() else 0)


def load(choice: Choice, task: Task) -> Loaded:
    """The model of `choice`, ready to run on this machine's device.

    Raises:
        ModelBroken, WrongModelForTask: the folder's files do not hold a model for the task.
        AdapterRefused, AdapterUnsafe, AdapterBroken: the adapter cannot be attached to it.
    """
    record = adapter_record(choice, task) if choice.adapter else {}
    labels = tuple(record.get("labels") or ())
    with _ONE_AT_A_TIME, _quiet():
        try:
            _check_kind(choice, task)
            tokenizer = AutoTokenizer.from_pretrained(choice.folder, trust_remote_code=False)
            model = _base(choice, task, labels)
        except (LabError, MemoryError, torch.OutOfMemoryError):
            raise
        except Exception as error:  # every kind of damage has an exception class of its own
            raise _broken(choice.folder, error) from error
        if choice.adapter:
            model = _with_adapter(model, choice.adapter)
    device = accelerator.device()
    model = model.to(device).eval().requires_grad_(False)
    return Loaded(model, tokenizer, choice, device, labels)


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """Only the tokenizer, where no GPU is needed. Raises ModelBroken."""
    with _quiet():
        try:
            return AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        except Exception as error:  # as above: a broken file raises whatever its parser raises
            raise _broken(folder, error) from error


def adapter_record(choice: Choice, task: Task) -> dict[str, Any]:
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
    for name in (ADAPTER_WEIGHTS, ADAPTER_CONFIG):
        if not (choice.adapter / name).is_file():
            raise AdapterBroken(reason=f"{name} is missing")
    try:
        record = json.loads((choice.adapter / ADAPTER_RECORD).read_text(encoding="utf-8"))
        expected, trained_for = record["base"], record["task"]
        digest, version = record["base_config_sha256"], record.get("base_revision") or ""
    except (OSError, ValueError, KeyError, TypeError) as error:
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


def _check_kind(choice: Choice, task: Task) -> None:
    """Refuse a folder whose model would get a random head for this task."""
    config = AutoConfig.from_pretrained(choice.folder, trust_remote_code=False)
    kinds = " ".join(config.architectures or ())
    fitting = {
        "chat": "ForCausalLM" in kinds,
        "classification": "ForSequenceClassification" in kinds or choice.adapter is not None,
        "summarization": bool(config.is_encoder_decoder),
    }
    if not fitting[task]:
        raise WrongModelForTask(model=hub.name_of(choice.folder), task=task)


def _base(choice: Choice, task: Task, labels: tuple[str, ...]) -> PreTrainedModel:
    dtype = getattr(torch, hardware.dtype_name(hub.parameters_on_disk(choice.folder)))
    head: dict[str, Any] = {}
    if task == "classification" and labels:
        head = {
            "num_labels": len(labels),
            "id2label": dict(enumerate(labels)),
            "label2id": {label: number for number, label in enumerate(labels)},
            "ignore_mismatched_sizes": True,
        }
    model, report = _CLASSES[task].from_pretrained(
        choice.folder,
        dtype=dtype,
        attn_implementation="sdpa",
        use_safetensors=True,
        trust_remote_code=False,
        output_loading_info=True,
        **head,
    )
    missing = [name for name in report["missing_keys"] if not head or _in_body(name)]
    if missing:
        raise ModelBroken(
            model=hub.name_of(choice.folder), reason=f"{len(missing)} weights are missing"
        )
    if model.can_generate():
        model.generation_config = _only_tokens(model.generation_config)
    return model


def _in_body(name: str) -> bool:
    """Whether a weight is outside the parts a new classification head brings along."""
    return "classifier" not in name and "pooler" not in name and "classification_head" not in name


def _with_adapter(model: PreTrainedModel, folder: Path) -> PreTrainedModel:
    from peft import PeftModel

    try:
        tuned = PeftModel.from_pretrained(model, str(folder), use_safetensors=True)
    except Exception as error:  # as above: whatever its parser raises
        raise AdapterBroken(reason=type(error).__name__) from error
    # The model with the LoRA layers inside. peft's own wrapper changes attributes of the shared
    # model during `generate`, which two replies at once must not do.
    return tuned.get_base_model()


def _only_tokens(config: GenerationConfig) -> GenerationConfig:
    """The model's special tokens without its taste: the engines say how to decode."""
    names = ("bos", "eos", "pad", "decoder_start", "forced_bos", "forced_eos")
    return GenerationConfig(
        **{f"{name}_token_id": getattr(config, f"{name}_token_id", None) for name in names}
    )


def _broken(folder: Path, error: Exception) -> ModelBroken:
    # The message of the error may hold a path of this machine; its class says enough.
    return ModelBroken(model=hub.name_of(folder), reason=type(error).__name__)


@contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars, and none of transformers' warnings about what `load` checks itself."""
    before = transformers_logging.get_verbosity()
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            # peft asks transformers under a name that is going away.
            warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)
            yield
    finally:
        transformers_logging.set_verbosity(before)
        if bars:
            transformers_logging.enable_progress_bar()
