"""Bytes -> text, with the encoding that was used and every doubt about it.

UTF-8 and marked files are certain. For the rest no single detector is right: gb18030 decodes
nearly any bytes and single-byte encodings decode all of them. So each candidate that decodes the
whole file strictly is judged by how many of its characters are everyday ones in that encoding, and
charset-normalizer is asked only for the alphabets not covered here. Knows nothing about tables.
"""

import codecs
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from finetune.errors import TableRefused
from finetune.problems import Problem, problem

SAMPLE_BYTES = 65_536
_PLAUSIBLE = 0.6  # least share of everyday characters among those beyond ASCII
_CLOSE = 0.15  # two encodings this near each other are both worth telling

_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))
_NOT_FILES = ("idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "utf-7")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Decoded:
    """`text` has no byte order mark; `encoding` is a name Python's codecs know."""

    text: str
    encoding: str
    problems: tuple[Problem, ...] = ()


def decode(raw: bytes, encoding: str | None = None) -> Decoded:
    """The whole of `raw` as text, in `encoding` or in the one that was found.

    Raises:
        TableRefused: an unknown encoding, bytes that do not fit it, or no text at all.
    """
    if encoding:
        return _as_told(raw, encoding)
    for mark, name in _MARKS:
        if raw.startswith(mark):
            return _strict_or_damaged(raw, name)
    if name := _unmarked_utf16(raw):
        return _strict_or_damaged(raw, name)
    try:
        return Decoded(raw.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return _legacy(raw)


def _as_told(raw: bytes, encoding: str) -> Decoded:
    try:
        name = codecs.lookup(encoding).name
        if name in _NOT_FILES:
            raise LookupError(name)
        "".encode(name).decode(name)  # refuses codecs that are not text, such as base64
    except (LookupError, ValueError) as error:
        found = problem("unknown_encoding", value=encoding, encoding=encoding)
        raise TableRefused([found]) from error
    if name == "utf-8" and raw.startswith(codecs.BOM_UTF8):
        name = "utf-8-sig"
    return _strict_or_damaged(raw, name)


def _strict_or_damaged(raw: bytes, encoding: str) -> Decoded:
    """Strictly; or, where at most one byte in a hundred is bad, with those replaced and told."""
    try:
        return Decoded(raw.decode(encoding), encoding)
    except UnicodeDecodeError as error:
        text = raw.decode(encoding, errors="replace")
        count = text.count("\ufffd")
        if count * 100 > len(raw):
            found = problem("undecodable", encoding=encoding, position=error.start + 1)
            raise TableRefused([found]) from error
        start = text.index("\ufffd")
        found = problem(
            "damaged_bytes",
            row=len((text[:start] + "x").splitlines()),
            value=text[max(0, start - 20) : start + 20],
            count=count,
            encoding=encoding,
        )
        return Decoded(text, encoding, (found,))


def _unmarked_utf16(raw: bytes) -> str | None:
    """UTF-16 without a mark: zeros beside every ASCII character, and none once decoded."""
    sample = raw[:SAMPLE_BYTES]
    if len(raw) % 2 or b"\0" not in sample:
        return None
    for name in ("utf-16-le", "utf-16-be"):
        text = sample.decode(name, errors="replace")
        if "\0" not in text and any(end in text for end in "\n\r") and set(text) & set(",;|\t"):
            return name
    return None


def _legacy(raw: bytes) -> Decoded:
    sample = raw[:SAMPLE_BYTES]
    scores = sorted(
        ((judge(_loose(sample, name)), name) for name, judge in _CANDIDATES.items()),
        key=lambda scored: -scored[0],
    )
    damaged = _mostly_utf8(raw)
    for share, name in scores:
        if share < _PLAUSIBLE or (damaged and share < 1):
            break
        try:
            text = raw.decode(name)
        except UnicodeDecodeError:
            continue
        rivals = [other for rival, other in scores if other != name and share - rival < _CLOSE]
        return Decoded(text, name, (_doubt(name, rivals[0] if rivals else None),))
    return damaged or _asked(raw)


def _doubt(name: str, other: str | None) -> Problem:
    if other:
        return problem("encoding_ambiguous", encoding=name, other=other)
    return problem("encoding_guessed", encoding=name)


def _mostly_utf8(raw: bytes) -> Decoded | None:
    """UTF-8 with a few damaged bytes among much that is right, or among plain ASCII."""
    text = raw.decode("utf-8", errors="replace")
    bad = text.count("\ufffd")
    beyond_ascii = sum(character > "\x7f" for character in text)
    if bad * 100 > len(raw) or bad * 4 > beyond_ascii > bad:
        return None
    return _strict_or_damaged(raw, "utf-8")


def _asked(raw: bytes) -> Decoded:
    """Alphabets without a judge here (Greek, Cyrillic, …): charset-normalizer's best guess."""
    from charset_normalizer import from_bytes

    matches = list(from_bytes(raw[:SAMPLE_BYTES], cp_isolation=_ALPHABETS))
    for match in matches:
        try:
            text = raw.decode(match.encoding)
        except UnicodeDecodeError:
            continue
        names = [other.encoding for other in matches if other.encoding != match.encoding]
        other = names[0] if names else "cp1252"
        return Decoded(text, match.encoding, (_doubt(match.encoding, other),))
    sample = raw[:SAMPLE_BYTES]
    if (len(sample) - len(sample.translate(None, _CONTROLS))) * 50 > len(sample):
        raise TableRefused([problem("binary")])
    position = len(raw.decode("utf-8", errors="replace").partition("\ufffd")[0].encode()) + 1
    raise TableRefused([problem("undecodable", encoding="utf-8", position=position)])


def _loose(sample: bytes, encoding: str) -> str:
    """The sample may end within a character; a bad byte elsewhere counts against the encoding."""
    return sample.decode(encoding, errors="replace").rstrip("\ufffd")


@cache
def _everyday(encoding: str, *leads: int) -> frozenset[str]:
    """Characters whose first byte lies in the pairs of `leads`: a charset's common level."""
    found = set()
    for low, high in zip(leads[::2], leads[1::2], strict=True):
        for lead in range(low, high + 1):
            for trail in range(0x40, 0xFF):
                found.update(bytes((lead, trail)).decode(encoding, errors="ignore"))
    return frozenset(character for character in found if character > "\x7f")


def _share(encoding: str, *leads: int) -> Callable[[str], float]:
    def judge(text: str) -> float:
        foreign = [character for character in text if character > "\x7f"]
        common = _everyday(encoding, *leads)
        return sum(character in common for character in foreign) / max(1, len(foreign))

    return judge


def _japanese(encoding: str, *leads: int) -> Callable[[str], float]:
    """Kana must be there: the kanji alone would also fit Chinese bytes."""

    def judge(text: str) -> float:
        foreign = [character for character in text if character > "\x7f"]
        kana = sum("\u3041" <= character <= "\u30fe" for character in foreign)
        return _share(encoding, *leads)(text) if kana * 5 >= len(foreign) else 0.0

    return judge


def _korean(text: str) -> float:
    """Hangul bytes are also common Chinese ones, while one in two Chinese characters lies beyond
    them: only many different ones, all Hangul, are Korean."""
    varied = len({character for character in text if character > "\x7f"}) >= 15
    share = _share("euc_kr", 0xA1, 0xA1, 0xB0, 0xC8)(text)
    return share if varied and share > 0.95 else share / 2


def _western(text: str) -> float:
    """Accented letters stand alone among ASCII letters; runs of them are another alphabet."""
    good = total = 0
    for before, character, after in zip(" " + text, text, text[1:] + " ", strict=False):
        if character <= "\x7f":
            continue
        total += 1
        if character.isalpha():
            good += character not in "ÿþðÞÐ¤ƒ" and (before <= "\x7f" and after <= "\x7f")
        else:
            good += character in "€£¥©®™°±·²³½¼¾«»¿¡§“”‘’–—…•´×\xa0„‚‹›†¢¨ªº"
    return good / max(1, total)


# Leads are the rows of the charset's first, common level and of its punctuation. Of two that fit
# equally, the earlier is taken. Sources: KS X 1001; GB/T 2312-1980 rows 1-3 and 16-55; Big5 level
# 1 (A440-C67E); JIS X 0208 level 1.
_CANDIDATES: dict[str, Callable[[str], float]] = {
    "cp949": _korean,
    "euc_jp": _japanese("euc_jp", 0xA1, 0xA1, 0xA4, 0xA5, 0xB0, 0xCF),
    "cp932": _japanese("cp932", 0x81, 0x83, 0x88, 0x97),
    "gb18030": _share("gb2312", 0xA1, 0xA3, 0xB0, 0xD7),
    "big5": _share("big5", 0xA1, 0xA1, 0xA4, 0xC6),
    "cp1252": _western,
}
_ALPHABETS = [
    *("cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "koi8_r"),
    *("iso8859_2", "iso8859_5", "iso8859_7", "iso8859_8", "iso8859_9", "tis_620"),
]
