from dataclasses import replace

import pytest

from finetune.estimate import Estimate, estimate, memory_needed, spacing, total_steps
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
    assert estimate(recipe, 24) == Estimate(steps=6, rows_per_step=12, memory_bytes=None)


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
