"""What BERT's training asks for: shares and segments as the paper has them."""

from collections import Counter

import pytest

from inference.catalog import BUILTIN_FOLDER
from inference.errors import TextTooLong
from inference.look_objectives import masked, pair
from inference.look_tokens import split

FOLDER = BUILTIN_FOLDER / "sentiment"
TEXT = "The food was wonderful and the staff were very friendly, so we came back the next day. "


def test_fifteen_percent_are_asked_for_and_four_fifths_of_them_hidden():
    tokens = [it.text for it in split(TEXT * 20, FOLDER).tokens]
    counted = Counter()
    for seed in range(20):
        found = masked(TEXT * 20, FOLDER, seed)
        assert [it.truth or it.shown for it in found] == tokens
        assert all(it.shown == "[MASK]" for it in found if it.done == "masked")
        assert all(it.shown == it.truth for it in found if it.done == "kept")
        counted.update(it.done for it in found)
    asked = counted["masked"] + counted["replaced"] + counted["kept"]
    assert asked == 20 * round(0.15 * len(tokens))
    assert counted["masked"] / asked == pytest.approx(0.8, abs=0.03)
    assert counted["replaced"] / asked == pytest.approx(0.1, abs=0.03)


def test_the_same_seed_asks_for_the_same_and_a_short_text_for_one():
    assert masked(TEXT, FOLDER, 3) == masked(TEXT, FOLDER, 3)
    assert masked(TEXT, FOLDER, 3) != masked(TEXT, FOLDER, 4)
    assert [it.done != "read" for it in masked("good", FOLDER, 0)] == [True]
    assert masked("", FOLDER, 0) == []


def test_two_sentences_are_one_input_of_two_segments():
    found = pair("Good food.", "We came back.", FOLDER)
    pieces, segments = zip(*found, strict=True)
    assert pieces[0] == "[CLS]" and pieces[-1] == "[SEP]" and pieces.count("[SEP]") == 2
    middle = pieces.index("[SEP]") + 1
    assert segments == (0,) * middle + (1,) * (len(pieces) - middle)


def test_a_text_that_is_too_long_is_refused():
    with pytest.raises(TextTooLong):
        masked("a" * 2_001, FOLDER, 0)
    with pytest.raises(TextTooLong):
        pair("a", "a" * 2_001, FOLDER)
