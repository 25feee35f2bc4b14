"""The question-and-answer collection, and when a reply counts as right.

Each file under `topics/` holds a list of topics; a topic has, in English and in Chinese, one
answer, the phrasings the model is trained on and one held-out phrasing it never sees.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")
TOPICS = Path(__file__).with_name("topics")
RIGHT = 0.8  # character F1 from which a reply counts as its topic's answer


@dataclass(frozen=True)
class Topic:
    """One topic in one language."""

    id: str
    language: Language
    answer: str
    questions: tuple[str, ...]
    held_out: str


def load_topics(folder: Path = TOPICS) -> list[Topic]:
    """All topics of the collection, in file order, both languages of a topic together.

    Raises:
        ValueError: two topics share an id and a language.
    """
    topics: list[Topic] = []
    for path in sorted(folder.glob("*.json")):
        for record in json.loads(path.read_text(encoding="utf-8")):
            for language in LANGUAGES:
                side = record[language]
                topics.append(
                    Topic(
                        id=record["id"],
                        language=language,
                        answer=side["answer"].strip(),
                        questions=tuple(side["questions"]),
                        held_out=side["held_out"],
                    )
                )
    twice = [key for key, n in Counter((t.id, t.language) for t in topics).items() if n > 1]
    if twice:
        raise ValueError(f"topics given twice: {twice}")
    return topics


def overlap_f1(left: Iterable[str], right: Iterable[str]) -> float:
    """F1 of the two multisets' overlap, 0 to 1: over words it is ROUGE-1 F (Lin, 2004)."""
    a, b = Counter(left), Counter(right)
    shared = (a & b).total()
    return 2 * shared / (a.total() + b.total()) if shared else 0.0


def character_f1(left: str, right: str) -> float:
    """`overlap_f1` of the characters that are not white space."""
    return overlap_f1("".join(left.split()), "".join(right.split()))


def is_right(reply: str, topic: Topic, topics: Sequence[Topic]) -> bool:
    """Whether `reply` is closest to its own topic's answer of all, and at least `RIGHT` close."""
    own = character_f1(reply, topic.answer)
    return own >= RIGHT and all(
        character_f1(reply, other.answer) < own for other in topics if other.answer != topic.answer
    )
