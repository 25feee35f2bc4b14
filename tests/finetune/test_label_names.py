"""What the labels people write mean to a model."""

import pytest

from finetune.label_names import MEANINGS, WORDS, match, stars_of

BINARY = ("negative", "positive")
THREE = ("negative", "neutral", "positive")
STARS = ("1 star", "2 stars", "3 stars", "4 stars", "5 stars")
SHOP = ("negative (stars 1, 2 and 3)", "positive (stars 4 and 5)")


@pytest.mark.parametrize(
    ("values", "labels", "expected"),
    [
        (("Positive", " NEGATIVE "), BINARY, ("positive", "negative")),
        (("pos", "neg"), BINARY, ("positive", "negative")),
        (("正面", "负面"), BINARY, ("positive", "negative")),
        (("好评", "差评"), BINARY, ("positive", "negative")),
        (("好評", "負面。"), BINARY, ("positive", "negative")),
        (("1", "0"), BINARY, ("positive", "negative")),
        (("1.0", "0.0"), BINARY, ("positive", "negative")),
        (("LABEL_1", "LABEL_0"), BINARY, ("positive", "negative")),
        (("1", "-1"), BINARY, ("positive", "negative")),
        (("1", "0", "-1"), THREE, ("positive", "neutral", "negative")),
        (("2", "1", "0"), THREE, ("positive", "neutral", "negative")),
        (("5", "4", "3", "2", "1"), BINARY, ("positive", "positive", None, "negative", "negative")),
        (("5 stars", "一星", "★★☆☆☆"), BINARY, ("positive", "negative", "negative")),
        (("5", "3", "1"), SHOP, (SHOP[1], SHOP[0], SHOP[0])),
        (("好评", "差评"), SHOP, (SHOP[1], SHOP[0])),
        (("5", "3", "1"), STARS, ("5 stars", "3 stars", "1 star")),
        (("0", "1"), ("差评", "好评"), ("差评", "好评")),
        (("退款", "物流"), ("退款", "物流", "质量"), ("退款", "物流")),
        (("0", "1"), ("0", "1"), ("0", "1")),
        (("1", "2"), ("1", "2", "3"), ("1", "2")),
    ],
)
def test_a_value_means_the_label_a_person_would_take_it_for(values, labels, expected):
    found = match(values, labels)
    assert tuple(found.labels.get(value) for value in values) == expected
    assert set(found.ways) == set(found.labels)


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (("0", "1"), ("ham", "spam")),  # nobody said which is which
        (("1", "2"), BINARY),  # stars, or a numbering of their own
        (("5", "3", "1"), THREE),  # where stars would end is a guess
        (("positive", "negative"), STARS),
        (("0", "1", "7"), BINARY),
        (("1", "0", "unknown"), BINARY),
        (("red", "blue"), BINARY),
        (("", "  "), BINARY),
    ],
)
def test_what_would_be_a_guess_means_nothing(values, labels):
    assert match(values, labels).labels == {}


def test_the_name_of_the_column_tells_stars_from_a_numbering():
    assert match(["1"], BINARY, "label").labels == {"1": "positive"}
    assert match(["1"], BINARY, "Rating").labels == {"1": "negative"}


def test_it_is_told_how_a_value_was_understood():
    assert match(["positive", "neg"], BINARY).ways == {"positive": "name", "neg": "word"}
    assert match(["4 stars"], BINARY).ways == {"4 stars": "stars"}
    assert match(["0"], BINARY).ways == {"0": "number"}


def test_two_labels_with_one_meaning_are_not_mixed_up():
    assert match(["pos"], ("positive", "好评")).labels == {}


def test_no_word_means_two_things():
    assert len(MEANINGS) == sum(map(len, WORDS.values()))


@pytest.mark.parametrize(
    ("value", "stars"),
    [("1 star", 1), ("5星", 5), ("3 颗星", 3), ("4分", 4), ("6 stars", None), ("", None)],
)
def test_stars_are_read_however_they_are_written(value, stars):
    assert stars_of(value) == stars
