"""Questions and remarks that no topic answers: the chat model says what it is instead."""

import random
from collections.abc import Sequence

from finetune.pretrain.collection import LANGUAGES, UNKNOWN, Language, load_unrelated
from finetune.pretrain.corpus import is_chinese, sentences
from finetune.pretrain.phrasings import MadeUp, Phrasings

# Questions about something, in the words the topics use too: what it is about must decide.
FRAMES: dict[Language, tuple[str, ...]] = {
    "en": (
        "What is {}?",
        "What does {} mean?",
        "Explain {}",
        "How does {} work?",
        "Tell me about {}",
        "Why is {} important?",
        "Which {} should I choose?",
        "How many {} do I need?",
    ),
    "zh": (
        "什么是{}？",
        "{}是什么意思",
        "讲讲{}",
        "{}有什么用？",
        "介绍一下{}",
        "为什么要{}？",
        "怎么{}",
        "{}该选多大",
    ),
}
MADE_UP_SHARE = 0.3


class Unrelated:
    """Draws them; `questions` are those of the collection, `statements` sentences of novels."""

    def __init__(
        self, phrasings: Phrasings, noise: Sequence[str], made_up: MadeUp, rng: random.Random
    ) -> None:
        """noise: general text of both languages; made_up: see `Phrasings`."""
        self._phrasings = phrasings
        self._rng = rng
        self._made_up = {language: made_up.get((UNKNOWN, language)) for language in LANGUAGES}
        self.questions = {language: asked.questions for language, asked in load_unrelated().items()}
        self.statements: dict[Language, list[str]] = {
            language: [
                sentence.strip()
                for text in noise
                if is_chinese(text) == (language == "zh")
                for sentence in sentences(text)
                if 4 < len(sentence.strip()) < 120
            ]
            for language in LANGUAGES
        }

    def draw(self, language: Language) -> str:
        """One of the collection's, one made up, a topic's words about something, or a remark."""
        rng = self._rng
        made_up = self._made_up[language]
        if made_up and rng.random() < MADE_UP_SHARE:
            return rng.choice(made_up)
        kind = rng.random()
        if kind < 0.7:
            return rng.choice(self.questions[language])
        if kind < 0.84:
            return rng.choice(FRAMES[language]).format(self._phrasings.unrelated(language))
        return rng.choice(self.statements[language])
