"""A model that was never trained copies what follows its last words in the text."""

import random

import torch

from finetune.pretrain import summary
from finetune.pretrain.vocabularies import summary_tokenizer

TEXT = "The cat sat on the mat. A dog ran by. 小猫坐在屋里。大雨下了一天。"


@torch.no_grad()
def test_copying_works_before_training():
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
