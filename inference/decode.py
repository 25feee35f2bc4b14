"""Bytes -> text, with the encoding that was used and every doubt about it.

UTF-8 and marked files are certain. For the rest no single detector is right: gb18030 decodes
nearly any bytes and single-byte encodings decode all of them. So each candidate that decodes the
whole file strictly is judged by how many of its characters are everyday ones in that encoding, and
charset-normalizer is asked only for the alphabets not covered here. Knows nothing about tables or
documents.
"""

import codecs
import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from inference.alphabets import JUDGES

SAMPLE_BYTES = 65_536
JUDGED_BYTES = 16_384  # each character of these is looked at, once for every encoding
_PLAUSIBLE = 0.6  # least share of everyday characters among those beyond ASCII
_CERTAIN = 0.99  # a share that outweighs reading the file as damaged UTF-8
_MANY = 80  # bytes beyond ASCII; damage would not leave so many that fit
_WRITTEN = 0.98  # least share of characters that people write in UTF-16 without a mark
_CLOSE = 0.15  # two encodings this near each other are both worth telling

_AROUND = 2_000  # bytes of a line that are looked at, on either side
_FOREIGN = re.compile(rb"[\x80-\xff]")
_REST_OF_LINE = re.compile(rb"[^\r\n]{0,2000}")
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
class Doubt:
    """What was found: unknown_encoding, undecodable or binary, which end in `NotText`;
    damaged_bytes, encoding_guessed or encoding_ambiguous, which come with the text."""

    code: str
    values: dict[str, Any] = field(default_factory=dict)


class NotText(Exception):
    """The bytes are text in no encoding, or not in the one that was told."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.doubt = Doubt(code, values)


@dataclass(frozen=True)
class Decoded:
    """`text` has no byte order mark; `encoding` is a name Python's codecs know."""

    text: str
    encoding: str
    doubts: tuple[Doubt, ...] = ()


