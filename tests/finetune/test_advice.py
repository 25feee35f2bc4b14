"""What is told of a plan before it starts."""

from dataclasses import replace

import pytest

from finetune.advice import advice, as_json, make_fit
from finetune.estimate import Estimate, gpu_seconds, memory_needed
from finetune.estimate import estimate as foresee
from finetune.recipe import Recipe
from inference.catalog import Catalog

QWEN = Catalog.load({}).find("Qwen/Qwen3-0.6B").architecture
TINY = Catalog.load({}).find("builtin/chat").architecture
GOOD = Estimate(steps=300, rows_per_step=16, passes=3.0, memory_bytes=10, seconds=60.0)
GB = 1_000_000_000


@pytest.fixture(autouse=True)
def on_a_cpu(monkeypatch):
    monkeypatch.setattr("inference.hardware.trains_on", lambda: "cpu")


def codes(estimate=GOOD, architecture=QWEN, tokens=100.0, held_out=None, labels=(), **settings):
    recipe = Recipe(task="chat", base="x", **settings)
    found = advice(
        recipe,
        estimate,
        architecture,
        "cuda",
        row_tokens=tokens,
        available=GB,
        longest_seconds=3_600,
        held_out=held_out,
        labels=labels,
    )
    assert {it.severity for it in found} <= {"warning"}
    return [it.code for it in found]


def test_a_sound_plan_is_left_alone():
    assert codes() == []


@pytest.mark.parametrize(
    ("estimate", "settings", "code"),
    [
        (replace(GOOD, steps=4), {}, "plan_too_few_steps"),
        (replace(GOOD, passes=21.0), {}, "plan_overfits"),
        (replace(GOOD, memory_bytes=2 * GB), {}, "plan_too_large"),
        (replace(GOOD, seconds=4_000.0), {}, "plan_too_long"),
        (GOOD, {"learning_rate": 2e-3}, "plan_too_fast"),
        (GOOD, {"learning_rate": 5e-6}, "plan_too_slow"),
        (GOOD, {"max_length": 64}, "plan_cuts_rows"),
    ],
)
def test_each_mistake_is_told_alone(estimate, settings, code):
    assert codes(estimate, **settings) == [code]


@pytest.mark.parametrize("preset", ["quick", "balanced", "thorough"])
@pytest.mark.parametrize("base", ["builtin/chat", "Qwen/Qwen3-0.6B"])
def test_no_preset_is_warned_of_on_a_table_of_the_size_of_the_examples(base, preset):
    architecture = Catalog.load({}).find(base).architecture
    recipe = Recipe.plan("chat", base, 70, architecture.parameters, preset)
    found = advice(
        recipe,
        foresee(recipe, 63),
        architecture,
        "cuda",
        row_tokens=50.0,
        available=10 * GB,
        longest_seconds=3_600,
        held_out=7,
    )
    assert found == []


def test_training_that_stops_by_itself_may_have_many_passes():
    assert codes(replace(GOOD, passes=50.0), early_stopping_patience=3) == []


def test_many_passes_do_no_harm_where_the_best_check_is_kept():
    assert codes(replace(GOOD, passes=50.0), keep_adapter="best") == []


def test_too_few_rows_to_check_on_are_told():
    assert (codes(held_out=4), codes(held_out=5)) == (["plan_checks_on_few"], [])


def test_one_label_on_nearly_every_row_is_told_and_one_label_alone_is_the_tables_matter():
    assert codes(labels=["a"] * 91 + ["b"] * 9) == ["plan_unbalanced"]
    assert codes(labels=["a"] * 90 + ["b"] * 10) == []
    assert codes(labels=["a"] * 100) == []


def test_a_tiny_base_needs_more_steps_and_more_passes():
    tiny = {"architecture": TINY, "learning_rate": 4e-3}
    assert codes(replace(GOOD, passes=60.0), **tiny) == []
    assert codes(replace(GOOD, steps=30), **tiny) == ["plan_too_few_steps"]
    assert codes(replace(GOOD, passes=200.0), **tiny) == ["plan_overfits"]


def _needed(**settings):
    return memory_needed(Recipe(task="chat", base="x", **settings), QWEN).total


def test_what_fits_stays_and_what_does_not_is_made_to_in_the_order_of_its_cost():
    plain = {"per_device_train_batch_size": 12, "max_length": 512}
    recipe = Recipe(task="chat", base="x", **plain)
    assert make_fit(recipe, QWEN, _needed(**plain), False) == {}
    half = {"per_device_train_batch_size": 6, "gradient_accumulation_steps": 2}
    assert make_fit(recipe, QWEN, _needed(**plain) - 1, False) == half
    one = {"per_device_train_batch_size": 1, "gradient_accumulation_steps": 12}
    lean = {**one, "activation_checkpointing": True}
    alone = _needed(**plain | one)
    assert make_fit(recipe, QWEN, alone, False) == one
    assert make_fit(recipe, QWEN, alone - 1, False) == lean
    short = make_fit(recipe, QWEN, _needed(**plain | lean) - 1, False)
    assert short == {**lean, "max_length": 256}


def test_what_no_setting_makes_fit_is_said_to():
    recipe = Recipe(task="chat", base="x")
    assert make_fit(recipe, QWEN, 1_000, True) is None


def test_four_bits_come_before_shorter_rows(monkeypatch):
    monkeypatch.setattr("inference.hardware.trains_on", lambda: "cuda")
    recipe = Recipe(task="chat", base="x", per_device_train_batch_size=1, precision="bf16")
    lean = _needed(per_device_train_batch_size=1, precision="bf16", activation_checkpointing=True)
    found = make_fit(recipe, QWEN, lean - 1, True)
    assert found == {"activation_checkpointing": True, "quantization": "4bit"}


def test_length_that_few_rows_have_goes_before_the_bits(monkeypatch):
    monkeypatch.setattr("inference.hardware.trains_on", lambda: "cuda")
    recipe = Recipe(task="chat", base="x", per_device_train_batch_size=1, precision="bf16")
    lean = {"activation_checkpointing": True}
    free = _needed(per_device_train_batch_size=1, precision="bf16", **lean) - 1
    assert make_fit(recipe, QWEN, free, True, row_tokens=100) == {**lean, "max_length": 256}
    found = make_fit(recipe, QWEN, free, True, row_tokens=500)
    assert found == {**lean, "quantization": "4bit"}


def test_made_to_fit_a_plan_still_is_one_that_can_start():
    recipe = Recipe(
        task="chat",
        base="x",
        per_device_train_batch_size=256,
        gradient_accumulation_steps=512,
        init_lora_weights="pissa",
    )
    free = _needed(per_device_train_batch_size=128, activation_checkpointing=True, max_length=64)
    found = make_fit(recipe, QWEN, free, True)
    assert found is not None and "quantization" not in found
    changed = Recipe(**{**recipe.model_dump(), **found})
    assert changed.gradient_accumulation_steps == 1_024


def test_as_json_a_plan_tells_shares_of_a_day_and_what_to_change():
    found = as_json(replace(GOOD, gpu_seconds=600), [], {"max_length": 64})
    assert found["gpu_days"] == {"anonymous": 5.0, "free": 2.0, "pro": 0.25}
    assert (found["fits"], found["make_fit"]) == (False, {"max_length": 64})
    found = as_json(GOOD, [], {})
    assert (found["gpu_days"], found["fits"], found["make_fit"]) == (None, True, None)
    assert not as_json(GOOD, [], None, "small")["fits"]


def test_zero_gpu_counts_whole_slices_of_a_whole_gpu():
    assert gpu_seconds(1.0) == 90
    assert gpu_seconds(43.0) == 180
