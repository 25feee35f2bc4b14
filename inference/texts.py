"""Plain text: checked, cut into sentences, put together again. English and Chinese."""

import re
from collections.abc import Callable, Iterable, Iterator

from inference.errors import TextEmpty, TextTooLong

# The lengths of several texts in tokens; counted together, which is far faster.
Count = Callable[[list[str]], list[int]]

# Han, kana, hangul and the full-width forms and punctuation between them: no spaces there.
_WIDE = r"\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uff60\U00020000-\U0003ffff"
_CLOSING = r"[\"'”’」』）》】)\]]*+"
# Possessive, and tried only where a run of stops begins: linear even on a million full stops.
_STOPS = rf"[。！？…]++{_CLOSING}|(?<![.!?])[.!?]++{_CLOSING}(?=\s|$)"
_BREAK = re.compile(rf"(?:{_STOPS}|\n)\s*+")
_ENDS = re.compile(_STOPS)
_GAP = re.compile(rf"(?<=[{_WIDE}])[ \t]+(?=[{_WIDE}])")
_IS_WIDE = re.compile(rf"[{_WIDE}]")


def check_text(text: str, limit: int) -> str:
    """The text without surrounding space.

    Raises:
        TextEmpty: nothing is left.
        TextTooLong: more than `limit` characters.
    """
    stripped = text.strip() if isinstance(text, str) else ""
    if not stripped:
        raise TextEmpty()
    if len(stripped) > limit:
        raise TextTooLong(length=len(stripped), limit=limit)
    return stripped


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


def sections(text: str, limit: int, count: Count) -> list[str]:
    """Cut `text` at sentence ends into parts of at most `limit` tokens, of about equal length.

    A sentence longer than `limit` is cut in halves, at
    a space near the middle where there is one. Blank parts are left out.
    """
    pieces, lengths = [], []
    whole = list(sentences(text))
    # Tokenizers join a space to the word that follows it: counted apart, it would count twice.
    sizes = count([sentence.strip() for sentence in whole])
    for sentence, size in zip(whole, sizes, strict=True):
        length = size + sentence.count("\n")
        for piece, tokens in _fitting(sentence, length, limit, count):
            pieces.append(piece)
            lengths.append(tokens)
    total = sum(lengths)
    if not total:
        return []
    wanted = total / -(-total // limit)
    parts, current, filled, passed = [], "", 0, 0
    for piece, length in zip(pieces, lengths, strict=True):
        due = passed + length / 2 > wanted * (len(parts) + 1)
        if current and (due or filled + length > limit):
            parts.append(current)
            current, filled = "", 0
        current += piece
        filled += length
        passed += length
    parts.append(current)
    return [part.strip() for part in parts if part.strip()]


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


def without_gaps(text: str) -> str:
    """Drop the spaces that word-piece decoding leaves between Chinese characters."""
    return _GAP.sub("", text).strip()


def whole_sentences(text: str) -> str:
    """Drop an unfinished last sentence if at least half of the text remains, else mark it “…”."""
    ends = [match.end() for match in _ENDS.finditer(text)]
    if ends and ends[-1] * 2 >= len(text):
        return text[: ends[-1]]
    return f"{text.rstrip()}…"


def _fitting(text: str, length: int, limit: int, count: Count) -> Iterator[tuple[str, int]]:
    if len(text) < 2 or length <= limit:
        yield text, length
        return
    middle = len(text) // 2
    space = text.rfind(" ", middle // 2, middle)
    cut = space + 1 if space > 0 else middle
    halves = [text[:cut], text[cut:]]
    for half, tokens in zip(halves, count(halves), strict=True):
        yield from _fitting(half, tokens, limit, count)
