"""The values a preset chooses, from the rows, the base and the machine. Plain numbers; no torch.

The one place to tune; bounds and fixed defaults live in `recipe`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

Preset = Literal["quick", "balanced", "thorough"]
Machine = Literal["cuda", "mps", "cpu"]  # what trains, as `inference.hardware.trains_on` names it

HIGHEST_ALPHA = 4096.0
HELD_OUT_SHARE = 0.1
DROPOUT = 0.05


@dataclass(frozen=True)
class _Size:
    """Starting values for bases up to a size; groups of three are quick, balanced, thorough."""

    parameters: float  # up to this many
    learning_rate: float
    r: int
    batch: int  # rows a step; the accumulation fills it up where `at_once` is smaller
    at_once: int
    steps: tuple[int, int, int]  # never more, however many rows there are
    epochs: tuple[int, int, int]  # never more, however few rows there are
    longest: int = 1024  # tokens of a row; a cap, not padding
    dropout: float = DROPOUT


# Measured on earlier weights of the built-in models. builtin/sentiment (1 M), ten classes, 1,592
# rows, fresh head, at 2e-3: macro-F1 0.73 after 1,500 steps, 0.82 after 4,000 (three minutes on one
# core, held-out loss flat by then); it diverges at 4e-3, and at rank 64. builtin/chat (4 M), 80
# different questions: answered as trained 75 times after 40 passes at 2e-3, 80 times at 4e-3. 82
# others: as often after 50 passes without dropout as after 60 with it, in 0.73 of the time.
# builtin/summary (3 M), 105 titles, 8 passes: ROUGE-L of others 0.31 -> 0.24 at 2e-3, where it
# forgets how to copy, 0.32 -> 0.34 at 2.5e-4. Large bases already know the language: two or three
# passes at 2e-4 are the usual advice for LoRA.
_TINY = _Size(20e6, 2e-3, 16, 16, 16, steps=(300, 1_500, 4_000), epochs=(8, 40, 80))
_TINY_TASKS = {
    "chat": replace(_TINY, learning_rate=4e-3, epochs=(10, 50, 100), dropout=0.0),
    "classification": replace(_TINY, steps=(300, 4_000, 6_000)),
    "summarization": replace(_TINY, learning_rate=2.5e-4),
}
_SIZES = (
    _Size(250e6, 5e-4, 16, 16, 16, steps=(60, 1_000, 4_000), epochs=(1, 5, 10)),
    _Size(float("inf"), 2e-4, 16, 16, 4, steps=(30, 600, 3_000), epochs=(1, 3, 5)),
)
# A processor reads some ten tokens a second and core of a 0.6 B base: a night must be enough.
_LARGE_ON_CPU = {"steps": (10, 60, 300), "at_once": 1, "longest": 512}
_CLASSIFIED = 256  # tokens: what decides a class stands near the beginning
_CHECKPOINTS = 10  # about this many a run


def preset_values(
    task: str,
    rows: int,
    base_parameters: int,
    preset: Preset,
    settings: Mapping[str, Any],
    highest_rank: int,
    machine: Machine | None = None,
) -> dict[str, Any]:
    """What the preset chooses; what depends on a number the visitor set follows that number."""
    size = _size(task, base_parameters, machine)
    level = get_args(Preset).index(preset)
    trained = max(1, round(rows * (1 - HELD_OUT_SHARE)))
    batch = min(size.batch, max(2, trained // 8))  # a small file still gets several steps a pass
    copies = settings.get("augmented_copies")
    read = trained * (1 + copies) if isinstance(copies, int) and copies > 0 else trained
    per_pass = read / batch
    epochs = max(0.01, min(size.epochs[level], round(size.steps[level] / per_pass, 2)))
    steps = max(1, round(epochs * per_pass))
    own_r = min(size.r, highest_rank)
    r = settings.get("r")
    fits = isinstance(r, int | float) and 0 < r <= highest_rank and r == int(r)
    return {
        "num_train_epochs": float(epochs),
        "learning_rate": size.learning_rate,
        "per_device_train_batch_size": min(batch, size.at_once),
        "gradient_accumulation_steps": max(1, round(batch / size.at_once)),
        "save_steps": min(500, max(5, steps // _CHECKPOINTS)),
        # A class is told by its score, and training on past the best check makes scores overbold.
        # What is to be learnt by heart, as answers often are, is learnt last.
        "keep_adapter": "best" if task == "classification" else "last",
        "r": own_r,
        "lora_dropout": size.dropout,
        "lora_alpha": min(2.0 * (r if fits else own_r), HIGHEST_ALPHA),
        "max_length": _CLASSIFIED if task == "classification" else size.longest,
    }


def usual_rate(task: str, base_parameters: int, machine: Machine | None = None) -> float:
    """The learning rate that every preset takes for a base of this size."""
    return _size(task, base_parameters, machine).learning_rate


def least_steps(task: str, base_parameters: int, machine: Machine | None = None) -> int:
    """A sixth of what the quick preset allows itself at most.

    Measured on earlier weights of builtin/chat and 63 rows: after 30 steps a loss of 2.8 and
    answers without sense, after 60 one of 0.1, where 50 are asked for. Larger bases are given the
    same share.
    """
    return max(5, _size(task, base_parameters, machine).steps[0] // 6)


def _size(task: str, parameters: int, machine: Machine | None) -> _Size:
    tiny = _TINY_TASKS.get(task, _TINY)
    size = next(size for size in (tiny, *_SIZES) if parameters <= size.parameters)
    return replace(size, **_LARGE_ON_CPU) if machine == "cpu" and size is _SIZES[-1] else size
