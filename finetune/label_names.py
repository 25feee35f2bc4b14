"""What the labels of a file mean among the labels of a model: `好评` is its `positive`.

Pure. A value is understood, first found: as the very name of a label, by a known word for it, as a
number of stars, or as one of the numbers that label files are numbered with.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from finetune.columns import plain

Way = Literal["name", "word", "stars", "number"]

# Meaning -> how people write it; compared without case, accents of width and outer marks.
WORDS: Mapping[str, frozenset[str]] = {
    "positive": frozenset(
        {
            *("positive", "pos", "good", "favorable", "favourable", "praise", "recommended"),
            *(
                "正面",
                "积极",
                "積極",
                "正向",
                "正",
                "好评",
                "好評",
                "好",
                "褒义",
                "褒義",
                "满意",
                "喜欢",
            ),
        }
    ),
    "negative": frozenset(
        {
            *("negative", "neg", "bad", "unfavorable", "unfavourable", "complaint"),
            *(
                "负面",
                "負面",
                "消极",
                "消極",
                "负向",
                "負向",
                "负",
                "負",
                "差评",
                "差評",
                "差",
                "坏",
            ),
            *("贬义", "貶義", "不满意", "不喜欢"),
        }
    ),
    "neutral": frozenset(
        {"neutral", "neu", "mixed", "中性", "中立", "中评", "中評", "一般", "客观", "客觀"}
    ),
}
MEANINGS = {word: meaning for meaning, words in WORDS.items() for word in words}
RATED = frozenset({"rating", "ratings", "stars", "star", "score", "评分", "星级", "评星", "打分"})
NUMBERS: tuple[dict[int, str], ...] = (  # the usual numberings, the smallest first
    {0: "negative", 1: "positive"},
    {-1: "negative", 1: "positive"},
    {-1: "negative", 0: "neutral", 1: "positive"},
    {0: "negative", 1: "neutral", 2: "positive"},
)
STARS = range(1, 6)
_STARS = re.compile(r"([1-5一二三四五])\s*(?:-?\s*stars?|颗?星级?|分)")
_NUMBER = re.compile(r"(?:label_)?([+-]?[0-9]{1,6})(?:\.0+)?", re.ASCII)
_CHINESE = {character: number for number, character in enumerate("一二三四五", start=1)}


@dataclass(frozen=True)
class Matched:
    """`labels`: a value of the file -> the model's label it means; `ways`: how that is known.

    A value that means none of them is in neither.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    ways: Mapping[str, Way] = field(default_factory=dict)


def match(values: Iterable[str], labels: Sequence[str], column: str = "") -> Matched:
    """Which of the model's `labels` each of the `values` means.

    0 and 1 are negative and positive, 1 to 5 are stars; where both are possible, the name of the
    column decides. Stars become positive (4, 5) and negative (1, 2) only of a model that has just
    these two labels; what such a model's own label says of stars goes first.
    """
    different = [value for value in dict.fromkeys(values) if value.strip()]
    named = {_tidy(label): label for label in reversed(labels)}
    meant = _by_meaning(labels)
    starred = _by_stars(labels, meant)
    found: dict[str, tuple[str, Way]] = {}
    for value in different:
        tidy = _tidy(value)
        stars = stars_of(value)
        if tidy in named:
            found[value] = named[tidy], "name"
        elif MEANINGS.get(tidy) in meant:
            found[value] = meant[MEANINGS[tidy]], "word"
        elif stars in starred:
            found[value] = starred[stars], "stars"
    if not found:
        found = _by_number(different, meant, starred, column)
    return Matched(
        {value: label for value, (label, _) in found.items()},
        {value: way for value, (_, way) in found.items()},
    )


def meaning(label: str) -> str | None:
    """`positive (stars 4 and 5)` -> `positive`; None where it is none of `WORDS`."""
    return MEANINGS.get(_tidy(label)) or MEANINGS.get(_tidy(label.partition("(")[0]))


def stars_of(value: str) -> int | None:
    """`4 stars`, `四星`, `★★★★☆` -> 4."""
    tidy = _tidy(value)
    if tidy and set(tidy) <= {"★", "☆"} and tidy.count("★") in STARS:
        return tidy.count("★")
    found = _STARS.fullmatch(tidy)
    return (_CHINESE.get(found[1]) or int(found[1])) if found else None


def _tidy(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).strip(" .,:;!'\"。，！")


def _by_meaning(labels: Sequence[str]) -> dict[str, str]:
    """Meaning -> the one label that has it."""
    all_of = [(known, label) for label in labels if (known := meaning(label))]
    often = [known for known, _ in all_of]
    return {known: label for known, label in all_of if often.count(known) == 1}


def _by_stars(labels: Sequence[str], meant: Mapping[str, str]) -> dict[int, str]:
    """Stars -> label."""
    own = {stars: label for label in labels if (stars := stars_of(label))}
    if own or len(labels) != 2 or set(meant) != {"positive", "negative"}:
        return own
    stated = {
        int(digit): label
        for label in labels
        for digit in re.findall(r"[1-5]", label)
        if "(" in label
    }
    usual = {1: "negative", 2: "negative", 4: "positive", 5: "positive"}
    return stated or {stars: meant[known] for stars, known in usual.items()}


def _by_number(
    values: Sequence[str], meant: Mapping[str, str], starred: Mapping[int, str], column: str
) -> dict[str, tuple[str, Way]]:
    """The meaning of a numbering: all of the values are read in the same one, or none is."""
    read = {value: _NUMBER.fullmatch(_tidy(value)) for value in values}
    numbers = {value: int(found[1]) for value, found in read.items() if found}
    seen = set(numbers.values())
    if not numbers or len(numbers) < len(values):
        return {}
    if starred and seen <= set(STARS) and (plain(column) in RATED or max(seen) > 2):
        return {v: (starred[n], "stars") for v, n in numbers.items() if n in starred}
    for numbering in NUMBERS:
        if seen <= set(numbering) and set(numbering.values()) <= set(meant):
            return {v: (meant[numbering[n]], "number") for v, n in numbers.items()}
    return {}
