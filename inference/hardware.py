"""Facts about this machine, and which models fit it. Never imports torch.

What a container may use counts, not what the host has: CPU quota and memory limit are read
from cgroups. Only the fields listed here ever leave this module: no environment variables,
tokens, host names or paths.
"""

import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Any, Literal

from inference.catalog import Architecture, Catalog, Model, Task
from inference.hub import is_here

Use = Literal["run", "lora"]
CGROUP = Path("/sys/fs/cgroup")
PACKAGES = (
    "gradio",
    "spaces",
    "torch",
    "transformers",
    "peft",
    "datasets",
    "accelerate",
    "pandas",
    "tokenizers",
    "safetensors",
)
FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "bf16")
# The smallest "large" ZeroGPU slice of its two machines. No GPU is visible outside a call.
ZERO_GPU_BYTES = 45_097_156_608
CACHED_TOKENS = 2_048
TRAINED_TOKENS = 512
SMALL = 200_000_000
# Below this many weights one thread is as fast as several, and many times faster on a busy
# machine, where threads wait for each other at every small matrix (17 times: 1 M, 2 cores).
ONE_THREAD = 20_000_000


@dataclass(frozen=True)
class Fit:
    """Bytes a use of a model needs, bytes that are free, and whether that is enough."""

    needed: int
    available: int
    fits: bool


