"""Two models on the same rows."""

import pytest
from sklearn.metrics import cohen_kappa_score

from components._agreement import agreement
from inference.records import Scores

NEG, POS = "negative", "positive"


def scores(*shares):
    """Of two labels; the share is that of the second."""
    return [None if it is None else _of({NEG: 1 - it, POS: it}) for it in shares]


def _of(probabilities):
    return Scores("", max(probabilities, key=probabilities.get), probabilities)


def stars(*numbers):
    names = ("1 star", "2 stars", "3 stars", "4 stars", "5 stars")
    return [
        _of({name: float(at == number) for at, name in enumerate(names, 1)}) for number in numbers
    ]


def test_rows_are_counted_by_what_each_model_calls_them():
    found = agreement(scores(0.9, 0.8, 0.3, 0.1), scores(0.7, 0.2, 0.9, 0.4))
    assert (found.first, found.second) == ((NEG, POS), (NEG, POS))
    assert found.counts == [[1, 1], [1, 1]]
    assert (found.rows, found.compared, found.agreed, found.kappa) == (4, 4, 2, 0.0)


def test_the_rows_both_are_surest_about_come_first():
    found = agreement(scores(0.6, 0.95, 0.9, 0.2), scores(0.1, 0.4, 0.05, 0.3))
    assert found.differing == (2, 0, 1)  # the less sure of the two: 0.9, 0.6, 0.6 in file order


def test_kappa_is_that_of_scikit_learn():
    mine, theirs = [0.9, 0.8, 0.7, 0.2, 0.1, 0.9], [0.9, 0.1, 0.7, 0.2, 0.3, 0.8]
    expected = cohen_kappa_score([it > 0.5 for it in mine], [it > 0.5 for it in theirs])
    assert agreement(scores(*mine), scores(*theirs)).kappa == pytest.approx(expected)


def test_one_label_alone_has_no_kappa():
    found = agreement(scores(0.9, 0.8), scores(0.7, 0.6))
    assert (found.agreed, found.kappa) == (2, None)


def test_blank_rows_and_rows_one_model_has_not_come_to_are_left_out():
    found = agreement(scores(0.9, None, 0.8, 0.7), scores(0.9, None, 0.1))
    assert (found.rows, found.differing) == (2, (2,))


def test_labels_of_other_names_are_compared_by_what_they_mean():
    found = agreement(scores(0.9, 0.1, 0.9, 0.9), stars(5, 1, 3, 2))
    assert found.second == ("1 star", "2 stars", "3 stars", "5 stars")
    assert found.counts == [[1, 0, 0, 0], [0, 1, 1, 1]]
    assert (found.rows, found.compared, found.agreed) == (4, 3, 2)  # 3 stars are neither
    assert found.differing == (3,)
    assert found.alike == (0, 3)


def test_labels_with_nothing_in_common_are_counted_and_no_more():
    other = [_of({"退款": 1.0, "物流": 0.0}), _of({"退款": 0.0, "物流": 1.0})]
    found = agreement(scores(0.9, 0.1), other)
    assert (found.rows, found.compared, found.kappa, found.differing) == (2, 0, None, ())
    assert found.alike == (None, None)


def test_nothing_scored_is_nothing_to_compare():
    found = agreement([], [])
    assert (found.rows, found.compared, found.kappa, found.counts) == (0, 0, None, [])


def test_which_model_comes_first_makes_no_difference():
    binary, starred = scores(0.9, 0.1, 0.9, 0.9), stars(5, 1, 3, 2)
    one, other = agreement(binary, starred), agreement(starred, binary)
    assert (one.compared, one.agreed, one.kappa) == (other.compared, other.agreed, other.kappa)
    assert one.differing == other.differing and other.compared == 3


def test_a_label_the_other_model_has_not_is_not_compared():
    three = [_of({NEG: n, "neutral": m, POS: p}) for n, m, p in ((1, 0, 0), (0, 1, 0), (0, 0, 1))]
    found = agreement(three, scores(0.1, 0.9, 0.9))
    assert (found.rows, found.compared, found.agreed) == (3, 2, 2)


def test_a_numbering_is_that_of_all_labels_of_a_model():
    numbered = [_of({"0": n, "1": m, "2": p}) for n, m, p in ((1, 0, 0), (0, 1, 0))]
    three = [_of({NEG: n, "neutral": m, POS: p}) for n, m, p in ((1, 0, 0), (0, 1, 0))]
    assert agreement(three, numbered).agreed == 2