def decode(raw: bytes, encoding: str | None = None) -> Decoded:
    """The whole of `raw` as text, in `encoding` or in the one that was found.

    Raises:
        NotText: an unknown encoding, bytes that do not fit it, or no text at all.
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


def is_binary(text: str) -> bool:
    """More control characters than damage explains; NUL has a higher bound, exports contain it."""
    controls = sum(character < " " and character not in "\t\n\r\f\x1b" for character in text)
    nul = text.count("\0")
    return (controls - nul > 3 and (controls - nul) * 50 > len(text)) or nul * 10 > len(text)


def _as_told(raw: bytes, encoding: str) -> Decoded:
    try:
        name = codecs.lookup(encoding).name
        if name in _NOT_FILES:
            raise LookupError(name)
        "".encode(name).decode(name)  # refuses codecs that are not text, such as base64
    except (LookupError, ValueError) as error:
        raise NotText("unknown_encoding", value=encoding, encoding=encoding) from error
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
        if not _few_bad(raw, text):
            position = error.start + 1
            raise NotText("undecodable", encoding=encoding, position=position) from error
        start = text.index("\ufffd")
        values = {
            "row": len((text[:start] + "x").splitlines()),
            "value": text[max(0, start - 20) : start + 20],
            "count": count,
            "encoding": encoding,
        }
        return Decoded(text, encoding, (Doubt("damaged_bytes", values),))


def _unmarked_utf16(raw: bytes) -> str | None:
    """UTF-16 without a mark: zeros beside every ASCII character, and none once decoded.

    Read the wrong way round, a line end or a space is a character that nobody writes.
    """
    sample = raw[:SAMPLE_BYTES]
    if len(raw) % 2 or b"\0" not in sample:
        return None
    for name in ("utf-16-le", "utf-16-be"):
        text = sample.decode(name, errors="replace").removesuffix("\ufffd")
        if "\0" in text or not set(text) & set("\n\r "):
            continue
        if sum(map(_is_written, text)) >= _WRITTEN * len(text):
            return name
    return None


def _is_written(character: str) -> bool:
    """Whether people write it: no control, no half of a pair, nothing private or unassigned."""
    return unicodedata.category(character)[0] != "C" or character in "\t\n\r\f\ufeff\u200b\u200d"


def _legacy(raw: bytes) -> Decoded:
    """The encoding whose characters are the most everyday ones, and those that come near it."""
    sample = _telling(raw)
    scores = [(judge(_loose(sample, name)), name) for name, judge in JUDGES.items()]
    scores = sorted((it for it in scores if it[0] >= _PLAUSIBLE), key=lambda it: -it[0])
    utf8, sure = _mostly_utf8(raw)
    if utf8 and (sure or not scores or not _is_certain(*scores[0], raw, sample)):
        return utf8
    damaged, likely = "", 0.0  # a likelier encoding that a few bytes do not fit
    for share, name in scores:
        try:
            text = raw.decode(name)
        except UnicodeDecodeError:
            if not damaged and _few_bad(raw, raw.decode(name, errors="replace")):
                damaged, likely = name, share
            continue
        if likely - share >= _CLOSE:
            break
        rivals = [other for rival, other in scores if share - rival < _CLOSE and other != name]
        other = next((other for other in rivals if _reads_otherwise(raw, other, text)), None)
        return Decoded(text, name, (_doubt(name, other),))
    return _strict_or_damaged(raw, damaged) if damaged else utf8 or _asked(raw)


def _is_certain(share: float, encoding: str, raw: bytes, sample: bytes) -> bool:
    """Whether that encoding is likelier than damage: a clear case, or many bytes that all fit."""
    if share >= _CERTAIN:
        return True
    return len(_FOREIGN.findall(sample)) >= _MANY and _fits(raw, encoding)


def _fits(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _telling(raw: bytes) -> bytes:
    """The first lines that are not ASCII, wherever they stand: only they tell encodings apart."""
    pieces, size, end = [], 0, 0
    while size < JUDGED_BYTES and (found := _FOREIGN.search(raw, end)):
        at = found.start()
        before = raw[max(end, at - _AROUND) : at]
        piece = before[max(before.rfind(b"\n"), before.rfind(b"\r")) + 1 :]
        rest = _REST_OF_LINE.match(raw, at).group()
        pieces.append(piece + rest)
        size += len(pieces[-1])
        end = at + len(rest)
    return b"\n".join(pieces)[:JUDGED_BYTES]


def _few_bad(raw: bytes, text: str) -> bool:
    """At most one replacement in a hundred bytes, or only the last character: it was cut off."""
    bad = text.count("\ufffd")
    return bad * 100 <= len(raw) or (bad == 1 and text.endswith("\ufffd"))


def _reads_otherwise(raw: bytes, encoding: str, text: str) -> bool:
    """Whether the bytes are also text in `encoding`, and another one."""
    try:
        return raw.decode(encoding) != text
    except UnicodeDecodeError:
        return False


def _doubt(name: str, other: str | None) -> Doubt:
    if other:
        return Doubt("encoding_ambiguous", {"encoding": name, "other": other})
    return Doubt("encoding_guessed", {"encoding": name})


def _mostly_utf8(raw: bytes) -> tuple[Decoded | None, bool]:
    """UTF-8 with a few damaged bytes, and whether much that is right makes that sure.

    Not sure: a few bytes among plain ASCII, which may as well be another encoding's.
    """
    text = raw.decode("utf-8", errors="replace")
    bad = text.count("\ufffd")
    right = sum(character > "\x7f" for character in text) - bad
    if not _few_bad(raw, text) or bad * 3 > right > 0:
        return None, False
    return _strict_or_damaged(raw, "utf-8"), right > 0


def _asked(raw: bytes) -> Decoded:
    """Alphabets without a judge here (Greek, Cyrillic, …): charset-normalizer's best guess."""
    from charset_normalizer import from_bytes

    matches = list(from_bytes(_telling(raw), cp_isolation=_ALPHABETS))
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
        raise NotText("binary")
    position = len(raw.decode("utf-8", errors="replace").partition("\ufffd")[0].encode()) + 1
    raise NotText("undecodable", encoding="utf-8", position=position)


def _loose(sample: bytes, encoding: str) -> str:
    """The sample may end within a character; a bad byte elsewhere counts against the encoding."""
    return sample.decode(encoding, errors="replace").rstrip("\ufffd")


_ALPHABETS = ["cp1258", "iso8859_3", "iso8859_4", "iso8859_8", "iso8859_10", "mac_roman", "cp850"]
