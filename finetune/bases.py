"""The model a run starts from: which folder, which head, which layers the adapter must carry.

A run's recipe names its base by catalogue id; on the command line it may be a local folder.
"""

import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.errors import PrecisionUnsupported, QuantizationUnavailable, RankTooHigh
from inference import fit, hub
from inference.catalog import Architecture, Catalog, Task, architecture_of
from inference.errors import ModelBroken, ModelUnknown, WrongModelForTask

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from finetune.recipe import Recipe

_OPPOSITES = ("negative", "positive")


@dataclass(frozen=True)
class Base:
    """A base model on this machine. `id` is what people know it by, never a path."""

    id: str
    folder: Path
    parameters: int

    @property
    def revision(self) -> str:
        return hub.revision(self.folder)

    @property
    def architecture(self) -> Architecture | None:
        """None where its kind is not one of those the catalogue offers."""
        try:
            return architecture_of(hub.read_config(self.folder))
        except (KeyError, TypeError, ValueError):
            return None

    @property
    def config_sha256(self) -> str:
        return hub.config_hash(self.folder)


def find_base(
    name: str, task: Task, local: bool = False, environ: Mapping[str, str] = os.environ
) -> Base:
    """The base called `name`: a catalogue id or, where `local` allows it, a model folder.

    Raises:
        ModelUnknown, WrongModelForTask, ModelNotHere: there is no such base here for this task.
    """
    folder = Path(name).expanduser()
    if local and hub.is_complete(folder):
        folder = folder.resolve()
        return Base(hub.name_of(folder), folder, hub.parameters_on_disk(folder))
    try:
        model = Catalog.load(environ).find(name)
    except ModelUnknown:
        raise ModelUnknown(model=folder.name if local else name[:80]) from None
    if model.task != task:
        raise WrongModelForTask(model=model.id, task=task)
    return Base(model.id, hub.locate(model, environ), model.architecture.parameters)


def context(folder: Path) -> int:
    """The longest input the model reads, in tokens; unbounded where its config names none."""
    return int(hub.read_config(folder).get("max_position_embeddings") or sys.maxsize)


@dataclass(frozen=True)
class Labels:
    """The classes of a run in the order of the model's outputs.

    `own_head`: the base can already tell them apart, so its classifier is where training starts;
    otherwise it starts from a fresh one and the base's figures are those of chance.
    """

    names: tuple[str, ...]
    own_head: bool


def align_labels(names: Sequence[str], folder: Path) -> Labels:
    """The labels of the data, in the order of the base's own where both mean the same.

    They do when the names agree (case aside), or when the data says 0 and 1 and the base
    negative and positive. The data's names stay the visible ones.
    """
    found = sorted(set(names))
    config = hub.read_config(folder)
    architecture = (config.get("architectures") or [""])[0]
    own = config.get("id2label") or {}
    if architecture.endswith("ForSequenceClassification") and len(own) == len(found):
        order = [own[key].casefold() for key in sorted(own, key=int)]
        by_meaning = {name.strip().casefold(): name for name in found}
        if sorted(order) == list(_OPPOSITES) and set(found) == {"0", "1"}:
            by_meaning = dict(zip(_OPPOSITES, ("0", "1"), strict=True))
        if set(order) == set(by_meaning):
            return Labels(tuple(by_meaning[name] for name in order), own_head=True)
    return Labels(tuple(found), own_head=False)


def precision_here(wanted: str) -> str:
    """`wanted` (fp32, fp16 or bf16) if this machine computes in it; for `auto` the best one.

    Raises:
        PrecisionUnsupported: it does not.
    """
    import torch

    cuda = torch.cuda.is_available()
    if cuda:
        bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        bf16 = not torch.backends.mps.is_available()  # any processor can, if slowly
    if wanted == "auto":
        return "fp32" if not cuda else "bf16" if bf16 else "fp16"
    if (wanted == "fp16" and not cuda) or (wanted == "bf16" and not bf16):
        raise PrecisionUnsupported(precision=wanted)
    return wanted


