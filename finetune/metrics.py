"""Figures from answers: plain numbers in, plain numbers out; no model here.

ROUGE: Lin 2004, https://aclanthology.org/W04-1013. The library's own tokenizer drops every Chinese
character, so ours gives one token a character there and one a word elsewhere.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

Metrics = dict[str, Any]

ROUGE = ("rouge1", "rouge2", "rougeL")
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_WORDS = re.compile(rf"[{_CJK}]|(?:(?![{_CJK}])[^\W_])+")


def classification_metrics(
    expected: Sequence[int], predicted: Sequence[int], labels: Sequence[str]
) -> Metrics:
    """Accuracy, macro F1 over all labels, one row of figures a label, and the confusion matrix.

    `confusion[i][j]`: rows of label i that were called j.
    """
    from sklearn.metrics import precision_recall_fscore_support

    every = list(range(len(labels)))
    precision, recall, f1, support = precision_recall_fscore_support(
        expected, predicted, labels=every, zero_division=0.0
    )
    confusion = [[0] * len(labels) for _ in labels]
    for one, other in zip(expected, predicted, strict=True):
        confusion[one][other] += 1
    right = sum(confusion[number][number] for number in every)
    return {
        "accuracy": right / len(expected),
        "macro_f1": float(f1.mean()),
        "confusion": confusion,
        "per_label": [
            {
                "label": label,
                "precision": float(precision[number]),
                "recall": float(recall[number]),
                "f1": float(f1[number]),
                "support": int(support[number]),
            }
            for number, label in enumerate(labels)
        ],
    }


def majority(rows: Sequence[Mapping[str, Any]], labels: Sequence[str]) -> Metrics:
    """What always answering the most frequent label of `rows` would reach."""
    label, count = Counter(row["label"] for row in rows).most_common(1)[0]
    share = count / len(rows)
    return {
        "label": label,
        "accuracy": share,
        "macro_f1": 2 * share / (1 + share) / max(1, len(labels)),
    }


class WordsAndCharacters:
    """A tokenizer for rouge-score: lower-case words; Chinese, Japanese, Korean by character."""

    def tokenize(self, text: str) -> list[str]:
        return list(_words(text))


def _words(text: str) -> Iterator[str]:
    return (found.group() for found in _WORDS.finditer(text.lower()))


def rouge_of_each(pairs: Sequence[tuple[str, str]]) -> list[dict[str, float]]:
    """F-measures of every (expected, summary) pair; 0 for an empty summary."""
    from rouge_score.rouge_scorer import RougeScorer

    tokenizer = WordsAndCharacters()
    scorer = RougeScorer(["rouge1", "rouge2"], tokenizer=tokenizer)
    scores = []
    for expected, summary in pairs:
        found = scorer.score(expected, summary)
        scores.append(
            {kind: score.fmeasure for kind, score in found.items()}
            | {"rougeL": _rouge_l(tokenizer.tokenize(expected), tokenizer.tokenize(summary))}
        )
    return scores


def _rouge_l(expected: Sequence[str], summary: Sequence[str]) -> float:
    """2 LCS / (m + n): precision and recall are LCS / n and LCS / m."""
    return 2 * _longest_common(expected, summary) / max(1, len(expected) + len(summary))


def _longest_common(one: Sequence[str], other: Sequence[str]) -> int:
    """The length of the longest common subsequence, a whole row of the table at once as the bits of
    a number: the library's own table takes a minute for texts of 10,000 words.

    Source: Hyyrö, “Bit-parallel LCS-length computation revisited”, AWOCA 2004.
    """
    one, other = sorted((one, other), key=len)  # a number for each word, as long as all of `one`
    places: Counter[str] = Counter()
    for bit, word in enumerate(one):
        places[word] |= 1 << bit
    every = (1 << len(one)) - 1
    row = every
    for word in other:
        met = row & places[word]
        row = ((row + met) | (row - met)) & every
    return len(one) - row.bit_count()


def length(text: str) -> int:
    """Words; in Chinese, Japanese and Korean, characters. Punctuation does not count."""
    return sum(1 for _ in _words(text))


def compression(summary: str, source: str) -> float:
    """The summary's `length` as a share of the source's."""
    return length(summary) / max(1, length(source))


def novelty(summary: str, source: str) -> float:
    """The share of the summary's pairs of neighbouring words (characters) that do not stand in the
    source: 0 is copied, 1 is put in other words; 0 where there is no pair.

    Source: novel bigrams as in See et al. 2017, https://aclanthology.org/P17-1099, section 6.
    """
    pairs = list(pairwise(_words(summary)))
    known = set(pairs)  # the source may be a novel: only what is asked for is kept of it
    met = {pair for pair in pairwise(_words(source)) if pair in known}
    return sum(pair not in met for pair in pairs) / max(1, len(pairs))


def rouge(pairs: Sequence[tuple[str, str]]) -> Metrics:
    """Mean F-measures over the pairs."""
    scores = rouge_of_each(pairs)
    return {kind: sum(score[kind] for score in scores) / max(1, len(scores)) for kind in ROUGE}


def macro_f1(expected: Any, predicted: Any, labels: int) -> float:
    """Macro F1 over all labels, of two integer arrays; as `classification_metrics`, but fast."""
    import numpy

    right = numpy.bincount(expected[expected == predicted], minlength=labels)
    both = numpy.bincount(expected, minlength=labels) + numpy.bincount(predicted, minlength=labels)
    return float((2 * right / numpy.maximum(both, 1)).mean())
