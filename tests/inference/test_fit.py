from dataclasses import replace

import pytest

from inference import fit, memory
from inference.catalog import Catalog
from inference.errors import ConfigurationRefused
from inference.fit import Fit
from inference.memory import Memory

GIB = 2**30
CATALOG = Catalog.load({})
QWEN = CATALOG.find("Qwen/Qwen3-8B")
LARGE = QWEN.architecture.parameters


@pytest.fixture
def gpu(monkeypatch):
    """An NVIDIA card with bitsandbytes, and the operator's `LAB_PRECISION` unset."""
    monkeypatch.delenv(fit.SETTING, raising=False)
    monkeypatch.setattr(fit, "accelerator", lambda: "cuda")
    monkeypatch.setattr(fit, "trains_on", lambda: "cuda")
    monkeypatch.setattr(fit, "bitsandbytes", lambda: True)
    monkeypatch.setattr(fit, "_given_back", [])
    monkeypatch.setattr(fit, "gpus", lambda: [{"compute_capability": 9.0, "memory_free": 10**12}])


@pytest.fixture
def cpu(monkeypatch):
    monkeypatch.delenv(fit.SETTING, raising=False)
    monkeypatch.setattr(fit, "accelerator", lambda: "cpu")
    monkeypatch.setattr(fit, "trains_on", lambda: "cpu")
    monkeypatch.setattr(fit, "bitsandbytes", lambda: False)
    monkeypatch.setattr(fit, "_given_back", [])
    monkeypatch.setattr(fit, "cpu", lambda: ("cpu", ["avx2"]))


@pytest.mark.parametrize(
    ("flags", "parameters", "wanted"),
    [
        (["avx2"], 10**9, "float32"),
        (["avx2", "avx512f"], 10**9, "float32"),
        (["avx512f", "avx512_bf16"], 10**9, "bfloat16"),
        (["avx512f", "amx_bf16"], 10**6, "float32"),
    ],
)
def test_bfloat16_on_a_cpu_only_where_it_is_fast(monkeypatch, cpu, flags, parameters, wanted):
    monkeypatch.setattr(fit, "cpu", lambda: ("cpu", flags))
    assert fit.number_format(parameters) == wanted


def test_a_gpu_computes_large_models_in_half_precision(monkeypatch, gpu):
    assert fit.number_format(10**9) == "bfloat16"
    assert fit.number_format(10**7) == "float32"
    monkeypatch.setattr(fit, "gpus", lambda: [{"compute_capability": 7.5}])
    assert fit.number_format(10**9) == "float16"
    assert fit.training_format() == "float16"
    monkeypatch.setattr(fit, "trains_on", lambda: "cpu")
    assert fit.training_format() == "float32"


# Quantisation


def test_a_gpu_quantises_only_what_would_not_fit(monkeypatch, gpu):
    def fitted(free):
        monkeypatch.setattr(fit, "available", lambda use="run": free)
        return fit.fits(QWEN)

    half, eighth, quarter = (
        fit.needed(QWEN, "run", it).total + fit.RUNTIME_BYTES["cuda"]
        for it in ("bfloat16", "int8", "int4")
    )
    assert half > eighth > quarter
    assert fitted(half) == Fit(half, half, True, "bfloat16")
    assert fitted(half - 1) == Fit(eighth, half - 1, True, "int8")
    assert fitted(eighth - 1) == Fit(quarter, eighth - 1, True, "int4")
    assert fitted(quarter - 1) == Fit(quarter, quarter - 1, False, "int4")


def test_a_model_stays_in_the_format_it_was_first_loaded_in(monkeypatch, gpu):
    """Replies take memory for a while: that must not bring in a second copy in fewer bits."""
    monkeypatch.setattr(fit, "_settled", {})
    monkeypatch.setattr(fit, "available", lambda use="run": 10**6)
    assert fit.precision_of(QWEN) == "int4" and not fit._settled  # it fits in none: nothing settled
    monkeypatch.setattr(fit, "available", lambda use="run": 10**12)
    assert fit.precision_of(QWEN) == "bfloat16"
    half = fit.needed(QWEN, "run", "bfloat16").total
    monkeypatch.setattr(fit, "available", lambda use="run": half)
    assert fit.fits(QWEN).precision == "int8"
    assert fit.precision_of(QWEN) == "bfloat16"