def load_base(
    folder: Path,
    task: Task,
    labels: Labels | None = None,
    precision: str = "fp32",
    quantization: str = "none",
) -> tuple["PreTrainedModel", "PreTrainedTokenizerBase", list[str]]:
    """Model and tokenizer, and the modules the base's files do not hold (a fresh classifier).

    Weights are float32 on a CPU, whatever the precision computed in; on CUDA as the precision says.

    Raises:
        ModelBroken: the files cannot be read.
        QuantizationUnavailable: this machine cannot keep weights in fewer bits.
    """
    import torch
    from transformers import (
        AutoModelForCausalLM,
        AutoModelForSeq2SeqLM,
        AutoModelForSequenceClassification,
        AutoTokenizer,
    )
    from transformers.utils.logging import disable_progress_bar

    from inference.loading import quiet

    kinds = {
        "chat": AutoModelForCausalLM,
        "classification": AutoModelForSequenceClassification,
        "summarization": AutoModelForSeq2SeqLM,
    }
    cuda = torch.cuda.is_available()
    half = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(precision) if cuda else None
    options = {} if labels is None else _headed(labels)
    if quantization != "none":
        options |= _quantized(quantization, half or torch.float32)
    disable_progress_bar()
    try:
        with quiet():  # heads of another task in the same files are no trouble
            tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
            model, loading = kinds[task].from_pretrained(
                folder,
                dtype=half or torch.float32,
                use_safetensors=True,
                trust_remote_code=False,
                output_loading_info=True,
                **options,
            )
    except (MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # every kind of damage has an exception class of its own
        raise ModelBroken(model=hub.name_of(folder), reason=type(error).__name__) from error
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    if model.config.pad_token_id is None:
        model.config.pad_token_id = tokenizer.pad_token_id
    return model, tokenizer, _fresh_modules(loading)


def _headed(labels: Labels) -> dict[str, Any]:
    """What transformers needs to give a classifier these labels."""
    return {
        "num_labels": len(labels.names),
        "id2label": dict(enumerate(labels.names)),
        "label2id": {name: number for number, name in enumerate(labels.names)},
        "ignore_mismatched_sizes": True,
    }


def _quantized(quantization: str, computed: Any) -> dict[str, Any]:
    """What transformers needs to load a base in 8 or 4 bits a weight (Dettmers et al. 2023)."""
    import torch

    from inference.quantised import bitsandbytes_config

    if not fit.bitsandbytes():
        raise QuantizationUnavailable(quantization=quantization)
    config = bitsandbytes_config("int4" if quantization == "4bit" else "int8", computed)
    return {"quantization_config": config, "device_map": {"": torch.cuda.current_device()}}


def attach(model: "PreTrainedModel", recipe: "Recipe", fresh: Sequence[str]) -> "PeftModel":
    """The model with a new LoRA adapter; `fresh` modules are trained whole and saved with it.

    What is trained is float32, whatever the base is in.

    Raises:
        RankTooHigh: a layer is smaller than the rank, and its own weights are where it starts.
    """
    from peft import LoraConfig, TaskType, get_peft_model, prepare_model_for_kbit_training

    kinds = {
        "chat": TaskType.CAUSAL_LM,
        "classification": TaskType.SEQ_CLS,
        "summarization": TaskType.SEQ_2_SEQ_LM,
    }
    modules = recipe.target_modules
    config = LoraConfig(
        task_type=kinds[recipe.task],
        r=recipe.r,
        lora_alpha=recipe.lora_alpha,
        lora_dropout=recipe.lora_dropout,
        target_modules=modules if isinstance(modules, str) else list(modules),
        use_rslora=recipe.use_rslora,
        use_dora=recipe.use_dora,
        init_lora_weights=True
        if recipe.init_lora_weights == "default"
        else recipe.init_lora_weights,
        modules_to_save=list(fresh) or None,
    )
    with _renamed_property():
        if recipe.quantization != "none":
            model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
        tuned = get_peft_model(model, config)
    for name, weight in tuned.named_parameters():
        if "lora_A" in name and weight.shape[0] < recipe.r:
            raise RankTooHigh(r=recipe.r, limit=weight.shape[0], start=recipe.init_lora_weights)
        if weight.requires_grad:
            weight.data = weight.data.float()
    return tuned


def attached(model: "PreTrainedModel", adapter: Path) -> "PeftModel":
    """The model with the adapter of that folder."""
    from peft import PeftModel

    with _renamed_property():
        return PeftModel.from_pretrained(model, adapter)


@contextmanager
def _renamed_property() -> Iterator[None]:
    """peft 0.21 reads a property that transformers 5.24 has renamed, and is told so each time."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)
        yield


def _fresh_modules(loading: Mapping[str, Any]) -> list[str]:
    """Names of the modules whose weights were not in the files, or had another shape there."""
    keys = {*loading["missing_keys"], *(key[0] for key in loading["mismatched_keys"])}
    return sorted({key.rpartition(".")[0] for key in keys})
