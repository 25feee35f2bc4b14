"""What a file is by its first bytes, where it is neither text nor a kind that is read here.

Signatures: https://en.wikipedia.org/wiki/List_of_file_signatures. Those that could begin a text
ask for a byte more than usual. Knows nothing about tables or documents.
"""

import re
from dataclasses import dataclass
from typing import Literal

Family = Literal["picture", "recording", "archive", "other"]

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # DOC, XLS, PPT; also DOCX and XLSX under a password
PDF = b"%PDF"
ZIP = b"PK\x03\x04"

_FORMATS: tuple[tuple[bytes, Family, str], ...] = (
    (rb"%PDF", "other", "PDF"),
    (rb"\x89PNG", "picture", "PNG"),
    (rb"\xff\xd8\xff", "picture", "JPEG"),
    (rb"GIF8[79]a", "picture", "GIF"),
    (rb"BM.{4}\0{4}", "picture", "BMP"),
    (rb"II\*\0|MM\0\*", "picture", "TIFF"),
    (rb"RIFF.{4}WEBP", "picture", "WebP"),
    (rb".{4}ftyp(?:hei[cx]|mif1|msf1)", "picture", "HEIC"),
    (rb".{4}ftypavif", "picture", "AVIF"),
    (rb"8BPS\0", "picture", "PSD"),
    (rb"\0\0\x01\0", "picture", "ICO"),
    (rb"ID3[\0-\x0f]|\xff[\xfb\xf3\xf2]", "recording", "MP3"),
    (rb"RIFF.{4}WAVE", "recording", "WAV"),
    (rb"RIFF.{4}AVI ", "recording", "AVI"),
    (rb"OggS\0", "recording", "Ogg"),
    (rb"fLaC\0", "recording", "FLAC"),
    (rb"#!AMR", "recording", "AMR"),
    (rb".{4}ftyp", "recording", "MP4"),
    (rb"\x1aE\xdf\xa3", "recording", "Matroska"),
    (rb"\x30\x26\xb2\x75", "recording", "WMA"),
    (rb"\x1f\x8b", "archive", "gzip"),
    (rb"BZh\d1AY", "archive", "bzip2"),
    (rb"\xfd7zXZ", "archive", "xz"),
    (rb"\x28\xb5\x2f\xfd", "archive", "zstd"),
    (rb"7z\xbc\xaf\x27\x1c", "archive", "7-Zip"),
    (rb"Rar!\x1a", "archive", "RAR"),
    (rb".{257}ustar", "archive", "tar"),
    (rb"SQLite format 3", "other", "SQLite"),
    (rb"ARROW1", "other", "Arrow"),
    (rb"\{\\rtf", "other", "RTF"),
    (rb"%!PS", "other", "PostScript"),
    (rb"AT&TFORM", "other", "DjVu"),
    (rb".{60}BOOKMOBI", "other", "MOBI"),
    (rb"ITSF[\x01-\x0f]", "other", "CHM"),
    (rb"\x7fELF", "other", "ELF"),
)
_KNOWN = tuple((re.compile(start, re.DOTALL), family, name) for start, family, name in _FORMATS)


@dataclass(frozen=True)
class Format:
    """`name` as it is written in every language."""

    family: Family
    name: str


def format_of(raw: bytes) -> Format | None:
    """The format these bytes are in; None where they may be text, an office file or an archive of
    the ZIP kind."""
    return next((Format(family, name) for start, family, name in _KNOWN if start.match(raw)), None)
