import json
import platform
import subprocess
import sys
import time
from pathlib import Path

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
