"""Weights with which a small BART copies before any training.

In the spirit of mimetic initialisation (Trockman and Kolter, 2023): a few attention heads begin
as what training would make of them. Training then only has to teach what to choose, and when to
end; these heads are trained too, the tokens' embeddings are not.
"""

import math
from collections.abc import Collection, Mapping

import torch
from torch.nn import functional
from transformers import BartForConditionalGeneration
from transformers.models.bart.modeling_bart import BartAttention

from finetune.pretrain import copying_encoder
from finetune.pretrain.copying_layout import (
    AFTER_END,
    ALONE,
    BACK,
    BEGIN_SOON,
    CHOOSING,
    CODE,
    FIRST,
    FOUND,
    FREQUENCIES,
    HEADS,
    IDENTITIES,
    IDENTITY,
    MARK,
    PLACE,
    RARE,
    RARITY,
    SAME,
    SHARED,
    SHARED_MEAN,
    SHARP,
    SHARPEST,
    SMALL,
    SPREAD,
    TOKEN,
    code_of,
    directions,
    fast_places,
    look_at_distance,
    moved,
    rows_of,
)

SPECIAL = 5  # tokens, the first of the vocabulary
PUSHES, PUSH = 20, 25.0  # steps in which tokens are pushed apart, and how much the closest count


@torch.no_grad()
def begin(
    model: BartForConditionalGeneration, ends: Collection[int], rarity: Mapping[int, float]
) -> None:
    """Set the heads that copy, and those that tell beginnings of sentences and repeated tokens.

    Heads of the first layers look back at the last tokens and write them in dimensions of their
    own. The last cross-attention compares: a place before which the four last tokens stand is where
    the next one is copied from (an induction head, Olsson et al., 2022). Other heads of it go by
    the place: the first cross-attention finds where the token just written stands.

    Of the encoder, two heads of the first layer find the tokens that stand elsewhere too, two of
    the second the beginning of their sentence and of the next; of the third one takes the mean over
    the sentence, one sees how long it is. By these a sentence is chosen.

    Args:
        ends: ids of the tokens that end a sentence.
        rarity: of each token that is a word, its inverse document frequency.
    """
    encoder, decoder = model.model.encoder, model.model.decoder
    for layer in [*encoder.layers, *decoder.layers]:
        for weight in (layer.fc2.weight, layer.self_attn.out_proj.weight):
            weight.mul_(SMALL)
            weight[range(SHARED, PLACE)] = 0
    _embed(model, ends, rarity)
    read = directions(CODE, TOKEN)
    read[:, [FIRST, MARK, RARE]] = 0
    for back in range(1, BACK + 1):
        _look_back(encoder.layers[0].self_attn, back - 1, back, read, back - 1)
    for back in range(BACK):
        _look_back(decoder.layers[0].self_attn, back, back, read, back)
    copying_encoder.see_ends(encoder.layers[0].self_attn)
    for head, part in zip((BACK, BACK + 1), IDENTITIES, strict=True):
        copying_encoder.see_the_same(encoder, head, part)
    near = torch.arange(-400.0, 401.0)
    before = torch.where((near >= 0) & (near < 100), 12 - near / 4, -5)
    after = torch.where((near < 0) & (near > -100), 12 + near / 4, -5)
    copying_encoder.see_beginnings(encoder.layers[1].self_attn, 0, near, before)
    copying_encoder.see_beginnings(encoder.layers[1].self_attn, 1, near, after)
    copying_encoder.keep_start(encoder.layers[1].self_attn, 0)
    copying_encoder.see_sentence(encoder.layers[2].self_attn, 0)
    copying_encoder.look_ahead(encoder.layers[2].self_attn, 1, near)
    _find_place(decoder.layers[0].encoder_attn, read)
    _agree(decoder.layers[1].self_attn)
    _compare(decoder.layers[-1].encoder_attn)
    _follow(decoder.layers[-1].encoder_attn)
    _prefer_beginnings(decoder.layers[-1].encoder_attn)


def keep_tokens(model: BartForConditionalGeneration) -> None:
    """Train the embeddings of the special tokens, of which </s> begins as nothing, and no others.

    Novels say nothing of the tokens they lack, but would push them all the same way (Adam takes
    steps of one size however small a gradient is), until none is ever written.
    """
    tokens = model.model.shared.weight
    trained = (torch.arange(len(tokens)) < SPECIAL)[:, None]
    tokens.register_hook(lambda gradient: gradient * trained)


def _embed(
    model: BartForConditionalGeneration, ends: Collection[int], rarity: Mapping[int, float]
) -> None:
    """Tokens as random directions, ends of sentences and <s> marked; places as sinusoids."""
    tokens = model.model.shared.weight.normal_(std=SPREAD)
    # As long seen by either of the heads that find the same tokens: how much these look at a token
    # is then a matter of which it is alone.
    for part, identity in zip(IDENTITIES, _apart(len(tokens)), strict=True):
        tokens[:, part] = SPREAD * math.sqrt(IDENTITY) * identity
    tokens[:, TOKEN:] = 0
    tokens[:, [FIRST, MARK, RARE]] = 0
    rarest = max(rarity.values())
    for token, value in rarity.items():
        tokens[token, RARE] = RARITY * SPREAD * value / rarest
    # Of a token that stands alone the heads that see the same ones take as much away.
    tokens[:, SHARED] = -ALONE * tokens[:, RARE]
    tokens[sorted(ends), MARK] = 4 * SPREAD
    # Others of the special tokens look like nothing, or what is like them would be chosen first.
    tokens[:SPECIAL] = 0
    tokens[model.config.bos_token_id, FIRST] = SPREAD * math.sqrt(TOKEN)
    tokens[model.config.bos_token_id, MARK] = 4 * SPREAD  # what follows it begins a sentence
    for part in (model.model.encoder, model.model.decoder):
        weight = part.embed_positions.weight.zero_()
        angle = torch.arange(len(weight))[:, None] * FREQUENCIES
        weight[:, PLACE:] = torch.cat([angle.sin(), angle.cos()], 1) * SPREAD * math.sqrt(2)


