"""Heads of the encoder that tell sentences: where one begins, and what it shares with the rest."""

import math

import torch
from transformers.models.bart.modeling_bart import BartAttention, BartEncoder

from finetune.pretrain.copying_layout import (
    AFTER_END,
    AHEAD,
    BEGIN_SOON,
    CODES,
    FIRST,
    IDENTITY,
    MARK,
    RARE,
    SAME,
    SENTENCE,
    SHARED,
    SHARED_MEAN,
    START,
    TOKEN,
    fit_to_distance,
    rows_of,
    start_places,
)


def see_ends(attention: BartAttention) -> None:
    """The head that looks one place back also writes whether an end of a sentence stands there."""
    rows = rows_of(attention, 0)
    attention.v_proj.weight[rows.stop - 1, MARK] = 1
    attention.out_proj.weight[AFTER_END, rows.stop - 1] = 1


def see_the_same(encoder: BartEncoder, head: int, part: slice) -> None:
    """A head looks at the places with its own token and, as at one of them, at <s>.

    The less it looks at <s>, the more often the token stands elsewhere.
    """
    attention = encoder.layers[0].self_attn
    rows = rows_of(attention, head)
    key, query = attention.k_proj.weight, attention.q_proj.weight
    key[rows], query[rows] = 0, 0
    at = rows.start + torch.arange(IDENTITY)
    dimensions = torch.arange(part.start, part.stop)
    key[at, dimensions] = query[at, dimensions] = SAME
    key[rows.stop - 1, FIRST] = 1
    begin, *some = encoder.layernorm_embedding(
        encoder.embed_tokens.weight[[0, *range(300, 600)]] + encoder.embed_positions.weight[50]
    )
    same = SAME**2 * torch.stack(some)[:, part].square().sum(1).mean()
    attention.q_proj.bias[rows.stop - 1] = same / begin[FIRST]
    attention.v_proj.weight[rows.stop - 1] = 0
    attention.v_proj.weight[rows.stop - 1, RARE] = 1
    attention.out_proj.weight[:, rows] = 0
    attention.out_proj.weight[SHARED, rows.stop - 1] = 1


def see_beginnings(
    attention: BartAttention, head: int, distance: torch.Tensor, wanted: torch.Tensor
) -> None:
    """A head looks at beginnings of sentences at the distances (back) where `wanted` is high."""
    rows = rows_of(attention, head)
    fit_to_distance(attention, rows, distance, wanted)
    attention.k_proj.weight[rows.stop - 1, AFTER_END] = 1.0
    attention.q_proj.bias[rows.stop - 1] = 4 * math.sqrt(attention.head_dim)


def keep_start(attention: BartAttention, head: int) -> None:
    """What a head that looks at the beginning of a sentence writes: the place of it."""
    rows = rows_of(attention, head)
    places = start_places()
    attention.v_proj.weight[rows] = 0
    attention.v_proj.weight[rows.start + torch.arange(len(places)), places] = 1
    attention.out_proj.weight[:, rows] = 0
    attention.out_proj.weight[START, rows.start : rows.start + len(places)] = torch.eye(len(places))


def see_sentence(attention: BartAttention, head: int) -> None:
    """A head looks at the tokens whose sentence begins at the same place: the mean of `SHARED`."""
    rows = rows_of(attention, head)
    key, query = attention.k_proj.weight, attention.q_proj.weight
    key[rows], query[rows] = 0, 0
    at = rows.start + torch.arange(CODES - TOKEN)
    key[at, torch.arange(TOKEN, CODES)] = query[at, torch.arange(TOKEN, CODES)] = SENTENCE
    _write(attention, rows, SHARED, SHARED_MEAN)


def look_ahead(attention: BartAttention, head: int, distance: torch.Tensor) -> None:
    """A head looks at the next tokens: how many sentences begin there, few where one is long."""
    rows = rows_of(attention, head)
    wanted = torch.where((distance < 0) & (distance >= -AHEAD), 5.0, -5.0)
    fit_to_distance(attention, rows, distance, wanted)
    _write(attention, rows, AFTER_END, BEGIN_SOON)


def _write(attention: BartAttention, rows: slice, what: int, where: int) -> None:
    """A head's last value takes one dimension and writes it to another."""
    last = rows.stop - 1
    attention.v_proj.weight[last] = 0
    attention.v_proj.weight[last, what] = 1
    attention.out_proj.weight[:, last] = 0
    attention.out_proj.weight[where, last] = 4
