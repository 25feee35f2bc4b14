"""Two models on the same rows: how often they say the same. Pure: scores in, counts out.

Cohen's kappa: how much more two judges agree than chance would make them (Cohen 1960,
https://doi.org/10.1177/001316446002000104); 1 is always, 0 as by chance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components._file_report import sureness
from finetune.label_names import match
from inference.records import Scores


@dataclass(frozen=True)
class Agreement:
    """`counts[i][j]`: rows that the first model calls `first[i]` and the second `second[j]`.

    `alike[i]` is the place in `second` of the label that means `first[i]`, None where there is
    none. Shares are of the `compared` rows, whose labels both models have; `kappa` is None where
    there is nothing to compare or one label alone. `differing` are places of rows, those first of
    which both models are sure.
    """

    first: tuple[str, ...]
    second: tuple[str, ...]
    counts: list[list[int]]
    alike: tuple[int | None, ...]
    compared: int
    agreed: int
    kappa: float | None
    differing: tuple[int, ...]

    @property
    def rows(self) -> int:
        return sum(map(sum, self.counts))


def agreement(first: Sequence[Scores | None], second: Sequence[Scores | None]) -> Agreement:
    """Compares row by row, as far as both have come; blank rows are left out.

    Labels of different names are compared by what they mean: see `label_names.match`.
    """
    pairs = [
        (at, one, other)
        for at, (one, other) in enumerate(zip(first, second, strict=False))
        if one is not None and other is not None
    ]
    mine = _used([one for _, one, _ in pairs])
    theirs = _used([other for _, _, other in pairs])
    counts = [[0] * len(theirs) for _ in mine]
    for _, one, other in pairs:
        counts[mine.index(one.label)][theirs.index(other.label)] += 1
    ours, means = _common(pairs[0][1], pairs[0][2]) if pairs else ({}, {})
    known = [it for it in pairs if it[1].label in ours and it[2].label in means]
    differing = [it for it in known if ours[it[1].label] != means[it[2].label]]
    differing.sort(key=lambda it: -min(sureness(it[1]), sureness(it[2])))
    both = [(ours[one.label], means[other.label]) for _, one, other in known]
    return Agreement(
        mine,
        theirs,
        counts,
        tuple(_place(ours.get(label), theirs, means) for label in mine),
        len(known),
        len(known) - len(differing),
        _kappa(both),
        tuple(at for at, _, _ in differing),
    )


def _used(scores: Sequence[Scores]) -> tuple[str, ...]:
    """The labels that were given, in their model's order."""
    given = {one.label for one in scores}
    return tuple(name for name in scores[0].probabilities if name in given) if scores else ()


def _common(one: Scores, other: Scores) -> tuple[dict[str, str], dict[str, str]]:
    """What each model's labels mean, in the words of the one with fewer labels; without those that
    mean nothing to the other model."""
    names, others = tuple(one.probabilities), tuple(other.probabilities)
    swapped = len(others) < len(names)
    few, many = (others, names) if swapped else (names, others)
    known = dict(match(many, few).labels)
    itself = {label: label for label in few if label in known.values()}
    return (known, itself) if swapped else (itself, known)


def _place(label: str | None, theirs: Sequence[str], means: Mapping[str, str]) -> int | None:
    if label is None:
        return None
    return next((at for at, other in enumerate(theirs) if means.get(other) == label), None)


def _kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    if len({label for pair in pairs for label in pair}) < 2:  # by chance they would agree as well
        return None
    from sklearn.metrics import cohen_kappa_score

    one, other = zip(*pairs, strict=True)
    return float(cohen_kappa_score(one, other))
