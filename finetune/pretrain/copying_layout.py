"""Where the weights that copy keep what: dimensions, waves of places, and heads by distance."""

import math
from collections.abc import Sequence

import torch
from transformers.models.bart.modeling_bart import BartAttention

HEADS = 6  # of every layer
CHOOSING = 3  # heads of the last cross-attention compare and choose, the others follow
BACK = 4  # tokens that are compared to know where the next one is
# The dimensions in the beginning: of tokens, of each of the tokens before, of places.
TOKEN, CODES, CODE, PLACE = 72, 80, 15, 144
START = slice(TOKEN, CODES)  # where the token's sentence begins
# Of the token's own dimensions three say whether it is <s>, whether it ends a sentence, and how
# rare it is.
FIRST, MARK, RARE = 0, 1, 2
# Whether it stands elsewhere too (the more, the rarer it is), whether it comes after the end of a
# sentence; the mean of the first over its sentence, and how many sentences begin soon after.
SHARED, AFTER_END, SHARED_MEAN, BEGIN_SOON = range(140, PLACE)
SPREAD = 0.12  # of the embeddings' values
SHARP, SAME, SHARPEST, SENTENCE = 1.4, 1.3, 2.4, 3.0  # gains of the queries and keys
RARITY = 1.5  # of the rarest token, in units of `SPREAD`
ALONE = 0.7  # share of it that is taken away again from a token that stands alone
SHORT, AHEAD = 7, 25  # tokens: fewer no sentence has; so many are looked ahead
SMALL = 0.1  # what is left of the layers that only disturb
# Radians a place: sixteen tell neighbours apart, eight tell near from far.
FREQUENCIES = torch.cat([torch.linspace(0.2, 3.0, 16), torch.logspace(-1, -2.5, 8)])
WAVES, FAST = len(FREQUENCIES), 16
IDENTITY = 31
IDENTITIES = (slice(3, 34), slice(34, 65))  # by which either of two heads knows a token
DISTANCE_WAVES = (*range(7), *range(16, 24))  # that tell where, within a few tokens
START_WAVES = (0, 1, 16, 17)  # of the frequencies, four that tell sentences apart
FOUND = slice(10, 42)  # where the decoder keeps the place of the token just written


def rows_of(attention: BartAttention, head: int) -> slice:
    """The rows of a projection that belong to a head."""
    return slice(head * attention.head_dim, (head + 1) * attention.head_dim)


def code_of(n: int) -> slice:
    """The dimensions for the token that stood n + 1 places back."""
    return slice(CODES + n * CODE, CODES + (n + 1) * CODE)


def directions(rows: int, width: int) -> torch.Tensor:
    """Orthonormal rows, random: [rows, width]."""
    return torch.nn.init.orthogonal_(torch.empty(rows, width))


def start_places() -> torch.Tensor:
    """The dimensions of the waves that tell sentences apart: sines, then cosines."""
    at = torch.tensor(START_WAVES)
    return torch.cat([PLACE + at, PLACE + WAVES + at])


def fast_places() -> torch.Tensor:
    """The dimensions of the waves that tell neighbours apart: sines, then cosines."""
    at = torch.arange(FAST)
    return torch.cat([PLACE + at, PLACE + WAVES + at])


def moved(by: int) -> torch.Tensor:
    """The matrix that takes a place's sines and cosines to those of the place `by` further on."""
    turn = FREQUENCIES[:FAST] * by
    cos, sin = turn.cos().diag(), turn.sin().diag()
    return torch.cat([torch.cat([cos, sin], 1), torch.cat([-sin, cos], 1)])


def look_at_distance(attention: BartAttention, rows: slice, back: int) -> None:
    """Make a head look `back` places back."""
    turn = FREQUENCIES[:FAST] * back
    weigh_by_distance(attention, rows, range(FAST), turn.cos() * SHARPEST, turn.sin() * SHARPEST)
    attention.k_proj.weight[rows] *= SHARPEST


def weigh_by_distance(
    attention: BartAttention,
    rows: slice,
    waves: Sequence[int],
    even: torch.Tensor,
    odd: torch.Tensor,
) -> None:
    """Make a head's weights depend on the distance d back: sum of even cos(wd) + odd sin(wd)."""
    at = torch.tensor(list(waves))
    sine, cosine = PLACE + at, PLACE + WAVES + at
    first = rows.start + torch.arange(len(at))
    second = first + len(at)
    key, query = attention.k_proj.weight, attention.q_proj.weight
    key[rows], query[rows] = 0, 0
    key[first, sine] = key[second, cosine] = 1.0
    query[first, sine] = query[second, cosine] = even
    query[first, cosine], query[second, sine] = -odd, odd


def fit_to_distance(
    attention: BartAttention, rows: slice, distance: torch.Tensor, wanted: torch.Tensor
) -> None:
    """Make a head's scores at the distances (back) about what is wanted there.

    Args:
        distance, wanted: [distances]; below 0 a distance is ahead.
    """
    waves = DISTANCE_WAVES
    angle = distance[:, None] * FREQUENCIES[list(waves)]
    # Least squares, held back a little: no wave is to be far stronger than what it adds up to.
    base = torch.cat([angle.cos(), angle.sin(), torch.ones(len(distance), 1)], 1)
    holding = torch.eye(base.shape[1]) * len(distance) * 0.002
    # Just ahead no other sentence begins: there the curve may fall as it likes, or it would already
    # be low at the place itself.
    known = torch.where((distance < 0) & (distance > -SHORT), 0.0, 1.0)[:, None]
    known[(distance >= 0) & (distance < 6)] = 10.0
    fitted = torch.linalg.solve(base.T @ (base * known) + holding, base.T @ (wanted * known[:, 0]))
    scale = math.sqrt(attention.head_dim)
    even, odd = fitted[: len(waves)] * scale, fitted[len(waves) : -1] * scale
    weigh_by_distance(attention, rows, waves, even, odd)
