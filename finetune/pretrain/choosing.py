"""Which sentence of a passage is to be its summary: by cue, by place, or as the most repeated.

These are the classical methods of extraction (Edmundson, 1969, "New methods in automatic
extracting"): a sentence with a phrase that announces the subject; where there is none, the
beginning, of a long English passage two sentences where they are not too long together, as news
begin with what matters. A long Chinese passage, as of speech, does not begin with its subject:
there it is the sentence that shares most with the rest (gap-sentence generation, PEGASUS, Zhang et
al., 2020).
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from finetune.pretrain.collection import Language

_WE = ("We", "In this paper, we", "In this paper we", "In this work, we", "In this study we")
_WE += ("Here we", "Here, we", "To this end, we", "To solve this, we")
_DO = ("propose", "present", "introduce", "develop", "describe", "study", "investigate", "explore")
_DO += ("address", "provide", "examine", "report", "show that", "demonstrate that", "argue that")
_THIS = ("This paper", "This work", "This study", "This article", "The paper")
_DOES = ("proposes", "presents", "introduces", "describes", "studies", "addresses", "shows that")
CUES: dict[Language, tuple[str, ...]] = {
    "en": (
        *(f"{we} {do}" for we in _WE for do in _DO),
        *(f"{this} {does}" for this in _THIS for does in _DOES),
        *("In this paper,", "In this work,", "In short,", "In summary,", "To sum up,") * 4,
        *("Most importantly,", "The main point is that", "Our main contribution is") * 4,
    ),
    "zh": (
        "本文提出",
        "本文提出了",
        "本文研究了",
        "本文介绍了",
        "本文",
        "提出了",
        "研究了",
        "我们提出",
        "我们研究了",
        "本研究",
        "为了",
        "总之，",
        "总的来说，",
        "简单来说，",
        "重点是",
        "今天的主题是",
    ),
}
SHORTEST, LONGEST = 8, 110  # tokens of a sentence worth choosing, or of two together ...
SHARE = 0.6  # ... and at most this share of the passage
SOFTNESS = 0.07  # a sentence whose score is lower by this share of the best is chosen 1/e as often
SHORT_PASSAGE = 320  # tokens: a Chinese passage no longer is summarized by how it begins
FULL_PASSAGE = 500  # tokens: an English passage as long is summarized by two sentences


def fitting(taken: Sequence[list[int]], tokens: int) -> list[int]:
    """Which sentences may be chosen: none too long, too short, or that repeats itself.

    Args:
        taken: the passage's whole sentences; tokens: of the passage.
    """
    room = min(LONGEST, SHARE * tokens)
    return [
        n
        for n, sentence in enumerate(taken)
        if SHORTEST <= len(sentence) <= room and not _repeats(sentence)
    ]


def by_place(language: Language, tokens: int) -> bool:
    """Whether a passage of so many tokens, without a cue, is summarized by how it begins."""
    return language == "en" or tokens <= SHORT_PASSAGE


def sentences_of(language: Language, tokens: int, beginning: Sequence[list[int]]) -> int:
    """How many sentences the summary of a passage without a cue is to have.

    Args:
        tokens: of the passage; beginning: its sentences from the one to be chosen on.
    """
    room = sum(map(len, beginning[:2])) <= LONGEST
    return 2 if language == "en" and tokens >= FULL_PASSAGE and room else 1


def central(taken: list[list[int]], rest: list[int], rarity: Mapping[int, float]) -> list[float]:
    """How much of each sentence stands elsewhere in the passage too, rare words counting more.

    A long sentence shares more: in speech the short ones say little. 0 for one not `fitting`.

    Args:
        taken: the passage's whole sentences; `rest`: the beginning of one more, or nothing.
        rarity: of each token that is a word; others do not count.
    """
    everything = Counter(i for sentence in [*taken, rest] for i in sentence if i in rarity)
    scores = [0.0] * len(taken)
    for n in fitting(taken, sum(map(len, taken)) + len(rest)):
        words = {i for i in taken[n] if i in rarity}
        scores[n] = sum(rarity[i] * (everything[i] - 1) for i in words) + 1e-9
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


def _repeats(sentence: list[int]) -> bool:
    grams = [tuple(sentence[i : i + 4]) for i in range(len(sentence) - 3)]
    return len(set(grams)) < len(grams)
