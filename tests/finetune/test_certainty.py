import numpy
import pytest
from sklearn.metrics import f1_score

from finetune.certainty import bootstrap, difference, interval, wilson
from finetune.metrics import macro_f1


@pytest.mark.parametrize(
    ("right", "of", "expected"),
    [  # Newcombe 1998, table I, method 3
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_wilsons_interval_is_the_published_one(right, of, expected):
    assert wilson(right, of) == pytest.approx(expected, abs=5e-5)


def test_every_row_right_still_leaves_doubt():
    low, high = wilson(10, 10)
    assert high == pytest.approx(1.0) and 0.7 < low < 0.73


def test_fast_macro_f1_is_the_librarys():
    chance = numpy.random.default_rng(0)
    expected, predicted = chance.integers(5, size=(2, 60))
    assert macro_f1(expected, predicted, 5) == pytest.approx(
        f1_score(expected, predicted, average="macro", labels=range(5))
    )
    missing = macro_f1(expected, predicted, 7)  # two labels nobody has count as 0
    assert missing == pytest.approx(macro_f1(expected, predicted, 5) * 5 / 7)


def mean_of(values):
    return lambda drawn: {"mean": float(values[drawn].mean())}


def test_the_bootstrap_is_near_the_normal_interval_and_the_same_again():
    values = numpy.random.default_rng(1).normal(3.0, 1.0, 400)
    (found,) = bootstrap(400, [mean_of(values)])
    (again,) = bootstrap(400, [mean_of(values)])
    assert (found["mean"] == again["mean"]).all()
    low, high = interval(found["mean"])
    assert (low, high) == pytest.approx(
        (values.mean() - 0.098 * values.std(), values.mean() + 0.098 * values.std()), abs=0.02
    )


def compared(shift, rows, lower_is_better=False):
    values = numpy.random.default_rng(2).normal(0.0, 1.0, rows)
    base, tuned = bootstrap(rows, [mean_of(values), mean_of(values + shift)])
    means = float(values.mean()), float(values.mean() + shift)
    drawn = base["mean"], tuned["mean"]
    return difference("mean", *means, drawn, rows, lower_is_better)


def test_rows_are_drawn_in_pairs():
    found = compared(0.1, 50)  # lost in the noise of either side, but the same in every row
    assert found.interval == pytest.approx((0.1, 0.1))
    assert found.verdict == "better"


@pytest.mark.parametrize(
    ("shift", "rows", "lower", "verdict"),
    [
        (0.1, 50, True, "worse"),
        (-0.1, 50, True, "better"),
        (-0.1, 50, False, "worse"),
        (0.0, 50, False, "too_few_to_tell"),
        (0.1, 9, False, "too_few_to_tell"),
    ],
)
def test_the_verdict_follows_the_interval(shift, rows, lower, verdict):
    assert compared(shift, rows, lower).verdict == verdict
