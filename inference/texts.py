"""Plain text: checked, cut into sentences, put together again. English and Chinese."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate

from inference.errors import TextEmpty, TextTooLong
from inference.records import Section

# The lengths of several texts in tokens; counted together, which is far faster.
Count = Callable[[list[str]], list[int]]

# Han, kana, hangul and the full-width forms and punctuation between them: no spaces there.
_WIDE = r"\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uff60\U00020000-\U0003ffff"
_CLOSING = r"[\"'”’」』）》】)\]]*+"
# Possessive, and tried only where a run of stops begins: linear even on a million full stops.
# A full-width dot ends a sentence in older Chinese texts, and stands within numbers in others.
_STOPS = rf"(?:[。！？…]|．(?!\d))++{_CLOSING}|(?<![.!?])[.!?]++{_CLOSING}(?=\s|$)"
_BREAK = re.compile(rf"(?:{_STOPS}|\n)\s*+")
_ENDS = re.compile(_STOPS)
_END = re.compile(rf"(?:{_STOPS})$")
_GAP = re.compile(rf"(?<=[{_WIDE}])[ \t]+(?=[{_WIDE}])")
_IS_WIDE = re.compile(rf"[{_WIDE}]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_HALF = re.compile(r"[\ud800-\udfff]")
_LETTERS = re.compile(r"[^\W\d_]+")

# How good a place for a cut the end of a piece is.
_ANYWHERE, _SENTENCE, _LINE, _PARAGRAPH = range(4)
# A better place is worth this share of a section: so much longer or shorter than the others.
_SLACK = 0.1
# A piece without an end for longer is cut: tokenizers are slow on a word of a million letters.
_PIECE = 2_000


def check_text(text: str, limit: int) -> str:
    """The text without surrounding space, as `encodable` gives it.

    Raises:
        TextEmpty: nothing is left.
        TextTooLong: more than `limit` characters.
    """
    stripped = text.strip() if isinstance(text, str) else ""
    if not stripped:
        raise TextEmpty()
    if len(stripped) > limit:
        raise TextTooLong(length=len(stripped), limit=limit)
    return encodable(stripped)


def encodable(text: str) -> str:
    """As long a text, with no half of a character: JSON can carry one, no tokenizer reads it."""
    return _HALF.sub("\ufffd", text)


def rough_tokens(text: str) -> float:
    """About how many tokens a text has: four letters make one, or a bit more than one character of
    Chinese. For a forecast; each model's own tokenizer counts otherwise."""
    wide = len(_IS_WIDE.findall(text))
    return 0.8 * wide + (len(text) - wide) / 4


def sentences(text: str) -> Iterator[str]:
    """Pieces that end where a sentence or paragraph does; joined with "" they are the text."""
    start = 0
    for match in _BREAK.finditer(text):
        yield text[start : match.end()]
        start = match.end()
    if start < len(text):
        yield text[start:]


def is_chinese(text: str) -> bool:
    """Whether most of its letters are Han; Japanese, with its kana, seldom is."""
    others = _HAN.sub("", text)
    return len(text) - len(others) > len(others) - len(_LETTERS.sub("", others))


def sections(text: str, limit: int, count: Count) -> list[Section]:
    """Cut `text` into parts of at most `limit` tokens, of about equal length.

    They end where a paragraph does if one ends near by, else a line that ends a sentence, else a
    sentence; a sentence longer than `limit` is cut in halves, at a space near the middle where
    there is one. White space around a part belongs to none, and every other character to one.
    """
    ends, sizes, places = [], [], []
    for end, tokens, place in _pieces(text, limit, count):
        ends.append(end)
        sizes.append(tokens)
        places.append(place)
    before = list(accumulate(sizes, initial=0))  # tokens before each piece, and in all
    found, first, start = [], 0, 0
    while first < len(ends):
        first = _next_cut(before, places, first, limit)
        part = text[start : ends[first - 1]]
        kept = part.strip()
        if kept:
            begin = start + len(part) - len(part.lstrip())
            found.append(Section(begin, begin + len(kept)))
        start = ends[first - 1]
    return found


