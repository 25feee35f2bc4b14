import math

import pytest
import torch

from finetune import evaluate
from finetune.bases import attach, load_base
from finetune.encode import encode
from finetune.recipe import Recipe
from tests.inference import tiny

CHATS = [
    {
        "messages": [
            {"role": "user", "content": f"What is {n}?"},
            {"role": "assistant", "content": "Long. " * n + "End."},
        ]
    }
    for n in range(7)
]


@pytest.fixture(autouse=True)
def short_answers(monkeypatch):
    monkeypatch.setattr("finetune.answers.ANSWER_TOKENS", 4)  # an untrained model never ends


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.chat(tmp_path_factory.mktemp("m") / "chat")


@pytest.fixture(scope="module")
def tuned(folder):
    """A tiny chat model whose adapter changes its logits, and its tokenizer."""
    model, tokenizer, fresh = load_base(folder, "chat")
    torch.manual_seed(1)
    model = attach(model, Recipe(task="chat", base="x"), fresh)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.5)
    return model, tokenizer


def test_the_base_side_has_the_logits_of_the_plain_base(folder, tuned):
    model, _ = tuned
    ids = torch.arange(10, 30)[None]
    plain = load_base(folder, "chat")[0].eval()
    with torch.no_grad():
        expected = plain(input_ids=ids).logits
        with evaluate.side_of(model, "base"):
            base = model(input_ids=ids).logits
        with evaluate.side_of(model, "tuned"):
            changed = model(input_ids=ids).logits
    assert torch.equal(base, expected)
    assert not torch.allclose(changed, expected)


def test_the_model_is_as_it_was_after_an_error(tuned):
    model, _ = tuned
    model.train()
    with pytest.raises(ZeroDivisionError), evaluate.side_of(model, "base"):
        raise ZeroDivisionError
    assert model.training
    ids = torch.arange(10, 30)[None]
    with torch.no_grad(), evaluate.side_of(model, "tuned"):
        on = model(input_ids=ids).logits
    with torch.no_grad(), evaluate.side_of(model, "base"):
        assert not torch.allclose(model(input_ids=ids).logits, on)


def test_the_loss_is_the_mean_over_every_trained_token(tuned):
    model, tokenizer = tuned
    examples = encode(CHATS, "chat", tokenizer, 256)
    total, tokens = 0.0, 0
    with torch.no_grad(), evaluate.side_of(model, "tuned"):
        for example in examples:  # one at a time, as transformers computes it
            ids, labels = (torch.tensor([example[key]]) for key in ("input_ids", "labels"))
            count = int((labels != -100).sum())
            total += model(input_ids=ids, labels=labels).loss.item() * count
            tokens += count
    found = evaluate.compare(model, tokenizer, CHATS, "chat", 256)
    assert found["tuned"]["loss"] == pytest.approx(total / tokens, rel=1e-4)


def test_chat_is_compared_by_loss_perplexity_and_samples(tuned):
    model, tokenizer = tuned
    report = evaluate.compare(model, tokenizer, CHATS, "chat", 256)
    assert (report["rows"], report["held_out_rows"], len(report["samples"])) == (7, 7, 5)
    for side in ("base", "tuned"):
        assert report[side]["perplexity"] == pytest.approx(math.exp(report[side]["loss"]))
    assert report["base"] != report["tuned"]
    assert report["samples"][0]["prompt"] == "What is 0?"
    assert report["samples"][0]["expected"] == "End."


def test_a_report_says_how_sure_its_figures_are(tuned):
    report = evaluate.compare(*tuned, CHATS, "chat", 256)
    for side in ("base", "tuned"):
        assert set(report["intervals"][side]) == {"loss", "perplexity"}
        low, high = report["intervals"][side]["loss"]
        assert low <= report[side]["loss"] <= high
    found = report["difference"]
    assert found["figure"] == "loss"
    assert found["value"] == pytest.approx(report["tuned"]["loss"] - report["base"]["loss"])
    assert found["verdict"] == "too_few_to_tell"  # seven rows
    low, high = found["interval"]
    assert low <= found["value"] <= high


def test_answers_found_before_a_stop_are_not_looked_for_again(tuned):
    model, tokenizer = tuned
    notes, batches = evaluate.Notes(), []
    handle = model.register_forward_pre_hook(lambda *_: batches.append(1))
    first = {"should_stop": lambda: len(batches) >= 2, "notes": notes, "batch": 2}
    assert evaluate.compare(model, tokenizer, CHATS, "chat", 256, **first) is None
    assert len(notes.found["base"]) == 4
    before = len(batches)
    report = evaluate.compare(model, tokenizer, CHATS, "chat", 256, notes=notes, batch=2)
    handle.remove()
    again = len(batches) - before
    whole = evaluate.compare(model, tokenizer, CHATS, "chat", 256, batch=2)
    assert report["samples"] == whole["samples"]
    assert report["base"]["loss"] == pytest.approx(whole["base"]["loss"], rel=1e-5)
    assert again >= 6


def test_no_held_out_rows_give_an_empty_report(tuned):
    report = evaluate.compare(*tuned, [], "chat", 64)
    assert (report["rows"], report["base"], report["tuned"]) == (0, {}, {})


def test_asked_to_stop_there_is_no_report(tuned):
    assert evaluate.compare(*tuned, CHATS, "chat", 64, should_stop=lambda: True) is None


@pytest.mark.parametrize("task", ["chat", "classification"])
def test_a_stop_is_seen_before_each_batch(tuned, tmp_path, task):
    model, tokenizer = tuned
    rows, labels = CHATS * 10, ()
    if task == "classification":
        model, tokenizer, fresh = load_base(tiny.classifier(tmp_path / "model"), task)
        model = attach(model, Recipe(task=task, base="x"), fresh)
        rows, labels = [{"text": f"good {n}", "label": "1"} for n in range(70)], ("0", "1")
    batches = []
    handle = model.register_forward_pre_hook(lambda *_: batches.append(1))
    report = evaluate.compare(
        model, tokenizer, rows, task, 256, labels, should_stop=lambda: len(batches) >= 2
    )
    handle.remove()
    assert (report, len(batches)) == (None, 2)


def test_rows_are_drawn_evenly_over_the_whole():
    rows = [{"n": n} for n in range(100)]
    assert [row["n"] for row in evaluate.spread(rows, 4)] == [0, 25, 50, 75]
    assert evaluate.spread(rows[:3], 4) == rows[:3]
