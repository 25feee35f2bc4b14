"""A Parquet file -> a header and rows of text, read a few rows at a time.

A few kilobytes can stand for gigabytes here: by compression, and by a dictionary whose one long
text is in every row. So the longest text of the dictionaries decides how many rows are unpacked
at once, and what all rows come to is added up before any of it is kept. Knows nothing of tasks.
"""

import io
import json
from array import array
from typing import TYPE_CHECKING, Any

from finetune.errors import TableRefused
from finetune.problems import Problem, problem
from finetune.workbook import as_text
from inference.limits import Limits

if TYPE_CHECKING:
    from pyarrow.parquet import FileMetaData, ParquetFile

MAGIC = b"PAR1"
_ROWS = 1_000  # unpacked at once, at most
_BYTES = 32_000_000  # that dictionaries may make of them
_UTF8 = 4  # bytes of a character, at most
_SHORT = 12  # characters; one copy of a short text that repeats is shared

Rows = list[tuple[str, ...]]


def read_parquet(raw: bytes, limits: Limits) -> tuple[tuple[str, ...], Rows, array, list[Problem]]:
    """(header, rows, row numbers, warnings). Null is empty; lists and structs become JSON.

    Raises:
        TableRefused: broken or encrypted, or a limit passed.
    """
    import pyarrow
    from pyarrow import parquet

    rows: Rows = []
    shared: dict[str, str] = {}
    try:
        file = parquet.ParquetFile(io.BytesIO(raw), pre_buffer=False)
        _check(file.metadata, limits)
        at_once = _rows_at_once(raw, file.metadata, limits)
        _check_texts(file, at_once, limits)
        schema = file.schema_arrow
        for batch in file.iter_batches(batch_size=at_once, use_threads=False):
            named = zip(batch.columns, schema.names, strict=True)
            columns = [_texts(column, name, len(rows), limits, shared) for column, name in named]
            rows += zip(*columns, strict=True)
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise TableRefused([problem("parquet_broken")]) from error
    if not rows:
        raise TableRefused([problem("empty_file")])
    warnings = [problem("binary_values", column=it.name) for it in schema if _is_binary(it.type)]
    return tuple(schema.names), rows, array("L", range(1, len(rows) + 1)), warnings


def _check(metadata: "FileMetaData", limits: Limits) -> None:
    """What the file says about itself, before anything of it is unpacked."""
    unpacked = sum(metadata.row_group(at).total_byte_size for at in range(metadata.num_row_groups))
    rows, columns = metadata.num_rows, metadata.num_columns
    if unpacked > limits.unpacked_bytes:
        found = problem("too_many_unpacked", limit=limits.unpacked_bytes)
    elif columns > limits.table_columns:
        limit = limits.table_columns
        found = problem("too_many_columns", row=1, columns=columns, limit=limit)
    elif rows > limits.table_rows:
        found = problem("too_many_rows", limit=limits.table_rows)
    elif rows * columns > limits.table_cells:
        found = problem("too_many_cells", row=1, limit=limits.table_cells)
    else:
        return
    raise TableRefused([found])


def _rows_at_once(raw: bytes, metadata: "FileMetaData", limits: Limits) -> int:
    """How many rows may be unpacked together, by the longest text in the dictionaries.

    The first row of a row group brings the whole dictionary of each of its columns.
    """
    from pyarrow import parquet

    columns = [metadata.schema.column(at) for at in range(metadata.num_columns)]
    texts = [column.path for column in columns if column.physical_type == "BYTE_ARRAY"]
    file = parquet.ParquetFile(io.BytesIO(raw), read_dictionary=texts, pre_buffer=False)
    longest = 1
    for group in range(metadata.num_row_groups):
        batches = file.iter_batches(1, row_groups=[group], use_threads=False)
        if batch := next(batches, None):
            longest = max([longest, *map(_longest, batch.columns)])
    if longest > limits.cell_characters * _UTF8:
        raise TableRefused([problem("giant_cell", limit=limits.cell_characters, line=1)])
    return max(1, min(_ROWS, _BYTES // (longest * max(1, len(texts)))))


def _longest(column: Any) -> int:
    """Bytes of the longest text in the dictionaries of a column, at whatever depth."""
    import pyarrow
    from pyarrow import compute

    if isinstance(column, pyarrow.DictionaryArray):
        lengths = compute.binary_length(column.dictionary.cast("binary"))
        return compute.max(lengths).as_py() or 1
    if isinstance(column, pyarrow.StructArray):
        return max(map(_longest, column.flatten()), default=1)
    if isinstance(column, pyarrow.MapArray):
        return max(_longest(column.keys), _longest(column.items))
    if pyarrow.types.is_nested(column.type):
        return _longest(column.values)
    return 1


def _text_bytes(column: Any) -> int:
    """Bytes of a column once its dictionaries are written out, at whatever depth."""
    import pyarrow
    from pyarrow import compute

    if isinstance(column, pyarrow.DictionaryArray):
        lengths = compute.binary_length(column.dictionary.cast("binary"))
        return compute.sum(compute.cast(lengths.take(column.indices), "int64")).as_py() or 0
    if isinstance(column, pyarrow.StructArray):
        return sum(map(_text_bytes, column.flatten()))
    if isinstance(column, pyarrow.MapArray):
        return _text_bytes(column.keys) + _text_bytes(column.items)
    if pyarrow.types.is_nested(column.type):
        return _text_bytes(column.flatten())
    return column.nbytes


def _check_texts(file: "ParquetFile", at_once: int, limits: Limits) -> None:
    """Adds up what all rows unpack to, keeping none of them."""
    room = limits.unpacked_bytes
    for batch in file.iter_batches(batch_size=at_once, use_threads=False):
        room -= sum(map(_text_bytes, batch.columns))
        if room < 0:
            raise TableRefused([problem("too_many_unpacked", limit=limits.unpacked_bytes)])


def _texts(
    column: Any, name: str, before: int, limits: Limits, shared: dict[str, str]
) -> list[str]:
    """One column of a batch, as text."""
    if _is_binary(column.type):
        return [""] * len(column)
    texts = [_text(value) for value in column.to_pylist()]
    for row, text in enumerate(texts, start=before + 1):
        if len(text) > limits.cell_characters:
            limit = limits.cell_characters
            found = problem("giant_cell", row=row, column=name, limit=limit, line=row)
            raise TableRefused([found])
    return [shared.setdefault(text, text) if len(text) <= _SHORT else text for text in texts]


def _is_binary(kind: Any) -> bool:
    from pyarrow import types

    return types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=as_text)
    if isinstance(value, float) and value != value:
        return ""
    return as_text(value)
