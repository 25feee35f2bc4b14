import json
import platform
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from inference import hardware


def test_facts_are_json_and_quick_and_hold_nothing_private(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    started = time.perf_counter()
    text = json.dumps(hardware.facts())
    assert time.perf_counter() - started < 1
    assert "hf_secret" not in text
    assert str(Path.home()) not in text or str(Path.home()) == "/"
    assert f'"{platform.node()}"' not in text
    assert set(json.loads(text)) == {
        "python",
        "os",
        "machine",
        "cpu",
        "memory",
        "disk",
        "gpus",
        "accelerator",
        "zero_gpu",
        "cuda",
        "rocm",
        "cudnn",
        "packages",
    }


def test_the_web_server_can_read_facts_without_loading_torch():
    code = (
        "import sys; from inference import hardware, fit, hub, catalog, records, prompts, texts;"
        "hardware.facts(); assert not {'torch', 'transformers', 'gradio'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_containers_cpu_quota_counts(tmp_path):
    (tmp_path / "cpu.max").write_text("50000 100000\n", encoding="utf-8")
    assert hardware.cores(tmp_path) == 0.5
    (tmp_path / "cpu.max").write_text("max 100000\n", encoding="utf-8")
    assert hardware.cores(tmp_path) >= 1


def test_a_containers_memory_limit_counts_and_cached_files_are_free(tmp_path):
    (tmp_path / "memory.max").write_text(str(512 * 2**20), encoding="utf-8")
    (tmp_path / "memory.current").write_text(str(500 * 2**20), encoding="utf-8")
    (tmp_path / "memory.stat").write_text(f"inactive_file {100 * 2**20}\n", encoding="utf-8")
    assert hardware.main_memory(tmp_path) == (512 * 2**20, 112 * 2**20)


def test_no_limit_leaves_the_hosts_memory(tmp_path):
    (tmp_path / "memory.max").write_text("max\n", encoding="utf-8")
    total, available = hardware.main_memory(tmp_path)
    assert 0 < available <= total


def test_zero_gpu_trains_on_its_gpu():
    environ = {"SPACES_ZERO_GPU": "true"}
    assert (hardware.accelerator(environ), hardware.trains_on(environ)) == ("cuda", "cuda")


class Driver:
    """NVIDIA's library on a machine with one card; what is in `silent` it does not answer."""

    NVML_TEMPERATURE_GPU = 0

    class NVMLError(Exception):
        pass

    def __init__(self, name, total, capability, silent=()):
        self._name, self._total, self._capability = name, total, capability
        self._silent = silent

    def nvmlDeviceGetCount(self):
        return 1

    def nvmlDeviceGetHandleByIndex(self, number):
        return number

    def nvmlDeviceGetName(self, handle):
        return self._name

    def nvmlDeviceGetMemoryInfo(self, handle):
        return SimpleNamespace(total=self._total, free=self._total - 2**29)

    def nvmlDeviceGetCudaComputeCapability(self, handle):
        return self._capability

    def nvmlSystemGetDriverVersion(self):
        return "550.54.15"

    def nvmlDeviceGetUtilizationRates(self, handle):
        return SimpleNamespace(gpu=self._told("use", 35))

    def nvmlDeviceGetTemperature(self, handle, sensor):
        return self._told("heat", 61)

    def _told(self, what, value):
        if what in self._silent:
            raise self.NVMLError(what)
        return value


def test_a_card_is_told_as_its_driver_tells_it(monkeypatch):
    driver = Driver("Tesla T4", 15 * 2**30, (7, 5))
    monkeypatch.setattr(hardware, "_driver", lambda: driver)
    assert hardware.gpus() == [
        {
            "name": "Tesla T4",
            "memory_total": 15 * 2**30,
            "memory_free": 15 * 2**30 - 2**29,
            "compute_capability": 7.5,
            "driver": "550.54.15",
            "use_percent": 35,
            "celsius": 61,
        }
    ]


def test_what_a_card_does_not_tell_is_left_open(monkeypatch):
    """A slice of an H200 (MIG) has no use of its own."""
    driver = Driver("NVIDIA H200", 143_771 * 2**20, (9, 0), silent=("use", "heat"))
    monkeypatch.setattr(hardware, "_driver", lambda: driver)
    (card,) = hardware.gpus()
    assert (card["use_percent"], card["celsius"]) == (None, None)
    assert card["compute_capability"] == 9.0


@pytest.mark.parametrize(
    ("lines", "cuda", "rocm"),
    [
        ("cuda: Optional[str] = '12.8'\nhip: Optional[str] = None\n", "12.8", None),
        ("cuda: Optional[str] = None\nhip: Optional[str] = '6.4.43482-0f2d60242'\n", None, "6.4."),
        ("__version__ = '2.13.0+cpu'\ncuda: Optional[str] = None\n", None, None),
    ],
)
def test_what_torch_was_built_for_is_read_from_its_version_file(
    monkeypatch, tmp_path, lines, cuda, rocm
):
    (tmp_path / "version.py").write_text(lines, encoding="utf-8")
    spec = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(hardware.util, "find_spec", lambda name: spec)
    found = hardware.facts()
    assert found["cuda"] == cuda
    assert (found["rocm"] or "").startswith(rocm or "") and bool(found["rocm"]) == bool(rocm)


def test_a_container_of_two_cores_and_24_gb(tmp_path, monkeypatch):
    (tmp_path / "cpu.max").write_text("200000 100000\n", encoding="utf-8")
    (tmp_path / "memory.max").write_text(str(24 * 10**9), encoding="utf-8")
    (tmp_path / "memory.current").write_text(str(3 * 10**9), encoding="utf-8")
    host = SimpleNamespace(total=512 * 2**30, available=400 * 2**30)
    monkeypatch.setattr("psutil.virtual_memory", lambda: host)
    monkeypatch.setattr(hardware.os, "sched_getaffinity", lambda pid: set(range(64)))
    assert hardware.cores(tmp_path) == 2.0
    assert hardware.main_memory(tmp_path) == (24 * 10**9, 21 * 10**9)
