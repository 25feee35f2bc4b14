import codecs
import json
import random

import pytest

from finetune.errors import TableRefused
from finetune.inspect_table import inspect_table
from finetune.tables import read_table
from inference.limits import Limits

CHINESE = "评论,标签\n" + "".join(
    f"这家餐厅的服务非常好，下次还来{i},好评\n等了很久才送到{i},差评\n" for i in range(6)
)
TAIWANESE = "評論,標籤\n" + "".join(
    f"這家餐廳的服務非常好{i},好評\n環境很差{i},差評\n" for i in range(6)
)


@pytest.fixture
def read(tmp_path):
    def reader(content, limits=None, **given):
        path = tmp_path / "table.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_table(path, limits or Limits(), **given)

    return reader


@pytest.fixture
def refusal(read):
    def reader(content, limits=None, **given):
        with pytest.raises(TableRefused) as caught:
            read(content, limits, **given)
        return caught.value.problems[0]

    return reader


def codes(table):
    return [found.code for found in table.problems]


def test_every_cell_stays_the_text_that_was_typed(read):
    table = read("text,label\nNA,007\nnull,1e5\n None ,\n")
    assert table.rows == [("NA", "007"), ("null", "1e5"), (" None ", "")]
    assert (table.header, table.row_numbers[0], codes(table)) == (("text", "label"), 2, [])


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("utf-8", CHINESE.encode()),
        ("utf-8-sig", CHINESE.encode("utf-8-sig")),
        ("utf-16", CHINESE.encode("utf-16")),
        ("utf-16", codecs.BOM_UTF16_BE + CHINESE.encode("utf-16-be")),
        ("utf-16-le", CHINESE.encode("utf-16-le")),
        ("utf-16-be", CHINESE.encode("utf-16-be")),
        ("gb18030", CHINESE.encode("gb18030")),
        ("gb18030", "姓名,年纪\n张三,20\n".encode("gb18030")),
        ("big5", TAIWANESE.encode("big5")),
        ("big5", "姓名,年齡\n王小明,20\n".encode("big5")),
        ("cp932", "テキスト,値\nとても良いです,1\n最悪でした,2\n".encode("cp932")),
        ("euc_jp", "テキスト,値\nとても良いです,1\n最悪でした,2\n".encode("euc_jp")),
        ("cp949", "text,label\n이 영화는 정말 재미있어요 별로였습니다,1\n".encode("cp949")),
        ("cp1252", "texte;note\nTrès bon “café” à 3 €;1\nDéçu;2\n".encode("cp1252")),
        ("cp1251", "текст,метка\nОчень хороший фильм,да\nУжасное кино,нет\n".encode("cp1251")),
    ],
)
def test_encodings_are_found(read, encoding, content):
    table = read(content)
    assert table.encoding == encoding
    expected = content.decode(encoding).splitlines()[1]
    assert table.delimiter.join(table.rows[0]) == expected


def test_a_guessed_encoding_is_told_and_can_be_overridden(read, refusal):
    assert codes(read(CHINESE.encode("gb18030"))) == ["encoding_guessed"]
    assert codes(read(CHINESE.encode("gb18030"), encoding="gbk")) == []
    assert refusal(CHINESE.encode("gb18030"), encoding="utf-8").code == "undecodable"
    assert refusal(CHINESE, encoding="nonsense").code == "unknown_encoding"
    assert refusal(CHINESE, encoding="base64").code == "unknown_encoding"
    assert refusal(CHINESE, encoding="punycode").code == "unknown_encoding"
    assert refusal(CHINESE, encoding="utf-7").code == "unknown_encoding"  # may hold half characters


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(TableRefused, match="no such file"):
        read_table(tmp_path / "none.csv", Limits())


def test_a_few_damaged_bytes_are_told_with_their_row(read):
    table = read(CHINESE.encode() * 5 + b"\xff\xff bad,1\n")
    [found] = table.problems
    assert (found.code, found.row, found.details["count"]) == ("damaged_bytes", 66, 2)


@pytest.mark.parametrize(
    ("content", "delimiter", "first"),
    [
        ("text,label\na,1\n", ",", ("a", "1")),
        ("text;label\na, b;1\nc, d;2\n", ";", ("a, b", "1")),
        ("text\tlabel\na, b, c\t1\nd, e, f\t2\n", "\t", ("a, b, c", "1")),
        ("text|label\na, b|1\nc|2\n", "|", ("a, b", "1")),
        ("x:y\na:1\nb:2\nc:3\n", ":", ("a", "1")),
        ("a;b\n1,5;2,5\n3,5;4,5\n", ";", ("1,5", "2,5")),
        ("sep=;\na;b\n1,0;2\n", ";", ("1,0", "2")),
    ],
)
def test_delimiters_are_found(read, content, delimiter, first):
    table = read(content)
    assert (table.delimiter, table.rows[0]) == (delimiter, first)


