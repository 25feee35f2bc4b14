"""The encoded examples of a run as Arrow files in its folder, memory-mapped, made once.

    encoded/train.arrow   encoded/held_out.arrow

Knows the format; what is in an example is known by `encode`.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from finetune.encode import encoded
from finetune.runs import Run
from inference.catalog import Task

if TYPE_CHECKING:
    from datasets import Dataset

ROWS_A_BATCH = 1_000


def encoded_part(
    run: Run,
    part: Literal["train", "held_out"],
    tokenizer: Any,
    task: Task,
    max_length: int,
    labels: Sequence[str],
) -> "Dataset":
    """One part of the run's rows, encoded now or by an earlier start of the same run."""
    from datasets import Dataset

    path = run.folder / "encoded" / f"{part}.arrow"
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        aside = path.with_suffix(".tmp")
        _write(aside, encoded(run.rows(part), task, tokenizer, max_length, labels), task)
        aside.replace(path)
    return Dataset.from_file(str(path))


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
