"""Weights in 8 or 4 bits: by bitsandbytes on an NVIDIA GPU, by torch's own kernels on a CPU.

On a CPU the inputs are quantised as they come and the products are whole numbers ("dynamic"):
about three times as fast as float32 at writing, twice at reading (2 cores, AVX2), at an error of
1.6 to 2 % a layer. Off unless the operator asks for it (`fit.setting`).
"""

import warnings
from typing import Any

import torch
from torch import nn

from inference.memory import Precision

# Without it, sums of two 8-bit products overflow 16 bits on CPUs that lack VNNI: 17 % of error.
REDUCE_RANGE = True


def bitsandbytes_config(precision: Precision, full: torch.dtype) -> Any:
    """What `from_pretrained` takes as `quantization_config`: LLM.int8() or NF4 (QLoRA's format).

    Sources: Dettmers et al. 2022, arXiv:2208.07339; 2023, arXiv:2305.14314.
    """
    from transformers import BitsAndBytesConfig

    if precision == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=full,
    )


class Int8Linear(nn.Linear):
    """A linear layer with int8 weights, one scale a row; no gradient reaches its input.

    It is a `Linear` so that an adapter can be put around it; its `weight` is empty.
    """

    def __init__(self, like: nn.Linear) -> None:
        nn.Module.__init__(self)
        self.in_features, self.out_features = like.in_features, like.out_features
        self.register_buffer("weight", torch.empty(0), persistent=False)
        self.register_buffer("bias", None)
        self._packed = _packed(like)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """[…, tokens, in_features] -> […, tokens, out_features], float32."""
        return torch.ops.quantized.linear_dynamic(input.float(), self._packed, REDUCE_RANGE)


@torch.no_grad()
def _packed(layer: nn.Linear) -> Any:
    weight = layer.weight.detach().float()
    scales = (weight.abs().amax(dim=1) / 127).clamp_min(torch.finfo(torch.float32).tiny)
    zeros = torch.zeros(len(scales), dtype=torch.int64)
    with warnings.catch_warnings():
        # torch is going to drop its quantised tensors; the requirements name a version with them.
        warnings.simplefilter("ignore")
        rows = torch.quantize_per_channel(weight, scales, zeros, 0, torch.qint8)
        return torch.ops.quantized.linear_prepack(rows, layer.bias)


def quantise_for_cpu(model: nn.Module) -> None:
    """Replace every linear layer by its int8 form, one after the other, in place."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Linear:
                setattr(parent, name, Int8Linear(child))
