"""Which sentence of a passage is chosen."""

import pytest

from finetune.pretrain import choosing
from finetune.pretrain.choosing import central, rarity, shares


def test_the_sentence_that_shares_most_with_the_rest_scores_most(monkeypatch):
    monkeypatch.setattr(choosing, "SHORTEST", 1)
    # They share one word with the rest, two, four and three; 0 is no word.
    taken = [[1, 9, 8, 0], [2, 7, 6], [1, 2, 3, 4], [3, 4, 5, 6]]
    weights = dict.fromkeys(range(1, 10), 1.0)
    scores = central(taken, [], weights)
    assert scores == pytest.approx([1, 2, 4, 3])
    assert central(taken, [9, 8], weights)[0] > scores[0]  # what is cut off counts as the rest


def test_sentences_too_long_too_short_or_repeating_are_never_chosen():
    long, short = list(range(choosing.LONGEST + 1)), list(range(choosing.SHORTEST - 1))
    again = [1, 2, 3, 4, 5, 1, 2, 3, 4]
    good = list(range(20))
    scores = central([long, short, again, good, long], [], dict.fromkeys(range(99), 1.0))
    assert [score > 0 for score in scores] == [False, False, False, True, False]


def test_shares_add_up_to_one_and_favour_the_best():
    found = shares([0.0, 1.0, 1 - choosing.SOFTNESS])
    assert sum(found) == pytest.approx(1)
    assert found[0] == 0
    assert found[1] / found[2] == pytest.approx(2.71828, rel=1e-4)


def test_rare_words_weigh_more():
    weights = rarity([[1, 2], [1, 3], [1]], {1, 2, 3})
    assert weights[1] == 0
    assert weights[2] == weights[3] > 0


@pytest.mark.parametrize(
    ("language", "tokens", "length", "count"),
    [
        ("en", choosing.FULL_PASSAGE, 9, 2),
        ("en", choosing.FULL_PASSAGE - 1, 9, 1),
        ("en", choosing.FULL_PASSAGE, choosing.LONGEST // 2 + 1, 1),
        ("zh", choosing.FULL_PASSAGE, 9, 1),
    ],
)
def test_two_sentences_of_a_full_english_passage_where_both_fit(language, tokens, length, count):
    assert choosing.sentences_of(language, tokens, [list(range(length))] * 3) == count