def facts(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Everything the Environment tab shows; plain JSON types, sizes in bytes."""
    model, flags = _cpu()
    total, available = _memory()
    cards = gpus()
    return {
        "python": platform.python_version(),
        "os": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "cpu": {"model": model, "flags": flags, "cores": cores()},
        "memory": {"total": total, "available": available},
        "disk": {"free": _disk_free(environ)},
        "gpus": cards,
        "accelerator": accelerator(environ),
        "zero_gpu": zero_gpu(environ),
        "cuda": _cuda_build(),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def accelerator(environ: Mapping[str, str] = os.environ) -> Literal["cuda", "mps", "cpu"]:
    """What heavy work runs on, told from the outside."""
    if zero_gpu(environ) or (gpus() and _cuda_build()):
        return "cuda"
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return "mps"
    return "cpu"


def trains_on(environ: Mapping[str, str] = os.environ) -> Literal["cuda", "mps", "cpu"]:
    """What training runs on: a ZeroGPU worker lives for seconds, so there it is the CPU."""
    return "cpu" if zero_gpu(environ) else accelerator(environ)


def zero_gpu(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether this is a ZeroGPU Space, read as the `spaces` package reads it."""
    return environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")


def cores(root: Path = CGROUP) -> float:
    """CPU cores this process may use: its affinity, and the container's quota below that."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    quota, _, period = (_first(root, ("cpu.max",)) or "").partition(" ")  # cgroup v2
    if not quota:
        quota = _first(root, ("cpu/cpu.cfs_quota_us",)) or ""
        period = _first(root, ("cpu/cpu.cfs_period_us",)) or ""
    if quota.isdecimal() and period.isdecimal() and int(period):
        return min(float(allowed or 1), round(int(quota) / int(period), 2))
    return float(allowed or 1)


def gpus() -> list[dict[str, Any]]:
    """NVIDIA cards as their driver lists them; empty where there is no driver."""
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return []
    try:
        return [_gpu(pynvml, number) for number in range(pynvml.nvmlDeviceGetCount())]
    except pynvml.NVMLError:
        return []
    finally:
        pynvml.nvmlShutdown()


def dtype_name(parameters: int) -> Literal["float32", "bfloat16", "float16"]:
    """The number format a model of this size is loaded in here.

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
    fast = {"avx512_bf16", "amx_bf16"} & set(_cpu()[1])
    return "bfloat16" if fast else "float32"


def memory_needed(model: Model, use: Use = "run") -> int:
    """Bytes to run `model` on one conversation of 2,048 tokens, or to train a LoRA on it."""
    return bytes_needed(model.architecture, use)


def bytes_needed(architecture: Architecture, use: Use = "run", tokens: int | None = None) -> int:
    """Weights + KV cache + activations; for "lora" weights + activations of training.

    Run: P·b weights, 2·layers·kv_heads·head_size·2048·b keys and values, and the float32 logits
    of one step. LoRA at 512 tokens, batch 1: P·b weights; per layer about 34·hidden + 6·inner
    numbers kept for the backward pass of each token (Korthikanti et al. 2022, arXiv:2205.05198,
    eq. 1 without the attention scores, which sdpa does not keep); float32 logits and their
    gradient; 2 % of the weights as adapter, at 16 bytes each with gradient and AdamW's moments.
    10 % on top for what allocators and libraries keep. An estimate, not a promise.

    Args:
        tokens: of the whole batch, for "lora", where it is not one row of 512.
    """
    width = 4 if dtype_name(architecture.parameters) == "float32" else 2
    weights = architecture.parameters * width
    if use == "run":
        keys = 2 * architecture.layers * architecture.kv_heads * architecture.head_size
        tokens = min(CACHED_TOKENS, architecture.context)
        working = keys * tokens * width + architecture.vocabulary * 4
    else:
        tokens = tokens or min(TRAINED_TOKENS, architecture.context)
        kept = 34 * architecture.hidden_size + 6 * architecture.intermediate_size
        working = architecture.layers * kept * tokens * width
        working += 3 * tokens * architecture.vocabulary * 4
        working += architecture.parameters * 16 // 50
    return int(1.1 * (weights + working))


def memory_available(use: Use = "run") -> int:
    """Bytes free for a model: on the emptiest GPU if there is one, else in main memory."""
    if use == "lora" and trains_on() == "cpu":
        return _memory()[1]
    if zero_gpu():
        return ZERO_GPU_BYTES
    if accelerator() == "cuda":
        return max(card["memory_free"] for card in gpus())
    return _memory()[1]


# Bytes that models in memory take and would give back; the pool says so when it is there.
_given_back: list[Callable[[], int]] = []


def count_as_free(held: Callable[[], int]) -> None:
    """Let `fits` count what `held` returns as free: models that would be evicted."""
    _given_back.append(held)


def fits(model: Model, use: Use = "run") -> Fit:
    """Whether this machine can run or train `model` once idle models have made room."""
    needed = memory_needed(model, use)
    available = memory_available(use) + sum(held() for held in _given_back)
    return Fit(needed, available, needed <= available)


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


def _cpu() -> tuple[str, list[str]]:
    """The processor's name, and those of its abilities that decide how fast a model runs."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or platform.machine(), []
    name = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    flags = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", text, re.MULTILINE)
    known = set(flags.group(1).split()) if flags else set()
    return (name.group(1).strip() if name else platform.machine()), [
        flag for flag in FLAGS if flag in known
    ]


def _memory(root: Path = CGROUP) -> tuple[int, int]:
    """Total and available bytes; what a container's limit leaves where that is less."""
    import psutil

    memory = psutil.virtual_memory()
    total, available = memory.total, memory.available
    limit = _first(root, ("memory.max", "memory/memory.limit_in_bytes"))
    used = _first(root, ("memory.current", "memory/memory.usage_in_bytes"))
    if limit and limit.isdecimal() and int(limit) < total:
        total = int(limit)
        if used and used.isdecimal():
            # Cached files count as used but are given up when memory is wanted.
            spare = int(used) - _inactive_file(root)
            available = max(0, min(available, total - spare))
    return total, min(available, total)


def _inactive_file(root: Path) -> int:
    text = _first(root, ("memory.stat", "memory/memory.stat")) or ""
    found = re.search(r"^(?:total_)?inactive_file (\d+)$", text, re.MULTILINE)
    return int(found.group(1)) if found else 0


def _first(root: Path, names: tuple[str, ...]) -> str | None:
    for name in names:
        try:
            return (root / name).read_text(encoding="utf-8").strip()
        except OSError:
            continue
    return None


def _disk_free(environ: Mapping[str, str]) -> int:
    """Free bytes where the app writes; the folder itself need not exist yet."""
    folder = Path(environ.get("LAB_HOME") or Path.home()).expanduser().absolute()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def _gpu(pynvml: Any, number: int) -> dict[str, Any]:
    handle = pynvml.nvmlDeviceGetHandleByIndex(number)
    memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
    major, minor = pynvml.nvmlDeviceGetCudaComputeCapability(handle)
    return {
        "name": pynvml.nvmlDeviceGetName(handle),
        "memory_total": int(memory.total),
        "memory_free": int(memory.free),
        "compute_capability": float(f"{major}.{minor}"),
        "driver": pynvml.nvmlSystemGetDriverVersion(),
    }


def _cuda_build() -> str | None:
    """The CUDA version torch was built for, read from its version file without importing it."""
    spec = util.find_spec("torch")
    if spec is None or spec.origin is None:
        return None
    try:
        text = (Path(spec.origin).parent / "version.py").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(r"^cuda\b[^=]*=\s*['\"]([\d.]+)['\"]", text, re.MULTILINE)
    return found.group(1) if found else None


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
