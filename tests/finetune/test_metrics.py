import pytest

from finetune.metrics import WordsAndCharacters, classification_metrics, majority, rouge


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
