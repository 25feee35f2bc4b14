import pytest
import torch

from finetune.adversarial import Nudge, direction
from finetune.bases import attach, load_base
from finetune.recipe import Recipe
from tests.inference import tiny


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tiny.classifier(tmp_path_factory.mktemp("m") / "classifier")
    model, _, fresh = load_base(folder, "classification")
    torch.manual_seed(0)
    return attach(model, Recipe(task="classification", base="x", lora_dropout=0.0), fresh).eval()


def batch():
    ids = torch.tensor([[1, 40, 50, 2], [1, 60, 2, 0]])
    return {"input_ids": ids, "attention_mask": (ids != 0).long(), "labels": torch.tensor([0, 1])}


def test_a_direction_has_length_one_for_every_row():
    gradient = torch.tensor([[[3.0, 4.0]], [[0.0, 0.0]], [[0.0, -2.0]]])
    assert direction(gradient).tolist() == [
        [[pytest.approx(0.6), pytest.approx(0.8)]],
        [[0.0, 0.0]],
        [[0.0, -1.0]],
    ]


def test_the_nudge_is_epsilon_long_and_raises_the_loss(model):
    nudge = Nudge(model, 0.1)
    shown = []
    handle = nudge.layer.register_forward_hook(lambda *it: shown.append(it[2].detach().clone()))
    with nudge.watched():
        plain = model(**batch()).loss
    plain.backward()
    handle.remove()
    with nudge.applied():
        handle = nudge.layer.register_forward_hook(lambda *it: shown.append(it[2].detach().clone()))
        nudged = model(**batch()).loss
        handle.remove()
    moved = (shown[1] - shown[0]).flatten(1).norm(dim=1)
    assert torch.allclose(moved, torch.full((2,), 0.1), atol=1e-5)
    assert nudged > plain


def test_afterwards_the_model_is_the_plain_one(model):
    before = model(**batch()).logits
    nudge = Nudge(model, 5.0)
    with nudge.watched():
        model(**batch()).loss.backward()
    with nudge.applied():
        assert not torch.allclose(model(**batch()).logits, before)
    assert torch.equal(model(**batch()).logits, before)
