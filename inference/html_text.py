"""A web page or a chapter of a book -> its paragraphs, without what only serves the page.

libxml2 mends the markup as it goes and hands over one element at a time, so that neither a deep
nor a long page takes memory: no tree is built.
"""

import codecs
import re
from collections.abc import Mapping
from contextlib import suppress

from inference.decode import Decoded, NotText, decode

# Not text of the page: code, and what leads elsewhere or asks for something.
_DROPPED = {
    *("script", "style", "template", "noscript", "nav", "iframe", "object", "svg", "canvas"),
    *("button", "select", "textarea", "datalist", "audio", "video", "map", "rt", "rp", "footer"),
    *("annotation", "annotation-xml", "dialog", "menu"),
}
_DROPPED_ROLES = {"navigation", "search", "contentinfo", "menu", "menubar", "dialog"}
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_MAINS = {"main", "article"}
_BLOCKS = {
    *_MAINS,
    *("p", "div", "section", "header", "aside", "body", "html", "form"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "ul", "ol", "dl", "table"),
    *("figure", "figcaption", "address", "hr", "details", "summary", "fieldset", "caption"),
    *("title", "center"),
}
_WHOLE = {"html", "body"}  # hidden until a script shows them
_LINES = {"li", "dt", "dd", "tr"}
_CELLS = {"td", "th"}
_HOLDERS = {"li", *_CELLS}
_WITHIN = {"p", "div"}
_VOID = {
    *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param"),
    *("source", "track", "wbr"),
}
_SPACE = re.compile(r"[ \t\r\n\f]+")
_SPACES = re.compile(" {2,}")
_MAIN = 0.5  # least share of a page's letters within its <main> or <article> to leave the rest out
_CHUNK = 1 << 16  # bytes
_HEAD = 4096  # bytes in which a page names its encoding
_CHARSET = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""")
_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# What pages with these names are in: https://encoding.spec.whatwg.org/#names-and-labels
_MEANT = {
    **dict.fromkeys(("gb2312", "gbk", "gb_2312-80", "x-gbk"), "gb18030"),
    **dict.fromkeys(("big5", "big5-hkscs", "x-x-big5"), "big5hkscs"),
    **dict.fromkeys(("iso-8859-1", "latin1", "us-ascii", "ascii"), "cp1252"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis"), "cp932"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987"), "cp949"),
}


def decode_markup(raw: bytes) -> Decoded:
    """A page as text, in the encoding that it is in, names or looks like; see `decode`.

    Raises:
        NotText
    """
    told = _CHARSET.search(raw[:_HEAD])
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        if told and not raw.startswith(_MARKS):
            name = told[1].decode("ascii").lower()
            with suppress(NotText):  # the page is wrong about itself
                return decode(raw, _MEANT.get(name, name))
    return decode(raw)


def read_html(page: str, titled: bool = True) -> str:
    """The text of a page: headings and paragraphs apart, a line for an item or a row.

    Args:
        titled: begin with its title where it has no main heading.
    """
    from lxml import etree

    target = _Page(titled)
    parser = etree.HTMLParser(target=target, encoding="utf-8", huge_tree=True)
    raw = page.encode("utf-8", "replace")
    for at in range(0, len(raw), _CHUNK):
        parser.feed(raw[at : at + _CHUNK])
    if raw.strip():
        parser.close()
    return target.text()


class _Page:
    """What a parser of lxml calls: https://lxml.de/parsing.html#the-target-parser-interface"""

    def __init__(self, titled: bool) -> None:
        self._titled = titled
        self._blocks: list[tuple[str, bool]] = []  # (a block's text, within <main> or <article>)
        self._pieces: list[str] = []
        self._dropped: list[str] = []  # open elements, from the first that is not text
        self._main = self._pre = 0
        self._held = 0  # open items and cells, of which a paragraph within is part
        self._open = {"title": 0, "head": 0}
        self._title: list[str] = []
        self._heading = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if (
            self._dropped
            or tag in _DROPPED
            or (attributes and tag not in _WHOLE and _is_hidden(attributes))
        ):
            if tag not in _VOID:
                self._dropped.append(tag)
            return
        if tag in self._open:
            self._open[tag] += 1
        self._heading |= tag == "h1"
        if tag in _MAINS:
            self._break()
            self._main += 1
        elif tag in _WITHIN and self._held:
            self._go_on()
        elif tag in _BLOCKS:
            self._break()
        elif tag in _LINES or tag == "br":
            self._line()
        elif tag in _CELLS and self._on_a_line():
            self._pieces.append(" | ")
        if tag == "li":
            self._pieces.append("- ")
        self._pre += tag == "pre"
        self._held += tag in _HOLDERS

    def end(self, tag: str) -> None:
        if self._dropped:
            if tag not in _VOID:
                self._dropped.pop()
            return
        if tag in self._open:
            self._open[tag] -= 1
        if tag in _BLOCKS and not (tag in _WITHIN and self._held):
            self._break()
        elif tag in _LINES:
            self._line()
        self._held -= tag in _HOLDERS
        self._main -= tag in _MAINS
        self._pre -= tag == "pre"

    def data(self, text: str) -> None:
        if self._dropped:
            return
        if self._open["title"]:
            self._title.append(text)
        elif not self._open["head"]:
            self._pieces.append(text if self._pre else _SPACE.sub(" ", text))

    def comment(self, text: str) -> None: ...

    def pi(self, target: str, data: str) -> None: ...

    def close(self) -> None:
        self._break()

    def text(self) -> str:
        """Only what is within <main> or <article> where that is most of the page."""
        self._break()
        inside = sum(len(text) for text, main in self._blocks if main)
        most = inside >= _MAIN * sum(len(text) for text, _ in self._blocks) > 0
        blocks = [text for text, main in self._blocks if main or not most]
        title = _SPACE.sub(" ", "".join(self._title)).strip()
        if self._titled and title and blocks and not self._heading:
            blocks.insert(0, title)
        return "\n\n".join(blocks)

    def _on_a_line(self) -> bool:
        return bool(self._pieces) and not self._pieces[-1].endswith("\n")

    def _go_on(self) -> None:
        """Another paragraph of an item or a cell, which may be that of a whole page's layout."""
        if self._pieces and self._pieces[-1] not in ("- ", " | "):
            self._line()

    def _line(self) -> None:
        if self._on_a_line():
            self._pieces.append("\n")

    def _break(self) -> None:
        text = "".join(self._pieces)
        self._pieces.clear()
        if not text or text.isspace():
            return
        if not self._pre:
            rows = (row.strip() for row in _SPACES.sub(" ", text).split("\n"))
            text = "\n".join(row for row in rows if row.strip("-| "))
        if text := text.strip("\n"):
            self._blocks.append((text, self._main > 0))


def _is_hidden(attributes: Mapping[str, str]) -> bool:
    return (
        "hidden" in attributes
        or attributes.get("role") in _DROPPED_ROLES
        or attributes.get("aria-hidden") == "true"
        or bool(_HIDDEN.search(attributes.get("style", "")))
    )
