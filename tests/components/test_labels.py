"""What a visitor reads for a label."""

import pytest

from components._labels import LABELS, named, shown
from inference.catalog import Catalog


@pytest.mark.parametrize(
    ("label", "english", "chinese"),
    [
        ("positive", "positive", "正面"),
        ("negative", "negative", "负面"),
        ("negative (stars 1, 2 and 3)", "negative", "负面"),
        ("positive (stars 4 and 5)", "positive", "正面"),
        ("1 star", "1 star", "1 星"),
        ("5 stars", "5 stars", "5 星"),
        ("Positive", "Positive", "Positive"),
        ("退款", "退款", "退款"),
        ("6 stars", "6 stars", "6 stars"),
    ],
)
def test_known_labels_are_named_in_the_visitors_language(label, english, chinese):
    assert shown({label: 1.0}, "en") == {english: 1.0}
    assert shown({label: 1.0}, "zh") == {chinese: 1.0}


def test_every_label_of_the_catalogue_is_known():
    labels = {label for model in Catalog.load({}).models for label in model.labels}
    assert labels <= set(LABELS)


def test_two_labels_that_mean_the_same_stay_two():
    typed = {"positive": 0.6, "正面": 0.4}
    assert shown(typed, "zh") == typed
    assert named(typed, "zh") == {"positive": "positive", "正面": "正面"}
