"""Encodings that look like others; what tables come in is tested with `finetune.tables`."""

import pytest

from inference.decode import NotText, decode

ENGLISH = "“Is he married?” asked Jane. “I don’t know…” said her father — and he didn’t.\n" * 12
CHINESE = "\ue7bb" + "此开卷第一回也作者自云曾历过一番梦幻之后故将真事隐去\n" * 40


def test_english_from_a_chinese_machine_has_its_quotation_marks():
    """Nothing but the marks is foreign; in a Latin encoding they would be ¡°, in UTF-8 damage."""
    found = decode(ENGLISH.encode("gb18030"))
    assert (found.text, found.encoding) == (ENGLISH, "gb18030")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_utf16_without_a_mark_is_text_without_a_delimiter(encoding, text):
    found = decode(text.encode(encoding))
    assert (found.text, found.encoding) == (text, encoding)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("¡Hola! ¿Qué tal? Las señoras bebían café y los niños comían piñas. ¡Ánimo!\n", "cp1252"),
        ("WCIĄŻ DRĄŻEK, ciąża; żółć, gęślą jaźń i książka.\n", "iso8859_2"),
        ("ﾃｽﾄﾃﾞｽ｡ｺﾚﾊ ﾊﾝｶｸ ｶﾀｶﾅﾃﾞ ｶｲﾀ ﾌﾞﾝｼｮｳﾃﾞｽ｡\n", "cp932"),
    ],
)
def test_alphabets_that_have_the_same_bytes_are_still_themselves(text, encoding):
    found = decode((text * 9).encode(encoding))
    assert (found.text, found.encoding) == (text * 9, encoding)


def test_a_few_damaged_bytes_are_damage_and_no_other_encoding():
    raw = ("It is a truth universally acknowledged. " * 90).encode()
    found = decode(raw[:500] + b"\xa1\xb0" + raw[500:])
    assert found.encoding == "utf-8"
    assert [doubt.code for doubt in found.doubts] == ["damaged_bytes"]


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(NotText) as caught:
        decode(bytes(range(256)) * 40)
    assert caught.value.doubt.code == "binary"
