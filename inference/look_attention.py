"""One attention head of a BERT, with its numbers: softmax(QKᵀ/√d)V of one text.

For the learner. Source: Vaswani et al. 2017, "Attention Is All You Need", arXiv:1706.03762,
equation 1.
"""

import math
from dataclasses import dataclass

import torch

from inference import accelerator
from inference.errors import SettingsRefused
from inference.generation import set_threads
from inference.pool import Loaded, shared
from inference.records import Choice

MOST_TOKENS = 24  # of a text: a picture of more cannot be read
SECONDS = 30  # of a ZeroGPU call: a model to load

Rows = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Head:
    """`queries`, `keys` and `values` are [tokens, head size], `weights` is [tokens, tokens]: how
    much of each token's value the row's token takes. `output` is weights times values.

    `layers` and `heads` are how many the model has. `cut`: the text is longer than `MOST_TOKENS`.
    """

    tokens: tuple[str, ...]
    queries: Rows
    keys: Rows
    values: Rows
    weights: Rows
    output: Rows
    layers: int
    heads: int
    cut: bool = False

    @property
    def size(self) -> int:
        return len(self.queries[0])


@dataclass(frozen=True)
class Score:
    """What one token finds in another: q·k, that over √d, and its share in the row's softmax."""

    product: float
    scaled: float
    weight: float


@accelerator.gpu(duration=SECONDS)
def head(text: str, choice: Choice, layer: int, number: int) -> Head:
    """Head `number` of layer `layer`, both from 0, while the model reads `text`.

    Raises:
        SettingsRefused: the model has no such layer or head.
        ModelDoesNotFit, ModelBroken, WrongModelForTask, OutOfMemory
    """
    with shared().borrow(choice, "classification") as loaded, torch.inference_mode():
        set_threads(loaded.model)
        config = loaded.model.config
        _check("layer", layer, config.num_hidden_layers)
        _check("head", number, config.num_attention_heads)
        ids, cut = _encode(loaded, text)
        body = loaded.model.base_model
        states = body(
            input_ids=torch.tensor([ids], device=loaded.device), output_hidden_states=True
        ).hidden_states
        attention = body.encoder.layer[layer].attention.self
        size = config.hidden_size // config.num_attention_heads
        mine = slice(number * size, (number + 1) * size)
        projections = (attention.query, attention.key, attention.value)
        queries, keys, values = (it(states[layer])[0, :, mine].float() for it in projections)
        weights = (queries @ keys.T / math.sqrt(size)).softmax(-1)
        found = (queries, keys, values, weights, weights @ values)
        return Head(
            tuple(loaded.tokenizer.convert_ids_to_tokens(ids)),
            *(tuple(map(tuple, it.tolist())) for it in found),
            config.num_hidden_layers,
            config.num_attention_heads,
            cut,
        )


def scores(seen: Head, token: int) -> list[Score]:
    """What the token at place `token` finds in every token, number by number."""
    query = seen.queries[token]
    products = [sum(q * k for q, k in zip(query, key, strict=True)) for key in seen.keys]
    scaled = [product / math.sqrt(seen.size) for product in products]
    total = sum(math.exp(value) for value in scaled)
    return [
        Score(product, value, math.exp(value) / total)
        for product, value in zip(products, scaled, strict=True)
    ]


def _encode(loaded: Loaded, text: str) -> tuple[list[int], bool]:
    """The ids with what BERT puts around them, the last words left out where it is too long."""
    with loaded.lock:
        written = loaded.tokenizer(text, add_special_tokens=False, split_special_tokens=True)
    ids, room = written["input_ids"], MOST_TOKENS - 2
    begin, end = loaded.tokenizer.cls_token_id, loaded.tokenizer.sep_token_id
    return [begin, *ids[:room], end], len(ids) > room


def _check(name: str, number: object, count: int) -> None:
    if not isinstance(number, int) or not 0 <= number < count:
        raise SettingsRefused(name=name, value=str(number)[:40], low=0, high=count - 1)
