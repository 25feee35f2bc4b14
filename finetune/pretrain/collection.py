"""The question-and-answer collection, and when a reply counts as right.

Each file under `topics/` holds a list of topics; a topic has, in English and in Chinese, one
answer, the phrasings the model is trained on and one held-out phrasing it never sees. Many have a
simpler answer too. `unrelated.json` holds questions of any other kind, `follow_ups.json` what is
asked about the reply before.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")
HERE = Path(__file__).parent
TOPICS = HERE / "topics"
UNKNOWN = "unknown"
MORE = "more"
RIGHT = 0.8  # character F1 from which a reply counts as its topic's answer
_BRIEFLY = {"en": "In short: ", "zh": "简单说："}
_FIRST = {"en": re.compile(r".+?[.!?](?=\s|$)", re.S), "zh": re.compile(r".+?[。！？]|.+$", re.S)}


@dataclass(frozen=True)
class Topic:
    """One topic in one language; `simple` is its answer in easier words, "" where there is none."""

    id: str
    language: Language
    answer: str
    questions: tuple[str, ...]
    held_out: str
    simple: str = ""

    @property
    def simpler(self) -> str:
        """What to say to "more simply, please": `simple`, else the answer's first sentence."""
        if self.simple:
            return self.simple
        found = _FIRST[self.language].match(self.answer)
        return _BRIEFLY[self.language] + (found.group() if found else self.answer)


@dataclass(frozen=True)
class Asked:
    """Questions of one kind: those trained on, and those only measured with."""

    questions: tuple[str, ...]
    held_out: tuple[str, ...]


@dataclass(frozen=True)
class FollowUps:
    """What people ask about the reply before: in the other language, more simply, for more.

    `to` is by the language asked for and mixes both languages, the others are by their own.
    """

    to: dict[Language, Asked]
    simpler: dict[Language, Asked]
    more: dict[Language, Asked]


def load_topics(folder: Path = TOPICS) -> list[Topic]:
    """All topics of the collection, in file order, both languages of a topic together.

    Raises:
        ValueError: two topics share an id and a language.
    """
    topics: list[Topic] = []
    for path in sorted(folder.glob("*.json")):
        for record in _json(path):
            for language in LANGUAGES:
                side = record[language]
                topics.append(
                    Topic(
                        id=record["id"],
                        language=language,
                        answer=side["answer"].strip(),
                        questions=tuple(side["questions"]),
                        held_out=side["held_out"],
                        simple=side.get("simple", "").strip(),
                    )
                )
    twice = [key for key, n in Counter((t.id, t.language) for t in topics).items() if n > 1]
    if twice:
        raise ValueError(f"topics given twice: {twice}")
    return topics


def load_unrelated() -> dict[Language, Asked]:
    """Questions of every kind the collection says nothing about."""
    return {language: _asked(side) for language, side in _json(HERE / "unrelated.json").items()}


def load_follow_ups() -> FollowUps:
    """What is asked about the reply before."""
    table = _json(HERE / "follow_ups.json")
    return FollowUps(
        to={language: _asked(table[f"to_{language}"]) for language in LANGUAGES},
        simpler={language: _asked(table["simpler"][language]) for language in LANGUAGES},
        more={language: _asked(table["more"][language]) for language in LANGUAGES},
    )


@cache
def fallbacks() -> dict[tuple[str, Language], Topic]:
    """The two replies that belong to no topic: to what is `UNKNOWN`, and to a wish for `MORE`."""
    answers = {
        UNKNOWN: _json(HERE / "unrelated.json"),
        MORE: _json(HERE / "follow_ups.json")["more"],
    }
    return {
        (kind, language): Topic(kind, language, table[language]["answer"], (), "")
        for kind, table in answers.items()
        for language in LANGUAGES
    }


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _asked(side: dict[str, list[str]]) -> Asked:
    return Asked(tuple(side["questions"]), tuple(side["held_out"]))


def overlap_f1(left: Iterable[str], right: Iterable[str]) -> float:
    """F1 of the two multisets' overlap, 0 to 1: over words it is ROUGE-1 F (Lin, 2004)."""
    a, b = Counter(left), Counter(right)
    shared = (a & b).total()
    return 2 * shared / (a.total() + b.total()) if shared else 0.0


def character_f1(left: str, right: str) -> float:
    """`overlap_f1` of the characters that are not white space."""
    return overlap_f1("".join(left.split()), "".join(right.split()))


def is_right(reply: str, answer: str, answers: Iterable[str]) -> bool:
    """Whether `reply` is closest to `answer` of all `answers`, and at least `RIGHT` close."""
    own = character_f1(reply, answer)
    return own >= RIGHT and all(
        character_f1(reply, other) < own for other in answers if other != answer
    )