def test_a_cpu_quantises_only_when_told_to(monkeypatch, cpu):
    assert fit.precisions(LARGE) == ("float32",)
    monkeypatch.setenv(fit.SETTING, "int8")
    assert fit.precisions(LARGE) == ("int8",)
    assert fit.precisions(10**7) == ("float32",)  # nothing to gain on a small one
    assert fit.precisions(LARGE, "lora") == ("float32",)


def test_the_operator_decides_for_a_gpu(monkeypatch, gpu):
    assert fit.precisions(LARGE) == ("bfloat16", "int8", "int4")
    for value, wanted in {"full": "bfloat16", "int8": "int8", "int4": "int4"}.items():
        monkeypatch.setenv(fit.SETTING, value)
        assert fit.precisions(LARGE) == (wanted,)
    assert fit.precisions(LARGE, "qlora") == ("int4",)


@pytest.mark.parametrize("value", ["int4", "fast"])
def test_a_precision_that_this_machine_cannot_do_is_refused(cpu, value):
    with pytest.raises(ConfigurationRefused, match=f"LAB_PRECISION is set to “{value}”"):
        fit.setting({fit.SETTING: value})


def test_four_bit_training_needs_a_gpu(monkeypatch, gpu):
    monkeypatch.setattr(fit, "available", lambda use: 10**15)
    assert fit.fits(QWEN, "qlora").fits
    monkeypatch.setattr(fit, "bitsandbytes", lambda: False)
    assert not fit.fits(QWEN, "qlora").fits


# What fits


def test_memory_covers_the_weights_and_training_needs_more(cpu):
    for model in CATALOG.models:
        run, lora = (fit.fits(model, use).needed for use in ("run", "lora"))
        assert 4 * model.architecture.parameters < run < lora


@pytest.fixture
def everything_here(monkeypatch):
    monkeypatch.setattr(fit, "is_here", lambda model, environ: True)


@pytest.mark.parametrize(
    ("free", "chosen"),
    [
        (100 * GIB, "Qwen/Qwen3-32B"),
        (12 * GIB, "Qwen/Qwen3-4B-Instruct-2507"),
        (GIB // 2, "builtin/chat"),
    ],
)
def test_the_first_chat_is_with_the_largest_model_that_fits(
    monkeypatch, gpu, everything_here, free, chosen
):
    monkeypatch.setenv(fit.SETTING, "full")
    monkeypatch.setattr(fit, "available", lambda use="run": free)
    assert fit.best_chat(CATALOG).id == chosen


def test_without_any_download_the_built_in_model_answers(tmp_path):
    environ = {"HF_HUB_CACHE": str(tmp_path), "LAB_HOME": str(tmp_path)}
    assert fit.best_chat(CATALOG, environ).id == "builtin/chat"


def test_models_in_memory_do_not_make_others_too_large(monkeypatch, cpu):
    """What the pool holds is given back when another model is wanted."""
    needed = 150 + fit.RUNTIME_BYTES["cpu"]
    monkeypatch.setattr(fit, "available", lambda use: needed - 50)
    monkeypatch.setattr(fit, "needed", lambda model, use, precision: Memory(150))
    assert fit.fits(QWEN) == Fit(needed, needed - 50, False, "float32")
    fit.count_as_free(lambda: 60)
    assert fit.fits(QWEN) == Fit(needed, needed + 10, True, "float32")


def test_zero_gpu_lends_a_gpu_for_replies_and_for_training(monkeypatch):
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    monkeypatch.setattr(fit, "main_memory", lambda: (9, 7))
    assert fit.available("lora") == fit.available() == fit.ZERO_GPU_BYTES
    assert fit.training_format() == "bfloat16"


def test_a_summary_needs_a_cache_for_each_of_its_beams(cpu):
    bart = CATALOG.find("facebook/bart-large-cnn")
    alone = memory.to_run(bart.architecture, "float32").cache
    assert fit.needed(bart, "run", "float32").cache == 4 * alone
    assert fit.needed(replace(bart, task="chat"), "run", "float32").cache == alone
