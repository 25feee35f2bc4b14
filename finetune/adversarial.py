"""The fast gradient method on embeddings: also train on the worst small nudge to each text.

Miyato, Dai & Goodfellow 2017, https://arxiv.org/abs/1605.07725: r = ε g / ‖g‖₂ with g the
gradient of the loss with respect to a text's embeddings, [length, hidden]; the loss of the nudged
batch is added with the same weight. Knows a model's input embeddings; nothing of runs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


class Nudge:
    """Sees the embeddings of one pass, then shifts them in the next.

    Args:
        epsilon: length of the nudge of one text, in the embeddings' own units.
    """

    def __init__(self, model: Any, epsilon: float) -> None:
        self.layer = model.get_input_embeddings()
        self.epsilon = epsilon
        self._seen: torch.Tensor | None = None

    @contextmanager
    def watched(self) -> Iterator[None]:
        """A pass whose backward leaves the gradient at the embeddings behind."""

        def see(layer: Any, inputs: Any, output: torch.Tensor) -> torch.Tensor:
            if not output.requires_grad:  # the base is frozen: nothing before asks for a gradient
                output.requires_grad_(True)
            output.retain_grad()
            self._seen = output
            return output

        with self._hooked(see):
            yield

    @contextmanager
    def applied(self) -> Iterator[None]:
        """A pass in which every text is moved where the watched loss grew fastest."""
        assert self._seen is not None and self._seen.grad is not None
        step = direction(self._seen.grad) * self.epsilon
        self._seen = None
        with self._hooked(lambda layer, inputs, output: output + step.to(output.dtype)):
            yield

    @contextmanager
    def _hooked(self, hook: Any) -> Iterator[None]:
        handle = self.layer.register_forward_hook(hook)
        try:
            yield
        finally:
            handle.remove()


def direction(gradient: torch.Tensor) -> torch.Tensor:
    """`gradient` [rows, length, hidden], each row at length 1; a row of zeros stays so."""
    gradient = gradient.float()
    length = gradient.flatten(1).norm(dim=1).clamp_min(torch.finfo(torch.float32).tiny)
    return gradient / length[:, None, None]
