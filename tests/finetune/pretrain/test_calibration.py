"""The calibration error by hand, and a temperature that is known beforehand."""

import math

import pytest
import torch

from finetune.pretrain import calibration


def test_the_error_is_the_gap_of_each_bin_weighted_by_its_rows():
    scores = torch.tensor([[0.3, 0.7], [0.3, 0.7], [0.95, 0.05], [0.05, 0.95]])
    labels = torch.tensor([1, 0, 0, 1])
    # Two rows say 0.7 and are right half the time; two say 0.95 and are right always.
    assert calibration.expected_error(scores, labels) == pytest.approx((2 * 0.2 + 2 * 0.05) / 4)


def test_gaps_of_one_bin_cancel_out_before_they_are_counted():
    scores = torch.tensor([[0.25, 0.75]] * 4, dtype=torch.float64)
    assert calibration.expected_error(scores, torch.tensor([1, 1, 1, 0])) == 0


def test_a_sure_and_right_row_has_no_error():
    assert calibration.expected_error(torch.tensor([[1.0, 0.0]]), torch.tensor([0])) == 0


def test_the_temperature_makes_confidence_equal_accuracy():
    # Right in three rows of four, and sure by a factor of 81 = 3 ** 4 where 3 would be right.
    logits = torch.tensor([[0.0, math.log(81)]] * 4)
    found = calibration.temperature(logits, torch.tensor([1, 1, 1, 0]))
    assert found == pytest.approx(4, rel=1e-3)


def test_softening_divides_the_logits():
    layer = torch.nn.Linear(3, 2)
    given = torch.tensor([[1.0, -2.0, 0.5]])
    before = layer(given)
    calibration.soften(layer, 2.0)
    assert torch.allclose(layer(given), before / 2)
