"""The loop repeats itself exactly, stops on a loss that is not finite, and saves in one step."""

import random

import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification

from finetune.pretrain import training
from finetune.pretrain.sentiment import _alike
from finetune.pretrain.vocabularies import sentiment_tokenizer


def tiny() -> BertForSequenceClassification:
    torch.manual_seed(0)
    return BertForSequenceClassification(
        BertConfig(
            vocab_size=30,
            hidden_size=8,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=8,
            max_position_embeddings=16,
        )
    )


def batches():
    while True:
        yield {"input_ids": torch.tensor([[1, 2], [3, 4]]), "labels": torch.tensor([0, 1])}


def test_two_fits_give_the_same_weights():
    first, second = tiny(), tiny()
    for model in (first, second):
        training.start(4)
        training.fit(model, batches(), 60, 1e-2)
    assert not first.training
    for left, right in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(left, right)
    assert training.own_loss(first, next(batches())).item() < 0.3


def test_a_loss_that_is_not_finite_ends_the_build():
    with pytest.raises(RuntimeError, match="nan at step 1"):
        training.fit(
            tiny(), batches(), 5, 1e-2, loss_of=lambda model, batch: torch.tensor(float("nan"))
        )


def test_saving_swaps_the_folder_and_keeps_the_card(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "README.md").write_text("card", encoding="utf-8")
    (folder / "stale.txt").write_text("old", encoding="utf-8")
    tokenizer = sentiment_tokenizer(["a b c"] * 9, 30, 16)
    training.save(tiny(), tokenizer, folder)
    assert {path.name for path in tmp_path.iterdir()} == {"model"}
    names = {path.name for path in folder.iterdir()}
    assert {"README.md", "config.json", "model.safetensors", "tokenizer.json"} <= names
    assert "stale.txt" not in names
    again = BertForSequenceClassification.from_pretrained(folder)
    assert again.dtype == torch.float16


def test_batches_hold_every_row_once():
    made = _alike(list(range(100)), [i % 7 for i in range(100)], random.Random(1))
    assert sorted(row for batch in made for row in batch) == list(range(100))


def test_padded():
    assert training.padded([[1], [2, 3]], 9).tolist() == [[1, 9], [2, 3]]
