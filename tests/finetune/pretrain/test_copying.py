"""A model that was never trained copies what follows its last words in the text."""

import random

import torch

from finetune.pretrain import copying, summary
from finetune.pretrain.vocabularies import summary_tokenizer

TEXT = "The cat sat on the mat. A dog ran by. 小猫坐在屋里。大雨下了一天。"


def test_the_closest_tokens_are_less_alike_than_of_random_ones(monkeypatch):
    def closest(pushes):
        monkeypatch.setattr(copying, "PUSHES", pushes)
        torch.manual_seed(1)
        found = copying._apart(400)
        assert all(torch.allclose(part.norm(dim=1), torch.ones(400)) for part in found)
        both = torch.cat(found, 1)
        return ((both @ both.T) / 2).fill_diagonal_(-1).max()

    assert closest(30) < 0.6 * closest(0)


@torch.no_grad()
def test_copying_works_before_training(monkeypatch):
    monkeypatch.setattr(copying, "PUSHES", 2)
    torch.manual_seed(1)
    tokenizer = summary_tokenizer([TEXT], 4500, 128)
    some = range(300, 4300)
    model = summary.new_model(tokenizer, dict.fromkeys(some, 1.0)).eval()
    text = random.Random(2).sample(some, 100)
    written = text[30:60]
    logits = model(
        input_ids=torch.tensor([[summary.BEGIN, *text, summary.END]]),
        decoder_input_ids=torch.tensor([[summary.END, summary.BEGIN, *written]]),
    ).logits[0]
    following = logits[2:, :].argmax(-1)
    right = following == torch.tensor(text[31:61])
    assert right.double().mean() > 0.9


def test_only_the_special_tokens_are_trained(monkeypatch):
    monkeypatch.setattr(copying, "PUSHES", 2)
    model = summary.new_model(summary_tokenizer([TEXT], 4500, 128), {300: 1.0})
    ids = torch.tensor([[summary.BEGIN, 300, 301, summary.END]])
    model(input_ids=ids, labels=ids).loss.backward()
    moved = model.model.shared.weight.grad.abs().sum(1).nonzero().flatten().tolist()
    assert summary.END in moved and max(moved) < copying.SPECIAL