def test_a_delimiter_can_be_given(read, refusal):
    assert read("a;b,c\n1;2,3\n", delimiter=";").header == ("a", "b,c")
    assert refusal("a,b\n1,2\n", delimiter=",,").code == "bad_dialect"
    assert refusal("a,b\n1,2\n", delimiter=",", quotechar=",").code == "same_dialect"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_ends_a_row_and_stays_in_a_quoted_cell(read, end):
    table = read(end.join(["a,b", f'"x{end}y",1', "z,2", ""]))
    assert table.rows == [(f"x{end}y", "1"), ("z", "2")]


def test_other_separators_of_unicode_do_not_end_a_row(read):
    assert read("a,b\nx\u2028y,2\nz\x85w,3\n").rows[0] == ("x\u2028y", "2")


def test_quotes(read):
    assert read('a,b\n1,"ha ""ha"", ha"\n').rows == [("1", 'ha "ha", ha')]
    assert read("a,b\n'x, y',1\n'z',2\n").rows[0] == ("x, y", "1")
    assert read("text,label\nit's good,1\n'tis nice,0\n").rows[1] == ("'tis nice", "0")
    assert read('a, b\n1, "x, y"\n2, "z"\n').rows[0] == ("1", "x, y")


def test_quotes_written_otherwise_are_read_with_a_warning(read):
    backslash = read('text,label\n"he said \\"hi\\", ok",1\n"bye\\n",0\n')
    assert backslash.rows == [('he said "hi", ok', "1"), ("bye\\n", "0")]
    literal = read('text\tlabel\n"Good" movie\t1\nbad "film"\t0\n')
    assert (literal.rows[0], literal.quotechar) == (('"Good" movie', "1"), "")
    stray = read('id,name\n"1","the "best" one"\n"2","b"\n')
    assert len(stray.rows) == 2
    assert [codes(t) for t in (backslash, literal, stray)] == [
        ["backslash_quotes"],
        ["quotes_as_text"],
        ["stray_quote_kept"],
    ]
    assert stray.problems[0].row == 2


def test_an_unclosed_quote_is_found_where_it_opened(refusal):
    rows = "".join(f"row {i},1\n" for i in range(50))
    found = refusal(f'text,label\n"two\nlines",1\n"open,0\n{rows}')
    assert (found.code, found.row, found.details["line"]) == ("unclosed_quote", 3, 4)
    found = refusal(f'text,label\ngood,1\n"open,0\n{rows}"fine",0\nend,1\n')
    assert (found.code, found.row) == ("unclosed_quote", 3)


@pytest.mark.parametrize(
    ("content", "header"),
    [
        ("A,B,C\nX,Y,Z\n", ("A", "B", "C")),
        ("City,2000,2001\nParis,5,6\n", ("City", "2000", "2001")),
        ("a,b\n\n1,2\n", ("a", "b")),
        ("MA,9686\nNY,14061\n", ()),
        ("great film,positive\nbad,negative\nfine,positive\nso so,positive\n", ()),
        ("你好,你好！我是助手\n再见,再见，祝愉快\n", ()),
        ('"hello\nworld",x\n"and you",y\n', ()),
        ('"text","label"\n"1","good","pos"\n"2","bad","neg"\n', ("", "text", "label")),
    ],
)
def test_a_missing_header_is_noticed(read, content, header):
    table = read(content)
    assert table.header == header
    assert ("no_header" in codes(table)) == (not header)


def test_the_header_can_be_given(read):
    table = read("text,label\na,1\n", has_header=False)
    assert (table.header, table.columns, len(table.rows)) == ((), ("column 1", "column 2"), 2)
    assert read("1,2\n3,4\n", has_header=True).header == ("1", "2")


def test_notes_comments_and_blank_lines_are_left_out_and_told(read):
    table = read("a report\nmore, notes\n\nid,text,label\n1,a,b\n\n2,c,d\n")
    assert (table.header, list(table.row_numbers)) == (("id", "text", "label"), [5, 7])
    [found] = table.problems
    assert (found.code, found.details["count"]) == ("notes_above_header", 2)
    table = read("# made by x, y\na;b\n# here too\n1;3\n")
    assert (table.header, table.rows) == (("a", "b"), [("1", "3")])
    assert table.problems[0].details["count"] == 2
    assert read("#id,text\n1,#a\n#2,b\n").rows[1] == ("#2", "b")


def test_columns_always_have_different_names(read):
    table = read("text,,text,label\na,b,c,d\n")
    assert table.columns == ("text", "column 2", "text (3)", "label")
    assert codes(table) == ["empty_column_name", "duplicate_column_name"]


