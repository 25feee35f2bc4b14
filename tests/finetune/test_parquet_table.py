import contextlib
import datetime
import decimal
import io
import random

import pyarrow
import pytest
from pyarrow import parquet

from finetune.errors import TableRefused
from finetune.parquet_table import read_parquet
from finetune.tables import read_table
from inference.limits import Limits

DAY, MOMENT = datetime.date(2020, 1, 2), datetime.datetime(2020, 1, 2, 3, 4, 5)


def written(columns, **options):
    file = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), file, **options)
    return file.getvalue()


def code(raw, **limits):
    with pytest.raises(TableRefused) as caught:
        read_parquet(raw, Limits(**limits))
    return caught.value.problems[0].code


def test_values_are_what_a_person_sees():
    turns = [{"role": "user", "content": "你好"}]
    columns = {
        "text": ["NA", None, "007"],
        "whole": [7, None, -1],
        "part": [7.0, 0.5, float("nan")],
        "day": [DAY, None, DAY],
        "moment": [MOMENT] * 3,
        "yes": [True, False, None],
        "price": [decimal.Decimal("1.50")] * 3,
        "turns": [turns] * 3,
        "kind": pyarrow.array(["a", "b", "a"]).dictionary_encode(),
    }
    header, rows, numbers, problems = read_parquet(written(columns), Limits())
    assert (header, list(numbers), problems) == (tuple(columns), [1, 2, 3], [])
    said = '[{"role": "user", "content": "你好"}]'
    moment = "2020-01-02 03:04:05"
    assert rows == [
        ("NA", "7", "7", "2020-01-02", moment, "true", "1.50", said, "a"),
        ("", "", "0.5", "", moment, "false", "1.50", said, "b"),
        ("007", "-1", "", "2020-01-02", moment, "", "1.50", said, "a"),
    ]


def test_a_file_is_a_table_with_its_own_header(tmp_path):
    path = tmp_path / "table.parquet"
    path.write_bytes(written({"text": ["a", "b"], "label": [1, 0], "raw": [b"x", b"y"]}))
    table = read_table(path, Limits(), has_header=False)
    assert (table.header, table.rows) == (
        ("text", "label", "raw"),
        [("a", "1", ""), ("b", "0", "")],
    )
    assert [(found.code, found.column) for found in table.problems] == [("binary_values", "raw")]


def test_many_rows_in_several_groups():
    count = 5_000
    raw = written({"n": list(range(count)), "t": ["long " * 40] * count}, row_group_size=999)
    rows = read_parquet(raw, Limits())[1]
    assert (len(rows), rows[0][0], rows[-1][0]) == (count, "0", str(count - 1))


def test_limits():
    raw = written({"a": ["x" * 50] * 20, "b": [1] * 20})
    assert code(raw, table_columns=1) == "too_many_columns"
    assert code(raw, table_rows=19) == "too_many_rows"
    assert code(raw, table_cells=39) == "too_many_cells"
    assert code(raw, cell_characters=49) == "giant_cell"
    assert code(raw, unpacked_bytes=50) == "too_many_unpacked"
    assert code(written({"a": ["é" * 30]}), cell_characters=29) == "giant_cell"


def one_text_in(rows, text="x" * 10_000):
    index = pyarrow.array([0] * rows, pyarrow.int32())
    return pyarrow.DictionaryArray.from_arrays(index, pyarrow.array([text]))


def nested(column):
    turn = pyarrow.StructArray.from_arrays([column], ["content"])
    return pyarrow.ListArray.from_arrays(pyarrow.array(range(len(column) + 1)), turn)


@pytest.mark.parametrize("shape", [lambda column: column, nested])
def test_one_long_text_in_every_row_is_counted_before_it_is_unpacked(shape):
    raw = written({"a": shape(one_text_in(100_000)), "b": [1] * 100_000})
    assert len(raw) < 10_000
    pool = pyarrow.default_memory_pool()
    before = pool.bytes_allocated()
    assert code(raw) == "too_many_unpacked"
    assert pool.bytes_allocated() - before < 50_000_000


def test_what_is_no_parquet_file():
    raw = written({"a": ["x"] * 9, "b": [1] * 9})
    assert code(raw[:-20]) == "parquet_broken"
    assert code(raw[:4] + b"\xff" * 40 + raw[44:]) == "parquet_broken"
    assert code(written({"a": pyarrow.array([], pyarrow.string())})) == "empty_file"


def test_any_damage_is_refused_and_raises_nothing_else():
    chance, raw = random.Random(0), written({"a": ["x", "yy"] * 50, "b": list(range(100))})
    for _ in range(300):
        damaged = bytearray(raw)
        for _ in range(chance.randrange(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        with contextlib.suppress(TableRefused):
            assert read_parquet(bytes(damaged), Limits(unpacked_bytes=1_000_000))[1]
