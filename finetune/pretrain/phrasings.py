"""Many ways to ask one question: what makes a small model answer phrasings it never saw.

The trained phrasings are changed a little, mixed, or replaced by words that only their topic
uses, and set among words of unrelated text: what is left to go by is what the question is about.
Others are made up of pieces of any topic's questions and told apart by a linear classifier.
Held-out phrasings are never read here.
"""

import math
import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from finetune.pretrain.collection import Language, Topic
from finetune.pretrain.corpus import is_chinese

BEFORE: dict[Language, tuple[str, ...]] = {
    "en": (
        "Please tell me: ",
        "Hi, ",
        "Hello! ",
        "Sorry, ",
        "Quick question: ",
        "I'd like to know, ",
        "Can you explain: ",
        "Could you tell me, ",
        "So, ",
    ),
    "zh": ("请问", "你好，", "请告诉我，", "我想知道", "我想问一下，", "麻烦讲讲", "打扰了，"),
}
AFTER: dict[Language, tuple[str, ...]] = {
    "en": (" Please explain.", " Thanks!", " please", " Tell me more.", " I want to know."),
    "zh": ("谢谢", "请解释一下。", "呢", "，能讲讲吗？", "啊"),
}
MadeUp = Mapping[tuple[str, Language], Sequence[str]]
NOTHING_MADE_UP: MadeUp = MappingProxyType({})
MADE_UP_SHARE = 0.4
_UNIT = {
    "en": re.compile(r"[A-Za-z0-9][A-Za-z0-9.+'-]*[A-Za-z0-9]|[A-Za-z0-9]"),
    "zh": re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*|[\u3400-\u9fff]+"),
}
_END = re.compile(r"[?.!？。！\s]+$")


