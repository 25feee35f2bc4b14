"""One table written in hundreds of ways: encodings, delimiters, quotes, notes and line ends."""

import itertools

import pytest

from finetune.errors import TableRefused
from finetune.tables import read_table
from inference.limits import Limits

# language -> (header, texts, labels, encodings)
LANGUAGES = {
    "chinese": (
        ("评论", "标签"),
        ("这家餐厅的服务非常好，下次还来", "等了很久才送到，菜都凉了", "味道一般"),
        ("好评", "差评", "差评"),
        "gb18030 utf-16 utf-16-le utf-16-be utf-8 utf-8-sig",
    ),
    "chinese names": (("name", "city"), ("王小明", "欧阳娜娜"), ("邯郸", "鄂尔多斯"), "gb18030"),
    "chinese places": (("编号", "城市"), ("1", "2", "3"), ("北京", "福建", "河北"), "gb18030"),
    "traditional in GBK": (
        ("評論", "標籤"),
        ("這家餐廳的服務非常好，下次還來", "環境很差，等了很久"),
        ("好評", "差評"),
        "gb18030",
    ),
    "taiwanese": (
        ("評論", "標籤"),
        ("這家餐廳的服務非常好，下次還來", "等了很久才送到，菜都涼了"),
        ("好評", "差評"),
        "big5 utf-16",
    ),
    "taiwanese names": (("姓名", "年齡"), ("王小明", "陳大文"), ("20", "30"), "big5"),
    "japanese": (
        ("テキスト", "ラベル"),
        ("この映画はとても面白かったです", "サービスが最悪でした"),
        ("良い", "悪い"),
        "cp932 euc_jp utf-16-le",
    ),
    "japanese names": (("名前", "年齢"), ("田中太郎", "鈴木花子"), ("20", "30"), "cp932"),
    "korean": (
        ("텍스트", "라벨"),
        ("이 영화는 정말 재미있어요", "서비스가 별로였습니다"),
        ("긍정", "부정"),
        "cp949",
    ),
    "korean names": (("이름", "나이"), ("김철수", "이영희"), ("20", "30"), "cp949"),
    "french": (("texte", "note"), ("Très bon café à 3 €", "Déçu", "Ça va"), "101", "cp1252"),
    "german": (("text", "klasse"), ("Schöne Grüße", "größer"), ("gut", "gut"), "cp1252"),
    "spanish": (("AÑO", "CÓDIGO"), ("EDUCACIÓN", "¿Qué?"), "12", "cp1252"),
    "portuguese": (("texto", "rótulo"), ("Não gostei", "São Paulo"), ("não", "sim"), "cp1252"),
    "polish": (
        ("tekst", "etykieta"),
        ("świetna obsługa", "Zażółć gęślą jaźń"),
        ("dobrze", "źle"),
        "cp1250 iso8859_2",
    ),
    "czech": (("text", "štítek"), ("Příliš žluťoučký kůň", "výborné"), "12", "cp1250 iso8859_2"),
    "russian": (
        ("текст", "метка"),
        ("Очень хороший фильм", "Ужасное обслуживание"),
        ("да", "нет"),
        "cp1251 koi8_r iso8859_5 cp866",
    ),
    "greek": (("κείμενο", "ετικέτα"), ("Πολύ καλό εστιατόριο", "κακή"), "12", "cp1253"),
    "turkish": (("metin", "etiket"), ("Çok güzel", "İyi değildi şaşırdım"), "12", "cp1254"),
    "hebrew": (("טקסט", "תווית"), ("המסעדה הייתה מצוינת", "השירות היה גרוע"), "12", "cp1255"),
    "arabic": (("نص", "تصنيف"), ("المطعم كان رائعا جدا", "الخدمة كانت سيئة"), "12", "cp1256"),
    "thai": (("ข้อความ", "ป้าย"), ("อาหารอร่อยมาก", "บริการแย่มาก"), "12", "cp874"),
}
CASES = [(name, it) for name, row in LANGUAGES.items() for it in row[3].split()]

TABLES = {
    "plain": (("text", "label"), ("good film", "1"), ("bad film", "0"), ("so so", "1")),
    "hard text": (
        ("text", "label"),
        ("I liked it, really; yes: ok | fine\tx", "pos"),
        ('he said "hi", ok', "neg"),
        ("line one\nline two", "pos"),
        ("", "neg"),
        ('ends with a quote"', "pos"),
    ),
    "unknown names": (("name", "city", "year"), ("Ann", "Paris", "1999"), ("Bob", "Rome", "2001")),
    "chinese": (
        ("编号", "评论", "类别"),
        ("1", "服务很好，下次还来；推荐：是", "好"),
        ("2", "菜凉了", "差"),
    ),
    "empty cells": (("a", "b", "c"), ("1", "", ""), ("", "2", ""), ("", "", "3")),
    "as typed": (("code", "value"), ("007", "1e5"), ("NA", "null"), ("None", "-0")),
    "links": (("url", "n"), ("http://a.b/c?d=e;f", "1"), ("https://x.y:80/z", "2")),
    "decimal commas": (
        ("date", "text", "n"),
        ("2020-01-01", "a, b", "1,5"),
        ("2020-01-02", "c", "2,5"),
    ),
}
ABOVE = {
    "nothing": "",
    "notes": "Report of sales\nmade in May 2020\n",
    "comments": "# made by a tool; v1\n## second\n",
    "blank lines": "\n\n",
    "mark": "\ufeff",
}


