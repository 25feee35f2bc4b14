"""The linear teacher: sure of what it saw, less so of rows left out, and texts of known pieces."""

import random

from finetune.pretrain.corpus import Labelled
from finetune.pretrain.teacher import LONGEST_SPAN, Teacher

GOOD = ("fine", "great", "lovely", "superb", "good")
BAD = ("awful", "poor", "dull", "broken", "bad")


def rows() -> list[Labelled]:
    """Of each word a row of its own, and one row with it and a word that all share."""
    return [
        Labelled(text, label, "en")
        for label, words in enumerate((BAD, GOOD))
        for word in words
        for text in (f"{word} {word}", f"a {'nice' if label else 'sad'} {word} thing")
    ]


def test_it_tells_texts_of_known_words_apart():
    bad, good = Teacher(rows()).positive(["a poor thing", "a lovely thing"])
    assert bad < 0.4 and good > 0.6


def test_a_row_that_was_left_out_is_told_less_surely():
    teacher = Teacher(rows())
    sure = [abs(score - 0.5) for score in teacher.positive([row.text for row in rows()])]
    left_out = [abs(score - 0.5) for score in teacher.left_out()]
    assert len(left_out) == len(rows())
    assert sum(left_out) < sum(sure)


def test_chinese_is_read_by_characters():
    texts = [("很好", 1), ("好极了", 1), ("真好", 1), ("很差", 0), ("差极了", 0), ("真差", 0)]
    bad, good = Teacher([Labelled(t, label, "zh") for t, label in texts]).positive(["差", "好"])
    assert bad < 0.4 and good > 0.6


def test_a_made_up_text_is_of_one_to_three_spans_of_rows():
    numbers = " ".join(f"w{i}" for i in range(40))
    teacher = Teacher([Labelled(numbers, 0, "en"), Labelled(numbers.upper(), 1, "en")])
    first, second = random.Random(5), random.Random(5)
    made = [teacher.made_up(first) for _ in range(200)]
    assert made == [teacher.made_up(second) for _ in range(200)]
    lengths = {len(text.split()) for text in made}
    assert min(lengths) == 1
    assert LONGEST_SPAN["en"] < max(lengths) <= 3 * LONGEST_SPAN["en"]
    assert {word.lower() for text in made for word in text.split()} <= set(numbers.split())
