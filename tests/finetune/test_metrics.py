import random
from itertools import pairwise

import pytest
from rouge_score.rouge_scorer import RougeScorer

from finetune.metrics import (
    WordsAndCharacters,
    classification_metrics,
    compression,
    length,
    majority,
    novelty,
    rouge,
    rouge_of_each,
)


def test_chinese_is_read_by_character_and_english_by_word():
    assert WordsAndCharacters().tokenize("GPU显存16GB, fine-tune 了!") == [
        *("gpu", "显", "存", "16gb", "fine", "tune", "了")
    ]


def test_rouge_of_chinese_computed_by_hand():
    # 6 and 5 characters, 5 shared; 5 and 4 pairs, 3 shared; longest common subsequence 5.
    figures = rouge([("猫坐在垫子上", "猫在垫子上")])
    assert figures == {
        "rouge1": pytest.approx(10 / 11),
        "rouge2": pytest.approx(2 / 3),
        "rougeL": pytest.approx(10 / 11),
    }


def test_rouge_of_english_computed_by_hand_and_averaged():
    figures = rouge([("the cat sat", "the cat"), ("a dog", "")])
    assert figures["rouge1"] == pytest.approx(0.8 / 2)
    assert figures["rouge2"] == pytest.approx((2 / 3) / 2)


@pytest.mark.parametrize(
    ("expected", "summary", "shared", "pairs", "longest"),
    [
        # reference 5 and 4 pairs, summary 4 and 3: the, cat, sat; "the cat"; the cat … sat
        ("the cat quietly sat down", "The cat sat here.", 2 * 3 / 9, 2 * 1 / 7, 2 * 3 / 9),
        # the same words backwards: one of them in order, no pair
        ("one two three", "three two one", 1.0, 0.0, 2 * 1 / 6),
        # a word counts as often as both have it: "a" twice of three times
        ("a b a", "a a a", 2 * 2 / 6, 0.0, 2 * 2 / 6),
        # 大 模 型 很 好 用 and 模 型 好 用: 4 characters; 模型, 好用; 4 in order
        ("大模型很好用", "模型，好用！", 2 * 4 / 10, 2 * 2 / 8, 2 * 4 / 10),
        # a word of letters is one token among the characters: 用 gpu 训 练 and 训 练 用 gpu
        ("用GPU训练", "训练用 gpu", 1.0, 2 * 2 / 6, 2 * 2 / 8),
        ("今天下雨", "昨夜有风", 0.0, 0.0, 0.0),
        ("...", "，。", 0.0, 0.0, 0.0),
    ],
)
def test_rouge_of_one_pair_computed_by_hand(expected, summary, shared, pairs, longest):
    (figures,) = rouge_of_each([(expected, summary)])
    assert figures == {
        "rouge1": pytest.approx(shared),
        "rouge2": pytest.approx(pairs),
        "rougeL": pytest.approx(longest),
    }


def test_the_longest_common_subsequence_is_that_of_the_library():
    drawn = random.Random(7)
    texts = ["".join(drawn.choices("甲乙丙丁 ", k=drawn.randint(0, 90))) for _ in range(60)]
    scorer = RougeScorer(["rougeL"], tokenizer=WordsAndCharacters())
    for expected, summary in pairwise(texts):
        (found,) = rouge_of_each([(expected, summary)])
        known = scorer.score(expected, summary)["rougeL"].fmeasure
        assert found["rougeL"] == pytest.approx(known)


def test_length_is_words_in_english_and_characters_in_chinese():
    assert length("Don't stop, now!") == 4
    assert (length("大模型。"), length("用 GPU 训练"), length("")) == (3, 4, 0)


def test_compression_computed_by_hand():
    assert compression("the cat", "the cat sat on the mat, again and again") == pytest.approx(2 / 9)
    assert compression("猫在", "猫坐在垫子上。") == pytest.approx(2 / 6)
    assert compression("", "a text") == 0


def test_novelty_computed_by_hand():
    # the cat, cat ran, ran away: the first stands in the source
    assert novelty("The cat ran away", "Look, the cat sat") == pytest.approx(2 / 3)
    assert novelty("the cat sat", "Look: the cat sat down") == 0
    # 猫在, 在垫, 垫子: the last two stand in the source
    assert novelty("猫在垫子", "猫坐在垫子上") == pytest.approx(1 / 3)
    assert novelty("垫子猫", "猫坐在垫子上") == pytest.approx(1 / 2)
    assert novelty("cat", "a dog") == novelty("", "a dog") == 0
    assert novelty("a dog", "") == 1


def test_classification_figures_computed_by_hand():
    figures = classification_metrics([0, 0, 0, 1], [0, 0, 1, 1], ["no", "yes"])
    assert figures["accuracy"] == 0.75
    assert figures["confusion"] == [[2, 1], [0, 1]]
    assert figures["macro_f1"] == pytest.approx((0.8 + 2 / 3) / 2)
    assert figures["per_label"][1] == {
        "label": "yes",
        "precision": 0.5,
        "recall": 1.0,
        "f1": pytest.approx(2 / 3),
        "support": 1,
    }


def test_a_label_nobody_has_counts_as_zero_and_warns_nobody():
    figures = classification_metrics([0, 0], [0, 0], ["no", "yes"])
    assert figures["macro_f1"] == 0.5


def test_what_the_most_frequent_label_reaches():
    rows = [{"label": "a"}, {"label": "a"}, {"label": "b"}]
    assert majority(rows, ["a", "b"]) == {
        "label": "a",
        "accuracy": pytest.approx(2 / 3),
        "macro_f1": pytest.approx(0.8 / 2),
    }
