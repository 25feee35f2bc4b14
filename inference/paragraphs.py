"""Lines that a page or an editor broke -> paragraphs, a blank line between two of them.

Sentences are cut at every line end later on, so a line end that is only the end of the paper has
to go, and one that somebody meant has to stay: in verse, lists, tables and code. Knows plain text
alone; `pdf_text` also knows where the lines stand.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

_LINE_END = re.compile("\r\n|[\n\r\x0b\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufeff\ufffe\uffff]")
_SHY = "\xad"
# From the beginning of a word alone, and possessive: linear on a word of a million letters.
_HYPHENATED = re.compile(r"(?<![^\W\d_])[^\W\d_]++[-\u2010][^\W\d_]++")
_LAST_WORD, _FIRST_WORD = re.compile(r"[^\W\d_]{2,}[-\u2010]$"), re.compile(r"[^\W\d_]+")
_WIDE = re.compile(
    "[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f"
    "\uff01-\uff60\uffe0-\uffe6\U0001f300-\U0001faff\U00020000-\U0003fffd]"
)
_ITEM = re.compile(
    r"\s*(?:[-*+•·▪◦●○■□◆–—]\s|\(?\d{1,3}[.)]\s|\d{1,3}、|[(（]?[一二三四五六七八九十]{1,3}[)）、．.]|"
    r"第[一二三四五六七八九十百千零〇\d]{1,6}[章节節回卷篇条條]|#{1,6}\s|>|\||```|~~~)"
)
_FENCE = re.compile(r"\s*(?:```|~~~)")
_ENDS = re.compile(r"[.!?:;…。！？：；．](?:[\"'”’」』）》】)\]]*)$")

_LONG = 120  # columns; a longer line is a paragraph that nobody broke
_WORD = 60  # letters looked at for the last word of a line
_NARROW = 40  # columns; prose is not broken into shorter lines, verse is
_FULL = 0.6  # least share of lines that are full, in a text with breaks to mend
_RUNS_ON = 0.4  # least share of full lines whose sentence goes on in the next one


def mended(text: str) -> str:
    """A text file's text: hard line breaks and hyphens mended, a blank line between paragraphs."""
    lines = [line.rstrip() for line in _LINE_END.split(text.replace("\f", "\n\n"))]
    lines = [_CONTROLS.sub("", line) for line in lines]
    width = wrapped_at(lines)
    parts = _unwrapped(lines, width) if width else _as_they_stand(lines)
    return re.sub(r"\n{3,}", "\n\n", "".join(parts)).strip("\n").rstrip()


def wrapped_at(lines: Sequence[str]) -> int:
    """The columns at which an editor broke the lines of prose, 0 where none did."""
    widths = sorted(columns(line) for line in lines if line)
    if not widths:
        return 0
    width = widths[min(len(widths) - 1, len(widths) * 98 // 100)]
    if not _NARROW <= width <= _LONG:
        return 0
    pairs = [(one, two) for one, two in _pairs(lines) if one.strip() and two.strip()]
    full = [(one, two) for one, two in pairs if _is_full(one, two, width)]
    if not full or len(full) < _FULL * len(pairs):
        return 0
    running = sum(_runs_on(one, two.lstrip()) for one, two in full)
    return width if running >= _RUNS_ON * len(full) else 0


def seam(before: str, after: str, hyphenated: frozenset[str]) -> tuple[str, str]:
    """(`before`, what to put between it and `after`), for two lines of one paragraph: no space
    beside a Chinese character, no hyphen that the line end made.

    Args:
        hyphenated: the words that have a hyphen elsewhere in the text, lower case.
    """
    if before.endswith(_SHY):
        return before[:-1], ""
    word = _LAST_WORD.search(before[-_WORD:])
    if word and after[0].islower() and (rest := _FIRST_WORD.match(after)):
        whole = (word[0] + rest[0]).lower().replace("\u2010", "-")
        return (before if whole in hyphenated else before[:-1]), ""
    if before.endswith(("-", "\u2010", "/")) and before[-2:-1].isalnum() and after[0].isalnum():
        return before, ""
    return before, "" if is_wide(before[-1]) or is_wide(after[0]) else " "


def hyphenated_words(lines: Iterable[str]) -> frozenset[str]:
    """Words with a hyphen within a line, lower case."""
    found = (word for line in lines for word in _HYPHENATED.findall(line))
    return frozenset(word.lower().replace("\u2010", "-") for word in found)


def is_item(line: str) -> bool:
    """Whether a line begins an item of a list, a chapter, a quotation or a row of Markdown."""
    return bool(_ITEM.match(line))


def ends_sentence(line: str) -> bool:
    return bool(_ENDS.search(line[-_WORD:]))


def columns(line: str) -> int:
    """The width of a line in letters; a Chinese character is as wide as two."""
    return len(line) if line.isascii() else len(line) + len(_WIDE.findall(line))


def is_wide(character: str) -> bool:
    return bool(_WIDE.match(character))


def _pairs(lines: Sequence[str]) -> Iterable[tuple[str, str]]:
    return itertools.pairwise(lines)


def _is_full(line: str, after: str, width: int) -> bool:
    """Whether the next line's first word would not have fitted: then the break was no choice."""
    start = after.lstrip()
    word = start[:2] if start and is_wide(start[0]) else start.partition(" ")[0]
    return columns(line) + (not is_wide(start[:1] or " ")) + columns(word) > width - 2


def _runs_on(line: str, after: str) -> bool:
    if is_wide(after[0]):
        return not ends_sentence(line)
    return after[0].islower()


def _unwrapped(lines: Sequence[str], width: int) -> Iterator[str]:
    hyphenated = hyphenated_words(lines)
    first, before, last, fenced = "", "", "", False  # `last`: what is written of the line before
    for line in lines:
        bare = line.strip()
        if last and bare and not fenced and _goes_on(first, before, line, width):
            yield from seam(last, bare, hyphenated)
            last = bare
        else:
            yield last
            if last:
                yield "\n\n" if not bare or _begins(before, line) else "\n"
            last, first = (line if fenced else bare), line
        fenced ^= bool(_FENCE.match(line))
        before = line
    yield last


def _goes_on(first: str, before: str, line: str, width: int) -> bool:
    if is_item(line) or "\t" in line.strip() or _FENCE.match(before):
        return False
    if _indent(line) > _indent(before) and not is_item(first):
        return False
    return _is_full(before, line, width)


def _begins(before: str, line: str) -> bool:
    """Whether a line that does not go on is a paragraph, and not one more line of verse."""
    return _indent(line) > _indent(before) and ends_sentence(before)


def _indent(line: str) -> int:
    return columns(line[: len(line) - len(line.lstrip())].expandtabs(4))


def _as_they_stand(lines: Sequence[str]) -> Iterator[str]:
    """Every line by itself; a long or an indented Chinese one is a paragraph."""
    before = ""
    for line in lines:
        apart = line.startswith("\u3000") or max(columns(line), columns(before)) > _LONG
        if before and line and apart:
            yield "\n"
        yield line.lstrip("\u3000") + "\n"
        before = line
