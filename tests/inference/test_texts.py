import pytest

from inference.errors import TextEmpty, TextTooLong
from inference.texts import (
    check_text,
    joined,
    sections,
    sentences,
    whole_sentences,
    without_gaps,
)


def _words(texts):
    return [len(it.split()) for it in texts]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ('He left. "Why?" she asked.', ["He left. ", '"Why?" ', "she asked."]),
        ("Pi is 3.14. Good", ["Pi is 3.14. ", "Good"]),
        ("他说：“走吧。”然后走了！好吗？好", ["他说：“走吧。”", "然后走了！", "好吗？", "好"]),
        ("First line\n\nSecond line", ["First line\n\n", "Second line"]),
        ("End of it.", ["End of it."]),
        ("", []),
    ],
)
def test_sentences_end_after_their_closing_quotes(text, pieces):
    assert list(sentences(text)) == pieces


def test_no_character_is_lost_between_sentences():
    text = '  A. B!\n\n 中文。“引号！”…\tC?) d" e.f\n'
    assert "".join(sentences(text)) == text


@pytest.mark.parametrize("text", ["." * 10**6 + "x", "(" + ")" * 10**6 + "x", "!)" * 500_000])
def test_a_hostile_text_is_read_in_linear_time(text):
    # Tried from every stop anew, a million of them would take hours.
    assert "".join(sentences(text)) == text


def test_sections_keep_to_the_limit_and_lose_no_word():
    text = " ".join(f"Sentence number {number} is here." for number in range(50))
    parts = sections(text, 40, _words)
    assert all(len(part.split()) <= 40 for part in parts)
    assert all(part.endswith(".") for part in parts)
    assert " ".join(parts) == text
    sizes = [len(part.split()) for part in parts]
    assert max(sizes) - min(sizes) <= 10  # of about equal length


def test_a_sentence_longer_than_a_section_is_cut():
    parts = sections("字" * 100, 30, lambda texts: [len(it) for it in texts])
    assert "".join(parts) == "字" * 100
    assert all(len(part) <= 30 for part in parts)


@pytest.mark.parametrize("text", ["", "  \n "])
def test_nothing_gives_no_sections(text):
    assert sections(text, 10, _words) == []


def test_parts_are_joined_with_a_space_only_between_words():
    assert joined(["Hello there.", "Next one."]) == "Hello there. Next one."
    assert joined(["你好。", "再见。"]) == "你好。再见。"
    assert joined(["It is", "好", "", "end"]) == "It is好end"


def test_gaps_between_chinese_characters_go_and_others_stay():
    assert without_gaps("今 天 天 气 ， a b 很好") == "今天天气， a b 很好"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("One is done. Two is", "One is done."),
        ("一句话完了。第二", "一句话完了。"),
        ("Short. but then a very long unfinished remainder", None),
        ("No end at all", None),
    ],
)
def test_an_unfinished_sentence_is_dropped_if_enough_remains_and_marked_if_not(text, kept):
    assert whole_sentences(text) == (kept or f"{text}…")


def test_text_is_checked_for_length_and_emptiness():
    assert check_text("  a b ", 3) == "a b"
    with pytest.raises(TextEmpty):
        check_text(" \n", 3)
    with pytest.raises(TextTooLong, match="4 characters; the limit here is 3"):
        check_text("abcd", 3)