def _next_cut(before: Sequence[int], places: Sequence[int], first: int, limit: int) -> int:
    """The number of the piece that the section after the one from `first` begins with."""
    left = before[-1] - before[first]
    parts = -(-left // limit)
    if parts < 2:
        return len(places)
    target, slack = before[first] + left / parts, _SLACK * left / parts
    last = bisect_right(before, before[first] + limit, first) - 1
    last = max(first + 1, last)  # of what cannot be cut further
    # Not so early that the rest would need one more.
    least = max(target - slack, before[-1] - (parts - 1) * limit)
    low = max(first + 1, bisect_left(before, least, first))
    high = min(last, bisect_right(before, target + slack, first) - 1)
    if low > high:
        near = bisect_left(before, target, first)
        low, high = max(first + 1, min(near - 1, last)), max(first + 1, min(near, last))
    return max(range(low, high + 1), key=lambda cut: (places[cut - 1], -abs(before[cut] - target)))


def _pieces(text: str, limit: int, count: Count) -> Iterator[tuple[int, int, int]]:
    """Where each piece ends, its tokens, and how good a place for a cut its end is."""
    starts, pieces = [], []
    at = 0
    for sentence in sentences(text):
        for begin, end in _cut_at_spaces(sentence):
            starts.append(at + begin)
            pieces.append(sentence[begin:end])
        at += len(sentence)
    # Tokenizers join a space to the word that follows it: counted apart, it would count twice.
    sizes = count([piece.strip() for piece in pieces])
    for start, piece, size in zip(starts, pieces, sizes, strict=True):
        body = piece.rstrip()
        gap = piece[len(body) :]
        for end, tokens in _fitting(body, size, limit, count):
            if end < len(body):
                yield start + end, tokens, _ANYWHERE
        tokens += 0 if gap in ("", " ") else len(gap.encode())
        yield start + len(piece), tokens, _place(body, gap)


def _place(body: str, gap: str) -> int:
    ended = _END.search(body[-8:]) is not None
    lines = gap.count("\n")
    if lines > 1:
        return _PARAGRAPH
    if not ended:  # a line that is broken for its width, or a heading
        return _ANYWHERE
    return _LINE if lines else _SENTENCE


def _cut_at_spaces(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of pieces of at most `_PIECE` characters."""
    start = 0
    while len(text) - start > _PIECE:
        space = text.rfind(" ", start + _PIECE // 2, start + _PIECE)
        end = space + 1 if space > 0 else start + _PIECE
        yield start, end
        start = end
    if start < len(text):
        yield start, len(text)


def joined(parts: Iterable[str]) -> str:
    """The parts as one text: one space between words, none next to a Chinese character."""
    text = ""
    for part in (part.strip() for part in parts):
        if text and part:
            wide = _IS_WIDE.match(text[-1]) or _IS_WIDE.match(part[0])
            text += part if wide else f" {part}"
        else:
            text += part
    return text


def flowing(text: str) -> str:
    """The text in one line, as summarisers learned to read: many files are broken for width."""
    return joined(text.splitlines()) if "\n" in text or "\r" in text else text


def without_gaps(text: str) -> str:
    """Drop the spaces that word-piece decoding leaves between Chinese characters."""
    return _GAP.sub("", text).strip()


def whole_sentences(text: str) -> str:
    """Drop an unfinished last sentence if at least half of the text remains, else mark it “…”."""
    ends = [match.end() for match in _ENDS.finditer(text)]
    if ends and ends[-1] * 2 >= len(text):
        return text[: ends[-1]]
    return f"{text.rstrip()}…"


def _fitting(text: str, tokens: int, limit: int, count: Count) -> Iterator[tuple[int, int]]:
    """Where each part of `text` ends that has no more tokens than `limit`, and its tokens."""
    if len(text) < 2 or tokens <= limit:
        yield len(text), tokens
        return
    middle = len(text) // 2
    space = text.rfind(" ", middle // 2, middle)
    cut = space + 1 if space > 0 else middle
    halves = [text[:cut], text[cut:]]
    for start, half, size in zip((0, cut), halves, count(halves), strict=True):
        for end, part in _fitting(half, size, limit, count):
            yield start + end, part
