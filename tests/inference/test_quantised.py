import pytest
import torch
from torch import nn

from inference.adapters import attach
from inference.loading import load
from inference.quantised import Int8Linear, bitsandbytes_config, quantise_for_cpu
from inference.records import Choice
from tests.inference import tiny


def error_of(layer, found, inputs):
    with torch.inference_mode():
        wanted = layer(inputs)
        return ((found(inputs) - wanted).norm() / wanted.norm()).item()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(1, 64), (2, 7, 64)])
def test_a_layer_in_eight_bits_is_nearly_the_layer(bias, shape):
    torch.manual_seed(0)
    layer = nn.Linear(64, 48, bias=bias)
    assert error_of(layer, Int8Linear(layer), torch.randn(shape)) < 0.03


def test_a_row_of_zeros_stays_zero():
    layer = nn.Linear(8, 2, bias=False)
    layer.weight.data[0] = 0
    assert Int8Linear(layer)(torch.randn(3, 8))[:, 0].tolist() == [0, 0, 0]


def test_every_linear_layer_is_replaced_and_nothing_else():
    model = nn.ModuleDict(
        {"a": nn.Linear(4, 4), "b": nn.Sequential(nn.LayerNorm(4), nn.Linear(4, 2))}
    )
    quantise_for_cpu(model)
    assert [type(it).__name__ for it in model.modules()][1:] == [
        "Int8Linear",
        "Sequential",
        "LayerNorm",
        "Int8Linear",
    ]


@pytest.fixture(scope="module")
def chat(tmp_path_factory):
    return tiny.chat(tmp_path_factory.mktemp("model") / "chat")


def test_a_model_is_loaded_in_eight_bits_and_still_takes_adapters(chat, tmp_path):
    ids = torch.tensor([[5, 6, 7, 8]])
    full = load(Choice(chat), "chat").model(ids).logits
    base = load(Choice(chat, precision="int8"), "chat")
    assert any(isinstance(it, Int8Linear) for it in base.model.modules())
    logits = base.model(ids).logits
    assert not torch.equal(logits, full)
    assert torch.nn.functional.cosine_similarity(logits, full, dim=-1).min() > 0.99
    adapter = tiny.adapter(tmp_path / "adapter", chat, "chat", {})
    tuned = attach(base, Choice(chat, adapter, precision="int8"), "chat")
    assert torch.equal(tuned.model(ids).logits, logits)  # an untrained one changes nothing
    for name, weight in tuned.model.named_parameters():
        if "lora_B" in name:
            weight.fill_(0.5)
    assert not torch.allclose(tuned.model(ids).logits, logits)
    assert torch.equal(base.model(ids).logits, logits)


def test_what_bitsandbytes_is_told():
    eight = bitsandbytes_config("int8", torch.bfloat16)
    four = bitsandbytes_config("int4", torch.bfloat16)
    assert eight.load_in_8bit and not eight.load_in_4bit
    assert four.load_in_4bit and four.bnb_4bit_quant_type == "nf4"
    assert four.bnb_4bit_use_double_quant and four.bnb_4bit_compute_dtype == torch.bfloat16
