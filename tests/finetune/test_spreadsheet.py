"""Strangers' cells in a spreadsheet: text stays text, numbers stay numbers."""

import csv
import io

import pytest

from finetune.spreadsheet import csv_bytes, safe_cell


@pytest.mark.parametrize(
    "cell",
    [
        *("=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "\rx", "\n=1", "  =1"),
        *("＝1+1", "＋1", "－1", "＠x", "\u3000=1", "\ufeff=1", "\u200b=1", "-", "−1"),
        *("-1.5\n", "\t-1.5", "-1,5", "-١"),
    ],
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(cell):
    assert safe_cell(cell) == f"'{cell}"


@pytest.mark.parametrize(
    "cell", ["-1.5", "+3", "1e-5", "-1.5e+3", "a=b", "", "人 - 机", 5, -1.5, None]
)
def test_numbers_and_other_text_stay_as_they_are(cell):
    assert safe_cell(cell) is cell


def test_the_file_is_utf8_that_spreadsheets_know_and_quotes_all_text():
    written = csv_bytes(["=名", "数"], [['a";=1', -1.5], ["x\n=1", 2]])
    assert written == '\ufeff"\'=名","数"\r\n"a"";=1",-1.5\r\n"x\n=1",2\r\n'.encode()
    rows = list(csv.reader(io.StringIO(written.decode("utf-8-sig"), newline="")))
    assert rows[1:] == [['a";=1', "-1.5"], ["x\n=1", "2"]]