@pytest.fixture
def read(tmp_path):
    def reader(raw):
        path = tmp_path / "table.csv"
        path.write_bytes(raw)
        return read_table(path, Limits())

    return reader


@pytest.mark.parametrize("times", [1, 20])
@pytest.mark.parametrize(("name", "encoding"), CASES)
def test_languages_in_their_encodings(read, name, encoding, times):
    header, texts, labels, _ = LANGUAGES[name]
    number = str if times > 1 else lambda _: ""
    rows = [(a + number(i), b) for i in range(times) for a, b in zip(texts, labels, strict=True)]
    raw = "".join(";".join(row) + "\r\n" for row in [header, *rows]).encode(encoding)
    table = read(raw)
    assert (table.header, table.rows) == (header, rows)
    # what no mark and no rule makes certain is told
    certain = encoding.startswith("utf")
    assert bool([it for it in table.problems if "encoding" in it.code]) != certain


def written(rows, delimiter, quote, every, escape, end):
    def cell(text):
        if not every and not set(text) & {delimiter, quote, "\n", "\r"}:
            return text
        if escape == "\\":
            text = text.replace("\\", "\\\\")
        return quote + text.replace(quote, escape + quote) + quote

    return end.join(delimiter.join(map(cell, row)) for row in rows) + end


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", ":"])
@pytest.mark.parametrize("name", TABLES)
def test_ways_to_write_a_table(read, name, delimiter):
    wrong = []
    ways = itertools.product(
        ['"', "'"], [True, False], ["double", "\\"], ["\n", "\r\n", "\r"], ABOVE
    )
    for quote, every, escape, end, above in ways:
        escape = quote if escape == "double" else escape
        text = ABOVE[above] + written(TABLES[name], delimiter, quote, every, escape, end)
        try:
            table = read(text.replace("\n", end).encode() if above else text.encode())
            found = (table.header, *table.rows)
        except TableRefused as refused:
            found = refused.problems
        wanted = tuple(tuple(c.replace("\n", end) for c in row) for row in TABLES[name])
        if found != wanted:
            wrong.append((quote, every, escape, end, above, found))
    assert wrong == []


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("quote", ['"', "'"])
def test_tables_without_a_header(read, delimiter, quote):
    rows = [("Southborough", "MA, US; north | x", "9686"), ("Natick", "MA\nUS", "33006")] * 2
    table = read(written(rows, delimiter, quote, False, quote, "\n").encode())
    assert (table.header, table.rows) == ((), rows)


@pytest.mark.parametrize(
    ("text", "rows", "codes"),
    [
        ("2020-01-01,foo\n2020-01-02,bar\n", 2, ["no_header"]),
        (",0,1\n0,a,b\n1,c,d\n", 2, ["empty_column_name"]),
        ("id,name,age\n1,a\n2,b\n3,c\n", 3, ["ragged_row"]),
        ("id,name\n1,x\n# a comment\n2,y\n", 2, ["comment_lines"]),
        ("# c\nid,name\n1,x\n# with, comma\n2,y\n", 2, ["comment_lines"]),
        ("# id,name\n1,x\n2,y\n", 2, []),
        ("#made by a tool, v1, of x\nid,name\n1,x\n", 1, ["comment_lines"]),
        ("text,label\n#happy day,1\n#sad,0\nplain,1\n", 3, []),
        ("Source:,Web\n\ntext,label,n\na,1,2\nb,2,3\nc,4,4\n", 3, ["notes_above_header"]),
        ("a,b\n1,2\n   \n3,4\n\x1a", 2, []),
        ("\ufeff\ufeffa,b\n1,x\n", 1, []),
        ('path,n\n"C:\\dir\\",1\n"D:\\",2\n', 2, []),
        ("a;b;\n1;2;\n3;4;\n", 2, ["empty_column_name"]),
        ('text,label\n5" disk,1\n3.5" disk,0\nok,1\n', 3, []),
        ("a,b\r\n1,2\n3,4\r5,6\r\n", 3, []),
    ],
)
def test_what_people_put_into_files(read, text, rows, codes):
    table = read(text.encode())
    assert (len(table.rows), [it.code for it in table.problems]) == (rows, codes)
    assert all("#" not in name or "id" in name for name in table.header)


def test_a_first_accent_far_down_decides_the_encoding(read):
    plain = b"plain row,1\n" * 9_000
    assert read(b"text,label\n" + plain + "Déjà vu,0\n".encode("cp1252")).encoding == "cp1252"
    assert (
        read(b"text,label\n" + plain + "这家很好,0\n".encode("gb18030")).rows[-1][0] == "这家很好"
    )


def test_a_file_cut_off_within_a_character_keeps_its_encoding(read):
    rows = "评论,标签\n" + "服务太差了再也不来,差评\n很好吃的一家店,好评\n" * 3
    table = read(rows.encode("gb18030")[:-2])
    assert (table.encoding, len(table.rows)) == ("gb18030", 6)
    [found] = table.problems
    assert (found.code, found.row, found.column) == ("damaged_bytes", 7, "标签")
