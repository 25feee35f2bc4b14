"""Facts about this machine. Never imports torch. What fits it is told by `fit`.

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
from functools import cache
from importlib import metadata, util
from pathlib import Path
from typing import Any, Literal

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
    "huggingface_hub",
    "numpy",
)
FLAGS = (
    *("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16"),
    *("asimd", "bf16"),
)
# Below this many weights one thread is as fast as several, and many times faster on a busy
# machine, where threads wait for each other at every small matrix (17 times: 1 M, 2 cores).
ONE_THREAD = 20_000_000


def facts(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Everything the Environment tab shows; plain JSON types, sizes in bytes."""
    model, flags = cpu()
    total, available = main_memory()
    cards = gpus()
    return {
        "python": platform.python_version(),
        "os": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "cpu": {"model": model, "flags": flags, "cores": cores()},
        "memory": {"total": total, "available": available},
        "disk": disk(Path(environ.get("LAB_HOME") or Path.home())),
        "gpus": cards,
        "accelerator": accelerator(environ),
        "zero_gpu": zero_gpu(environ),
        "cuda": cuda_build(),
        "rocm": _build_of_torch("hip"),
        "cudnn": _cudnn(),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def accelerator(environ: Mapping[str, str] = os.environ) -> Literal["cuda", "mps", "cpu"]:
    """What heavy work runs on, told from the outside."""
    if zero_gpu(environ) or (gpus() and cuda_build()):
        return "cuda"
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return "mps"
    return "cpu"


def trains_on(environ: Mapping[str, str] = os.environ) -> Literal["cuda", "mps", "cpu"]:
    """What training runs on: on ZeroGPU too the GPU, in slices."""
    return accelerator(environ)


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
    pynvml = _driver()
    if pynvml is None:
        return []
    try:
        return [_gpu(pynvml, number) for number in range(pynvml.nvmlDeviceGetCount())]
    except pynvml.NVMLError:
        return []


@cache
def _driver() -> Any:
    """NVIDIA's library, begun once: every look at a list of models asks it. None: no driver."""
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    return pynvml


def cpu() -> tuple[str, list[str]]:
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


def main_memory(root: Path = CGROUP) -> tuple[int, int]:
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


def processor_seconds(root: Path = CGROUP) -> float | None:
    """Seconds of processor the container has used, of all cores together; None: no container."""
    text = _first(root, ("cpu.stat",)) or ""  # cgroup v2, microseconds
    found = re.search(r"^usage_usec (\d+)$", text, re.MULTILINE)
    if found:
        return int(found.group(1)) / 1e6
    text = _first(root, ("cpuacct/cpuacct.usage",)) or ""  # v1, nanoseconds
    return int(text) / 1e9 if text.isdecimal() else None


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


def disk(folder: Path) -> dict[str, int]:
    """Bytes of the disk that holds `folder`, which need not exist yet."""
    folder = folder.expanduser().absolute()
    while not folder.exists() and folder != folder.parent:  # a drive may be missing
        folder = folder.parent
    found = shutil.disk_usage(folder)
    return {"free": found.free, "total": found.total}


def _gpu(pynvml: Any, number: int) -> dict[str, Any]:
    handle = pynvml.nvmlDeviceGetHandleByIndex(number)
    memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
    major, minor = pynvml.nvmlDeviceGetCudaComputeCapability(handle)

    def told(question: Callable[[], int]) -> int | None:
        """Not every card, nor every container, answers these."""
        try:
            return int(question())
        except pynvml.NVMLError:
            return None

    return {
        "name": pynvml.nvmlDeviceGetName(handle),
        "memory_total": int(memory.total),
        "memory_free": int(memory.free),
        "compute_capability": float(f"{major}.{minor}"),
        "driver": pynvml.nvmlSystemGetDriverVersion(),
        "use_percent": told(lambda: pynvml.nvmlDeviceGetUtilizationRates(handle).gpu),
        "celsius": told(
            lambda: pynvml.nvmlDeviceGetTemperature(handle, pynvml.NVML_TEMPERATURE_GPU)
        ),
    }


def cuda_build() -> str | None:
    """The CUDA version torch was built for, read from its version file without importing it."""
    return _build_of_torch("cuda")


def _build_of_torch(name: str) -> str | None:
    """`cuda` or `hip` (which is ROCm) in torch's version file; None: it was built without."""
    spec = util.find_spec("torch")
    if spec is None or spec.origin is None:
        return None
    try:
        text = (Path(spec.origin).parent / "version.py").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(rf"^{name}\b[^=]*=\s*['\"]([\w.-]+)['\"]", text, re.MULTILINE)
    return found.group(1) if found else None


def _cudnn() -> str | None:
    """The version of the cuDNN that torch's CUDA build brings as a package of its own."""
    build = cuda_build()
    return _version(f"nvidia-cudnn-cu{build.partition('.')[0]}") if build else None


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
