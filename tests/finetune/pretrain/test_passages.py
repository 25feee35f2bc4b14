"""Pseudo-summaries: which sentence is chosen, and where each target token comes from."""

import random

import pytest

from finetune.pretrain import passages as drawn
from finetune.pretrain.passages import Passages, central, rarity, shares, styles
from finetune.pretrain.vocabularies import summary_tokenizer

ENGLISH = (
    "The cat sat on the mat in the old house. A dog ran by and saw nobody at all. "
    "The cat saw the dog and the mat in the house. Rain fell on us the whole day long. "
) * 4
CHINESE = (
    "天下大事分久必合。合久必分的道理人人知道。小猫坐在屋里的地毯上。大雨下了整整一天一夜。" * 4
)


@pytest.fixture(scope="module")
def tokenizer():
    return summary_tokenizer([ENGLISH, ENGLISH.lower(), CHINESE], 4500, 128)


@pytest.fixture
def passages(tokenizer):
    return Passages([("en", ENGLISH)], tokenizer, random.Random(3))


def test_the_sentence_that_shares_most_for_its_length_scores_most(monkeypatch):
    monkeypatch.setattr(drawn, "SHORTEST", 1)
    # 0 and 1 share one word with the rest each, 2 shares four; 0 is no word.
    taken = [[1, 9, 8, 0], [2, 7, 6], [1, 2, 3, 4], [3, 4, 5, 6]]
    weights = dict.fromkeys(range(1, 10), 1.0)
    scores = central(taken, [], weights)
    assert scores[2] == max(scores) == pytest.approx(4 / 4**0.5)
    assert scores[0] == pytest.approx(1 / 3**0.5)
    assert central(taken, [9, 8], weights)[0] > scores[0]  # what is cut off counts as the rest


def test_sentences_too_long_too_short_or_repeating_are_never_chosen():
    long, short = list(range(drawn.LONGEST + 1)), list(range(drawn.SHORTEST - 1))
    again = [1, 2, 3, 4, 5, 1, 2, 3, 4]
    good = list(range(20))
    scores = central([long, short, again, good, long], [], dict.fromkeys(range(99), 1.0))
    assert [score > 0 for score in scores] == [False, False, False, True, False]


@pytest.mark.parametrize(("longest", "first"), [(1000, True), (0, False)])
def test_a_short_chinese_passage_is_summarized_by_its_first_sentence(
    tokenizer, monkeypatch, longest, first
):
    monkeypatch.setattr(drawn, "SHORT_PASSAGE", longest)
    monkeypatch.setattr(drawn, "JOINED", 0)
    monkeypatch.setattr(drawn, "EXCHANGED", 0)
    monkeypatch.setattr(drawn, "PLANTED", 0)
    chinese = Passages([("zh", CHINESE)], tokenizer, random.Random(3))
    assert all(chinese.summary(80).wanted[0] == 1 for _ in range(20)) is first


def test_planted_words_make_a_sentence_share_more(passages):
    taken = [[k * 10 + n for n in range(10)] for k in range(5)]
    passages.rarity.update({i: 1.0 for sentence in taken for i in sentence})
    planted = passages._planted(taken)
    assert [len(sentence) for sentence in planted] == [10] * 5
    (chosen,) = (k for k in range(5) if planted[k] == taken[k])
    strange = [i for k in range(5) for i in planted[k] if i // 10 != k]
    assert strange and {i // 10 for i in strange} == {chosen}


def test_shares_add_up_to_one_and_favour_the_best():
    found = shares([0.0, 1.0, 1 - drawn.SOFTNESS])
    assert sum(found) == pytest.approx(1)
    assert found[0] == 0
    assert found[1] / found[2] == pytest.approx(2.71828, rel=1e-4)


def test_rare_words_weigh_more():
    weights = rarity([[1, 2], [1, 3], [1]], {1, 2, 3})
    assert weights[1] == 0
    assert weights[2] == weights[3] > 0


def test_styles_keep_the_sentences_and_change_their_marks():
    assert styles(["He said: “Go!” ", "I went."], "en") == [
        [" He said: “Go!”", " I went."],
        [" he said : “ go ! ”", " i went ."],
    ]
    assert styles(["甲，乙。"], "zh") == [["甲，乙。"], ["甲,乙."], [" 甲, 乙."]]


def test_a_target_is_copied_from_where_it_says(passages):
    for _ in range(50):
        pair = passages.summary(80)
        assert pair.target == [pair.passage[k] for k in pair.source]
        # Places follow one another: whole sentences from one of the beginnings on.
        assert pair.source == list(range(pair.source[0], pair.source[-1] + 1))
        assert pair.source[0] in pair.starts
        assert len(pair.starts) == len(pair.wanted)
        assert sum(pair.wanted) == pytest.approx(1)


def test_a_cut_off_sentence_deserves_nothing(passages, monkeypatch):
    monkeypatch.setattr(drawn, "CUT_OFF", 1.0)
    pairs = [passages.summary(50) for _ in range(20)]
    cut = [pair for pair in pairs if pair.wanted[-1] == 0 and len(pair.passage) == 50]
    assert cut
    assert all(pair.source[-1] < pair.starts[-1] for pair in cut)
