"""Sentences of novels in the dress of other sources: their marks, numbers and quotation marks.

What a small model has never seen it does not copy: a stop inside a number would end its summary,
a straight quotation mark begin one.
"""

import random
import re

from finetune.pretrain.collection import Language

INSERTED = 0.35  # share of the sentences with something in them that novels lack
# Stops that end no sentence, and words of another script; the numbers are drawn anew each time.
INSERTS: dict[Language, tuple[str, ...]] = {
    "en": ("{}.{}", "{}.{}%", "(i.e., {}", "e.g.,", "v{}.{}", "({}.{})", "GPT-{}.{}", "$ {}.{}"),
    "zh": (
        *("{}.{}", "{}.{}%", "(P<0.{})", "(P＜0.{})", "{}.{}±0.{}", "(r=0.{},P<0.0{})"),
        *("DNA", "BP", "SVM", "MATLAB", "GPT-{}.{}", " Quercus alba ", "( probing depth, PD)"),
    ),
}
QUOTED = (1, 6)  # words, Chinese characters that a pair of marks may enclose
# The pairs; what is drawn more often stands here more than once.
QUOTES: dict[Language, tuple[str, ...]] = {
    "en": ("“”", "“”", "‘’", "()", "[]"),
    "zh": ("“”", "“”", "“”", "《》", "<>", "()", "（）"),
}
SHORTEST = 8  # words, characters: shorter sentences are left as they are
_HALF_WIDTH = str.maketrans("。，；：！？“”‘’", ".,;:!?\"\"''")
_STRAIGHT = str.maketrans("“”‘’", "\"\"''")
_SINGLE = str.maketrans("“”‘’", "''''")  # as CNN/DailyMail has them
_SPACED = re.compile(r"([,;:](?=\D)|[.!?](?=[^.\d\"']))")
_NEWS_MARK = re.compile(r"\s*((?<!\d)[.,]|[.,](?!\d)|[;:!?\"“”()])\s*")


def with_insert(sentence: str, language: Language, rng: random.Random) -> str:
    """Some sentences with a number, an abbreviation or a quoted word inside."""
    space = " " if language == "en" else ""
    units = sentence.split() if language == "en" else list(sentence.strip())
    if len(units) < SHORTEST or rng.random() >= INSERTED:
        return sentence
    at = rng.randrange(1, len(units) - 2)
    if rng.random() < 0.5:
        end = min(at + rng.randint(*QUOTED), len(units) - 1)
        opening, closing = rng.choice(QUOTES[language])
        units[at:end] = [f"{opening}{space.join(units[at:end])}{closing}"]
    else:
        insert = rng.choice(INSERTS[language])
        units.insert(at, insert.format(*(rng.randint(0, 99) for _ in range(3))))
    return space.join(units)


def cue_styles(phrase: str, language: Language) -> list[str]:
    """The phrase as it is and, in English, in the punctuation of news."""
    if language == "zh":
        return [phrase]
    return [f" {phrase}", f" {phrase.lower().replace(',', ' ,')}"]


def styles(parts: list[str], language: Language) -> list[list[str]]:
    """The sentences as they are, and in the punctuation of other sources.

    English news corpora are in lower case with spaces around marks, but not around those in
    numbers; papers have straight quotation marks. Chinese papers use half-width marks, with or
    without a space. A space between sentences belongs to the later one, as it does to the first
    word's token.
    """
    parts = [part for part in map(str.strip, parts) if part]
    if language == "en":
        straight = [part.translate(_STRAIGHT) for part in parts]
        news = [" ".join(_NEWS_MARK.sub(r" \1 ", part.lower()).split()) for part in parts]
        news = [part.translate(_SINGLE).replace("'s", " 's") for part in news]
        return [[f" {part}" for part in each] for each in (parts, straight, news)]
    half = [part.translate(_HALF_WIDTH) for part in parts]
    return [parts, half, [_SPACED.sub(r"\1 ", f" {part}") for part in half]]


def lacking(language: Language) -> list[str]:
    """Characters of which novels have few: in Chinese those of GB 2312, in English some of papers.

    Most the vocabulary of a small model has not: they are a few of its tokens each.
    """
    if language == "en":
        return list("éöüñçαβγδλμσπ°±×→≤≥•–—ﬁﬂ∈∞√∼")
    rows = (bytes((row, cell)) for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF))
    return list(b"".join(rows).decode("gb2312", errors="ignore"))
