"""How far a figure can be trusted: intervals from the rows it rests on. Plain numbers.

Accuracy: Wilson 1927, https://doi.org/10.2307/2276774. Everything else: the percentile bootstrap
(Efron 1979) over held-out rows, seeded; for two models on the same rows the rows are drawn in
pairs.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy

Interval = tuple[float, float]
Verdict = Literal["better", "worse", "too_few_to_tell"]
# Figures of one resample: (row numbers) -> name -> value
Figures = Callable[[numpy.ndarray], dict[str, float]]

CONFIDENCE = 0.95
RESAMPLES = 1_000
FEW = 10  # rows; with fewer nothing is told
_Z = 1.959963984540054  # of the normal distribution, for CONFIDENCE


@dataclass(frozen=True)
class Difference:
    """Tuned minus base in one figure, and whether that is more than chance."""

    figure: str
    value: float
    interval: Interval
    verdict: Verdict

    def to_dict(self) -> dict[str, Any]:
        return {**vars(self), "interval": list(self.interval)}


def wilson(right: int, of: int) -> Interval:
    """Where the share behind `right` out of `of` lies, at 95 %."""
    share, spread = right / of, _Z * _Z / of
    middle = share + spread / 2
    half = _Z * math.sqrt(share * (1 - share) / of + spread / (4 * of))
    return (max(0.0, (middle - half) / (1 + spread)), min(1.0, (middle + half) / (1 + spread)))


def bootstrap(rows: int, sides: Sequence[Figures], seed: int = 0) -> list[dict[str, numpy.ndarray]]:
    """For each side, name -> its values over the resamples; all sides see the same resamples."""
    chance = numpy.random.default_rng(seed)
    drawn = [chance.integers(rows, size=rows) for _ in range(RESAMPLES)]
    found = []
    for figures in sides:
        each = [figures(numbers) for numbers in drawn]
        found.append({name: numpy.array([it[name] for it in each]) for name in each[0]})
    return found


def interval(values: numpy.ndarray) -> Interval:
    """The middle 95 % of `values`."""
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = numpy.percentile(values, [tail, 100 - tail])
    return float(low), float(high)


def difference(
    figure: str,
    base: float,
    tuned: float,
    resampled: tuple[numpy.ndarray, numpy.ndarray],
    rows: int,
    lower_is_better: bool = False,
) -> Difference:
    """Compare the two models on `figure`.

    Args:
        resampled: the figure's values for base and tuned, over the same resamples.
    """
    low, high = interval(resampled[1] - resampled[0])
    verdict: Verdict = "too_few_to_tell"
    if rows >= FEW and (low > 0 or high < 0):
        verdict = "better" if (high < 0) == lower_is_better else "worse"
    return Difference(figure, tuned - base, (low, high), verdict)
