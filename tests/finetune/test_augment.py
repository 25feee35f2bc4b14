import random
from collections import Counter

import pytest

from finetune import augment
from finetune.augment import reword, with_copies

ENGLISH = "the film was good but far too long for me"
CHINESE = "这部电影很好看，就是太长了"


class Fixed(random.Random):
    """Draws the kind of change that is named."""

    def __init__(self, change):
        super().__init__(3)
        self.change = change

    def choice(self, options):
        if augment._swap in options:
            return getattr(augment, f"_{self.change}")
        return super().choice(options)


@pytest.mark.parametrize(("change", "words"), [("swap", 10), ("delete", 8), ("insert", 12)])
def test_a_share_of_the_words_is_changed(change, words):
    text = reword(ENGLISH, 0.2, Fixed(change))
    assert text != ENGLISH
    assert len(text.split()) == words
    assert set(text.split()) <= set(ENGLISH.split())
    if change == "swap":
        assert sorted(text.split()) == sorted(ENGLISH.split())


def test_chinese_goes_by_character():
    text = reword(CHINESE, 0.1, Fixed("delete"))
    assert len(text) == len(CHINESE) - 1
    assert not Counter(text) - Counter(CHINESE)
    assert len(reword(CHINESE, 0.1, Fixed("insert"))) == len(CHINESE) + 1


def test_latin_words_stay_whole_among_chinese():
    text = reword("我很喜欢 Python 语言", 0.5, Fixed("swap"))
    assert "Python" in text
    assert sorted(text.replace(" ", "")) == sorted("我很喜欢Python语言")


@pytest.mark.parametrize("text", ["", "one", "好"])
def test_a_single_unit_stays(text):
    assert reword(text, 0.5, random.Random(0)) == text


def test_copies_follow_their_rows_and_are_the_same_again():
    rows = [{"text": f"{ENGLISH} {n}", "label": str(n)} for n in range(3)]
    found = list(with_copies(rows, "classification", 2, 0.1, seed=1))
    assert [row["label"] for row in found] == ["0", "0", "0", "1", "1", "1", "2", "2", "2"]
    assert found[::3] == rows
    assert all(
        row["text"] != rows[number // 3]["text"] for number, row in enumerate(found) if number % 3
    )
    assert found == list(with_copies(rows, "classification", 2, 0.1, seed=1))
    assert found != list(with_copies(rows, "classification", 2, 0.1, seed=2))
    assert list(with_copies(rows, "classification", 0, 0.1, seed=1)) == rows


def test_only_what_is_read_is_reworded():
    chat = {
        "messages": [
            {"role": "system", "content": ENGLISH},
            {"role": "user", "content": ENGLISH},
            {"role": "assistant", "content": ENGLISH},
        ]
    }
    _, copy = with_copies([chat], "chat", 1, 0.5, seed=0)
    system, user, assistant = (turn["content"] for turn in copy["messages"])
    assert (system, assistant) == (ENGLISH, ENGLISH)
    assert user != ENGLISH
    summary = {"document": ENGLISH, "summary": ENGLISH}
    _, copy = with_copies([summary], "summarization", 1, 0.5, seed=0)
    assert copy["summary"] == ENGLISH != copy["document"]
