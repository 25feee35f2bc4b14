"""How much memory a model takes, part by part, from the numbers of its configuration. No torch.

Every figure is a sum over the architecture: no table by model. What this machine has to offer is
`fit`'s subject. `python -m tests.measure_memory` holds the sums against a real model.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from inference.catalog import Architecture

Precision = Literal["float32", "bfloat16", "float16", "int8", "int4"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
QUANTISED: tuple[Precision, ...] = ("int8", "int4")
Use = Literal["run", "lora", "qlora"]

# Bytes of one weight. 4 bits: NF4 in blocks of 64, whose scales are quantised too (Dettmers et al.
# 2023, arXiv:2305.14314, section 3): 0.127 bits more.
BYTES: dict[Precision, float] = {
    "float32": 4.0,
    "bfloat16": 2.0,
    "float16": 2.0,
    "int8": 1.0,
    "int4": 0.516,
}
CHAT_TOKENS = 2_048
TRAINED_TOKENS = 512
RANK = 16  # of the adapter, where a plan names none
# float32 each: the weight, its gradient, and AdamW's two moments.
BYTES_A_TRAINED_WEIGHT = 16


@dataclass(frozen=True)
class Memory:
    """Bytes by what they are for. `activations` live for one step or one reply's first token."""

    weights: int
    cache: int = 0  # keys and values
    activations: int = 0
    training: int = 0  # adapter, gradients, optimizer

    @property
    def total(self) -> int:
        return self.weights + self.cache + self.activations + self.training


def weights(architecture: Architecture, precision: Precision, full: Precision = "bfloat16") -> int:
    """Bytes of the weights in memory.

    Args:
        full: the format of what a quantised model keeps as it is: the embeddings and, in half
            precision, an output layer of its own. Beside float32 (on a CPU) the output layer is
            quantised too, in a copy where it shares its weights with the embeddings.
    """
    if precision not in QUANTISED:
        return int(architecture.parameters * BYTES[precision])
    table = architecture.vocabulary * architecture.hidden_size
    tables = table if architecture.tied else 2 * table
    layers = (architecture.parameters - tables) * BYTES[precision]
    if full == "float32":
        head = table if architecture.cached_layers else 0
        return int(layers + table * BYTES[full] + head * BYTES[precision])
    return int(layers + tables * BYTES[full])


def cache(architecture: Architecture, tokens: int, precision: Precision = "bfloat16") -> int:
    """Bytes of the keys and values of `tokens` tokens, which a reply keeps for the next one."""
    each = 2 * architecture.cached_layers * architecture.kv_heads * architecture.head_size
    return int(each * tokens * BYTES[_computed_in(precision)])


def to_run(
    architecture: Architecture,
    precision: Precision,
    full: Precision = "bfloat16",
    tokens: int = CHAT_TOKENS,
    beams: int = 1,
) -> Memory:
    """Weights, the cache of `tokens` tokens, and what reading them all at once takes.

    Reading keeps, of one layer at a time, the input, the normalised input, queries, keys, values
    and three rows of the feed-forward network, and the float32 scores of one next token.

    Args:
        beams: texts written side by side, each with a cache of its own.
    """
    tokens = min(tokens, architecture.context)
    rows = 6 * architecture.hidden_size + 2 * _queries(architecture)
    rows += 3 * architecture.intermediate_size
    width = BYTES[_computed_in(precision, full)]
    return Memory(
        weights=weights(architecture, precision, full),
        cache=beams * cache(architecture, tokens, _computed_in(precision, full)),
        activations=int(tokens * rows * width) + 4 * architecture.vocabulary,
    )


def adapter_weights(architecture: Architecture, rank: int = RANK) -> int:
    """Trained numbers of a LoRA on every linear layer but the output (Hu et al. 2021)."""
    hidden, inner = architecture.hidden_size, architecture.intermediate_size
    queries, keys = _queries(architecture), architecture.kv_heads * architecture.head_size
    attention = 2 * (hidden + queries) + 2 * (hidden + keys)  # q and o, k and v
    feed_forward = (3 if architecture.gated else 2) * (hidden + inner)
    layers = architecture.layers * (attention + feed_forward)
    layers += architecture.crossed_layers * attention
    return rank * layers


def to_train(
    architecture: Architecture,
    precision: Precision,
    full: Precision = "bfloat16",
    rows: int = 1,
    length: int = TRAINED_TOKENS,
    rank: int = RANK,
    checkpointing: bool = False,
) -> Memory:
    """Weights, a LoRA with its optimizer, and what one step keeps for the backward pass.

    Beside what `_kept_a_token` counts, a model that writes keeps the scores of every token in
    float32: as they are, as probabilities, and the gradients of both. (The training computes them
    for trained tokens alone, which may be all there are.) With activation checkpointing a layer
    keeps only its input, and one layer at a time is computed again.

    Args:
        rows: of a batch. length: tokens of its longest row, to which all are padded.
    """
    length = min(length, architecture.context)
    width = BYTES[_computed_in(precision, full)]
    kept = _kept_a_token(architecture, length, rank)
    if checkpointing:
        layers = architecture.layers * architecture.hidden_size + kept
    else:
        layers = architecture.layers * kept
        layers += architecture.crossed_layers * 14 * architecture.hidden_size
    scores = 4 * 4 * architecture.vocabulary if architecture.cached_layers else 0
    return Memory(
        weights=weights(architecture, precision, full),
        activations=int(rows * length * (layers * width + scores)),
        training=adapter_weights(architecture, rank) * BYTES_A_TRAINED_WEIGHT,
    )


def _kept_a_token(architecture: Architecture, length: int, rank: int) -> int:
    """Numbers that autograd saves of a token in a layer, counted on its saved tensors.

    Every linear layer has an adapter with dropout, which keeps its input, the mask and `rank`
    numbers. Where attention itself is dropped out, its weights are kept thrice: they grow with
    the length of the row.
    """
    hidden, inner = architecture.hidden_size, architecture.intermediate_size
    keys = architecture.kv_heads * architecture.head_size
    kept = 5 * _queries(architecture) + 3 * keys
    kept += 12 * hidden + 5 * inner if architecture.gated else 10 * hidden + 3 * inner
    if architecture.attention_dropout:
        kept += 3 * architecture.attention_heads * length
    return kept + rank * (7 if architecture.gated else 6)


def _queries(architecture: Architecture) -> int:
    return architecture.attention_heads * architecture.head_size


def _computed_in(precision: Precision, full: Precision = "bfloat16") -> Precision:
    return full if precision in QUANTISED else precision
