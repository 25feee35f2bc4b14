"""A Word document (DOCX) -> its paragraphs, tables as lines, notes at the end.

The parts are read as a stream and no tree is built. Deleted and hidden text, comments, headers and
footers are left out; what was inserted, text boxes and content controls are not.
ECMA-376 part 1, chapter 17; https://ecma-international.org/publications-and-standards/standards/ecma-376/
"""

import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping

from inference.errors import DocumentBroken

_WORD = re.compile(
    r"\{http://(?:schemas\.openxmlformats\.org/wordprocessingml/2006/main|"
    r"purl\.oclc\.org/ooxml/wordprocessingml/main)\}"
)
_MATHS = re.compile(r"\{http://[^}]*/math\}t")
_DROPPED = {"del", "moveFrom", "instrText", "delText", "rt", "pPrChange", "rPrChange"}
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
_OFF = ("0", "false", "off", "none")
_CHUNK = 1 << 16  # bytes


def read_docx(archive: zipfile.ZipFile) -> str:
    """The text of the body, then of its footnotes and endnotes.

    Raises:
        DocumentBroken: a part is missing, or no whole XML.
    """
    body = _main_part(archive)
    blocks = _read(archive, body)
    for name in ("footnotes.xml", "endnotes.xml"):
        part = posixpath.join(posixpath.dirname(body), name)
        if part in archive.NameToInfo:
            blocks += _read(archive, part)
    return "\n\n".join(blocks)


def _main_part(archive: zipfile.ZipFile) -> str:
    """Where `_rels/.rels` says the document is."""
    found: list[str] = []

    def begin(tag: str, attributes: Mapping[str, str]) -> None:
        if attributes.get("Type", "").endswith("/officeDocument"):
            found.append(attributes.get("Target", "").lstrip("/"))

    _parse(archive, "_rels/.rels", _Target(begin))
    if not found:
        raise DocumentBroken()
    return posixpath.normpath(found[0])


def _read(archive: zipfile.ZipFile, name: str) -> list[str]:
    story = _Story()
    _parse(archive, name, _Target(story.start, story.end, story.data))
    return story.blocks


def _parse(archive: zipfile.ZipFile, name: str, target: "_Target") -> None:
    from lxml import etree

    parser = etree.XMLParser(target=target, resolve_entities=False, no_network=True)
    try:
        for chunk in _chunks(archive, name):
            parser.feed(chunk)
        parser.close()
    except (KeyError, etree.XMLSyntaxError) as error:
        raise DocumentBroken() from error


def _chunks(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with archive.open(name) as part:
        while chunk := part.read(_CHUNK):
            yield chunk


def _nothing(*_: object) -> None: ...


class _Target:
    """What a parser of lxml calls: https://lxml.de/parsing.html#the-target-parser-interface"""

    def __init__(
        self,
        start: Callable[[str, Mapping[str, str]], None],
        end: Callable[[str], None] = _nothing,
        data: Callable[[str], None] = _nothing,
    ) -> None:
        self.start, self.end, self.data = start, end, data

    def doctype(self, *_: object) -> None:
        raise DocumentBroken()  # no office program writes one; entities could be in it

    def comment(self, text: str) -> None: ...

    def pi(self, target: str, data: str) -> None: ...

    def close(self) -> None: ...


class _Story:
    """A part of the document on its way to `blocks`: paragraphs, and tables of one line a row."""

    def __init__(self) -> None:
        self.blocks: list[str] = []
        self._paragraphs: list[list[str]] = []  # open ones; a text box is within another's
        self._tables: list[list[list[str]]] = []  # open ones; rows of cells
        self._dropped = 0
        self._runs = 0  # open ones: outside of them a w:tab is a tab stop
        self._hidden = self._text = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        word = _WORD.match(tag)
        name = tag[word.end() :] if word else tag
        if self._dropped or name == _FALLBACK or (word and self._is_dropped(name, attributes)):
            self._dropped += 1
            return
        if not word:
            self._text = bool(_MATHS.fullmatch(tag))
        elif name == "t":
            self._text = True
        elif name == "p":
            self._paragraphs.append([])
        elif name == "r":
            self._runs += 1
        elif name == "vanish" and self._runs:
            self._hidden = _value(attributes) not in _OFF
        elif name == "tbl":
            self._tables.append([])
        elif name == "tr" and self._tables:
            self._tables[-1].append([])
        elif name == "tc" and self._tables and self._tables[-1]:
            self._tables[-1][-1].append("")
        elif name in _SIGNS and self._runs:
            self._add(_SIGNS[name])

    def end(self, tag: str) -> None:
        if self._dropped:
            self._dropped -= 1
            return
        self._text = False
        word = _WORD.match(tag)
        name = tag[word.end() :] if word else ""
        if name == "p" and self._paragraphs:
            self._put("".join(self._paragraphs.pop()).strip(" \t"))
        elif name == "r":
            self._runs -= 1
            self._hidden = False
        elif name == "tbl" and self._tables:
            rows = [row for row in self._tables.pop() if any(row)]
            self._put("\n".join(" | ".join(row) for row in rows))

    def data(self, text: str) -> None:
        if self._text and not self._dropped:
            self._add(text)

    def _is_dropped(self, name: str, attributes: Mapping[str, str]) -> bool:
        separator = (
            name in ("footnote", "endnote") and "separator" in _value(attributes, "type").lower()
        )
        return name in _DROPPED or separator

    def _add(self, text: str) -> None:
        if self._paragraphs and not self._hidden:
            self._paragraphs[-1].append(text)

    def _put(self, text: str) -> None:
        """A paragraph or a table that has ended: a block, or a part of the cell it is in."""
        if not text.strip():
            return
        if self._tables and self._tables[-1] and self._tables[-1][-1]:
            row = self._tables[-1][-1]
            row[-1] = " ".join(filter(None, (row[-1], " ".join(text.split()))))
        else:
            self.blocks.append(text)


def _value(attributes: Mapping[str, str], name: str = "val") -> str:
    """An attribute of either namespace of WordprocessingML; "" where it is not there."""
    found = (value for key, value in attributes.items() if key.endswith(f"}}{name}"))
    return next(found, "")
