"""What the sentiment model is trained towards."""

import random
from itertools import islice

import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from finetune.pretrain import sentiment, training
from finetune.pretrain.corpus import Labelled
from tests.inference import tiny

ROWS = [
    Labelled(f"{word} {number}", label, language)
    for language, words in (("en", ("bad", "good")), ("zh", ("差", "好")))
    for label, word in enumerate(words)
    for number in range(6)
]


@pytest.fixture(scope="module")
def model_and_tokenizer(tmp_path_factory):
    folder = tiny.classifier(tmp_path_factory.mktemp("model"))
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    return model, AutoTokenizer.from_pretrained(folder)


def test_a_pass_holds_every_row_and_as_many_made_up_texts():
    first, second = islice(sentiment.targets(ROWS, random.Random(1)), 2)
    texts = [row.text for row in ROWS]
    assert [text for text, _ in first[: len(ROWS)]] == texts
    assert len(first) == len(second) == 2 * len(ROWS)
    assert first[: len(ROWS)] == second[: len(ROWS)]
    assert first[len(ROWS) :] != second[len(ROWS) :]


def test_a_row_counts_its_label_and_its_teacher_alike():
    positive = dict(next(sentiment.targets(ROWS, random.Random(1))))
    for row in ROWS:
        low = row.label / 2
        assert low < positive[row.text] < low + 0.5


def test_probabilities_as_targets_agree_with_labels_where_they_are_sure(model_and_tokenizer):
    model, _ = model_and_tokenizer
    batch = {
        "input_ids": torch.tensor([[5, 6], [6, 7]]),
        "attention_mask": torch.ones(2, 2, dtype=torch.long),
    }
    sure = sentiment.soft_loss(model, batch | {"labels": torch.tensor([[1.0, 0.0], [0.0, 1.0]])})
    told = training.own_loss(model, batch | {"labels": torch.tensor([0, 1])})
    assert sure.item() == pytest.approx(told.item())


def test_logits_do_not_depend_on_the_batch(model_and_tokenizer, monkeypatch):
    model, tokenizer = model_and_tokenizer
    texts = ["a", "a b c", "c c c c"]
    together = sentiment.logits(model, tokenizer, texts)
    monkeypatch.setattr(sentiment, "BATCH", 1)
    assert torch.allclose(together, sentiment.logits(model, tokenizer, texts), atol=1e-6)
