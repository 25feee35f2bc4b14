"""Pictures of a visitor's data: what the model will really read of it."""

import pytest

from components import _pictures
from components._plans import Reading
from finetune.errors import TableRefused, UploadMissing

CHAT = {"instruction": "q", "output": "a"}
LABELLED = {"text": "q", "label": "a"}


def table(services, rows, name="table.csv"):
    path = services.uploads / name
    path.write_text("q,a\n" + "".join(f"{q},{a}\n" for q, a in rows), encoding="utf-8")
    return str(path)


@pytest.fixture
def chats(services):
    return table(services, [(f"question {n}", f"answer {n}") for n in range(20)])


def test_the_answer_is_trained_and_the_question_only_read(services, chats):
    found = _pictures.sample(services, chats, Reading(), "chat", CHAT)
    pieces, model = _pictures.seen(services, found, "chat", "builtin/chat", 3, 512)
    assert model == "builtin/chat"
    trained = "".join(text for text, it in pieces if it)
    read = "".join(text for text, it in pieces if not it)
    assert trained.startswith("answer 3") and "question 3" in read and "answer 3" not in read


def test_a_base_that_is_not_here_is_shown_with_the_demo_and_says_so(services, chats):
    found = _pictures.sample(services, chats, Reading(), "chat", CHAT)
    assert _pictures.lengths(services, found, "chat", "Qwen/Qwen3-8B", 512).tokens_of == (
        "builtin/chat"
    )


def test_lengths_are_counted_in_tokens_and_what_is_cut_is_told(services):
    path = table(services, [(f"question {n}", "word " * (60 if n < 5 else 1)) for n in range(20)])
    found = _pictures.sample(services, path, Reading(), "chat", CHAT)
    lengths = _pictures.lengths(services, found, "chat", "builtin/chat", 60)
    assert sum(rows for _, _, rows in lengths.bars) == 20
    assert lengths.bars[0][0] <= lengths.longest <= lengths.bars[-1][1]
    assert lengths.cut == 0.25


def test_labels_are_counted_over_all_rows_and_rare_ones_put_together(services):
    rows = [(f"text {n}", f"label {n % 20}") for n in range(200)] + [("more", "label 1")]
    path = table(services, rows)
    found = _pictures.sample(services, path, Reading(), "classification", LABELLED)
    assert sum(found.labels.values()) == 201
    bars = _pictures.balance(found.labels, "others")
    assert bars[0] == ("label 1", 11)
    assert bars[-1] == ("others", 80)
    assert _pictures.balance({}, "others") == []


def test_what_is_no_upload_or_no_data_is_refused(services, chats):
    with pytest.raises(UploadMissing):
        _pictures.sample(services, "/etc/passwd", Reading(), "chat", CHAT)
    with pytest.raises(TableRefused):
        _pictures.sample(services, chats, Reading(), "chat", {"output": "nowhere"})


def test_what_is_wrong_with_the_chosen_columns_is_told_with_the_rows(services):
    path = table(services, [*((f"question {n}", f"answer {n}") for n in range(20)), ("alone", "")])
    found = _pictures.sample(services, path, Reading(), "chat", CHAT)
    (empty,) = [it for it in found.problems if it.code == "empty_cells"]
    assert (empty.row, empty.column, found.total) == (22, "a", 20)
