"""What a model remembers of each conversation, kept apart, and attention over several at once.

A step that writes one token of each of several replies multiplies all of them with the weights
together, which is where its time goes, while each attends to its own keys and values alone. So
nothing is padded, and a reply can join, leave or be cut without the others being touched: what
one conversation holds is never in another's tensors.

Batching only what is not attention: Yu et al. 2022 (Orca, OSDI), "selective batching".
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.cache_utils import Cache, DynamicLayer
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

ATTENTION = "lab_rows"
SPARE = 128  # tokens of room at least that a buffer is given when it grows


class _Layer(DynamicLayer):
    """Keys and values of one conversation in one layer, [1, heads, tokens, size], in a buffer with
    room to grow: to append a token moves no other."""

    def __init__(self) -> None:
        super().__init__()
        self._tokens = 0
        self._kept: torch.Tensor | None = None  # [2, 1, heads, room, size]

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        end = self._tokens + key_states.shape[-2]
        if self._kept is None or end > self._kept.shape[-2]:
            self._grow(end, key_states)
        assert self._kept is not None
        self._kept[0, :, :, self._tokens : end] = key_states
        self._kept[1, :, :, self._tokens : end] = value_states
        self._tokens = end
        return self._kept[0, :, :, :end], self._kept[1, :, :, :end]

    def get_seq_length(self) -> int:
        return self._tokens

    def cut(self, tokens: int) -> None:
        """Forget all after the first `tokens`."""
        self._tokens = min(self._tokens, tokens)

    def bytes(self) -> int:
        return self._kept.nbytes if self._kept is not None else 0

    def _grow(self, tokens: int, like: torch.Tensor) -> None:
        _, heads, _, size = like.shape
        kept = like.new_empty(2, 1, heads, tokens + max(SPARE, tokens // 4), size)
        if self._kept is not None:
            kept[..., : self._tokens, :] = self._kept[..., : self._tokens, :]
        self._kept = kept


class Row(Cache):
    """The keys and values of one conversation in all layers."""

    def __init__(self, layers: int) -> None:
        super().__init__(layers=[_Layer() for _ in range(layers)])

    @property
    def tokens(self) -> int:
        return self.layers[0].get_seq_length()

    def cut(self, tokens: int) -> None:
        """Forget all after the first `tokens`; also what a step that failed left in some layers."""
        for layer in self.layers:
            layer.cut(tokens)

    def bytes(self) -> int:
        return sum(layer.bytes() for layer in self.layers)


class _Together(DynamicLayer):
    """One layer of several conversations: what it returns are lists, for `_attend`."""

    def __init__(self, layers: Sequence[_Layer]) -> None:
        super().__init__()
        self._layers = layers

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[Any, Any]:
        each = [
            layer.update(key_states[at : at + 1], value_states[at : at + 1])
            for at, layer in enumerate(self._layers)
        ]
        return [keys for keys, _ in each], [values for _, values in each]

    def get_seq_length(self) -> int:
        return max(layer.get_seq_length() for layer in self._layers)


def together(rows: Sequence[Row]) -> Cache:
    """A cache for a step that writes one token of each of `rows`, which remember it."""
    layers = zip(*(row.layers for row in rows), strict=True)
    return Cache(layers=[_Together(each) for each in layers])


def _attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: Any,
    value: Any,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    sliding_window: int | None = None,
    **others: Any,
) -> tuple[torch.Tensor, None]:
    """transformers' attention; where keys come as a list, each query meets its own alone.

    The query heads that share a key head stand where several queries would: no key is repeated.
    """
    if not isinstance(key, list):
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, scaling=scaling, **others
        )
    rows, heads, _, size = query.shape
    seen = -sliding_window if sliding_window else 0
    out = query.new_empty(rows, 1, heads, size)
    for at, (keys, values) in enumerate(zip(key, value, strict=True)):
        shared = query[at].view(1, keys.shape[1], -1, size)
        met = scaled_dot_product_attention(
            shared, keys[..., seen:, :], values[..., seen:, :], scale=scaling
        )
        out[at] = met.view(1, heads, size)
    return out, None


AttentionInterface.register(ATTENTION, _attend)
AttentionMaskInterface.register(ATTENTION, sdpa_mask)


def prepare(model: PreTrainedModel) -> None:
    """Let the model attend to rows; with any other cache it computes as before."""
    model.set_attn_implementation(ATTENTION)


def layers_of(model: PreTrainedModel) -> int:
    return model.config.get_text_config().num_hidden_layers
