"""What is said and saved of a summary."""

import pytest

from components import _summary_told
from components._summary_told import Written
from inference.records import Section, Summary

SOURCE = "Cats sleep all day.\n\nDogs bark at cats. Birds sing."
OUTLINE = (Section(0, 19, "Cats sleep."), Section(21, 39, "Dogs bark."), Section(40, 51))


def written(done=3, total=3, text="Cats sleep. Dogs bark.", seconds=0.0, outline=OUTLINE):
    return Written(SOURCE, Summary(text, done, total, outline), seconds)


def test_progress_names_the_section_at_work_and_the_time_that_is_left():
    shown = _summary_told.progress(written(done=2, total=6, seconds=30), "en")
    assert "Section 3 of 6" in shown and "about 1 min 0 s left" in shown
    assert 'aria-valuenow="33"' in shown
    assert "第 3 节，共 6 节" in _summary_told.progress(written(done=2, total=6), "zh")


@pytest.mark.parametrize(("done", "total"), [(0, 6), (6, 6)])
def test_no_time_is_promised_before_the_first_section_and_after_the_last(done, total):
    assert _summary_told.time_left(done, total, 30, "en") == ""
    shown = _summary_told.progress(written(done=done, total=total, seconds=30), "en")
    assert f"Section {min(done + 1, total)} of {total}" in shown


def test_figures_are_length_compression_novelty_and_time():
    # 4 of 10 words; "sleep dogs" is no pair of the text: 1 of 3
    told = _summary_told.figures(written(seconds=95), "en")
    assert told.startswith("4 words, 40% of the text. 33% of its word pairs")
    assert told.endswith("It took 1 min 35 s.")
    chinese = Written("猫整天睡觉。", Summary("猫睡觉。", 1, 1), 3)
    assert _summary_told.figures(chinese, "zh").startswith("3 个字符，为原文的 60%")
    assert _summary_told.figures(written(text=""), "en") == ""


def test_a_summary_that_was_stopped_says_how_far_it_came():
    told = _summary_told.stopped(written(done=2), "en")
    assert told.startswith("Stopped after 2 of 3 sections.") and "4 words" in told
    assert "It took" not in told
    assert _summary_told.stopped(None, "en") == "Stopped. What was written so far stays."


def test_the_outline_says_where_each_section_stands():
    table = _summary_told.outline(written(), "en")
    assert table["data"] == [
        [1, "0% · Cats sleep all day.", "Cats sleep."],
        [2, "41% · Dogs bark at cats.", "Dogs bark."],
        [3, "78% · Birds sing.", ""],
    ]


def test_a_place_is_told_by_its_first_words_on_one_line():
    assert _summary_told.opening("one\n two   three", Section(0, 16)) == "one two three"
    long = _summary_told.opening("word " * 100, Section(0, 500))
    assert len(long) == _summary_told.OPENING_CHARACTERS and long.endswith("…")


def test_a_section_is_shown_with_its_text():
    where, source, summary = _summary_told.section(written(), 2, "en")
    assert where == "Section 2 of 3: from 41% to 76% of the text."
    assert (source, summary) == ("Dogs bark at cats.", "Dogs bark.")
    for number in (0, -1, 4):
        with pytest.raises(IndexError):
            _summary_told.section(written(), number, "en")


def test_a_file_holds_the_summary_and_the_outline():
    text = _summary_told.as_text(written(), "en")
    assert text.startswith("Summary\n\nCats sleep. Dogs bark.\n\n1 · 0% · Cats sleep all day.\n\n")
    assert text.endswith("3 · 78% · Birds sing.\n")
    markdown = _summary_told.as_markdown(written(), "zh")
    assert markdown.startswith("# 摘要\n\n") and "\n## 2 · 41% · Dogs bark at cats.\n" in markdown
    short = written(outline=OUTLINE[:1])
    assert _summary_told.as_text(short, "en") == "Summary\n\nCats sleep. Dogs bark.\n"


def test_scores_are_shown_with_what_they_mean():
    found = _summary_told.measured("the cat ran", "the cat sat there", "the cat")
    table = _summary_told.scores(found, "en")
    assert [row[:2] for row in table["data"]] == [
        ["ROUGE-1", "0.800"],
        ["ROUGE-2", "0.667"],
        ["ROUGE-L", "0.800"],
        ["Compression", "75%"],
        ["Novelty", "50%"],
    ]
    assert all(row[2] for row in table["data"])


def test_without_a_reference_there_is_no_rouge():
    assert set(_summary_told.measured("a b", "a b c", "")) == {"compression", "novelty"}
