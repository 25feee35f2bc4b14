"""The figures by hand."""

import random

import pytest

from finetune.pretrain.__main__ import main
from finetune.pretrain.evaluation_text import Document
from finetune.pretrain.measure import _complete, _random_sentences, _repeats, _summary_figures


def test_repeats():
    assert _repeats(["a", "b", "c", "d", "e", "a", "b", "c", "d"])
    assert not _repeats(["a", "b", "c", "d", "a", "b", "c"])


def test_random_sentences_are_cut_to_length():
    text = "One two three. Four five six. Seven eight nine."
    words = _random_sentences(text, 5, random.Random(2))
    assert len(words) == 5
    assert set(words) <= {"one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}


def test_summary_figures_by_hand():
    rows = [Document("a b c d. e f g h.", ("a b x y", "q"))]
    figures = _summary_figures(rows, [("a b c d. e f g h.", "a b c z")])
    assert figures["rows"] == 1
    assert figures["words_from_input"] == 0.75
    assert figures["length"] == 0.5
    assert figures["repeats_4gram"] == 0
    assert figures["rouge1"] == 0.5  # a, b shared of four and four; the closer reference counts
    # Chance is "a b c d" or "e f g h", one half or nothing: ten draws, not one, are counted.
    assert 0 < figures["rouge1_random"] < 0.5
    assert figures["rouge1_over_random"] == pytest.approx(0.5 - figures["rouge1_random"])
    assert figures["complete"] == 0


@pytest.mark.parametrize(
    ("made", "complete"),
    [
        ("One two. Five six!", True),
        ("Three  four.", True),  # white space does not count
        ("two. Five six!", False),
        ("One two. Five", False),
        ("Seven", False),  # the text was cut off there
        ("", False),
    ],
)
def test_a_summary_is_complete_when_all_its_sentences_are_whole(made, complete):
    assert _complete("One two. Three four. Five six! Seven", made) is complete


def test_an_unknown_name_is_refused(capsys):
    with pytest.raises(SystemExit) as left:
        main(["measure", "nothing"])
    assert left.value.code == 2
    assert "nothing" in capsys.readouterr().err
