"""A PDF -> its paragraphs. A PDF knows no words, lines or paragraphs, only where each glyph stands.

PDFium finds the words and lines, in the order the pages were written in. Here lines become
paragraphs by the gaps between them, their indents and their ends; what stands in the margin of
many pages, such as their numbers, is left out.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from inference import paragraphs
from inference.errors import DocumentBroken, DocumentEncrypted, DocumentScanned

_PASSWORD = 4  # FPDF_ERR_PASSWORD
_UNREADABLE = re.compile("[\ue000-\uf8ff\ufffd\x00-\x1f]")  # glyphs whose letter is not told
_READABLE = 0.5  # least share of a PDF's letters that are told
_STAMP = 60  # letters on a page that may be a scanner's stamp, or a number
_SPARSE = 12  # letters for each page that is a picture; less is no text

_MARGIN = 0.12  # of the page's height, above and below its text
_OFTEN = 3  # pages on which the same line in the margin is no text
_NUMBER = re.compile(
    r"\W{0,4}(?:page |p\.|第)?\s?(?:\d{1,4}|[ivxlc]{1,6})\s?"
    r"(?:(?:of|/|页|頁|共)\W{0,3}\d{0,4}){0,3}\W{0,4}",
    re.IGNORECASE,
)

_GAP = 1.35  # of the usual distance between lines; more begins a paragraph
_NEAR = 8  # lines before and after that tell the usual distance
_SIZE = 1.15  # of a letter's height; more begins a heading or ends it
_INDENT = (0.8, 6.0)  # of a letter's height


@dataclass(frozen=True)
class Line:
    """A line of a page; the edges in points, from the page's left and bottom."""

    text: str
    page: int
    left: float
    right: float
    bottom: float
    top: float
    height: float  # of the page
    told: bool = True  # whether the PDF tells which letters its glyphs are

    @property
    def size(self) -> float:
        return max(1.0, self.top - self.bottom)

    @property
    def letter(self) -> float:
        """The width of a column of letters; a Chinese character takes two."""
        return (self.right - self.left) / max(1, paragraphs.columns(self.text))


