"""A table of documents: its columns, row after row, what is left out, what is saved."""

import csv
import io
import json

import pytest

from components import _plans, _summarizers, _summary_rows
from components._models import Wanted
from components._plans import Reading
from components._summary_rows import Columns, Progress, Row
from finetune.errors import ColumnMissing, ColumnWithoutText, TooManyDocuments
from inference.errors import DeadlinePassed, ModelNotHere, TooManyRequests
from inference.limits import Limits
from inference.records import Summary, SummarySettings

LONG = "The cat sat on the mat and looked at the dog for a while. " * 3
TEXTS = [f"{word}. {LONG}" for word in ("One", "Two", "Three")]


@pytest.fixture
def upload(services):
    def write(rows, name="table.csv"):
        path = services.uploads / name
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
        return _plans.table_of(services, str(path), Reading())

    return write


@pytest.fixture
def table(upload):
    rows = [(str(n), text, text[:20]) for n, text in enumerate(TEXTS, 1)]
    return upload([("id", "article", "abstract"), *rows])


@pytest.fixture
def engine(monkeypatch):
    """A model that gives back the first word, in two sections; "late" is never done."""
    asked = []

    def summarize_row(services, wanted, text, settings):
        asked.append(text)
        yield Summary("", 1, 2)
        if "late" in text:
            raise DeadlinePassed(seconds=180)
        yield Summary(text.split()[0], 2, 2)

    monkeypatch.setattr(_summarizers, "summarize_row", summarize_row)
    return asked


def run(services, table, text="article", reference=""):
    settings = SummarySettings(fast=True)
    found = _summary_rows.summarize(services, Wanted(), table, Columns(text, reference), settings)
    return list(found)


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        (("id", "article", "abstract"), Columns("article", "abstract")),
        (("id", "原文", "摘要"), Columns("原文", "摘要")),
        (("id", "content", "note"), Columns("content")),
        (("id", "x", "summary"), Columns("x", "summary")),
        (("id", "x", "y"), Columns("x")),
        (("id", "abstract", "y"), Columns("abstract")),  # the name of either
    ],
)
def test_columns_are_guessed_by_their_names_then_by_length(upload, header, columns):
    rows = [(str(n), text, text[:20]) for n, text in enumerate(TEXTS)]
    assert _summary_rows.guessed(upload([header, *rows])) == columns


def test_rows_are_summarized_one_after_another(services, table, engine):
    steps = run(services, table)
    assert engine == [text.strip() for text in TEXTS]
    assert [len(it.rows) for it in steps] == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]
    assert (steps[5].section, steps[5].sections) == (2, 2)
    assert [row.summary for row in steps[-1].rows] == ["One.", "Two.", "Three."]


def test_the_built_in_model_summarizes_and_scores_a_row(services, table):
    *_, last = run(services, table, reference="abstract")
    assert all(row.summary and set(row.scores) == set(_summary_rows.MEASURES) for row in last.rows)
    assert 0 < last.means()["rouge1"] <= 1


def test_a_file_is_one_request_however_many_rows_it_has(services, table, engine, monkeypatch):
    charged = []
    monkeypatch.setattr(services.throttle, "charge", lambda *asked: charged.append(asked))
    run(services, table)
    assert len(charged) == 1


def test_a_row_without_text_or_out_of_time_has_no_summary_and_the_others_go_on(
    services, upload, engine
):
    table = upload([("id", "article"), ("1", "late one"), ("2", " "), ("3", "good one")])
    *_, last = run(services, table)
    assert [row.summary for row in last.rows] == ["", "", "good"]
    assert (last.left_out, last.rows[0].scores) == (2, None)
    assert "2 without a summary" in _summary_rows.told(last, "en")


def test_any_other_error_ends_it(services, table, monkeypatch):
    def away(*asked):
        raise ModelNotHere(model="m", size="1 GB")

    monkeypatch.setattr(_summarizers, "summarize_row", away)
    with pytest.raises(ModelNotHere):
        run(services, table)


