"""Whether a classifier is right as often as it says, and one number that makes it so."""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

BINS = 10


def expected_error(scores: torch.Tensor, labels: torch.Tensor) -> float:
    """The expected calibration error (Guo et al., 2017), from 0 to 1.

    Rows fall into `BINS` bins of equal width by the confidence of the class that was chosen; the
    gaps between a bin's mean confidence and its accuracy are averaged, weighted by its rows.

    Args:
        scores: probabilities [rows, classes].
        labels: the true classes [rows].
    """
    confidence, chosen = scores.max(-1)
    right = (chosen == labels).to(scores.dtype)
    bins = (confidence * BINS).long().clamp(max=BINS - 1)
    gaps = torch.zeros(BINS, dtype=scores.dtype).index_add_(0, bins, confidence - right)
    return float(gaps.abs().sum() / len(labels))


def temperature(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """What to divide the logits [rows, classes] by for the lowest log loss (Guo et al., 2017).

    The rows must be ones that the model was not trained on.
    """
    inverse = torch.ones((), requires_grad=True)
    search = torch.optim.LBFGS([inverse], max_iter=50, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        search.zero_grad()
        value = cross_entropy(logits * inverse, labels)
        value.backward()
        return value

    search.step(loss)
    return 1 / inverse.item()


def soften(classifier: nn.Linear, degrees: float) -> None:
    """Divide what a last layer gives by a temperature, in its own weights.

    The choice stays the same, and whoever runs the model needs to know nothing of it.
    """
    with torch.no_grad():
        for values in classifier.parameters():
            values /= degrees
