"""Figures from answers: plain numbers in, plain numbers out; no model here.

ROUGE: Lin 2004, https://aclanthology.org/W04-1013. The library's own tokenizer drops every Chinese
character, so ours gives one token a character there and one a word elsewhere.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
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
        return _WORDS.findall(text.lower())


def rouge_of_each(pairs: Sequence[tuple[str, str]]) -> list[dict[str, float]]:
    """F-measures of every (expected, summary) pair; 0 for an empty summary."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(list(ROUGE), tokenizer=WordsAndCharacters())
    scores = [scorer.score(expected, summary) for expected, summary in pairs]
    return [{kind: score[kind].fmeasure for kind in ROUGE} for score in scores]


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
