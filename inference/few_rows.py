"""Linear layers that multiply a few rows on a CPU as fast as they could.

For 2 to 16 rows x, torch 2.13's `x @ W.T` in float32 takes two to three times as long as
`(W @ x.T).T`, which is the same product: the first packs the whole of W anew for every call
(2 AVX2 cores, W of 3,072 × 1,024 to 151,936 × 1,024). Replies written side by side are such rows.
"""

import torch
from torch import nn

FEWEST, MOST = 2, 16


class _Linear(nn.Linear):
    def forward(self, input: torch.Tensor) -> torch.Tensor:
        rows = input.numel() // self.in_features
        if not FEWEST <= rows <= MOST or input.requires_grad:
            return super().forward(input)
        out = (self.weight @ input.reshape(rows, -1).T).T
        if self.bias is not None:
            out = out + self.bias
        return out.reshape(*input.shape[:-1], self.out_features)


def speed_up(model: nn.Module) -> None:
    """Use it in the linear layers of a model in float32 on a CPU; weights and results stay."""
    for module in model.modules():
        plain = type(module) is nn.Linear  # a quantised or wrapped layer goes its own way
        if plain and module.weight.device.type == "cpu" and module.weight.dtype == torch.float32:
            module.__class__ = _Linear