def read_pdf(raw: bytes) -> tuple[str, int]:
    """(the text, the number of pages). A password that is empty is no password.

    Raises:
        DocumentEncrypted, DocumentBroken, DocumentScanned
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(raw)
    except pypdfium2.PdfiumError as error:
        locked = getattr(error, "err_code", None) == _PASSWORD
        raise (DocumentEncrypted() if locked else DocumentBroken()) from error
    pages, lines, pictures = len(document), [], 0
    for number in range(pages):
        try:
            found, pictured = _page(document, number)
        except pypdfium2.PdfiumError:
            continue  # a damaged page; the others may be whole
        lines += found
        pictures += pictured
    if not pages:
        raise DocumentBroken()
    body = _without_margins(lines, pages)
    letters = "".join(line.text for line in body)
    untold = sum(len(line.text) for line in body if not line.told)
    told = len(letters) - max(untold, len(_UNREADABLE.findall(letters)))
    if told < _SPARSE * pictures or told < _READABLE * len(letters):
        raise DocumentScanned(pages=pages)
    return _text(body), pages


def _page(document: Any, number: int) -> tuple[list[Line], bool]:
    """(the lines of a page, whether it is a picture with hardly a letter)"""
    from pypdfium2 import raw as pdfium

    page = document[number]
    text_page = page.get_textpage()
    try:
        lines = list(_lines(text_page, number, page.get_height()))
        if sum(len(line.text) for line in lines) > _STAMP:
            return lines, False
        count = pdfium.FPDFPage_CountObjects(page)
        objects = (pdfium.FPDFPage_GetObject(page, at) for at in range(count))
        kinds = map(pdfium.FPDFPageObj_GetType, objects)
        return lines, any(kind != pdfium.FPDF_PAGEOBJ_TEXT for kind in kinds)
    finally:
        text_page.close()
        page.close()


def _lines(text_page: Any, number: int, height: float) -> Iterator[Line]:
    from pypdfium2 import raw as pdfium

    codes: list[int] = []
    first = last = -1  # glyphs of the line that are no spaces
    for at in range(text_page.count_chars()):
        code = pdfium.FPDFText_GetUnicode(text_page, at)
        if code > 32:
            first, last = (at if first < 0 else first), at
            codes.append(code)
        elif code == 2:
            codes.append(0xAD)
        elif code in (9, 32):
            codes.append(32)
        if (code in (2, 10, 13) or code == 0xFFFE) and first >= 0:
            yield from _line(text_page, codes, (first, last), number, height)
            codes, first = [], -1
    if first >= 0:
        yield from _line(text_page, codes, (first, last), number, height)


def _line(
    text_page: Any, codes: list[int], ends: tuple[int, int], number: int, height: float
) -> Iterator[Line]:
    """The line, unless it is made of wide spaces alone."""
    from pypdfium2 import raw as pdfium

    halves = "".join(map(chr, codes)).encode("utf-16", "surrogatepass")
    text = " ".join(halves.decode("utf-16", "replace").replace("\ufffe", "\xad").split())
    if not text:
        return
    left, bottom, _, top = text_page.get_charbox(ends[0], loose=True)
    _, low, right, high = text_page.get_charbox(ends[1], loose=True)
    guessed = any(pdfium.FPDFText_HasUnicodeMapError(text_page, at) == 1 for at in ends)
    yield Line(text, number, left, right, min(bottom, low), max(top, high), height, not guessed)


def _without_margins(lines: Sequence[Line], pages: int) -> list[Line]:
    """Leave out running heads and page numbers: the same but for its figures on several pages."""
    outer = {id(line) for line in _outermost(lines)}
    often = Counter(
        shape for shape, _ in {(_shape(it), it.page) for it in lines if id(it) in outer}
    )

    def is_text(line: Line) -> bool:
        if id(line) not in outer or (pages > 1 and _NUMBER.fullmatch(line.text)):
            return id(line) not in outer
        return often[_shape(line)] < _OFTEN or not any(map(str.isalpha, line.text))

    return [line for line in lines if is_text(line)]


def _outermost(lines: Sequence[Line]) -> Iterator[Line]:
    """The two highest and the two lowest lines of every page, where they stand in its margin."""
    for _, found in itertools.groupby(lines, key=lambda line: line.page):
        page = sorted(found, key=lambda line: line.bottom)
        yield from (line for line in page[:2] if line.top < _MARGIN * line.height)
        yield from (line for line in page[-2:] if line.bottom > (1 - _MARGIN) * line.height)


def _shape(line: Line) -> str:
    return re.sub(r"\d+", "#", line.text)


def _text(lines: Sequence[Line]) -> str:
    if not lines:
        return ""
    gaps = _gaps(lines)
    words = paragraphs.hyphenated_words(line.text for line in lines)
    parts: list[str] = []
    for at, (before, line) in enumerate(itertools.pairwise(lines)):
        kind = _between(before, line, _edges(lines, at), _usual(gaps, at))
        parts += (
            paragraphs.seam(before.text, line.text, words) if kind is None else (before.text, kind)
        )
    return "".join((*parts, lines[-1].text)).replace("\xad", "")


def _gaps(lines: Sequence[Line]) -> list[float]:
    """From each line to the next, by the height of a letter; 0 where that is no next line."""
    return [_gap(one, two) for one, two in itertools.pairwise(lines)]


def _gap(before: Line, line: Line) -> float:
    drop = (before.bottom - line.bottom) / before.size
    return drop if before.page == line.page and 0.5 < drop < 3 else 0.0


def _usual(gaps: Sequence[float], at: int) -> float:
    """The distance between two lines of a paragraph around here: a low quartile, for among short
    paragraphs most gaps are those between them."""
    near = sorted(gap for gap in gaps[max(0, at - _NEAR) : at + _NEAR + 1] if gap)
    return near[len(near) // 4] if near else 1.2


def _edges(lines: Sequence[Line], at: int) -> tuple[float, float]:
    """Left and right edge of the column around a line: of the lines near it, above and below in
    the same column and as large."""
    near = [lines[at]]
    for steps in (range(at - 1, max(-1, at - 5), -1), range(at + 1, min(len(lines), at + 6))):
        last = lines[at]
        for line in map(lines.__getitem__, steps):
            down = line.bottom < last.bottom if steps.step > 0 else line.bottom > last.bottom
            if line.page != last.page or not down or not _is_as_large(last, line):
                break
            near.append(line)
            last = line
    return min(line.left for line in near), max(line.right for line in near)


def _is_as_large(before: Line, line: Line) -> bool:
    return 1 / _SIZE < line.size / before.size < _SIZE


def _between(before: Line, line: Line, edges: tuple[float, float], usual: float) -> str | None:
    """What separates two lines: nothing (None), a line end, or a blank line."""
    if before.text.endswith("\xad"):
        return None
    drop = (before.bottom - line.bottom) / before.size
    if abs(drop) < 0.5 and line.page == before.page:
        return None  # two pieces of a line
    if not _is_as_large(before, line) or paragraphs.is_item(line.text):
        return "\n\n"
    ended = paragraphs.ends_sentence(before.text)
    short = _is_short(before, line, edges)
    if line.page != before.page or drop < 0:  # a new page or column
        return "\n\n" if ended and (short or _is_indented(before, line)) else None
    if drop > _GAP * usual or _is_indented(before, line):
        return "\n\n"
    if not short:
        return None
    return "\n\n" if ended else "\n"


def _is_short(before: Line, line: Line, edges: tuple[float, float]) -> bool:
    """Whether the next line's first word would have fitted, so that its end was meant."""
    start = line.text
    word = start[:1] if paragraphs.is_wide(start[0]) else start.partition(" ")[0]
    room = (edges[1] - before.right) / max(0.1, before.letter)
    return room > paragraphs.columns(word) + 3


def _is_indented(before: Line, line: Line) -> bool:
    low, high = _INDENT
    return low * line.size < line.left - before.left < high * line.size
