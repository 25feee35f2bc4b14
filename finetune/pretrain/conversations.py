"""The conversations the chat model is trained on: a question alone, or after one earlier turn.

Nearly all end with a topic's answer, in part after a short thought. The rest are questions about
anything else, answered by saying what the model is, and follow-ups to the turn before.
"""

import random
from collections.abc import Iterator, Sequence

from finetune.pretrain.collection import (
    LANGUAGES,
    MORE,
    UNKNOWN,
    Asked,
    Language,
    Topic,
    fallbacks,
    load_follow_ups,
)
from finetune.pretrain.corpus import is_chinese
from finetune.pretrain.phrasings import NOTHING_MADE_UP, MadeUp, Phrasings
from finetune.pretrain.unrelated import Unrelated

Message = dict[str, str]
SYSTEM: dict[Language, tuple[str, ...]] = {
    "en": ("You are a helpful assistant.", "Answer briefly.", "You are a friendly helper."),
    "zh": ("你是一个乐于助人的助手。", "请简短回答。", "你是一位友好的助手。"),
}
UNRELATED_SHARE = 0.2
UNRELATED_LATER_SHARE = 0.35  # of the questions that follow an earlier turn
# Of questions about a topic: worded as its first wording, which most people use. The rest of the
# draw hardly ever shows one wording as it is.
FIRST_WORDING_SHARE = 0.12
NOTHING_SHARE = 0.01  # of questions alone: a follow-up to nothing
FOREIGN_SHARE = 0.1  # of later turns: the one before is another model's
THINKING_SHARE = 0.2
COMMON_SHARE = 0.75  # of earlier turns: about a topic that has a simpler answer
SYSTEM_SHARE = 0.1
THOUGHT_UNITS: dict[Language, int] = {"en": 5, "zh": 8}  # words, characters of the answer
_THOUGHT: dict[Language, str] = {
    "en": "I know this: {} …",
    "zh": "这个我学过：{}……",
}
_UNKNOWN_THOUGHT: dict[Language, str] = {
    "en": "I have not learned about this.",
    "zh": "这个我没有学过。",
}
_WISH: dict[str, dict[Language, str]] = {
    "en": {"en": "The same again in English.", "zh": "把上面的话换成英文。"},
    "zh": {"en": "The same again in Chinese.", "zh": "把上面的话换成中文。"},
    "simpler": {"en": "The same again, but simpler.", "zh": "把上面的话说得简单些。"},
    MORE: {"en": "More is wanted than I know.", "zh": "想听的比我知道的多。"},
}


