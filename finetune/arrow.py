"""The encoded examples of a run as Arrow files in its folder, memory-mapped, made once.

    encoded/train.arrow   encoded/held_out.arrow

Knows the format; what is in an example is known by `encode`.
"""

import shutil
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from finetune.augment import with_copies
from finetune.encode import encoded
from finetune.run import Run
from inference.catalog import Task

if TYPE_CHECKING:
    from datasets import Dataset

ROWS_A_BATCH = 1_000


def encoded_part(
    run: Run,
    part: Literal["train", "held_out"],
    tokenizer: Any,
    max_length: int,
    labels: Sequence[str],
) -> "Dataset":
    """One part of the run's rows, encoded now or by an earlier start of the same run.

    The training rows come with the reworded copies the recipe asks for; the held-out never do.
    """
    from datasets import Dataset

    recipe = run.recipe
    task = recipe.task

    path = run.folder / "encoded" / f"{part}.arrow"
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        aside = path.with_suffix(".tmp")
        rows = run.rows(part)
        if part == "train" and recipe.augmented_copies:
            copies, share = recipe.augmented_copies, recipe.augmented_share
            rows = list(with_copies(rows, task, copies, share, recipe.seed))
        _write(aside, encoded(rows, task, tokenizer, max_length, labels), task)
        aside.replace(path)
    return Dataset.from_file(str(path))


def forget_encoded(run: Run) -> None:
    """The next `encoded_part` encodes anew: the rows are to be shorter."""
    shutil.rmtree(run.folder / "encoded", ignore_errors=True)


def _write(path: Path, examples: Iterator[dict[str, Any]], task: Task) -> None:
    """An Arrow stream, a thousand rows at a time: memory does not grow with the file."""
    import pyarrow

    target = pyarrow.int64() if task == "classification" else pyarrow.list_(pyarrow.int32())
    schema = pyarrow.schema(
        {
            "input_ids": pyarrow.list_(pyarrow.int32()),
            "attention_mask": pyarrow.list_(pyarrow.int8()),
            "labels": target,
        }
    )
    with path.open("wb") as sink, pyarrow.ipc.new_stream(sink, schema) as writer:
        while rows := list(islice(examples, ROWS_A_BATCH)):
            writer.write_table(pyarrow.Table.from_pylist(rows, schema=schema))
