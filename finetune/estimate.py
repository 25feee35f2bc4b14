"""What a run will take, before it starts: steps exactly, memory and time by formula.

Memory is the sum of its parts (`inference.memory`), time the sum of what every step multiplies,
at the speed this machine multiplies at. Torch is loaded only to measure that speed.
"""

import math
from dataclasses import dataclass, replace

from finetune.recipe import Recipe
from inference import fit, hardware, memory
from inference.catalog import Architecture
from inference.memory import Memory, Precision

# A step multiplies at about this share of the speed of plain products. All that it keeps is also
# written and read, several times, by operations that only pass over it: bytes of it a second, as
# measured on two cores (4 M and 1 M parameters, two runs at a time); those of GPUs are guesses.
# Beside that each layer takes a moment of Python's.
EFFICIENCY = 0.9
PASSED_OVER = {"cpu": 0.7e9, "mps": 20e9, "cuda": 300e9}
SECONDS_A_LAYER = 0.002
# Of the training itself: what comparing base and tuned model takes.
COMPARING = 0.15
MEASURED_AT_ONCE = 16  # rows, where base and tuned model are compared
# ZeroGPU: the longest call, the share of it that trains (the rest loads and saves), what a call for
# a whole GPU counts, and the seconds a visitor has a day.
SLICE_SECONDS, SLICE_USED, LARGE_FACTOR = 60, 0.7, 1.5
ZERO_GPU_DAY = {"anonymous": 120, "free": 300, "pro": 2_400}
CHAT_TOKENS = 12  # of the template around a question and an answer
FORMATS: dict[str, Precision] = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}
QUANTISED: dict[str, Precision] = {"8bit": "int8", "4bit": "int4"}
MOST_RECORDS = 2_000  # step events and checkpoints of a run: a curve needs no more


@dataclass(frozen=True)
class Estimate:
    """A run in numbers; those of memory and time are None where the base's architecture is not
    known. `passes` over the rows, copies not counted; `measuring_bytes` is what comparing base and
    tuned model takes; `gpu_seconds` is what ZeroGPU counts, None elsewhere."""

    steps: int
    rows_per_step: int
    passes: float = 0.0
    memory_bytes: int | None = None
    measuring_bytes: int | None = None
    seconds: float | None = None
    gpu_seconds: int | None = None


def trained_rows(recipe: Recipe, train_rows: int) -> int:
    """Rows of a pass: those of the file and their reworded copies."""
    return train_rows * (1 + recipe.augmented_copies)


def total_steps(recipe: Recipe, rows: int, processes: int = 1) -> int:
    """Optimizer steps of a whole run, as transformers' Trainer counts them.

    Args:
        rows: of a pass, copies included.
        processes: that train together, each with a batch of its own.
    """
    if recipe.max_steps > 0:
        return recipe.max_steps
    batches = math.ceil(rows / (recipe.per_device_train_batch_size * processes))
    each = max(1, math.ceil(batches / recipe.gradient_accumulation_steps))
    return max(1, math.ceil(recipe.num_train_epochs * each))


def spacing(chosen: int, steps: int) -> int:
    """Steps between two records: what was chosen, or more where that makes too many of them."""
    return max(chosen, math.ceil(steps / MOST_RECORDS))


def memory_needed(
    recipe: Recipe, architecture: Architecture, row_tokens: float | None = None
) -> Memory:
    """To train on the largest batch the recipe allows; shorter rows need less.

    Args:
        row_tokens: of the rows, where they are not as long as allowed.
    """
    cuda = hardware.trains_on() == "cuda"
    full = FORMATS.get(recipe.precision, fit.training_format()) if cuda else "float32"
    return memory.to_train(
        architecture,
        QUANTISED.get(recipe.quantization, full),
        full,
        rows=recipe.per_device_train_batch_size,
        length=min(recipe.max_length, math.ceil(row_tokens or recipe.max_length)),
        rank=recipe.r,
        checkpointing=recipe.activation_checkpointing,
    )


def seconds_needed(
    recipe: Recipe, architecture: Architecture, steps: int, row_tokens: float
) -> float:
    """Seconds to train and to compare, roughly.

    Each weight that a token meets is multiplied once forward and once on the way back to the
    adapters, twice forward with activation checkpointing; a weight is 2 operations.

    Args:
        row_tokens: of a row on average.
    """
    from inference.speed import flops_per_second

    table = architecture.vocabulary * architecture.hidden_size
    writes = bool(architecture.cached_layers)
    looked_up = table if not writes or not architecture.tied else 0  # not multiplied
    met = architecture.parameters - looked_up
    if architecture.crossed_layers:  # a text meets the encoder, its summary the decoder
        met //= 2
    rows = recipe.per_device_train_batch_size * recipe.gradient_accumulation_steps
    tokens = rows * min(row_tokens, recipe.max_length, architecture.context)
    passes = 3 if recipe.activation_checkpointing else 2
    threads = 1 if architecture.parameters < hardware.ONE_THREAD else int(hardware.cores())
    speed = EFFICIENCY * flops_per_second(max(1, threads))
    products = 2 * passes * met * tokens / speed
    kept = memory_needed(recipe, architecture, row_tokens).activations
    batch = kept / PASSED_OVER[hardware.trains_on()] + SECONDS_A_LAYER * architecture.layers
    return (1 + COMPARING) * steps * (products + recipe.gradient_accumulation_steps * batch)


def estimate(
    recipe: Recipe,
    train_rows: int,
    architecture: Architecture | None = None,
    row_tokens: float | None = None,
) -> Estimate:
    """The plan in numbers.

    Args:
        architecture: the base's; memory and time are told where it is known.
        row_tokens: tokens of a row on average; the time is told where they are known.
    """
    read = trained_rows(recipe, train_rows)
    steps = total_steps(recipe, read)
    rows = recipe.per_device_train_batch_size * recipe.gradient_accumulation_steps
    found = Estimate(steps, rows, passes=min(steps * rows / max(1, read), steps))
    if architecture is None:
        return found
    found = replace(
        found,
        memory_bytes=memory_needed(recipe, architecture).total,
        measuring_bytes=measuring_bytes(recipe, architecture),
    )
    if row_tokens is None:
        return found
    if recipe.task == "chat":
        row_tokens += CHAT_TOKENS
    seconds = seconds_needed(recipe, architecture, steps, row_tokens)
    return replace(
        found, seconds=seconds, gpu_seconds=gpu_seconds(seconds) if hardware.zero_gpu() else None
    )


def measuring_bytes(recipe: Recipe, architecture: Architecture) -> int:
    """Of the weights and of `MEASURED_AT_ONCE` rows that are read, and answered where the task
    has answers."""
    cuda = hardware.trains_on() == "cuda"
    full = FORMATS.get(recipe.precision, fit.training_format()) if cuda else "float32"
    precision = QUANTISED.get(recipe.quantization, full)
    needed = memory.to_run(
        architecture, precision, full, tokens=recipe.max_length, beams=MEASURED_AT_ONCE
    )
    return needed.total


def gpu_seconds(seconds: float) -> int:
    """What a ZeroGPU Space takes from a visitor's day for a run of `seconds` on its GPU.

    A call is charged what it asked for, and asks for a whole slice. Source: the `spaces` package
    and https://huggingface.co/docs/hub/spaces-zerogpu.
    """
    slices = max(1, math.ceil(seconds / (SLICE_SECONDS * SLICE_USED)))
    return math.ceil(slices * SLICE_SECONDS * LARGE_FACTOR)
