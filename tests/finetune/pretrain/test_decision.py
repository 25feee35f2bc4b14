"""The output that names the reply: what it learns from, and what its first part trains."""

import pytest
import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

from finetune.pretrain import training
from finetune.pretrain.chat_rows import IGNORED
from finetune.pretrain.collection import Topic, fallbacks
from finetune.pretrain.decision import Deciding, numbers

TOPICS = [
    Topic("lora", "en", "LoRA is small. It is fast.", ("What is LoRA?",), "held", "A patch."),
    Topic("loss", "en", "Loss falls. Good.", ("What is loss?",), "held"),
]


@pytest.fixture
def deciding():
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=20,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        initializer_range=0.1,
    )
    return Deciding(Qwen3ForCausalLM(config), 3)


def batch(replies=(0, 1, 2)):
    """Three prompts of two tokens, told apart by their first, and a reply of one token."""
    return {
        "input_ids": torch.tensor([[5, 9, 1], [6, 9, 1], [7, 9, 1]]),
        "labels": torch.tensor([[IGNORED, IGNORED, 1]] * 3),
        "weights": torch.ones(3, 3),
        "prompt_end": torch.tensor([1, 1, 1]),
        "reply": torch.tensor(replies),
    }


def test_every_reply_has_one_number():
    found = numbers(TOPICS)
    assert set(found.values()) == set(range(len(found)))
    own = {"LoRA is small. It is fast.", "A patch.", "Loss falls. Good.", "In short: Loss falls."}
    assert set(found) == own | {reply.answer for reply in fallbacks().values()}


def test_the_first_part_learns_to_name_replies_by_embeddings_and_one_attention(deciding):
    def batches():
        while True:
            yield batch()

    before = {name: weight.clone() for name, weight in deciding.named_parameters()}
    training.fit(deciding, batches(), 60, 2e-2, loss_of=Deciding.first_loss)
    assert deciding.first_loss(batch()).item() < 0.1
    changed = {
        name
        for name, weight in deciding.named_parameters()
        if not torch.equal(weight, before[name])
    }
    inner = "model.model."
    parts = ("q_proj", "k_proj", "v_proj", "o_proj", "q_norm", "k_norm")
    assert changed == {
        "output.weight",
        inner + "embed_tokens.weight",
        inner + "norm.weight",
        inner + "layers.0.input_layernorm.weight",
        *(f"{inner}layers.0.self_attn.{part}.weight" for part in parts),
    }


def test_what_is_after_the_end_of_a_prompt_does_not_decide(deciding):
    other = batch()
    other["input_ids"][:, 2] = 3
    assert torch.equal(deciding.first_loss(batch()), deciding.first_loss(other))


def test_rows_without_a_decision_leave_the_loss_of_the_tokens(deciding):
    undecided = deciding.loss(batch([IGNORED] * 3))
    model = deciding.model(batch()["input_ids"]).logits[:, 1]
    wanted = torch.nn.functional.cross_entropy(model, torch.ones(3, dtype=torch.long))
    assert undecided.item() == pytest.approx(wanted.item(), rel=1e-5)
