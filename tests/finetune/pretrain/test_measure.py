"""The figures by hand."""

import random

import pytest

from finetune.pretrain.__main__ import main
from finetune.pretrain.evaluation_text import Document
from finetune.pretrain.measure import _random_sentences, _repeats, _summary_figures


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


def test_an_unknown_name_is_refused(capsys):
    with pytest.raises(SystemExit) as left:
        main(["measure", "nothing"])
    assert left.value.code == 2
    assert "nothing" in capsys.readouterr().err
