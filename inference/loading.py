"""From a local folder to a model in memory. Never any network, never pickles.

Transformers fills what a checkpoint lacks with random numbers and only warns: that is checked
here. What is trained on top of a model is attached by `adapters`.
"""

import functools
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    GenerationConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging as transformers_logging

from inference import accelerator, fit, hub, memory
from inference.catalog import Architecture, Head, architecture_of
from inference.decoder import Decoder
from inference.errors import LabError, ModelBroken, WrongModelForTask
from inference.quantised import bitsandbytes_config, quantise_for_cpu
from inference.records import ADAPTER_WEIGHTS, Choice

_CLASSES = {
    "chat": AutoModelForCausalLM,
    "classification": AutoModelForSequenceClassification,
    "summarization": AutoModelForSeq2SeqLM,
    "fill-mask": AutoModelForMaskedLM,
}
# Kinds to which a classifier can be added without knowing more of them.
_CAN_CLASSIFY = ("bert",)
_TOKENS = ("bos", "eos", "pad", "decoder_start", "forced_bos", "forced_eos")
_SEARCH = (
    "num_beams",
    "length_penalty",
    "early_stopping",
    "no_repeat_ngram_size",
    "encoder_repetition_penalty",
    "max_length",
    "min_length",
)
# from_pretrained switches torch's default dtype and initialisers for the whole process.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Loaded:
    """A model in memory with its tokenizer. `labels` are the class names an adapter brought.

    `headless`: it has a random classifier, to be replaced by an adapter's. Hold `lock` while
    encoding with padding or truncation: a fast tokenizer keeps these settings in itself and
    refuses to change them while another thread is using it.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    choice: Choice
    device: str
    labels: tuple[str, ...] = ()
    headless: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _decoders: list[Decoder] = field(init=False, default_factory=list, repr=False)

    def decoder(self) -> Decoder:
        """What writes this model's replies; one for all who borrow it."""
        with self.lock:
            if not self._decoders:
                self._decoders.append(Decoder(self.model))
            return self._decoders[0]


def bytes_to_load(choice: Choice) -> int:
    """What the weights will take in memory: of an adapter only its own, its base apart.

    Raises:
        ModelBroken: the model's files cannot be read.
    """
    if choice.adapter:
        weights = choice.adapter / ADAPTER_WEIGHTS
        return 2 * weights.stat().st_size if weights.is_file() else 0  # a new head is copied
    try:
        parameters = hub.parameters_on_disk(choice.folder)
        if not parameters:
            raise ModelBroken(model=hub.name_of(choice.folder), reason="no weights")
        architecture = _architecture(choice.folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _broken(choice.folder, error) from error
    full = fit.number_format(architecture.parameters)
    return memory.weights(architecture, choice.precision or full, full)


def load(choice: Choice, task: Head) -> Loaded:
    """The model of `choice`, ready to run on this machine's device; its adapter is not looked at.

    Raises:
        ModelBroken, WrongModelForTask: the folder's files do not hold a model for the task.
    """
    device = accelerator.device()
    with _ONE_AT_A_TIME, quiet():
        try:
            headless = _check_kind(choice, task)
            tokenizer = AutoTokenizer.from_pretrained(choice.folder, trust_remote_code=False)
            model = _model(choice, task, device, headless)
        except (LabError, MemoryError, torch.OutOfMemoryError):
            raise
        except Exception as error:  # every kind of damage has an exception class of its own
            raise _broken(choice.folder, error) from error
    return Loaded(model, tokenizer, choice.base, device, headless=headless)


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """Only the tokenizer, where no GPU is needed. Raises ModelBroken."""
    with quiet():
        try:
            return AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        except Exception as error:  # as above: a broken file raises whatever its parser raises
            raise _broken(folder, error) from error


@functools.lru_cache(maxsize=8)
def load_plain_tokenizer(folder: Path) -> Tokenizer:
    """A fast tokenizer of its own, to be used and not changed, by several threads: nothing is cut
    or padded, and special tokens in a text are plain text.

    What is set here would be lost, or in the way, where texts are encoded for a model.

    Raises:
        ModelBroken
    """
    backend = load_tokenizer(folder).backend_tokenizer
    backend.encode_special_tokens = True  # "[SEP]" in a text is five characters
    backend.no_truncation()
    backend.no_padding()
    return backend


def _check_kind(choice: Choice, task: Head) -> bool:
    """Refuse a folder with a model for another task; True where a classifier is to be added."""
    config = AutoConfig.from_pretrained(choice.folder, trust_remote_code=False)
    kinds = " ".join(config.architectures or ())
    bare = task == "classification" and "ForSequenceClassification" not in kinds
    fitting = {
        "chat": "ForCausalLM" in kinds,
        "classification": not bare or config.model_type in _CAN_CLASSIFY,
        "summarization": bool(config.is_encoder_decoder),
        "fill-mask": config.model_type == "bert" and hub.guesses_masked_words(choice.folder),
    }
    if not fitting[task]:
        raise WrongModelForTask(model=hub.name_of(choice.folder), task=task)
    return bare


def _model(choice: Choice, task: Head, device: str, headless: bool) -> PreTrainedModel:
    full = fit.number_format(_architecture(choice.folder).parameters)
    precision = choice.precision or full
    quantised = precision in memory.QUANTISED
    dtype = getattr(torch, full if quantised else precision)
    more = {}
    if quantised and device == "cuda":
        more["quantization_config"] = bitsandbytes_config(precision, dtype)
        more["device_map"] = {"": 0}  # they are made on the GPU
    model, report = _CLASSES[task].from_pretrained(
        choice.folder,
        dtype=dtype,
        attn_implementation="sdpa",
        use_safetensors=True,
        trust_remote_code=False,
        output_loading_info=True,
        **more,
    )
    missing = [name for name in report["missing_keys"] if not (headless and _in_head(name))]
    if missing:
        raise ModelBroken(
            model=hub.name_of(choice.folder), reason=f"{len(missing)} weights are missing"
        )
    if model.can_generate():
        model.generation_config = _kept(model.generation_config, task)
    model = model.eval().requires_grad_(False)
    if quantised and device == "cpu":
        quantise_for_cpu(model)
    return model if "device_map" in more else model.to(device)


def _architecture(folder: Path) -> Architecture:
    return architecture_of(hub.read_config(folder))


def _in_head(name: str) -> bool:
    """Whether a weight is in the parts that a classifier brings along."""
    return "classifier" in name or "pooler" in name


def _kept(config: GenerationConfig, task: Head) -> GenerationConfig:
    """The model's special tokens, and of a summariser how it searches and how much it writes.

    A chat's taste is left out: there the visitor says how to decode.
    """
    names = [f"{name}_token_id" for name in _TOKENS]
    names += _SEARCH if task == "summarization" else ()
    return GenerationConfig(**{name: getattr(config, name, None) for name in names})


def _broken(folder: Path, error: Exception) -> ModelBroken:
    # The message of the error may hold a path of this machine; its class says enough.
    return ModelBroken(model=hub.name_of(folder), reason=type(error).__name__)


@contextmanager
def quiet() -> Iterator[None]:
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
