"""Of a run that ended too early: the one thing that helps against its cause."""

import pytest

from components._next_steps import next_step
from finetune.recipe import Recipe

RECIPE = {
    "per_device_train_batch_size": 8,
    "gradient_accumulation_steps": 2,
    "activation_checkpointing": False,
    "max_length": 512,
    "learning_rate": 3e-4,
}


def failed(reason, **values):
    return [{"type": "step", "step": 3}, {"type": "failed", "reason": reason, "values": values}]


def test_half_the_rows_at_a_time_leave_the_rows_of_a_step_as_they_were():
    found = next_step("failed", failed("out_of_memory"), RECIPE)
    assert (found.key, found.verb) == ("next_half", "again")
    assert found.changes == {
        "per_device_train_batch_size": 4,
        "gradient_accumulation_steps": 4,
    }


def test_of_one_row_at_a_time_half_the_length_is_taken():
    one = RECIPE | {"per_device_train_batch_size": 1}
    found = next_step("failed", failed("out_of_memory"), one)
    assert found.key == "next_shorter"
    assert found.changes["max_length"] == 256
    assert found.changes["activation_checkpointing"]


def test_a_run_that_came_down_to_one_row_by_itself_gets_shorter_rows():
    """Half the batch would come down to the same one row, and fail there again."""
    found = next_step("failed", failed("training_too_large", rows="1", tokens="256"), RECIPE)
    assert (found.key, found.verb) == ("next_shorter", "again")
    assert found.changes == {
        "per_device_train_batch_size": 1,
        "gradient_accumulation_steps": 16,
        "activation_checkpointing": True,
        "max_length": 128,
    }


def test_rows_never_become_shorter_than_a_recipe_allows():
    found = next_step("failed", failed("training_too_large", tokens="16"), RECIPE)
    assert found.changes["max_length"] == 16
    Recipe(task="chat", base="builtin/chat", **RECIPE | found.changes)


def test_what_blew_up_goes_on_more_slowly():
    found = next_step("failed", failed("not_finite", step="3", what="loss"), RECIPE)
    assert (found.verb, found.changes) == ("again", {"learning_rate": 1e-4})


@pytest.mark.parametrize(
    ("reason", "verb"),
    [
        ("disk_full", "resume"),
        ("lost_worker", "resume"),
        ("unexpected", "resume"),
        ("model_not_here", "resume"),
        ("base_changed", "again"),
    ],
)
def test_what_is_not_the_runs_own_fault_needs_no_other_settings(reason, verb):
    found = next_step("failed", failed(reason), RECIPE)
    assert (found.verb, dict(found.changes)) == (verb, {})


def test_a_visitor_whose_gpu_time_is_used_up_can_continue():
    stopped = [{"type": "stopped", "reason": "quota"}]
    assert next_step("stopped", stopped, RECIPE).key == "next_continue"
    assert next_step("stopped", [{"type": "stopped", "reason": "request"}], RECIPE) is None


@pytest.mark.parametrize("status", ["queued", "running", "stopping", "finished"])
def test_a_run_that_is_well_is_left_alone(status):
    assert next_step(status, failed("out_of_memory"), RECIPE) is None


def test_an_interrupted_run_goes_on_whatever_happened_before():
    assert next_step("interrupted", [], RECIPE).verb == "resume"
