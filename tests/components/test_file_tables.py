"""What the page shows of a scored file, in both languages."""

from components import _file_tables
from components._agreement import agreement
from components._file_report import judged
from components._scored_file import Progress
from tests.components.test_agreement import scores
from tests.components.test_scored_file import scored


def test_progress_says_rows_speed_and_time_left():
    shown = _file_tables.progress(Progress(250, 1_000, 2.0, scored([], [])), "en")
    assert "250 of 1,000 rows · 125 rows a second · about 6 s left" in shown
    assert 'aria-valuenow="25"' in shown
    assert "0 / 1,000 行" in _file_tables.progress(Progress(0, 1_000, 0.0, scored([], [])), "zh")


def test_what_a_visitor_wrote_is_text_and_never_markup():
    found = scored(["<b>x</b>"] * 2, [0.9, 0.2], ["<i>a</i>", "**b**"], "<u>c</u>")
    told = _file_tables.judgement(judged(found), found, "en")
    assert "<i>" not in told and "<u>" not in told and "**b**" not in told
    both = (found, found)
    names = ["<script>", "&"]
    assert "<script>" not in _file_tables.agreement(
        agreement(scores(0.9, 0.1), scores(0.9, 0.1)), both, names, "en"
    )


def test_a_row_is_listed_with_its_number_in_the_file():
    found = scored(["good  one", "bad"], [0.912, 0.3], ["1", "0"])
    assert _file_tables.rows(found, [1, 0], "zh") == {
        "headers": ["行号", "标签", "文本", "概率", "文件中"],
        "data": [[3, "负面", "bad", "70.0%", "0"], [2, "正面", "good one", "91.2%", "1"]],
    }


def test_no_more_rows_are_sent_than_are_looked_at():
    found = scored(["good"] * 200, [0.9] * 200)
    assert len(_file_tables.rows(found, range(200), "en")["data"]) == _file_tables.MOST_ROWS


def test_stars_that_became_two_labels_are_said_to_have():
    found = scored(list("abc"), [0.9, 0.2, 0.7], ["5", "1", "3"], "stars")
    told = _file_tables.judgement(judged(found), found, "en")
    assert "stars were turned into these two" in told
    assert "the model has no such label: 1" in told
    assert _file_tables.matched(judged(found), found, "en")["data"] == [
        *(["5", "positive", 1], ["1", "negative", 1], ["3", "–", 1])
    ]


def test_labels_of_no_meaning_and_a_column_without_any_are_told_apart():
    for language, none, blank in (
        ("en", "None of", "has no label"),
        ("zh", "没有一个对得上", "没有标签"),
    ):
        other = scored(list("ab"), [0.9, 0.2], ["red", "blue"])
        told = _file_tables.judgement(judged(other), other, language)
        assert none in told
        empty = scored(list("ab"), [0.9, 0.2], ["", " "])
        assert blank in _file_tables.judgement(judged(empty), empty, language)


def test_how_far_a_stopped_file_came_is_told():
    found = scored(list("abc"), [0.9, 0.2])
    assert "**2** of 3 rows" in _file_tables.told(found, "builtin/sentiment", "en")


def test_agreement_is_a_share_a_kappa_and_the_rows_that_differ():
    first, second = (
        scored(list("abcd"), [0.9, 0.8, 0.3, 0.1]),
        scored(list("abcd"), [0.7, 0.2, 0.9, 0.4]),
    )
    found = agreement(first.scores, second.scores)
    assert "**50.0%** of 4 rows" in _file_tables.agreed(found, "en")
    assert "**0.00**" in _file_tables.agreed(found, "zh")
    listed = _file_tables.differing(found, (first, second), ("one", "two"), "en")
    assert listed["headers"] == ["Row", "one", "two", "Text"]
    assert listed["data"][0] == [3, "positive 80.0%", "negative 80.0%", "b"]