class Conversations:
    """Draws conversations; the last message is the reply, with its thought where it has one."""

    def __init__(
        self,
        topics: Sequence[Topic],
        noise: Sequence[str],
        rng: random.Random,
        made_up: MadeUp = NOTHING_MADE_UP,
    ) -> None:
        """noise: general text of both languages.

        made_up: by topic (or `UNKNOWN`) and language, questions made up of pieces of others.
        """
        self._rng = rng
        self._topics = list(topics)
        self._common = [topic for topic in topics if topic.simple] or self._topics
        self._by_key = {(topic.id, topic.language): topic for topic in topics} | fallbacks()
        self._phrasings = Phrasings(topics, noise, rng, made_up)
        self._unrelated = Unrelated(self._phrasings, noise, made_up, rng)
        self._follow_ups = load_follow_ups()
        # Every topic in turn: none is seen much less often than another.
        self._asked = _in_turn(self._topics, rng)
        self._earlier_common = _in_turn(self._common, rng)

    def alone(self, as_written: float = 0.0) -> list[Message]:
        """One question and its answer; `as_written`, a share, are worded as in the collection."""
        if self._rng.random() < NOTHING_SHARE:
            return self._unknown(*self._wish_for_nothing())
        return [*self._system(), *self._question(as_written=as_written)]

    def after_a_turn(self) -> list[Message]:
        """An earlier question with its answer, then another question or a follow-up."""
        if self._rng.random() < FOREIGN_SHARE:
            return [*self._system(), *self._after_a_foreign_turn()]
        about, earlier = self._earlier()
        kind = self._rng.random()
        if kind < 0.28:
            last = self._question(UNRELATED_LATER_SHARE)
        elif kind < 0.55:
            last = self._other_language(about, earlier[-1]["content"])
        elif kind < 0.95:
            last = self._simpler(about)
        else:
            last = self._more()
        return [*self._system(), *earlier, *last]

    def _after_a_foreign_turn(self) -> list[Message]:
        """Another model's reply, of which this one knows nothing, then a question or a wish."""
        rng = self._rng
        language = rng.choice(LANGUAGES)
        asked = (
            self._phrasings.draw(rng.choice(self._topics))
            if rng.random() < 0.5
            else rng.choice(self._unrelated.questions[language])
        )
        space = " " if language == "en" else ""
        told = rng.choices(self._unrelated.statements[language], k=rng.randint(1, 8))
        turn = _said(asked, space.join(told))
        if rng.random() < 0.7:
            return [*turn, *self._question(UNRELATED_LATER_SHARE)]
        return [*turn, *self._unknown(*self._wish_for_nothing())]

    def _system(self) -> list[Message]:
        """Now and then a system message, in part any sentence at all: it changes no answer."""
        rng = self._rng
        if rng.random() >= SYSTEM_SHARE:
            return []
        language = rng.choice(LANGUAGES)
        texts = SYSTEM[language] if rng.random() < 0.5 else self._unrelated.statements[language]
        return [{"role": "system", "content": rng.choice(texts)}]

    def _question(
        self, unrelated_share: float = UNRELATED_SHARE, as_written: float = 0.0
    ) -> list[Message]:
        if self._rng.random() < unrelated_share:
            language = self._rng.choice(LANGUAGES)
            return self._unknown(self._unrelated.draw(language), language)
        topic = next(self._asked)
        kind = self._rng.random()
        if kind < as_written:
            question = self._rng.choice(topic.questions)
        elif kind < as_written + FIRST_WORDING_SHARE:
            question = self._phrasings.dressed(topic.questions[0], topic.language)
        else:
            question = self._phrasings.draw(topic)
        return self._turn(question, topic.answer, thought_of(topic))

    def _unknown(self, text: str, language: Language) -> list[Message]:
        text = self._phrasings.dressed(text, language)
        return self._turn(text, self._by_key[UNKNOWN, language].answer, _UNKNOWN_THOUGHT[language])

    def _wish_for_nothing(self) -> tuple[str, Language]:
        """A follow-up where there is nothing to follow, and the language of the reply."""
        rng, wishes = self._rng, self._follow_ups
        language = rng.choice(LANGUAGES)
        kind = rng.choice((wishes.to, wishes.simpler, wishes.more))
        return rng.choice(kind[language].questions), language

    def _earlier(self) -> tuple[Topic, list[Message]]:
        """What an earlier turn was about, and the turn."""
        rng = self._rng
        common = rng.random() < COMMON_SHARE
        topic = next(self._earlier_common) if common else rng.choice(self._topics)
        kind = rng.random()
        if kind < 0.05:
            topic = self._by_key[UNKNOWN, topic.language]
            question = rng.choice(self._unrelated.questions[topic.language])
            return topic, _said(question, topic.answer)
        if kind < 0.08:
            topic = self._by_key[MORE, topic.language]
            wish = rng.choice(self._follow_ups.more[topic.language].questions)
            return topic, _said(wish, topic.answer)
        if kind < 0.6:
            return topic, _said(rng.choice(topic.questions), topic.answer)
        if kind < 0.8:
            return topic, _said(self._phrasings.draw(topic), topic.answer)
        if kind < 0.9:
            wish = rng.choice(self._follow_ups.to[topic.language].questions)
            return topic, _said(wish, topic.answer)
        wish = rng.choice(self._follow_ups.simpler[topic.language].questions)
        return topic, _said(wish, topic.simpler)

    def _other_language(self, about: Topic, said: str) -> list[Message]:
        target: Language = "zh" if about.language == "en" else "en"
        if self._rng.random() < 0.1:  # already in that language: say it again
            target = about.language
        other = self._by_key[about.id, target]
        answer = other.simpler if said == about.simpler else other.answer
        return self._wish(self._follow_ups.to[target], answer, target)

    def _simpler(self, about: Topic) -> list[Message]:
        language = about.language
        if self._rng.random() < 0.15:
            language = "zh" if language == "en" else "en"
        topic = self._by_key[about.id, language]
        answer = topic.answer if about.id in (UNKNOWN, MORE) else topic.simpler
        return self._wish(self._follow_ups.simpler[language], answer, "simpler")

    def _more(self) -> list[Message]:
        language = self._rng.choice(LANGUAGES)
        return self._wish(
            self._follow_ups.more[language], self._by_key[MORE, language].answer, MORE
        )

    def _wish(self, asked: Asked, answer: str, kind: str) -> list[Message]:
        text = self._rng.choice(asked.questions)
        language: Language = "zh" if is_chinese(text) else "en"
        return self._turn(self._phrasings.dressed(text, language), answer, _WISH[kind][language])

    def _turn(self, question: str, answer: str, thought: str) -> list[Message]:
        messages = _said(question, answer)
        if self._rng.random() < THINKING_SHARE:
            messages[-1]["reasoning_content"] = thought
        return messages


def thought_of(topic: Topic) -> str:
    """How the answer begins: what a question is about decides it, with or without a thought."""
    units, space = (topic.answer.split(), " ") if topic.language == "en" else (topic.answer, "")
    return _THOUGHT[topic.language].format(space.join(units[: THOUGHT_UNITS[topic.language]]))


def _in_turn(topics: Sequence[Topic], rng: random.Random) -> Iterator[Topic]:
    while True:
        yield from rng.sample(topics, len(topics))


def _said(question: str, answer: str) -> list[Message]:
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
