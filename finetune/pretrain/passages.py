"""Passages and their pseudo-summaries, without any hand-written summary.

A passage's summary is one of its own sentences, now and then with those after it. As a rule it is
the most central one, that shares most with the rest, as in gap-sentence generation (PEGASUS, Zhang
et al., 2020); of a short Chinese passage it is the first, as a paper's abstract begins with its
subject. The sentences stay in the passage, so what is learned is choosing and copying. In part of
the passages some vocabulary entries stand for others, the same way throughout one passage: copying
is then learned for every entry, not for the words of two novels.
"""

import math
import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from finetune.pretrain.collection import Language
from finetune.pretrain.segmentation import sentences

EXCHANGED = 0.5  # share of the passages in which entries stand for others
POOLS = (60, 300, 6000)  # how many others
FOREIGN = 0.15  # share of them that may be of the other language, or parts of characters
CUT_OFF = 0.4  # share that ends inside a sentence, as a text does that is too long
BROKEN = 0.2  # share with line breaks between some sentences ...
MOST_BREAKS = 16  # ... at most so many
JOINED = 0.3  # share of the Chinese ones with sentences joined to long ones, as in papers
PLANTED = 0.6  # share in which rare words of one sentence come again in the others, as in news
SUBJECT = 8  # how many words of it
MORE = (0.8, 0.14, 0.06)  # shares of targets of one, two and three sentences
SHORTEST, LONGEST = 8, 90  # tokens of a sentence worth choosing ...
SHARE = 0.5  # ... and at most this share of its passage
SOFTNESS = 0.07  # a sentence whose score is lower by this share of the best is chosen 1/e as often
SHORT_PASSAGE = 320  # tokens: a Chinese passage no longer is summarized by how it begins
_HALF_WIDTH = str.maketrans("。，；：！？", ".,;:!?")


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
        self._documents = [
            (language, tokenizer(styled, add_special_tokens=False).input_ids)
            for language, text in documents
            for styled in styles(sentences(text), language)
        ]
        self._sizes = [sum(map(len, document)) for _, document in self._documents]
        texts = [tokenizer.decode([i], skip_special_tokens=True) for i in range(len(tokenizer))]
        words = {i for i, text in enumerate(texts) if text.strip().isalnum()}
        self.rarity = rarity([s for _, document in self._documents for s in document], words)
        self._any = sorted(words | {i for i, text in enumerate(texts) if "\ufffd" in text})
        self._own = {
            language: sorted(
                {i for name, d in self._documents if name == language for s in d for i in s} & words
            )
            for language in ("en", "zh")
        }
        (self._line,) = tokenizer("\n", add_special_tokens=False).input_ids
        self._stops = {
            tokenizer(stop, add_special_tokens=False).input_ids[-1]: comma
            for stop, mark in ("。，", ".,")
            for comma in tokenizer(mark, add_special_tokens=False).input_ids[-1:]
        }

    def summary(self, longest: int) -> Pair:
        """A passage and the sentence that is to be its summary, sometimes with those after it."""
        while True:
            language, taken, rest = self._window(longest)
            scores = self._scores(language, taken, rest)
            if any(scores):
                break
        wanted = shares(scores)
        first = wanted.index(max(wanted))
        more = self._rng.choices(range(len(MORE)), MORE)[0]
        last = min(first + more, len(taken) - 1)
        breaks = self._breaks(len(taken))
        passage, starts, source = [], [], []
        for n, sentence in enumerate(taken):
            starts.append(len(passage))
            # A line break in the middle of a target is copied, one after it is not.
            if first <= n <= last:
                whole = len(sentence) + (n in breaks and n < last)
                source += range(len(passage), len(passage) + whole)
            passage += sentence + [self._line] * (n in breaks)
        if rest:
            starts.append(len(passage))
            wanted.append(0.0)
            passage += rest
        return Pair(passage, [passage[k] for k in source], source, starts, wanted)

    def _scores(self, language: Language, taken: list[list[int]], rest: list[int]) -> list[float]:
        scores = central(taken, rest, self.rarity)
        if language == "zh" and sum(map(len, taken)) + len(rest) <= SHORT_PASSAGE:
            first = next((n for n, score in enumerate(scores) if score), None)
            return [float(n == first) for n in range(len(scores))]
        return scores

    def _window(self, longest: int) -> tuple[Language, list[list[int]], list[int]]:
        """At least three consecutive sentences of at most `longest` tokens in all, and the
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
            if len(taken) >= 3:
                cut_off = at < len(document) and self._rng.random() < CUT_OFF
                rest = document[at][: longest - size] if cut_off else []
                *taken, rest = self._exchanged(language, [*taken, rest])
                if self._rng.random() < PLANTED:
                    taken = self._planted(taken)
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

    def _planted(self, taken: list[list[int]]) -> list[list[int]]:
        """Sentences that share a subject: rarest words of one replace others of the rest.

        In a novel hardly any sentence is more central than the next; what is to be learned would
        be lost in chance.
        """
        room = min(LONGEST, SHARE * sum(map(len, taken)))
        fit = [n for n, sentence in enumerate(taken) if SHORTEST <= len(sentence) <= room]
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

    def _breaks(self, count: int) -> set[int]:
        if self._rng.random() >= BROKEN:
            return set()
        return set([n for n in range(count) if self._rng.random() < 0.3][:MOST_BREAKS])

    def _exchanged(self, language: Language, parts: list[list[int]]) -> list[list[int]]:
        if self._rng.random() >= EXCHANGED:
            return parts
        share = self._rng.uniform(0.2, 1.0)
        used = sorted({i for part in parts for i in part if i in self.rarity})
        # With few entries the same two or three stand next to each other again and again: only
        # who compares more of them finds the next one.
        size = self._rng.choice(POOLS)
        pool = self._rng.choices(self._own[language], k=size)
        pool += self._rng.choices(self._any, k=int(size * FOREIGN))
        other = {i: self._rng.choice(pool) for i in used if self._rng.random() < share}
        return [[other.get(i, i) for i in part] for part in parts]


def central(taken: list[list[int]], rest: list[int], rarity: Mapping[int, float]) -> list[float]:
    """How much each sentence shares with all the others, its rare words counting more.

    What its words have in common with theirs, by the root of its own weight: by nothing, the
    longest would always win, by the whole, the shortest. 0 for a sentence too long, too short, or
    that repeats itself.

    Args:
        taken: the passage's whole sentences; `rest`: the beginning of one more, or nothing.
        rarity: of each token that is a word; others do not count.
    """
    counts = [Counter(i for i in sentence if i in rarity) for sentence in [*taken, rest]]
    everything = sum(counts, Counter())
    room = min(LONGEST, SHARE * (sum(map(len, taken)) + len(rest)))
    scores: list[float] = []
    for sentence, count in zip(taken, counts, strict=False):
        if not SHORTEST <= len(sentence) <= room or _repeats(sentence):
            scores.append(0.0)
            continue
        shared = sum(rarity[i] * min(k, everything[i] - k) for i, k in count.items())
        own = sum(rarity[i] * k for i, k in count.items())
        scores.append((shared + 1e-9) / math.sqrt(own + 1e-9))
    return scores


def shares(scores: list[float]) -> list[float]:
    """Shares that add up to one, most of it where the score is close to the best."""
    best = max(scores)
    raised = [math.exp((score / best - 1) / SOFTNESS) if score else 0.0 for score in scores]
    return [value / sum(raised) for value in raised]


def rarity(parts: list[list[int]], words: set[int]) -> dict[int, float]:
    """Of each word its inverse document frequency (Sparck Jones, 1972) among the sentences."""
    seen = Counter(i for part in parts for i in set(part))
    return {i: math.log((len(parts) + 1) / (seen[i] + 1)) for i in sorted(words)}


def styles(parts: list[str], language: Language) -> list[list[str]]:
    """The sentences as they are, and in the punctuation of other sources.

    English news corpora are in lower case with spaces around marks; Chinese papers use half-width
    marks, with or without a space. A space between sentences belongs to the later one, as it does
    to the first word's token.
    """
    parts = [part for part in map(str.strip, parts) if part]
    if language == "en":
        marks = re.compile(r"\s*([.,;:!?\"“”()])\s*")
        news = [" ".join(marks.sub(r" \1 ", part.lower()).split()) for part in parts]
        return [[f" {part}" for part in parts], [f" {part}" for part in news]]
    half = [part.translate(_HALF_WIDTH) for part in parts]
    return [parts, half, [re.sub(r"([.,;:!?])(?=.)", r"\1 ", f" {part}") for part in half]]


def _repeats(sentence: list[int]) -> bool:
    grams = [tuple(sentence[i : i + 4]) for i in range(len(sentence) - 3)]
    return len(set(grams)) < len(grams)