def test_a_wrong_or_empty_column_is_refused_before_any_row(services, upload, engine):
    table = upload([("id", "article", "empty"), ("1", "a text", ""), ("2", "more", " ")])
    for text, reference in (("nowhere", ""), ("article", "nowhere"), ("", "")):
        with pytest.raises(ColumnMissing):
            run(services, table, text, reference)
    with pytest.raises(ColumnWithoutText):
        run(services, table, "empty")
    assert engine == []


def test_more_rows_than_the_limit_are_refused(table):
    _summary_rows.check_size(table, Limits(summary_file_rows=3))
    with pytest.raises(TooManyDocuments) as refused:
        _summary_rows.check_size(table, Limits(summary_file_rows=2))
    assert refused.value.values == {"rows": 3, "limit": 2}


def test_progress_tells_row_section_and_time():
    rows = tuple(Row(n, "s") for n in range(2))
    shown = _summary_rows.progress(Progress(rows, 8, 1, 4, seconds=20), "en")
    assert "Row 3 of 8 · section 2 of 4 · about 1 min 0 s left" in shown
    assert 'aria-valuenow="28"' in shown
    assert "section" not in _summary_rows.progress(Progress(rows, 8, 0, 1, seconds=20), "en")


def test_means_are_over_the_rows_that_have_the_score():
    rows = (
        Row(0, "a", {"rougeL": 0.5, "novelty": 0.2}),
        Row(1),
        Row(2, "b", {"novelty": 0.4}),
    )
    means = Progress(rows, 3).means()
    assert means == {"rougeL": 0.5, "novelty": pytest.approx(0.3)}
    told = _summary_rows.told(Progress(rows, 3), "en")
    assert told.endswith("On average: ROUGE-L 0.500, Novelty 30%.")


def test_results_keep_the_columns_of_the_file_and_its_row_numbers(upload):
    table = upload([("article", "summary"), ("a " * 200, "=1+1"), ("b", "old")])
    found = Progress((Row(1, "new", {"compression": 0.5, "novelty": 0.25}),), 2)
    shown = _summary_rows.results(table, found, "en")
    assert shown["headers"] == ["Row", "article", "summary", "Summary", "Compression", "Novelty"]
    assert shown["data"] == [[3, "b", "old", "new", "50%", "25%"]]
    whole = _summary_rows.results(table, Progress((Row(0, "s"),), 2), "en")["data"][0]
    assert len(whole[1]) == _summary_rows.SHOWN_CHARACTERS


def test_the_saved_file_keeps_every_column_and_runs_no_formula(upload):
    wide = [f"c{n}" for n in range(20)]
    table = upload([("article", "summary", *wide), ("a", "=1+1", *["x"] * 20)])
    scores = {"rouge1": 1 / 3, "compression": 0.5, "novelty": 0.25}
    content = _summary_rows.as_csv(table, Progress((Row(0, "=cmd|' /C calc'!A0", scores),), 1))
    header, row = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    own = ["summary (2)", "rouge1", "compression", "novelty"]
    assert header == ["article", "summary", *wide, *own]
    assert row[:2] == ["a", "'=1+1"]
    assert row[-4:] == ["'=cmd|' /C calc'!A0", "0.3333", "0.5", "0.25"]


@pytest.mark.parametrize("name", ["table.jsonl", "table.tsv"])
def test_other_tables_are_read_alike(services, name, engine):
    path = services.uploads / name
    rows = [("One", "x"), ("Two", "y")]
    if name.endswith("jsonl"):
        lines = [json.dumps({"article": text, "id": key}) for text, key in rows]
    else:
        lines = ["article\tid", *("\t".join(row) for row in rows)]
    path.write_text("\n".join(lines), encoding="utf-8")
    *_, last = run(services, _plans.table_of(services, str(path), Reading()))
    assert [row.summary for row in last.rows] == ["One", "Two"]


def test_too_many_files_are_refused_as_too_many_requests(services, table, engine, monkeypatch):
    def refuse(*asked):
        raise TooManyRequests(wait=3)

    monkeypatch.setattr(services.throttle, "charge", refuse)
    with pytest.raises(TooManyRequests):
        run(services, table)
    assert engine == []
