"""What the parts of the Sentiment tab make of a text, an explanation and a sentence with gaps."""

from dataclasses import replace

import pytest

from components import _lines_panel, _mask_panel, _words_panel
from inference.errors import TextEmpty, TooManyLines
from inference.records import Candidate, Explanation, Scores, WordEffect

TEXT = "Not bad, just dull"
SCORES = Scores(TEXT, "negative", {"negative": 0.8, "positive": 0.2})


def explanation(*effects, **more):
    starts = (0, 4, 9, 14)
    ends = (3, 7, 13, 18)
    words = tuple(WordEffect(*it) for it in zip(starts, ends, effects, strict=False))
    return Explanation(SCORES, words, (Candidate("Not", 1), Candidate("bad", 2)), **more)


def test_words_are_marked_by_what_they_do_beside_the_strongest():
    marked = _words_panel.marked(explanation(-0.1, -0.21, 0.001, 0.4))
    assert "".join(text for text, _ in marked) == TEXT
    assert [it for it in marked if it[0].strip(" ,")] == [
        ("Not", "words_against"),
        ("bad", "words_against_strongly"),
        ("just", ""),
        ("dull", "words_for_strongly"),
    ]


def test_where_every_word_does_next_to_nothing_none_is_strong():
    marked = _words_panel.marked(explanation(0.0004, -0.0004, 0.0003, 0.0))
    assert {key for _, key in marked} == {"", "words_for", "words_against"}


def test_words_that_do_nothing_are_not_marked():
    assert {key for _, key in _words_panel.marked(explanation(0.0, 0.0, 0.0, 0.0))} == {""}
    assert _words_panel.marked(explanation()) == [(TEXT, "")]


def test_the_strongest_word_is_told_with_what_the_label_comes_to_without_it():
    told = _words_panel.explained(explanation(0.1, -0.05, 0.0, 0.3), "en")
    assert "“dull”: without it “negative” goes from 80.0% to 50.0%" in told
    assert "“负面”的概率从 80.0% 变为 50.0%" in _words_panel.explained(explanation(0.3), "zh")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_where_no_word_decides_and_where_the_end_was_cut_it_is_said(language):
    together = {"en": "No single word decides", "zh": "没有哪个词"}[language]
    cut = {"en": "its end did not count", "zh": "结尾部分没有计入"}[language]
    plain = _words_panel.explained(explanation(0.01, 0.001), language)
    assert together in plain and cut not in plain
    assert cut in _words_panel.explained(explanation(0.01, cut=True), language)


def test_a_visitors_words_are_no_markup():
    scores = replace(SCORES, text="<b>*x*</b>", label="[a](b)", probabilities={"[a](b)": 1.0})
    found = Explanation(scores, (WordEffect(0, 10, 0.5),), ())
    told = _words_panel.explained(found, "en")
    assert "<b>" not in told and "[a](b)" not in told


def test_texts_are_the_lines_that_are_not_blank():
    assert _lines_panel.lines(" good \n\n\t\r\n很好\n") == ["good", "很好"]
    with pytest.raises(TextEmpty):
        _lines_panel.lines(" \n \n")
    assert len(_lines_panel.lines("a\n" * 200)) == 200
    with pytest.raises(TooManyLines, match="201"):
        _lines_panel.lines("a\n" * 201)


@pytest.mark.parametrize(
    ("sentence", "gap", "token", "whole"),
    [
        ("Tea is [MASK].", 0, "hot", "Tea is hot."),
        ("[MASK] is [MASK].", 1, "hot", "[MASK] is hot."),
        ("很好[MASK]，[MASK]", 0, "吃", "很好吃，[MASK]"),
        ("He sing [MASK] well", 0, "##s", "He sings well"),
        ("one [MASK]", 1, "no", "one [MASK]"),
        ("none", 0, "no", "none"),
    ],
)
def test_a_token_goes_into_its_gap(sentence, gap, token, whole):
    assert _mask_panel.filled(sentence, gap, token) == whole


@pytest.mark.parametrize("typed", ["[mask]", "【MASK】", "[ Mask ]", "[MASK]"])
def test_a_mask_is_known_however_it_is_typed(typed):
    assert _mask_panel.with_masks(f"a {typed} b") == "a [MASK] b"


def test_a_gap_is_put_at_the_end():
    assert _mask_panel.with_gap("Tea is") == "Tea is [MASK]"
    assert _mask_panel.with_gap("Tea is ") == "Tea is [MASK]"
    assert _mask_panel.with_gap("茶是") == "茶是[MASK]"
    assert _mask_panel.with_gap("") == "[MASK]"


def test_tokens_that_look_alike_have_a_bar_each():
    alike = (Candidate("a", 1, 0.5), Candidate("a", 2, 0.25))
    assert _mask_panel._bars(alike) == {"a": 0.5, "a (2)": 0.25}
