"""Sentences of novels as other sources would write them."""

import random

import pytest

from finetune.pretrain import text_styles
from finetune.pretrain.segmentation import sentences
from finetune.pretrain.text_styles import styles, with_insert


def test_styles_keep_the_sentences_and_change_their_marks():
    assert styles(["He said: “Go!” ", "It’s 3.5."], "en") == [
        [" He said: “Go!”", " It’s 3.5."],
        [' He said: "Go!"', " It's 3.5."],
        [" he said : ' go ! '", " it 's 3.5 ."],
    ]
    assert styles(["甲，“乙！”", "丙3.5。"], "zh") == [
        ["甲，“乙！”", "丙3.5。"],
        ['甲,"乙!"', "丙3.5."],
        [' 甲, "乙!"', " 丙3.5."],
    ]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "The cat sat on the mat in the old house."), ("zh", "合久必分的道理人人知道。")],
)
def test_what_novels_lack_is_put_inside_a_sentence(language, sentence, monkeypatch):
    monkeypatch.setattr(text_styles, "INSERTED", 1)
    rng = random.Random(3)
    for _ in range(40):
        made = with_insert(sentence, language, rng)
        assert len(made) > len(sentence)
        assert (made[0], made[-1]) == (sentence[0], sentence[-1])
        assert len(sentences(made)) == 1