def test_uneven_rows_and_nul_are_told_with_their_row(read):
    table = read("text,label\na,1\nb, c,1\nd\n" + "e,0\n" * 9)
    [found] = table.problems
    assert (found.code, found.row, found.details["count"]) == ("ragged_row", 3, 2)
    [found] = read("a|b\nx|y\nx\0|z\n").problems
    assert (found.code, found.row, found.column) == ("nul", 3, "a")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"\n\n", "empty_file"),
        (b"# only\n# comments\n", "empty_file"),
        (b"text,label\n", "no_rows"),
        (b"PK\x03\x04" + b"\0" * 99, "workbook_broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old_spreadsheet"),
        (b"PAR1\x15\x04", "parquet_broken"),
        (b"%PDF-1.7\n", "other_format"),
        (b"\x1f\x8b\x08", "other_format"),
        (b"\x89PNG\r\n\x1a\n", "other_format"),
        (b"<!DOCTYPE html><p>a,b</p>", "other_format"),
        (random.Random(1).randbytes(5_000), "binary"),
        (b"\0" * 5_000, "binary"),
        (b"a," + bytes(range(128, 256)) + b"\n", "undecodable"),
        (
            b"One evening, it rained; and rained.\nNobody came.\n\nWhy, she asked.\n" * 9,
            "not_a_table",
        ),
        ("从前有座山，山上有座庙。\n\n庙里有个老和尚。\n".encode() * 9, "not_a_table"),
    ],
)
def test_what_is_no_table_is_refused(refusal, content, code):
    assert refusal(content).code == code


@pytest.mark.parametrize(
    ("limit", "code"),
    [
        ({"upload_bytes": 20}, "too_many_bytes"),
        ({"table_columns": 2}, "too_many_columns"),
        ({"table_rows": 3}, "too_many_rows"),
        ({"table_cells": 11}, "too_many_cells"),
        ({"cell_characters": 9}, "giant_cell"),
    ],
)
def test_limits(refusal, limit, code):
    content = "a,b,c\n" + "1,2,3\n" * 3 + "1,2,this is long\n"
    assert refusal(content, Limits(**limit)).code == code


def test_half_a_character_in_json_is_replaced_and_told(read):
    table = read('{"k\\udc00": "a\\ud83d", "n": ["\\ud83d"]}\n{"n": "\\ud83d\\ude00"}\n')
    assert table.columns == ("k\ufffd", "n")
    assert table.rows == [("a\ufffd", '["\ufffd"]'), ("", "😀")]
    found = next(found for found in table.problems if found.code == "half_characters")
    assert (found.row, found.column, found.details["count"]) == (1, "k\ufffd", 3)


def test_json_lists_and_lines_of_flat_objects(read, refusal):
    lines = read('{"text": "a\\nb", "label": 1.50}\n\n{"label": null, "x": true}\n')
    assert lines.header == ("text", "label", "x")
    assert lines.rows == [("a\nb", "1.50", ""), ("", "", "true")]
    assert list(lines.row_numbers) == [1, 3]
    assert read('[{"a": "x"}, {"a": "y"}]').rows == [("x",), ("y",)]
    assert read('{"data": [{"a": "x"}]}').rows == [("x",)]
    assert codes(read('{"a": [1], "b": 2}\n{"a": [2]}\n')) == ["json_nested"]
    assert refusal('[{"a": 1},\n {"a": }]').details == {"line": 2, "position": 8}
    assert refusal('{"a": 1}\n[1]\n').code == "json_not_flat"
    assert refusal("[" * 100_000).code == "json_not_flat"


def test_inspection_never_raises_for_a_bad_file(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("label,review\n1,很好\n0,很差\n" * 3, encoding="utf-8")
    answer = inspect_table(path, Limits())
    assert json.loads(json.dumps(answer)) == answer
    assert (answer["task"], answer["mapping"]) == (
        "classification",
        {"text": "review", "label": "label"},
    )
    assert (answer["row_count"], answer["last_row"]) == (8, ["0", "很差"])
    path.write_bytes(b"%PDF-1.7")
    answer = inspect_table(path, Limits(), encoding="gbk")
    assert (answer["readable"], answer["encoding"], answer["header"]) == (False, "gbk", [])
    assert answer["problems"][0]["code"] == "other_format"


def test_files_from_the_wild(lab_data):
    folder = lab_data / "data" / "wild-csv"
    wrong = []
    for line in (folder / "expected.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        expect = case["expect"]
        try:
            table = read_table(folder / case["file"], Limits())
        except TableRefused as refused:
            told, found = bool(refused.problems), None
        else:
            told = bool(table.problems)
            found = [list(table.header), len(table.rows), list(table.rows[0]), list(table.rows[-1])]
        wanted = [expect[key] for key in ("header", "data_rows", "first_row", "last_row")]
        right = {"read": found == wanted, "reject": found is None}.get(expect["verdict"], told)
        if not right:
            wrong.append((case["file"], found))
    assert wrong == []
