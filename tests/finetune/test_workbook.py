import contextlib
import random
import struct
import zipfile

import pytest

from finetune.errors import TableRefused
from finetune.tables import read_table
from finetune.workbook import as_text, read_workbook
from inference.limits import Limits
from tests.finetune import xlsx
from tests.finetune.xlsx import DATE, PERCENT, sheet, workbook

ROWS = (("text", "label"), ('good, "really"\nyes', 1), ("007", 0.5), ("NA", True))


def code(raw, **limits):
    with pytest.raises(TableRefused) as caught:
        read_workbook(raw, Limits(**limits))
    return caught.value.problems[0].code


def test_cells_are_what_a_person_sees():
    day = (("n", "d", "t", "b", "p"), (7.0, (43832, DATE), (43832.5, DATE), False, (0.25, PERCENT)))
    rows, numbers, _ = read_workbook(workbook(sheet(*day)), Limits())
    assert rows[1] == ("7", "2020-01-02", "2020-01-02 12:00:00", "FALSE", "0.25")
    assert list(numbers) == [1, 2]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((7.0, "7"), (0.1 + 0.2, "0.3"), (-1.5, "-1.5"), (1e21, "1e+21"), (1e15, "1" + "0" * 15)),
        *((None, ""), ("1.0", "1.0"), (True, "TRUE")),
    ],
)
def test_numbers_as_text(value, text):
    assert as_text(value) == text


def test_a_workbook_is_a_table_like_any_other(tmp_path):
    path = tmp_path / "table.xlsx"
    path.write_bytes(workbook(sheet(("a note",), (), *ROWS, (None, None), ("last", 1))))
    table = read_table(path, Limits())
    assert (table.header, table.rows[0]) == (("text", "label"), ('good, "really"\nyes', "1"))
    assert [row[0] for row in table.rows] == ['good, "really"\nyes', "007", "NA", "last"]
    assert list(table.row_numbers) == [4, 5, 6, 8]
    assert read_table(path, Limits(), has_header=False).header == ()


def test_the_first_filled_sheet_is_read_and_others_are_told():
    book = workbook(sheet(), sheet(*ROWS), sheet(("x",)), sheet())
    rows, _, (told,) = read_workbook(book, Limits())
    assert rows[0] == ("text", "label")
    assert (told.code, told.details) == ("other_sheets", {"sheet": "S2", "count": 1})


def test_cells_without_values_do_not_count():
    styled = sheet(*ROWS).replace("</row>", '<c r="XFD1" s="1"/></row>', 1)
    assert read_workbook(workbook(styled), Limits())[0][0] == ("text", "label")


@pytest.mark.parametrize("place", ["XFD1048576", "A1048576", "XFD2"])
def test_a_cell_far_away_is_refused_before_memory_is_taken_for_it(place):
    far = sheet(*ROWS).replace("</sheetData>", f"<row>{xlsx.cell(1, place)}</row></sheetData>")
    assert code(workbook(far)) in ("too_many_columns", "too_many_rows", "too_many_cells")


def test_limits():
    book = workbook(sheet(*ROWS))
    assert code(book, table_columns=1) == "too_many_columns"
    assert code(book, table_cells=5) == "too_many_cells"
    assert code(book, cell_characters=5) == "giant_cell"
    assert code(workbook(sheet(*[("x", 1)] * 150)), table_rows=10) == "too_many_rows"


def test_a_zip_bomb_is_refused_even_if_it_lies_about_its_size():
    contents = xlsx.parts(sheet(*ROWS)) | {"xl/media/image1.png": b"\0" * 3_000_000}
    honest = xlsx.packed(contents)
    assert len(honest) < 10_000
    assert code(honest, unpacked_bytes=1_000_000) == "too_many_unpacked"
    lie = honest.replace(struct.pack("<L", 3_000_000), struct.pack("<L", 10))
    assert lie != honest
    assert code(lie, unpacked_bytes=1_000_000) == "too_many_unpacked"


def test_what_is_no_workbook():
    whole = xlsx.parts(sheet(*ROWS))
    assert code(workbook(sheet(*ROWS))[:-30]) == "workbook_broken"
    assert code(xlsx.packed({"readme.txt": "a,b"})) == "not_a_workbook"
    assert code(workbook("<worksheet><sheetData><row><c><v>1</v>")) == "workbook_broken"
    assert code(workbook(sheet())) == "empty_file"
    missing = {name: it for name, it in whole.items() if "sheet1" not in name}
    assert code(xlsx.packed(missing)) in ("workbook_broken", "empty_file")


def test_a_part_that_turns_bad_halfway_never_reaches_the_reader():
    """A lenient reader would go on after the fault, to the cell far away."""
    far = xlsx.cell(1, "XFD1048576")
    bad = sheet(*ROWS).replace("</sheetData>", f"<row a=1>{far}</row></sheetData>")
    assert code(workbook(bad)) == "workbook_broken"


def test_two_parts_of_one_name_are_refused(tmp_path):
    path = tmp_path / "twice.xlsx"
    path.write_bytes(workbook(sheet(*ROWS)))
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("xl/worksheets/sheet1.xml", sheet(("other",)))
    assert code(path.read_bytes()) == "not_a_workbook"


def test_any_damage_is_refused_and_raises_nothing_else():
    chance, raw = random.Random(0), workbook(sheet(*ROWS))
    for _ in range(300):
        damaged = bytearray(raw)
        for _ in range(chance.randrange(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        with contextlib.suppress(TableRefused):
            assert read_workbook(bytes(damaged), Limits(unpacked_bytes=1_000_000))[0]
