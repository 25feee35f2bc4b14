import pytest

from inference.errors import TextEmpty, TextTooLong
from inference.records import Section
from inference.texts import (
    check_text,
    flowing,
    is_chinese,
    joined,
    sections,
    sentences,
    whole_sentences,
    without_gaps,
)


def _words(texts):
    return [len(it.split()) for it in texts]


def _letters(texts):
    return [len(it) for it in texts]


def _parts(text, limit, count):
    return [text[it.start : it.end] for it in sections(text, limit, count)]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ('He left. "Why?" she asked.', ["He left. ", '"Why?" ', "she asked."]),
        ("Pi is 3.14. Good", ["Pi is 3.14. ", "Good"]),
        ("他说：“走吧。”然后走了！好吗？好", ["他说：“走吧。”", "然后走了！", "好吗？", "好"]),
        ("话说如此．且看下回．", ["话说如此．", "且看下回．"]),
        ("圆周率约为３．１４。好", ["圆周率约为３．１４。", "好"]),
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
    parts = _parts(text, 40, _words)
    assert all(len(part.split()) <= 40 for part in parts)
    assert all(part.endswith(".") for part in parts)
    assert " ".join(parts) == text
    sizes = [len(part.split()) for part in parts]
    assert max(sizes) - min(sizes) <= 10  # of about equal length


def test_a_sentence_longer_than_a_section_is_cut():
    parts = _parts("字" * 100, 30, _letters)
    assert "".join(parts) == "字" * 100
    assert all(len(part) <= 30 for part in parts)


@pytest.mark.parametrize("text", ["", "  \n "])
def test_nothing_gives_no_sections(text):
    assert sections(text, 10, _words) == []


@pytest.mark.parametrize(
    "text",
    [
        "  A b.\n\n\n" + "One two three. Four five!\n\n\tSix\r\n" * 40 + " end \n",
        "他说：“走吧。”\n\u3000\u3000然后走了！\n" * 60,
        "endless " * 3_000,
        "x" * 5_000,
        "。" * 5_000,
        "Hi",
    ],
)
def test_every_character_but_white_space_is_in_one_section(text):
    found = sections(text, 50, _letters)
    edges = [0, *(edge for it in found for edge in (it.start, it.end)), len(text)]
    assert edges == sorted(edges)
    between = [text[edges[at] : edges[at + 1]] for at in range(0, len(edges), 2)]
    assert not "".join(between).strip()
    parts = [text[it.start : it.end] for it in found]
    assert all(0 < len(part) <= 50 and part == part.strip() for part in parts)


def test_a_section_ends_with_a_paragraph_where_one_ends_near_by():
    line = "Three words here. "
    text = line * 8 + "Here it ends.\n\n" + line * 9
    (first, second) = _parts(text, 30, _words)
    assert first.endswith("Here it ends.")
    assert second == (line * 9).strip()


def test_a_line_broken_for_its_width_is_no_end_of_a_sentence():
    text = "It goes on and on to the edge\nof the page. There it ends. " * 3
    assert all(part.endswith(".") for part in _parts(text, 20, _words))


def test_the_white_space_between_sentences_counts():
    """A hundred blank lines are a hundred tokens, which the model would have no room for."""
    text = "One two." + "\n" * 100 + "Three four."
    assert sections(text, 40, _words) == [Section(0, 8), Section(108, 119)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("今天天气很好。", True),
        ("我们用 GPU 训练一个很大的语言模型", True),
        ("The word 中文 means Chinese.", False),
        ("これはとてもいい本です。", False),
        ("123, 456!", False),
        ("", False),
    ],
)
def test_a_text_is_chinese_if_most_of_its_letters_are_han(text, expected):
    assert is_chinese(text) is expected


def test_half_a_character_that_json_can_carry_is_replaced():
    """No tokenizer reads it; its place is kept, so that places in the text stay."""
    assert check_text("a \ud83d b", 9) == "a \ufffd b"


def test_parts_are_joined_with_a_space_only_between_words():
    assert joined(["Hello there.", "Next one."]) == "Hello there. Next one."
    assert joined(["你好。", "再见。"]) == "你好。再见。"
    assert joined(["It is", "好", "", "end"]) == "It is好end"


def test_lines_broken_for_their_width_flow_again():
    assert flowing("It goes on\nto the edge.\r\n\r\n  And on.") == "It goes on to the edge. And on."
    assert flowing("今天天气很好，\n\u3000我们去公园。") == "今天天气很好，我们去公园。"
    assert flowing("one  line ") == "one  line "


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
