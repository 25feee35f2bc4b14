"""What fits this machine: in which number format a model runs here, and which one a tab opens with.

`LAB_PRECISION` decides whether models may be quantised: `auto` (the default) does so on an NVIDIA
GPU, and only where a model would not fit otherwise; `full` never; `int8` and `int4` always, the
latter on an NVIDIA GPU alone. No torch.
"""

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import util

from inference import memory
from inference.catalog import Catalog, Model, Task
from inference.errors import ConfigurationRefused
from inference.hardware import accelerator, cpu, gpus, main_memory, trains_on, zero_gpu
from inference.hub import is_here
from inference.memory import Memory, Precision, Use

SETTING = "LAB_PRECISION"
CHOICES = ("auto", "full", "int8", "int4")
# The smallest "large" ZeroGPU slice of its two machines. No GPU is visible outside a call.
ZERO_GPU_BYTES = 45_097_156_608
SMALL = 200_000_000
BEAMS = 4  # side by side in a summary
# What CUDA itself takes in a process, and allocators beside what is asked of them.
RUNTIME_BYTES = {"cuda": 600_000_000, "mps": 300_000_000, "cpu": 100_000_000}
# Imported by peft, bitsandbytes asks on a processor with bfloat16 for a package of 4-bit kernels,
# in the output of a training too. Here it is used on an NVIDIA GPU alone.
logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)


@dataclass(frozen=True)
class Fit:
    """Bytes a use of a model needs in `precision`, bytes free, and whether that is enough."""

    needed: int
    available: int
    fits: bool
    precision: Precision


def number_format(parameters: int) -> Precision:
    """The format a model of this size is computed in here.

    Small models keep float32: they gain nothing and would lose digits. Of the others, a GPU
    computes in half precision (bfloat16 from compute capability 8.0), a CPU only where it
    multiplies bfloat16 in hardware; elsewhere that is several times slower than float32.
    """
    if parameters < SMALL:
        return "float32"
    kind = accelerator()
    if kind == "cuda":
        capable = zero_gpu() or all(card["compute_capability"] >= 8.0 for card in gpus())
        return "bfloat16" if capable else "float16"
    if kind == "mps":
        return "float16"
    fast = {"avx512_bf16", "amx_bf16"} & set(cpu()[1])
    return "bfloat16" if fast else "float32"


def training_format() -> Precision:
    """The format a base is loaded in to train on it: half precision on an NVIDIA GPU."""
    if trains_on() != "cuda":
        return "float32"
    capable = zero_gpu() or all(card["compute_capability"] >= 8.0 for card in gpus())
    return "bfloat16" if capable else "float16"


def setting(environ: Mapping[str, str] = os.environ) -> str:
    """`LAB_PRECISION`.

    Raises:
        ConfigurationRefused: it is none of the four, or this machine cannot do it.
    """
    value = environ.get(SETTING) or CHOICES[0]
    reason = None
    if value not in CHOICES:
        reason = f"it must be one of {', '.join(CHOICES)}"
    elif value == "int4" and not bitsandbytes():
        reason = "4 bits need an NVIDIA GPU and the package bitsandbytes"
    elif value == "int8" and accelerator() != "cpu" and not bitsandbytes():
        reason = "8 bits on a GPU need an NVIDIA one and the package bitsandbytes"
    if reason:
        raise ConfigurationRefused(name=SETTING, value=value[:40], reason=reason)
    return value


def precisions(parameters: int, use: Use = "run") -> tuple[Precision, ...]:
    """The formats a model of this size may be loaded in here, the best first."""
    if use != "run":
        return ("int4",) if use == "qlora" else (training_format(),)
    full, chosen = number_format(parameters), setting()
    if parameters < SMALL or chosen == "full":
        return (full,)
    if chosen == "auto":
        return (full, "int8", "int4") if bitsandbytes() else (full,)
    return (chosen,)


@cache
def bitsandbytes() -> bool:
    """Whether models can be kept in 8 or 4 bits on a GPU here."""
    return accelerator() == "cuda" and util.find_spec("bitsandbytes") is not None


def needed(model: Model, use: Use, precision: Precision) -> Memory:
    """The memory of `model` by part: a conversation of 2,048 tokens, or a step on 512."""
    if use != "run":
        return memory.to_train(model.architecture, precision, training_format())
    full = number_format(model.architecture.parameters)
    beams = BEAMS if model.task == "summarization" else 1
    return memory.to_run(model.architecture, precision, full, beams=beams)


def available(use: Use = "run") -> int:
    """Bytes free for a model: on the emptiest GPU if there is one, else in main memory."""
    if use != "run" and trains_on() == "cpu":
        return main_memory()[1]
    if zero_gpu():
        return ZERO_GPU_BYTES
    if accelerator() == "cuda":
        return max(card["memory_free"] for card in gpus())
    return main_memory()[1]


# Bytes that models in memory take and would give back; the pool says so when it is there.
_given_back: list[Callable[[], int]] = []


def count_as_free(held: Callable[[], int]) -> None:
    """Let `fits` count what `held` returns as free: models that would be evicted."""
    _given_back.append(held)


def fits(model: Model, use: Use = "run") -> Fit:
    """Whether this machine can run or train `model` once idle models have made room.

    In the best format that fits; where none does, the figures are those of the smallest.
    """
    possible = use != "qlora" or (trains_on() == "cuda" and bitsandbytes())
    free = available(use) + sum(held() for held in _given_back)
    device = trains_on() if use != "run" else accelerator()
    for precision in precisions(model.architecture.parameters, use):
        total = needed(model, use, precision).total + RUNTIME_BYTES[device]
        if total <= free:
            break
    return Fit(total, free, possible and total <= free, precision)


# model id -> the format it was first found to fit in
_settled: dict[str, Precision] = {}


def precision_of(model: Model) -> Precision:
    """The format to load `model` in: the best that fits, and from then on the same.

    Memory that replies take for a while must not bring a second copy in fewer bits into it.
    """
    found = fits(model)
    if not found.fits:
        return _settled.get(model.id, found.precision)
    return _settled.setdefault(model.id, found.precision)


def best_chat(catalog: Catalog, environ: Mapping[str, str] = os.environ) -> Model:
    """The largest chat model that is on this machine and fits; else the built-in one."""
    usable = [model for model in _usable(catalog, "chat", environ) if not model.demo]
    if usable:
        return max(usable, key=lambda model: model.architecture.parameters)
    return catalog.find("builtin/chat")


def default_model(catalog: Catalog, task: Task, environ: Mapping[str, str] = os.environ) -> Model:
    """The model a tab opens with: one that is here and fits, a built-in one last.

    Raises:
        ModelUnknown: not even a built-in model is on offer.
    """
    if task == "chat":
        return best_chat(catalog, environ)
    for model in _usable(catalog, task, environ):
        if not model.demo:
            return model
    return catalog.find("builtin/summary" if task == "summarization" else "builtin/sentiment")


def _usable(catalog: Catalog, task: Task, environ: Mapping[str, str]) -> list[Model]:
    here = [model for model in catalog.served(task) if is_here(model, environ)]
    return [model for model in here if fits(model).fits]
