"""Passages and their pseudo-summaries, without any hand-written summary.

A passage's summary is one of its own sentences, or two, chosen as `choosing` says. The sentences
stay in the passage, so what is learned is choosing and copying; by `exchanging`, copying is learned
for every entry of the vocabulary, not for the words of two novels.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from finetune.pretrain import choosing
from finetune.pretrain.collection import Language
from finetune.pretrain.exchanging import Exchange
from finetune.pretrain.segmentation import sentences
from finetune.pretrain.text_styles import cue_styles, styles, with_insert

CUT_OFF = 0.4  # share that ends inside a sentence, as a text does that is too long
BROKEN = 0.2  # share with line breaks between some sentences ...
MOST_BREAKS = 16  # ... at most so many
JOINED = 0.3  # share of the Chinese ones with sentences joined to long ones, as in papers
CUED = 0.45  # share in which sentences announce the subject
MORE_CUES = 0.5  # how often one more of them does; the first counts
CUE_LATER = 0.3  # how often such a phrase stands after the sentence's first comma
# Share of those summarized by a central sentence in which rare words of one come again in others.
PLANTED = 0.6
SUBJECT = 8  # how many words of it
TERMS = 0.5  # share in which runs of tokens stand in more than one sentence ...
MOST_TERMS, TERM = 4, (3, 9)  # ... how many of them, and how long they are


@dataclass(frozen=True)
class Pair:
    """A passage and its target as token ids, and where each target id stands in the passage.

    `source[i]` is the index in `passage` that `target[i]` is copied from. `starts` are the indices
    at which the passage's sentences begin, `wanted` how much each of them deserves to be chosen:
    shares that add up to one.
    """

    passage: list[int]
    target: list[int]
    source: list[int]
    starts: list[int]
    wanted: list[float]


class Passages:
    """Draws passages of consecutive sentences from documents."""

    def __init__(
        self,
        documents: Sequence[tuple[Language, str]],
        tokenizer: PreTrainedTokenizerBase,
        rng: random.Random,
    ) -> None:
        self._rng = rng

        def ids_of(text: str | list[str]) -> list:
            return tokenizer(text, add_special_tokens=False).input_ids

        self._documents: list[tuple[Language, list[list[int]]]] = [
            (language, ids_of(styled))
            for language, text in documents
            for styled in styles(
                [with_insert(part, language, rng) for part in sentences(text)], language
            )
        ]
        self._sizes = [sum(map(len, document)) for _, document in self._documents]
        self._exchange = Exchange(tokenizer, self._documents, rng)
        parts = [part for _, document in self._documents for part in document]
        self.rarity = choosing.rarity(parts, self._exchange.words)
        (self._line,) = ids_of("\n")
        self._stops = {ids_of(stop)[-1]: ids_of(mark)[-1] for stop, mark in ("。，", ".,")}
        self._commas = {ids_of(mark)[-1] for mark in (",", " ,", "，")}
        self._cues = {
            language: [ids_of(text) for phrase in phrases for text in cue_styles(phrase, language)]
            for language, phrases in choosing.CUES.items()
        }

    def summary(self, longest: int) -> Pair:
        """A passage of at most `longest` tokens and one or two sentences as its summary."""
        pair = None
        while pair is None:
            language, taken, rest = self._window(longest)
            if self._rng.random() < TERMS:
                taken = self._with_terms(taken)
            pair = self._pair(language, taken, rest, longest)
        return pair

    def _pair(
        self, language: Language, taken: list[list[int]], rest: list[int], longest: int
    ) -> Pair | None:
        """Nothing where no sentence is fit to be chosen, or is beyond the `longest` tokens."""
        tokens = sum(map(len, taken)) + len(rest)
        fit = choosing.fitting(taken, tokens)
        if not fit:
            return None
        count = 1
        if self._rng.random() < CUED:
            taken, chosen = self._cued(language, taken, fit)
            wanted = [float(n == chosen) for n in range(len(taken))]
        elif choosing.by_place(language, tokens):
            wanted = [float(n == fit[0]) for n in range(len(taken))]
            count = choosing.sentences_of(language, tokens, taken[fit[0] :])
        else:
            if self._rng.random() < PLANTED:
                taken = self._planted(taken)
            scores = choosing.central(taken, rest, self.rarity)
            if not any(scores):
                return None
            wanted = choosing.shares(scores)
        first = wanted.index(max(wanted))
        last = min(first + count, len(taken)) - 1
        return self._joined_up(taken, rest, wanted, range(first, last + 1), longest)

    def _joined_up(
        self,
        taken: list[list[int]],
        rest: list[int],
        wanted: list[float],
        target: range,
        longest: int,
    ) -> Pair | None:
        """The passage with line breaks, cut to `longest`; nothing if that cuts a wanted one."""
        breaks = self._breaks(len(taken))
        passage: list[int] = []
        starts: list[int] = []
        source: list[int] = []
        for n, sentence in enumerate(taken):
            starts.append(len(passage))
            # A line break in the middle of a target is copied, one after it is not.
            if n in target:
                whole = len(sentence) + (n in breaks and n < target[-1])
                source += range(len(passage), len(passage) + whole)
            passage += sentence + [self._line] * (n in breaks)
        if rest:
            starts.append(len(passage))
            wanted = [*wanted, 0.0]
            passage += rest
        if source[-1] >= longest:
            return None
        starts = [start for start in starts if start < longest]
        if any(wanted[len(starts) :]):
            return None
        return Pair(
            passage[:longest], [passage[k] for k in source], source, starts, wanted[: len(starts)]
        )

    def _window(self, longest: int) -> tuple[Language, list[list[int]], list[int]]:
        """At least two consecutive sentences of at most `longest` tokens in all, and the
        beginning of the next one in part of the passages, up to that length."""
        while True:
            language, document = self._rng.choices(self._documents, self._sizes)[0]
            at, size = self._rng.randrange(len(document)), 0
            taken: list[list[int]] = []
            while at < len(document) and size + len(document[at]) <= longest:
                taken.append(document[at])
                size += len(document[at])
                at += 1
            if language == "zh" and self._rng.random() < JOINED:
                taken = self._joined(taken)
            if len(taken) >= 2:
                # A text that fills what the model reads was cut off, as good as always.
                full = longest >= choosing.FULL_PASSAGE
                cut_off = at < len(document) and (full or self._rng.random() < CUT_OFF)
                rest = document[at][: longest - size] if cut_off else []
                *taken, rest = self._exchange(language, [*taken, rest])
                return language, taken, rest

    def _joined(self, taken: list[list[int]]) -> list[list[int]]:
        """Sentences with commas for some of the full stops between them."""
        found: list[list[int]] = []
        for sentence in taken:
            if found and found[-1][-1] in self._stops and self._rng.random() < 0.6:
                found[-1] = [*found[-1][:-1], self._stops[found[-1][-1]], *sentence]
            else:
                found.append(sentence)
        return found

    def _cued(
        self, language: Language, taken: list[list[int]], fit: list[int]
    ) -> tuple[list[list[int]], int]:
        """Sentences some of which announce the subject, and the first of these."""
        rng = self._rng
        count = 1
        while count < len(fit) and rng.random() < MORE_CUES:
            count += 1
        chosen = sorted(rng.sample(fit, count))
        found = list(taken)
        for n in chosen:
            phrase = rng.choice(self._cues[language])
            commas = [k + 1 for k, i in enumerate(taken[n]) if i in self._commas]
            later = commas and rng.random() < CUE_LATER
            at = commas[0] if later else 0
            found[n] = [*taken[n][:at], *phrase, *taken[n][at:]]
        return found, chosen[0]

    def _planted(self, taken: list[list[int]]) -> list[list[int]]:
        """Sentences that share a subject: rarest words of one replace others of the rest.

        In a novel hardly any sentence is more central than the next; what is to be learned would
        be lost in chance.
        """
        fit = choosing.fitting(taken, sum(map(len, taken)))
        if not fit:
            return taken
        chosen = self._rng.choice(fit)
        words = sorted({i for i in taken[chosen] if i in self.rarity}, key=self.rarity.__getitem__)
        subject = words[-SUBJECT:]
        found = [list(sentence) for sentence in taken]
        for n, sentence in enumerate(found):
            places = [k for k, i in enumerate(sentence) if i in self.rarity]
            if n == chosen or not places or not subject:
                continue
            for _ in range(self._rng.randint(0, 3)):
                sentence[self._rng.choice(places)] = self._rng.choice(subject)
        return found

    def _with_terms(self, taken: list[list[int]]) -> list[list[int]]:
        """Sentences with runs of tokens of others, as papers repeat their terms.

        After such a run it takes more than the last few tokens to know where to go on.
        """
        rng = self._rng
        found = [list(sentence) for sentence in taken]
        for _ in range(rng.randint(1, MOST_TERMS)):
            source = rng.randrange(len(taken))
            length = rng.randint(*TERM)
            if length >= len(taken[source]):
                continue
            at = rng.randrange(len(taken[source]) - length)  # its last token is the stop
            others = [n for n in range(len(taken)) if n != source]
            for n in rng.sample(others, min(len(others), rng.randint(1, 3))):
                place = rng.randrange(1, max(2, len(found[n])))
                found[n][place:place] = taken[source][at : at + length]
        return found

    def _breaks(self, count: int) -> set[int]:
        if self._rng.random() >= BROKEN:
            return set()
        return set([n for n in range(count) if self._rng.random() < 0.3][:MOST_BREAKS])
