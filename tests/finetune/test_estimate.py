from dataclasses import replace

import pytest

from finetune.estimate import (
    EFFICIENCY,
    PASSED_OVER,
    SECONDS_A_LAYER,
    Estimate,
    estimate,
    memory_needed,
    spacing,
    total_steps,
)
from finetune.recipe import Recipe
from inference import fit, memory
from inference.catalog import Catalog


@pytest.mark.parametrize(
    ("rows", "settings", "steps"),
    [
        (20, {"per_device_train_batch_size": 3, "num_train_epochs": 2.0}, 14),
        (20, {"per_device_train_batch_size": 3, "gradient_accumulation_steps": 2}, 12),
        (1, {"num_train_epochs": 0.5}, 1),
        (100, {"per_device_train_batch_size": 10, "num_train_epochs": 0.25}, 3),
        (100, {"max_steps": 7}, 7),
    ],
)
def test_steps_are_counted_as_the_trainer_does(rows, settings, steps):
    assert total_steps(Recipe(task="chat", base="x", **settings), rows) == steps


@pytest.mark.parametrize(
    ("chosen", "steps", "between"),
    [(1, 2_000, 1), (1, 2_001, 2), (1, 1_000_000, 500), (50, 2_001, 50), (7, 1_000_000, 500)],
)
def test_a_long_run_leaves_more_steps_between_its_records(chosen, steps, between):
    assert spacing(chosen, steps) == between


def test_a_step_reads_each_batch_it_gathers():
    recipe = Recipe(
        task="chat", base="x", per_device_train_batch_size=4, gradient_accumulation_steps=3
    )
    assert estimate(recipe, 24) == Estimate(steps=6, rows_per_step=12, passes=3.0)


def test_memory_grows_with_the_batch_up_to_the_models_context():
    base = Catalog.load({}).find("Qwen/Qwen3-0.6B").architecture

    def needed(batch, length):
        sizes = {"per_device_train_batch_size": batch, "max_length": length}
        return memory_needed(Recipe(task="chat", base="x", **sizes), base)

    assert needed(1, 512) == memory.to_train(base, fit.training_format(), rows=1)
    one, two, four = (needed(*it).activations for it in ((1, 1024), (2, 1024), (1, 4096)))
    assert needed(2, 512).activations == one < two < four == 2 * two
    short = replace(base, context=256)
    recipe = Recipe(task="chat", base="x", per_device_train_batch_size=2, max_length=1024)
    assert memory_needed(recipe, short).activations == one / 2


QWEN = Catalog.load({}).find("Qwen/Qwen3-0.6B").architecture


@pytest.fixture
def speed(monkeypatch):
    """A machine of a known speed, in 1e9 operations a second."""

    monkeypatch.setattr("inference.hardware.trains_on", lambda: "cpu")

    def of(billions):
        monkeypatch.setattr("inference.speed.flops_per_second", lambda threads: billions * 1e9)

    of(100)
    return of


def test_time_by_hand(speed):
    recipe = Recipe(task="chat", base="x", per_device_train_batch_size=2, max_steps=10)
    found = estimate(recipe, 100, QWEN, row_tokens=88)
    # each of the weights (tied: the embeddings are multiplied as the output layer) meets 2 rows of
    # 88 tokens and the template's 12, forward and back, in ten steps
    products = 10 * 2 * 2 * QWEN.parameters * 2 * 100
    kept = memory.to_train(QWEN, "float32", rows=2, length=100).activations
    rest = 10 * (kept / PASSED_OVER["cpu"] + 28 * SECONDS_A_LAYER)
    expected = 1.15 * (products / (EFFICIENCY * 100e9) + rest)
    assert found.seconds == pytest.approx(expected)


def test_time_follows_the_machine_the_rows_and_the_plan(speed):
    def seconds(tokens=100.0, **settings):
        recipe = Recipe(task="classification", base="x", max_steps=10, **settings)
        return estimate(recipe, 100, QWEN, tokens).seconds

    usual = seconds()
    assert seconds(tokens=200.0) > 1.9 * usual
    assert seconds(tokens=10_000.0) == seconds(tokens=512.0)  # cut at max_length
    assert seconds(gradient_accumulation_steps=2) == pytest.approx(2 * usual)
    speed(10)
    assert seconds() > 3 * usual


def test_a_table_of_words_that_is_only_looked_up_takes_no_time(speed):
    recipe = Recipe(task="classification", base="x", max_steps=10)
    bert = Catalog.load({}).find("google-bert/bert-base-chinese").architecture
    larger = replace(
        bert,
        vocabulary=bert.vocabulary + 1_000,
        parameters=bert.parameters + 1_000 * bert.hidden_size,
    )
    found = [estimate(recipe, 100, it, 50.0).seconds for it in (bert, larger)]
    assert found[0] == found[1]


def test_memory_follows_the_precision_the_bits_and_the_checkpoints(monkeypatch):
    monkeypatch.setattr("inference.hardware.trains_on", lambda: "cuda")

    def needed(**settings):
        return memory_needed(Recipe(task="chat", base="x", **settings), QWEN)

    plain = needed(precision="bf16")
    assert needed(precision="fp32").weights == 2 * plain.weights
    assert needed(precision="bf16", quantization="4bit").weights < plain.weights
    less = needed(precision="bf16", activation_checkpointing=True)
    assert less.activations < plain.activations and less.weights == plain.weights