class Phrasings:
    """Draws questions whose right reply is a given topic's answer."""

    def __init__(
        self,
        topics: Sequence[Topic],
        noise: Sequence[str],
        rng: random.Random,
        made_up: MadeUp = NOTHING_MADE_UP,
    ) -> None:
        """noise: general text of both languages, from which unrelated words are taken.

        made_up: by topic (or `UNKNOWN`) and language, questions put together from pieces of others.
        """
        self._rng = rng
        self._made_up = made_up
        self._keywords = _keywords(topics)
        self._noise: dict[Language, list[str]] = {
            "en": [unit for text in noise if not is_chinese(text) for unit in text.split()],
            "zh": [text for text in noise if is_chinese(text)],
        }

    def draw(self, topic: Topic) -> str:
        """A question whose right reply is the topic's answer."""
        rng = self._rng
        made_up = self._made_up.get((topic.id, topic.language))
        if made_up and rng.random() < MADE_UP_SHARE:
            return self.dressed(rng.choice(made_up), topic.language)
        question = rng.choice(topic.questions)
        kind = rng.random()
        if kind < 0.2:
            return question
        if kind < 0.3:
            question = self._fragment(topic)
        elif kind < 0.4:
            question = self._mixed(topic)
        elif kind < 0.5:
            question = self._dropped(question, topic.language)
        elif kind < 0.75:
            question = self._keyword_bag(topic)
        elif kind < 0.9:
            question = self._among_noise([question], topic.language)
        return self.dressed(question, topic.language)

    def _fragment(self, topic: Topic) -> str:
        """Some consecutive words of the answer: they belong to the topic too."""
        rng = self._rng
        units = _units(rng.choice((topic.answer, topic.simple or topic.answer)), topic.language)
        length = rng.randint(3, 8) if topic.language == "en" else rng.randint(4, 14)
        at = rng.randrange(max(1, len(units) - length + 1))
        return _joined(units[at : at + length], topic.language)

    def _mixed(self, topic: Topic) -> str:
        """The first part of one phrasing and the last of another."""
        rng = self._rng
        left = _units(rng.choice(topic.questions), topic.language)
        right = _units(rng.choice(topic.questions), topic.language)
        units = left[: rng.randint(1, len(left))] + right[rng.randrange(len(right)) :]
        return _joined(units, topic.language)

    def _dropped(self, question: str, language: Language) -> str:
        """Some words (English) or characters (Chinese) left out."""
        share = self._rng.uniform(0.1, 0.4)
        units = _units(question, language)
        return _joined([u for u in units if self._rng.random() > share] or units, language)

    def _keyword_bag(self, topic: Topic) -> str:
        """One to three words that few other topics use, among unrelated ones."""
        keywords, weights = self._keywords[topic.id, topic.language]
        chosen = self._rng.choices(keywords, weights, k=self._rng.randint(1, 3))
        return self._among_noise(list(dict.fromkeys(chosen)), topic.language)

    def _among_noise(self, parts: list[str], language: Language) -> str:
        """`parts` with a few unrelated words put between and around them."""
        rng = self._rng
        for _ in range(rng.randint(1, 3)):
            parts.insert(rng.randint(0, len(parts)), self.unrelated(language))
        return (" " if language == "en" else "").join(parts)

    def unrelated(self, language: Language) -> str:
        """A few words in a row from general text."""
        rng = self._rng
        while True:
            if language == "en":
                at, length = rng.randrange(len(self._noise["en"]) - 4), rng.randint(1, 4)
                found = " ".join(self._noise["en"][at : at + length]).strip("“”\"',.;:!?-")
            else:
                text = rng.choice(self._noise["zh"])
                at = rng.randrange(max(1, len(text) - 5))
                found = text[at : at + rng.randint(1, 5)].strip("，。！？、；：“”")
            if found:
                return found

    def dressed(self, question: str, language: Language) -> str:
        """Other case, other punctuation, a polite word before or after."""
        rng = self._rng
        if rng.random() < 0.3:
            question = _END.sub("", question)
        if rng.random() < 0.25:
            question = question.lower()
        elif rng.random() < 0.3:
            question = question[:1].upper() + question[1:]
        if rng.random() < 0.25:
            question = rng.choice(BEFORE[language]) + question
        if rng.random() < 0.15:
            question += rng.choice(AFTER[language])
        if rng.random() < 0.3 and question[-1:].isalnum():
            question += "?" if language == "en" else "？"
        return question


def _units(text: str, language: Language) -> list[str]:
    return text.split() if language == "en" else list(text)


def _joined(units: list[str], language: Language) -> str:
    return (" " if language == "en" else "").join(units)


def _terms(text: str, language: Language) -> list[str]:
    """Words; of Chinese, every run of two to four characters."""
    found = _UNIT[language].findall(text)
    if language == "en":
        return found
    terms: list[str] = []
    for run in found:
        if not is_chinese(run):
            terms.append(run)
            continue
        terms += [run[i : i + n] for n in (2, 3, 4) for i in range(len(run) - n + 1)]
    return terms


def _keywords(
    topics: Sequence[Topic],
) -> dict[tuple[str, Language], tuple[list[str], list[float]]]:
    """Per topic its terms and how telling they are: TF-IDF, questions counting three times."""
    counts = {
        (topic.id, topic.language): Counter(
            [t for q in topic.questions for t in _terms(q, topic.language)] * 3
            + _terms(topic.answer, topic.language)
        )
        for topic in topics
    }
    spread: dict[Language, Counter[str]] = {"en": Counter(), "zh": Counter()}
    for (_, language), terms in counts.items():
        spread[language].update({term.lower() for term in terms})
    found: dict[tuple[str, Language], tuple[list[str], list[float]]] = {}
    for (topic_id, language), terms in counts.items():
        size = sum(key[1] == language for key in counts)
        weights = [
            n * math.log((size + 1) / spread[language][term.lower()]) ** 3
            for term, n in terms.items()
        ]
        found[topic_id, language] = (list(terms), weights)
    return found
