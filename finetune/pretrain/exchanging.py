"""Tokens of a passage that stand for others, so that copying is learned for every one of them."""

import random
from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase

from finetune.pretrain.collection import LANGUAGES, Language
from finetune.pretrain.segmentation import ending_tokens
from finetune.pretrain.text_styles import lacking

EXCHANGED = 0.5  # share of the passages
LEAST = 0.2  # share of their words that others stand for, from this on
POOLS = (60, 300, 6000)  # how many others
# As many more, by this share, of the whole vocabulary: the other language, marks, parts of
# characters ...
FOREIGN = 0.4
# ... and characters that the vocabulary lacks. Each is a few tokens, and these stand in many
# others: the next one is told by more than the last token or two.
LACKING: dict[Language, float] = {"en": 0.03, "zh": 0.2}


class Exchange:
    """Exchanges words for others, the same way throughout one passage.

    `words` are the ids that are words, or pieces of them.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        documents: Sequence[tuple[Language, Sequence[Sequence[int]]]],
        rng: random.Random,
    ) -> None:
        """documents: their sentences as ids."""
        self._rng = rng
        texts = [tokenizer.decode([i], skip_special_tokens=True) for i in range(len(tokenizer))]
        self.words = {i for i, text in enumerate(texts) if text.strip().isalnum()}
        ends = ending_tokens(tokenizer)
        self._any = [i for i, text in enumerate(texts) if text.strip() and i not in ends]
        self._own = {
            language: sorted(
                {i for name, d in documents if name == language for s in d for i in s} & self.words
            )
            for language in LANGUAGES
        }
        self._lacking = {
            language: [
                ids
                for ids in tokenizer(lacking(language), add_special_tokens=False).input_ids
                if len(ids) > 1
            ]
            for language in LANGUAGES
        }

    def __call__(self, language: Language, parts: list[list[int]]) -> list[list[int]]:
        """The sentences, in part of the passages with words exchanged."""
        rng = self._rng
        if rng.random() >= EXCHANGED:
            return parts
        share = rng.uniform(LEAST, 1.0)
        used = sorted({i for part in parts for i in part if i in self.words})
        # With few entries the same two or three stand next to each other again and again: only
        # who compares more of them finds the next one.
        size = rng.choice(POOLS)
        pool = [[i] for i in rng.choices(self._own[language], k=size)]
        pool += [[i] for i in rng.choices(self._any, k=int(size * FOREIGN))]
        pool += rng.choices(self._lacking[language], k=int(size * LACKING[language]))
        other = {i: rng.choice(pool) for i in used if rng.random() < share}
        return [[new for i in part for new in other.get(i, [i])] for part in parts]
