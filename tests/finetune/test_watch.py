import pytest

from finetune import watch


def history(losses, checked=(), every=10):
    """A log with a training loss a step and a check every `every` steps."""
    found = []
    held_out = iter(checked)
    for step, loss in enumerate(losses, 1):
        found.append({"step": step, "loss": loss})
        if step % every == 0 and (value := next(held_out, None)) is not None:
            found.append({"step": step, "eval_loss": value})
    return found


FALLING = [3.0 - step / 100 for step in range(100)]


def test_the_first_of_the_lowest_checks_is_the_best():
    assert watch.best(history(FALLING, [2.0, 1.5, 1.7, 1.5])) == (20, 1.5)
    assert watch.best(history(FALLING)) is None


@pytest.mark.parametrize(
    ("checked", "patience", "ended"),
    [
        ([2.0, 1.0, 1.1], 2, False),
        ([2.0, 1.0, 1.1, 1.0], 2, True),
        ([2.0, 1.0, 1.1, 0.9], 2, False),
        ([2.0, 2.1, 2.2, 2.3], 0, False),
        ([], 1, False),
    ],
)
def test_patience_ends_after_so_many_checks_without_a_better_one(checked, patience, ended):
    assert watch.out_of_patience(history(FALLING, checked), patience) is ended


def test_a_loss_that_stays_for_half_of_the_training_is_stuck():
    still = [2.0 + 0.01 * (step % 2) for step in range(100)]
    assert watch.stuck(history(still[:50]), 100)
    assert not watch.stuck(history(still[:40]), 100)  # it may still come
    assert not watch.stuck(history(still[:10]), 10)  # too few to say
    assert not watch.stuck(history(FALLING[:60]), 100)
    assert not watch.stuck(history([0.01] * 100), 100)  # learnt


def test_a_held_out_loss_that_rises_while_the_training_loss_falls_is_overfitting():
    assert watch.overfitting(history(FALLING, [1.0, 1.1, 1.2]))
    assert not watch.overfitting(history(FALLING, [1.0, 1.1, 1.05]))
    assert not watch.overfitting(history(FALLING, [1.0, 1.1]))
    assert not watch.overfitting(history(FALLING[::-1], [1.0, 1.1, 1.2]))
