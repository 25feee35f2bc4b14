"""Passages and their pseudo-summaries, without any hand-written summary.

A passage's summary is its own most central sentences: those that share most with the rest, as in
gap-sentence generation (PEGASUS, Zhang et al., 2020). Here the sentences stay in the passage, so
what is learned is choosing and copying. In part of the passages some vocabulary entries stand for
others, the same way throughout one passage: copying is then learned for every entry, not for the
words of two novels.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from finetune.pretrain.collection import Language, overlap_f1
from finetune.pretrain.corpus import sentences

SUMMARY_SHARE = 0.35  # of the passage's tokens, at most
MOST_SENTENCES = 3
FIRST_BONUS = 0.02  # between sentences equally central the first one wins


@dataclass(frozen=True)
class Pair:
    """A passage and its target as token ids, and where each target id stands in the passage.

    `source[i]` is the index in `passage` that `target[i]` is copied from, -1 if from nowhere.
    """

    passage: list[int]
    target: list[int]
    source: list[int]


class Passages:
    """Draws passages of consecutive sentences from documents."""

    def __init__(
        self,
        documents: Sequence[tuple[Language, str]],
        tokenizer: PreTrainedTokenizerBase,
        rng: random.Random,
    ) -> None:
        self._rng = rng
        self._documents = [_encoded(text, language, tokenizer) for language, text in documents]
        self._sizes = [sum(map(len, document)) for document in self._documents]
        fixed = {i for i in range(len(tokenizer)) if not _is_word(tokenizer, i)}
        self._fixed = fixed
        self._words = [i for i in range(len(tokenizer)) if i not in fixed]
        self._mask = tokenizer.mask_token_id

    def window(self, longest: int) -> list[list[int]]:
        """At least three consecutive sentences of at most `longest` tokens in all."""
        while True:
            document = self._rng.choices(self._documents, self._sizes)[0]
            at, size = self._rng.randrange(len(document)), 0
            taken: list[list[int]] = []
            while at < len(document) and size + len(document[at]) <= longest:
                taken.append(document[at])
                size += len(document[at])
                at += 1
            if len(taken) >= 3:
                return self._exchanged(taken) if self._rng.random() < 0.5 else taken

    def summary(self, longest: int) -> Pair:
        """A passage and its most central sentences, in order."""
        taken = self.window(longest)
        chosen = central([[i for i in s if i not in self._fixed] for s in taken], taken)
        starts = [sum(map(len, taken[:n])) for n in range(len(taken))]
        source = [starts[n] + k for n in chosen for k in range(len(taken[n]))]
        passage = [i for sentence in taken for i in sentence]
        return Pair(passage, [passage[k] for k in source], source)

    def noised(self, longest: int) -> Pair:
        """A passage with spans put under one mask each; the target is the whole passage.

        Text infilling as in BART (Lewis et al., 2020): 30 % of the tokens, spans of 1 to 5.
        """
        whole = [i for sentence in self.window(longest) for i in sentence]
        passage: list[int] = []
        source: list[int] = []
        at = 0
        while at < len(whole):
            span = self._rng.randint(1, 5) if self._rng.random() < 0.12 else 0
            source += [len(passage)] * (min(span, len(whole) - at) or 1)
            passage.append(self._mask if span else whole[at])
            at += span or 1
        return Pair(passage, whole, source)

    def _exchanged(self, taken: list[list[int]]) -> list[list[int]]:
        share = self._rng.uniform(0.2, 1.0)
        used = {i for sentence in taken for i in sentence if i not in self._fixed}
        other = {
            i: self._rng.choice(self._words) for i in sorted(used) if self._rng.random() < share
        }
        return [[other.get(i, i) for i in sentence] for sentence in taken]


def central(words: list[list[int]], whole: list[list[int]]) -> list[int]:
    """Indices, in order, of the sentences that share most with all the others.

    Taken best first while all together stay within `SUMMARY_SHARE` of the passage.
    """
    everything = [i for sentence in words for i in sentence]
    scores: list[tuple[float, int]] = []
    before = 0
    for n, sentence in enumerate(words):
        rest = everything[:before] + everything[before + len(sentence) :]
        before += len(sentence)
        bonus = FIRST_BONUS if n == 0 else 0.0
        scores.append((overlap_f1(sentence, rest) + bonus, -n))  # type: ignore[arg-type]
    budget = SUMMARY_SHARE * sum(map(len, whole))
    chosen: list[int] = []
    for _, negative in sorted(scores, reverse=True):
        size = len(whole[-negative])
        if len(chosen) < MOST_SENTENCES and size <= budget:
            chosen.append(-negative)
            budget -= size
    return sorted(chosen) or [min(range(len(whole)), key=lambda n: len(whole[n]))]


def _encoded(text: str, language: Language, tokenizer: PreTrainedTokenizerBase) -> list[list[int]]:
    parts = [part for sentence in sentences(text) if (part := sentence.strip())]
    space = " " if language == "en" else ""
    return tokenizer(
        [space * (n > 0) + part for n, part in enumerate(parts)], add_special_tokens=False
    ).input_ids


def _is_word(tokenizer: PreTrainedTokenizerBase, token_id: int) -> bool:
    text = tokenizer.decode([token_id]).strip()
    return token_id not in tokenizer.all_special_ids and text.isalnum()
