"""The example tables a visitor starts with: readable, guessed right, fit to train on."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from finetune.dataset import build
from finetune.inspect_table import inspect_table
from finetune.tables import read_table
from inference.limits import Limits

ASSETS = Path(__file__).parent.parent / "assets"
TASKS = {
    "chat": ("chat", {"instruction": "instruction", "output": "output"}),
    "sentiment": ("classification", {"text": "text", "label": "label"}),
    "summary": ("summarization", {"document": "article", "summary": "summary"}),
}
FILES = [f"examples-{name}-{language}.csv" for name in TASKS for language in ("en", "zh")]


def rows_of(file):
    with (ASSETS / file).open(newline="", encoding="utf-8") as text:
        return list(csv.DictReader(text, strict=True))


def test_every_table_here_is_checked():
    assert sorted(path.name for path in ASSETS.glob("*.csv")) == sorted(FILES)


@pytest.mark.parametrize("file", FILES)
def test_it_is_read_without_a_doubt_and_for_the_right_task(file):
    found = inspect_table(ASSETS / file, Limits())
    assert (found["encoding"], found["delimiter"], found["problems"]) == ("utf-8", ",", [])
    assert (found["task"], found["mapping"]) == TASKS[file.split("-")[1]]


@pytest.mark.parametrize("file", FILES)
def test_every_row_can_be_trained_on(file):
    task, mapping = TASKS[file.split("-")[1]]
    examples = build(read_table(ASSETS / file, Limits()), task, mapping)
    assert (examples.left_out, examples.problems) == (0, ())


@pytest.mark.parametrize("file", FILES)
def test_it_is_plain_utf_8_with_the_line_ends_of_rfc_4180(file):
    raw = (ASSETS / file).read_bytes()
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert raw.endswith(b"\r\n")
    assert raw.count(b"\n") == raw.count(b"\r\n")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_sentiment_has_as_many_rows_as_the_other(language):
    labels = Counter(row["label"] for row in rows_of(f"examples-sentiment-{language}.csv"))
    assert labels["positive"] == labels["negative"] == labels.total() / 2


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_chat_answer_has_several_questions_and_is_short(language):
    answers = Counter(row["output"] for row in rows_of(f"examples-chat-{language}.csv"))
    assert min(answers.values()) >= 3
    assert max(len(answer.split()) for answer in answers) <= 25
