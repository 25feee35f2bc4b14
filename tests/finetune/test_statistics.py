import pytest
from transformers import AutoTokenizer

from finetune.statistics import SAMPLE_ROWS, length_problems, statistics
from tests.inference import tiny


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return AutoTokenizer.from_pretrained(tiny.classifier(tmp_path_factory.mktemp("m") / "m"))


def texts(*words):
    return [{"text": "good " * count, "label": "ab"[count % 2]} for count in words]


def test_lengths_are_in_tokens_of_the_model(tokenizer):
    fixed = len(tokenizer("good " * 9)["input_ids"]) - 9  # what is added to every text
    found = statistics(texts(*range(1, 101)), "classification", tokenizer, fixed + 90)
    assert found["parts"] == {"text": {"p50": 51 + fixed, "p95": 95 + fixed, "max": 100 + fixed}}
    assert (found["truncated"], found["labels"]) == (0.1, {"b": 50, "a": 50})
    [told] = length_problems(found)
    assert told.details == {"percent": 10, "max_length": fixed + 90}
    assert length_problems({**found, "truncated": 0.0}) == []


def test_many_rows_are_sampled_over_the_whole_and_every_label_counted(tokenizer):
    rows = texts(*[1] * SAMPLE_ROWS, *[2] * SAMPLE_ROWS)
    found = statistics(rows, "classification", tokenizer, 512)
    assert (found["rows"], found["measured"]) == (2 * SAMPLE_ROWS, SAMPLE_ROWS)
    assert found["labels"] == {"b": SAMPLE_ROWS, "a": SAMPLE_ROWS}
    figures = found["parts"]["text"]
    assert figures["max"] == figures["p95"]


def test_a_conversation_counts_as_training_will_see_it(tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(tiny.chat(tmp_path / "chat"))
    turns = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]
    parts = statistics([{"messages": turns}], "chat", tokenizer, 512)["parts"]
    whole = tokenizer.apply_chat_template(turns, return_dict=False)
    assert parts["conversation"]["max"] == len(whole)
    assert parts["answered"]["max"] == len(tokenizer("hello")["input_ids"])


def test_either_side_of_a_summary_can_be_too_long(tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(tiny.summary(tmp_path / "summary"))
    rows = [{"document": "a", "summary": "long " * 99}, {"document": "a", "summary": "a"}]
    assert statistics(rows, "summarization", tokenizer, 32)["truncated"] == 0.5