@torch.enable_grad()
def _apart(count: int) -> list[torch.Tensor]:
    """For each of the `IDENTITIES` unit vectors of `count` tokens, pushed apart: [count, width].

    The closest of random ones are so alike that one token is written for the other.
    """
    drawn = torch.randn(count, len(IDENTITIES), IDENTITY, requires_grad=True)
    optimizer = torch.optim.Adam([drawn], lr=0.05)
    for _ in range(PUSHES):
        both = functional.normalize(drawn, dim=2).flatten(1) / math.sqrt(len(IDENTITIES))
        alike = (both @ both.T).fill_diagonal_(-1)
        optimizer.zero_grad()
        torch.logsumexp(PUSH * alike, 1).mean().backward()
        optimizer.step()
    return list(functional.normalize(drawn.detach(), dim=2).unbind(1))


def _look_back(
    attention: BartAttention, head: int, back: int, read: torch.Tensor, code: int
) -> None:
    """Make a head look `back` places back and write what `read` finds there as code `code`."""
    rows = rows_of(attention, head)
    look_at_distance(attention, rows, back)
    value = attention.v_proj.weight[rows].zero_()
    value[: len(read), :TOKEN] = read
    attention.out_proj.weight[:, rows] = 0
    attention.out_proj.weight[code_of(code), rows.start : rows.start + CODE] = torch.eye(CODE)


def _prefer_beginnings(attention: BartAttention) -> None:
    """After <s> the heads that compare look at beginnings of sentences; closing marks are none."""
    for head in range(HEADS):
        last = rows_of(attention, head).stop - 1
        attention.k_proj.weight[last] = 0
        attention.q_proj.weight[last] = 0
        attention.k_proj.weight[last, AFTER_END] = 2
        attention.k_proj.weight[last, MARK] = -2
        attention.k_proj.weight[last, SHARED_MEAN] = 0.4
        attention.k_proj.weight[last, BEGIN_SOON] = -0.2
        attention.q_proj.weight[last, FIRST] = 1


def _find_place(attention: BartAttention, read: torch.Tensor) -> None:
    """Heads of the first cross-attention find where the token just written stands, and say so.

    They compare it and the three before it; the place goes to the dimensions `FOUND`.
    """
    key, query = attention.k_proj.weight, attention.q_proj.weight
    for head in range(HEADS):
        rows = rows_of(attention, head)
        key[rows], query[rows] = 0, 0
        for n in range(BACK):
            mixed = directions(CODE, attention.head_dim).T * SHARP
            query[rows, code_of(n)] = mixed
            if n:
                key[rows, code_of(n - 1)] = mixed
            else:
                key[rows, :TOKEN] = mixed @ read
        attention.v_proj.weight[rows] = 0
        attention.v_proj.weight[torch.arange(rows.start, rows.stop), fast_places()] = 0.3
        attention.out_proj.weight[:, rows] = 0
        attention.out_proj.weight[FOUND, rows] = torch.eye(attention.head_dim)


def _agree(attention: BartAttention) -> None:
    """Places found for earlier tokens, moved on by as many, make up for one that is unclear."""
    for head, back in enumerate((1, 2, 3, 4, 6, 8)):
        rows = rows_of(attention, head)
        look_at_distance(attention, rows, back)
        attention.v_proj.weight[rows] = 0
        attention.v_proj.weight[rows, FOUND] = moved(back) * 0.4
        attention.out_proj.weight[:, rows] = 0
        attention.out_proj.weight[FOUND, rows] = torch.eye(attention.head_dim)


def _follow(attention: BartAttention) -> None:
    """Other heads of the last cross-attention look at the place after the one found."""
    for head in range(CHOOSING, HEADS):
        rows = rows_of(attention, head)
        key, query = attention.k_proj.weight, attention.q_proj.weight
        key[rows], query[rows] = 0, 0
        key[torch.arange(rows.start, rows.stop), fast_places()] = SHARPEST
        query[rows, FOUND] = moved(1) * SAME


def _compare(attention: BartAttention) -> None:
    """Heads of the last cross-attention compare the last tokens, and all pass the next one on."""
    key, query = attention.k_proj.weight, attention.q_proj.weight
    for head in range(CHOOSING):
        rows = rows_of(attention, head)
        key[rows], query[rows] = 0, 0
        for n in range(BACK):
            mixed = directions(CODE, attention.head_dim).T * SHARPEST
            key[rows, code_of(n)] = query[rows, code_of(n)] = mixed
    spread = directions(TOKEN, len(key)).T * 1.6
    for weight in (attention.v_proj.weight, attention.out_proj.weight.T):
        weight.mul_(SMALL)[:, :TOKEN] += spread
