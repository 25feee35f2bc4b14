"""How much memory any model would take, part by part: of a size that is typed in, or of one in the
catalogue. Knows nothing about this machine.

Sources: weights, gradients and AdamW of a whole model, Rajbhandari et al. 2020 (arXiv:1910.02054),
section 3.1; its activations, Korthikanti et al. 2022 (arXiv:2205.05198), section 4.1, less the
scores of attention, which fused kernels do not keep. LoRA and replies as in `memory`.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from inference import memory
from inference.catalog import Architecture
from inference.memory import Precision

Purpose = Literal["run", "full", "lora", "qlora"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
PARTS = ("weights", "gradients", "optimizer", "activations", "cache")
# Bytes of the cards people ask about, as their data sheets name them: 10⁹ each GB.
CARDS: dict[str, int] = {
    "T4": 16 * 10**9,
    "L4": 24 * 10**9,
    "A100 40": 40 * 10**9,
    "A100 80": 80 * 10**9,
    "H100": 80 * 10**9,
    "RTX PRO 6000": 96 * 10**9,
}
LEAST, MOST = 10_000_000, 2_000_000_000_000  # parameters
LONGEST, MOST_ROWS = 1_048_576, 1_024  # tokens, rows of a batch
HEAD = 128


@dataclass(frozen=True)
class Parts:
    """Bytes by what they are for."""

    weights: int
    gradients: int = 0
    optimizer: int = 0
    activations: int = 0
    cache: int = 0

    @property
    def total(self) -> int:
        return sum(getattr(self, name) for name in PARTS)


def typical(parameters: int) -> Architecture:
    """A model of that many weights as they are built today.

    A layer has 12 h² of them (Kaplan et al. 2020, arXiv:2001.08361, table 1), and one is as wide as
    128 layers are many: h³ = 128 P / 12. Heads are of 128 numbers; 8 of them keep keys and values.
    """
    hidden = max(HEAD, round((128 * parameters / 12) ** (1 / 3) / HEAD) * HEAD)
    small = parameters < 1_000_000_000
    return Architecture(
        parameters=parameters,
        layers=max(1, round(parameters / (12 * hidden**2))),
        hidden_size=hidden,
        intermediate_size=8 * hidden // 3,
        attention_heads=hidden // HEAD,
        kv_heads=min(8, hidden // HEAD),
        head_size=HEAD,
        vocabulary=32_000 if small else 128_000,
        context=LONGEST,
        tied=parameters < 4_000_000_000,
        cached_layers=max(1, round(parameters / (12 * hidden**2))),
        gated=True,
    )


def parts(
    architecture: Architecture,
    purpose: Purpose,
    precision: Precision,
    context: int,
    batch: int,
    checkpointing: bool = False,
) -> Parts:
    """The memory of `batch` texts of `context` tokens, all read, or all trained on, at once.

    Args:
        precision: of the weights; QLoRA keeps them in 4 bits whatever it says, and a whole model
            that is trained needs 16 bits at least.
        checkpointing: of activations; in training.
    """
    if purpose == "run":
        return _to_run(architecture, precision, context, batch)
    if purpose == "full":
        return _to_train_all(architecture, precision, context, batch, checkpointing)
    kept: Precision = "int4" if purpose == "qlora" else precision
    found = memory.to_train(
        architecture, kept, "bfloat16", rows=batch, length=context, checkpointing=checkpointing
    )
    adapter = memory.adapter_weights(architecture)
    return Parts(  # the adapter is trained in float32 with AdamW's two moments
        weights=found.weights + 4 * adapter,
        gradients=4 * adapter,
        optimizer=8 * adapter,
        activations=found.activations,
    )


def _to_run(architecture: Architecture, precision: Precision, context: int, batch: int) -> Parts:
    found = memory.to_run(architecture, precision, tokens=context)
    return Parts(
        weights=found.weights, activations=batch * found.activations, cache=batch * found.cache
    )


def _to_train_all(
    architecture: Architecture, precision: Precision, context: int, batch: int, checkpointing: bool
) -> Parts:
    """In float32: 4 bytes a weight, 4 its gradient, 8 AdamW's moments. In 16 bits: 2, 2, and 12, a
    copy in float32 among them. 34 bytes of activations a token, layer and channel in 16 bits."""
    whole = precision == "float32"
    width = 4 if whole else 2
    count, length = architecture.parameters, min(context, architecture.context)
    layers = architecture.layers
    kept = 34 * width // 2 * architecture.hidden_size
    rows = width * layers * architecture.hidden_size + kept if checkpointing else layers * kept
    scores = 4 * 4 * architecture.vocabulary if architecture.cached_layers else 0
    return Parts(
        weights=width * count,
        gradients=width * count,
        optimizer=(8 if whole else 12) * count,
        activations=batch * length * (rows + scores),
    )


def cards_needed(total: int, card: int) -> int:
    """How many cards of `card` bytes hold `total` bytes, shared out evenly."""
    return max(1, -(-total // card))
