import json
import platform
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from inference import hardware
from inference.catalog import Catalog
from inference.hardware import Fit

GIB = 2**30


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
        "import sys; from inference import hardware, hub, catalog, records, prompts, texts;"
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
    assert hardware._memory(tmp_path) == (512 * 2**20, 112 * 2**20)


def test_no_limit_leaves_the_hosts_memory(tmp_path):
    (tmp_path / "memory.max").write_text("max\n", encoding="utf-8")
    total, available = hardware._memory(tmp_path)
    assert 0 < available <= total


@pytest.mark.parametrize(
    ("flags", "parameters", "dtype"),
    [
        (["avx2"], 10**9, "float32"),
        (["avx2", "avx512f"], 10**9, "float32"),
        (["avx512f", "avx512_bf16"], 10**9, "bfloat16"),
        (["avx512f", "amx_bf16"], 10**6, "float32"),
    ],
)
def test_bfloat16_on_a_cpu_only_where_it_is_fast(monkeypatch, flags, parameters, dtype):
    monkeypatch.setattr(hardware, "_cpu", lambda: ("cpu", flags))
    monkeypatch.setattr(hardware, "accelerator", lambda: "cpu")
    assert hardware.dtype_name(parameters) == dtype


def test_a_gpu_computes_large_models_in_half_precision(monkeypatch):
    monkeypatch.setattr(hardware, "accelerator", lambda: "cuda")
    monkeypatch.setattr(hardware, "gpus", lambda: [{"compute_capability": 9.0}])
    assert hardware.dtype_name(10**9) == "bfloat16"
    assert hardware.dtype_name(10**7) == "float32"
    monkeypatch.setattr(hardware, "gpus", lambda: [{"compute_capability": 7.5}])
    assert hardware.dtype_name(10**9) == "float16"


def test_memory_covers_the_weights_and_training_needs_more():
    for model in Catalog.load({}).models:
        run, lora = (hardware.memory_needed(model, use) for use in ("run", "lora"))
        assert 2 * model.architecture.parameters < run < lora


@pytest.fixture
def everything_here(monkeypatch):
    monkeypatch.setattr(hardware, "is_here", lambda model, environ: True)


def _catalog_with_demo():
    catalog = Catalog.load({})
    if any(model.id == "builtin/chat" for model in catalog.models):
        return catalog
    demo = replace(catalog.find("Qwen/Qwen3-0.6B"), id="builtin/chat", demo=True)
    return Catalog((demo, *catalog.models))


@pytest.mark.parametrize(
    ("free", "chosen"),
    [
        (100 * GIB, "Qwen/Qwen3-32B"),
        (12 * GIB, "Qwen/Qwen3-4B-Instruct-2507"),
        (GIB // 2, "builtin/chat"),
    ],
)
def test_the_first_chat_is_with_the_largest_model_that_fits(
    monkeypatch, everything_here, free, chosen
):
    monkeypatch.setattr(hardware, "memory_available", lambda use="run": free)
    monkeypatch.setattr(hardware, "dtype_name", lambda parameters: "bfloat16")
    assert hardware.best_chat(_catalog_with_demo()).id == chosen


def test_without_any_download_the_built_in_model_answers(tmp_path):
    environ = {"HF_HUB_CACHE": str(tmp_path)}
    assert hardware.best_chat(_catalog_with_demo(), environ).id == "builtin/chat"


def test_fit_compares_needed_with_available(monkeypatch):
    monkeypatch.setattr(hardware, "memory_available", lambda use: 100)
    monkeypatch.setattr(hardware, "memory_needed", lambda model, use: 101)
    monkeypatch.setattr(hardware, "_given_back", [])
    assert hardware.fits(Catalog.load({}).models[0]) == Fit(101, 100, False)


def test_models_in_memory_do_not_make_others_too_large(monkeypatch):
    """What the pool holds is given back when another model is wanted."""
    monkeypatch.setattr(hardware, "memory_available", lambda use: 100)
    monkeypatch.setattr(hardware, "memory_needed", lambda model, use: 150)
    monkeypatch.setattr(hardware, "_given_back", [])
    model = Catalog.load({}).models[0]
    assert not hardware.fits(model).fits
    hardware.count_as_free(lambda: 60)
    assert hardware.fits(model) == Fit(150, 160, True)


def test_zero_gpu_trains_on_the_processor(monkeypatch):
    environ = {"SPACES_ZERO_GPU": "true"}
    assert (hardware.accelerator(environ), hardware.trains_on(environ)) == ("cuda", "cpu")
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    monkeypatch.setattr(hardware, "_memory", lambda: (9, 7))
    assert hardware.memory_available("lora") == 7
    assert hardware.memory_available() == hardware.ZERO_GPU_BYTES
