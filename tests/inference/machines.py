"""What `inference.facts` tells on machines of several kinds: shapes and sizes as they are there."""

from typing import Any

from inference.hardware import PACKAGES

GB = 10**9
GIB = 2**30
VERSIONS = {
    "gradio": "6.31.0",
    "spaces": "0.51.3",
    "torch": "2.13.0",
    "transformers": "5.24.0",
    "peft": "0.21.2",
    "datasets": "5.2.0",
    "accelerate": "1.15.0",
    "pandas": "3.1.1",
    "tokenizers": "0.23.3",
    "safetensors": "0.8.0",
    "huggingface_hub": "2.4.0",
    "numpy": "2.4.6",
}
assert set(VERSIONS) == set(PACKAGES)


def card(name: str, total: int, capability: float, driver: str = "580.95.05") -> dict[str, Any]:
    return {
        "name": name,
        "memory_total": total,
        "memory_free": total - GIB // 2,
        "compute_capability": capability,
        "driver": driver,
        "use_percent": 0,
        "celsius": 34,
    }


def machine(torch: str = "2.13.0", **changed: Any) -> dict[str, Any]:
    """A laptop without a graphics card, but for what is `changed`."""
    return {
        "python": "3.12.12",
        "os": "Linux 6.8.0-60-generic",
        "machine": "x86_64",
        "cpu": {"model": "Intel(R) Core(TM) i7-1165G7", "flags": ["avx2", "avx512f"], "cores": 8.0},
        "memory": {"total": 16 * GIB, "available": 11 * GIB},
        "disk": {"free": 200 * GB, "total": 512 * GB},
        "gpus": [],
        "accelerator": "cpu",
        "zero_gpu": False,
        "cuda": None,
        "rocm": None,
        "cudnn": None,
        "packages": {**VERSIONS, "torch": torch},
        "hub": {"endpoint": "huggingface.co", "offline": False, "reachable": True},
        "cache": {"bytes": 0, "free": 200 * GB, "models": []},
        **changed,
    }


CUDA = {"accelerator": "cuda", "cuda": "12.8", "cudnn": "9.10.2.21"}
MACHINES: dict[str, dict[str, Any]] = {
    "no_gpu": machine("2.13.0+cpu"),
    "t4": machine(
        **CUDA,
        gpus=[card("Tesla T4", 15 * GIB, 7.5, "550.54.15")],
        cpu={"model": "Intel(R) Xeon(R) CPU @ 2.00GHz", "flags": ["avx2", "avx512f"], "cores": 2.0},
        memory={"total": 13 * GIB, "available": 11 * GIB},
        cache={
            "bytes": 2 * GB,
            "free": 60 * GB,
            "models": [{"id": "Qwen/Qwen3-0.6B", "bytes": 1_503_300_328}],
        },
    ),
    "h200": machine(
        **CUDA | {"cuda": "13.0"},
        gpus=[card("NVIDIA H200", 143_771 * 2**20, 9.0)],
        cpu={
            "model": "INTEL(R) XEON(R) PLATINUM 8568Y+",
            "flags": ["avx2", "avx512f", "avx512_bf16", "amx_int8", "amx_bf16"],
            "cores": 16.0,
        },
        memory={"total": 128 * GIB, "available": 120 * GIB},
    ),
    # Between two calls no card can be seen there.
    "zero_gpu": machine(**CUDA, zero_gpu=True, memory={"total": 64 * GIB, "available": 60 * GIB}),
    "mac": machine(
        os="Darwin 25.1.0",
        machine="arm64",
        cpu={"model": "arm", "flags": [], "cores": 10.0},
        accelerator="mps",
        memory={"total": 24 * GIB, "available": 14 * GIB},
    ),
    "container": machine(
        "2.13.0+cpu",
        cpu={"model": "AMD EPYC", "flags": ["avx2"], "cores": 2.0},
        memory={"total": 24 * GIB, "available": 22 * GIB},
        hub={"endpoint": None, "offline": False, "reachable": False},
    ),
}
