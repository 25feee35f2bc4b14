"""What LoRA adds to a model: W + BA, layer by layer, in numbers. No torch.

Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models", arXiv:2106.09685: W stays as
it is; of a matrix of shape [rows, columns], B is [rows, rank] and A is [rank, columns].
"""

from dataclasses import dataclass
from typing import Literal, get_args

from inference import memory
from inference.catalog import Architecture, Task
from inference.errors import SettingChoiceRefused, SettingsRefused
from inference.limits import Limits

Layers = Literal["all", "attention", "query_value"]
LAYERS: tuple[Layers, ...] = get_args(Layers)
MOST_RANK = Limits.lora_rank
# What each kind of model calls them: query, key, value, output of an attention; then the
# feed-forward network.
_NAMES: dict[Task, tuple[str, ...]] = {
    "chat": ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"),
    "summarization": ("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"),
    "classification": (
        *("query", "key", "value", "attention.output.dense"),
        *("intermediate.dense", "output.dense"),
    ),
}
_POOLER = "pooler.dense"


@dataclass(frozen=True)
class Matrix:
    """A weight of shape [rows, columns] that the model has `count` of."""

    name: str
    rows: int
    columns: int
    count: int

    @property
    def numbers(self) -> int:
        return self.rows * self.columns * self.count

    def added(self, rank: int) -> int:
        """The numbers of A and B."""
        return rank * (self.rows + self.columns) * self.count


@dataclass(frozen=True)
class Counted:
    """`adapter` numbers are those of all A and B; `head` those of a new classifier, which is
    trained whole; `frozen` are the model's own."""

    matrices: tuple[Matrix, ...]
    rank: int
    adapter: int
    head: int
    frozen: int

    @property
    def trained(self) -> int:
        return self.adapter + self.head

    @property
    def share(self) -> float:
        """Of all numbers, as peft tells it."""
        return self.trained / (self.trained + self.frozen)

    @property
    def file_bytes(self) -> int:
        """Of the adapter as it is saved, in float32."""
        return self.trained * int(memory.BYTES["float32"])

    @property
    def training_bytes(self) -> int:
        """The trained numbers, their gradients and AdamW's two moments."""
        return self.trained * memory.BYTES_A_TRAINED_WEIGHT

    @property
    def full_training_bytes(self) -> int:
        """The same where every number of the model is trained."""
        return self.frozen * memory.BYTES_A_TRAINED_WEIGHT


def count(
    architecture: Architecture, task: Task, rank: int, layers: Layers = "all", labels: int = 2
) -> Counted:
    """Of a LoRA on `layers`, and for a classifier the new head for `labels` classes.

    Raises:
        SettingsRefused, SettingChoiceRefused
    """
    if not isinstance(rank, int) or not 1 <= rank <= MOST_RANK:
        raise SettingsRefused(name="r", value=str(rank)[:40], low=1, high=MOST_RANK)
    if layers not in LAYERS:
        raise SettingChoiceRefused(
            name="target_modules", value=str(layers)[:40], choices=", ".join(LAYERS)
        )
    found = tuple(it for it in matrices(architecture, task) if _is_of(it.name, task, layers))
    head = labels * (architecture.hidden_size + 1) if task == "classification" else 0
    adapter = sum(it.added(rank) for it in found)
    return Counted(found, rank, adapter, head, architecture.parameters)


def matrices(architecture: Architecture, task: Task) -> tuple[Matrix, ...]:
    """Every linear layer of the model but its output, as peft's "all-linear" takes them."""
    hidden, inner = architecture.hidden_size, architecture.intermediate_size
    queries = architecture.attention_heads * architecture.head_size
    keys = architecture.kv_heads * architecture.head_size
    layers = architecture.layers
    shapes = [(queries, hidden), (keys, hidden), (keys, hidden), (hidden, queries)]
    attentions = [(*shape, layers + architecture.crossed_layers) for shape in shapes]
    up = [(inner, hidden, layers)] * (2 if architecture.gated else 1)
    every = [*attentions, *up, (hidden, inner, layers)]
    found = [Matrix(name, *it) for name, it in zip(_NAMES[task], every, strict=True)]
    if task == "classification":
        found.append(Matrix(_POOLER, hidden, hidden, 1))
    return tuple(found)


def modules(task: Task, layers: Layers) -> tuple[str, ...]:
    """The names of those layers, as peft's `target_modules` takes them; of "all" it is one word."""
    if layers == "all":
        return ("all-linear",)
    names = _NAMES[task]
    return names[:4] if layers == "attention" else (names[0], names[2])


def _is_of(name: str, task: Task, layers: Layers) -> bool:
    return layers == "all" or name in modules(task, layers)
