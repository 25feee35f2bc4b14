import pytest

from finetune.estimate import estimate, spacing, total_steps
from finetune.recipe import Recipe


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


def test_what_was_not_measured_is_unknown():
    found = estimate(Recipe(task="chat", base="x", per_device_train_batch_size=4), 8)
    assert (found.rows_per_step, found.seconds, found.memory_bytes) == (4, None, None)
