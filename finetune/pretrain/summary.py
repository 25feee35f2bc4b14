"""Builds `builtin/summary`: a small BART that chooses central sentences and copies them."""

import math
import random
from collections.abc import Iterator
from pathlib import Path

import torch
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    GenerationConfig,
    PreTrainedTokenizerBase,
)

from finetune.pretrain import corpus, training, vocabularies
from finetune.pretrain.passages import Pair, Passages

SEED = 13
STEPS = 1400
DENOISING = 0.1  # share of the steps spent on denoising, before the summaries
BATCH = 16
CONTEXT = 512
VOCABULARY = 6144
IGNORED = -100
BEGIN, END = 0, 2  # <s>, </s>
BACK = 4  # heads of each first layer, shown the token one, two, three and four places back
HEADS = 5  # of six, of the last cross-attention: shown where to look in the beginning


def build(folder: Path, steps: int = STEPS) -> float:
    """Train and save; returns the seconds the training took."""
    data = corpus.data_folder()
    rng = training.start(SEED)
    texts = documents(data)
    tokenizer = vocabularies.summary_tokenizer([text for _, text in texts], VOCABULARY, CONTEXT)
    model = new_model(tokenizer)
    passages = Passages(texts, tokenizer, rng)
    batches = _batches(passages, int(steps * DENOISING), rng)
    seconds = training.fit(model, batches, steps, 1.5e-3, loss_of=Guided(steps))
    model.set_attn_implementation("sdpa")
    training.save(model, tokenizer, folder)
    return seconds


def documents(data: Path) -> list[tuple[corpus.Language, str]]:
    """The novels by runs of paragraphs, longer Chinese reviews, and the collection's answers."""
    found: list[tuple[corpus.Language, str]] = []
    for language in corpus.LANGUAGES:
        space = " " if language == "en" else ""
        for parts, together in (
            (corpus.book_paragraphs(data, language), 40),
            (corpus.topic_texts(language), 10),
        ):
            for at in range(0, len(parts), together):
                found.append((language, space.join(parts[at : at + together])))
    train, _ = corpus.split_reviews(corpus.reviews(data))
    found += [("zh", row.text) for row in train if row.language == "zh" and len(row.text) > 80]
    return found


def new_model(tokenizer: PreTrainedTokenizerBase) -> BartForConditionalGeneration:
    """About 3 M parameters, untrained; positions begin as sinusoids (Vaswani et al., 2017)."""
    config = BartConfig(
        vocab_size=len(tokenizer),
        d_model=192,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=6,
        decoder_attention_heads=6,
        encoder_ffn_dim=512,
        decoder_ffn_dim=512,
        max_position_embeddings=CONTEXT,
        dropout=0.05,
        attention_dropout=0.0,
        init_std=0.06,
        bos_token_id=BEGIN,
        eos_token_id=END,
        decoder_start_token_id=END,
        forced_eos_token_id=END,
        pad_token_id=tokenizer.pad_token_id,
        attn_implementation="eager",  # training reads the attention weights
    )
    model = BartForConditionalGeneration(config)
    _begin_near_copying(model)
    model.generation_config = GenerationConfig(
        num_beams=4,  # greedy copying goes astray more often
        do_sample=False,
        max_new_tokens=160,
        no_repeat_ngram_size=4,
        bos_token_id=BEGIN,
        eos_token_id=END,
        decoder_start_token_id=END,
        forced_bos_token_id=BEGIN,
        forced_eos_token_id=END,
        pad_token_id=tokenizer.pad_token_id,
    )
    return model


@torch.no_grad()
def _begin_near_copying(model: BartForConditionalGeneration) -> None:
    """Sinusoids as positions, wide tied embeddings, and a last cross-attention that passes on.

    What that attention looks at goes through unchanged, close to the identity (in the spirit of
    mimetic initialisation, Trockman and Kolter, 2023).
    """
    model.model.shared.weight.mul_(2)
    for half in (model.model.encoder, model.model.decoder):
        weight = half.embed_positions.weight
        weight.copy_(_sinusoids(*weight.shape) * 2 * model.config.init_std)
    attention = model.model.decoder.layers[-1].encoder_attn
    for weight in (attention.v_proj.weight, attention.out_proj.weight):
        weight.mul_(0.3).add_(torch.eye(len(weight)))


def _sinusoids(rows: int, width: int) -> torch.Tensor:
    angle = torch.arange(rows)[:, None] * torch.exp(
        torch.arange(0, width, 2) * (-math.log(10000.0) / width)
    )
    return torch.cat([angle.sin(), angle.cos()], dim=1)


class Guided:
    """The model's loss, plus a pull on a few attention heads that fades over half the steps.

    Where a target token is copied from is known, so most heads of the last decoder layer are shown
    it (guided alignment, Chen et al., 2016), and four of each first layer are shown the four
    tokens before. Copying is then found in hundreds of steps instead of many thousands.
    """

    def __init__(self, steps: int) -> None:
        self._left = self._fading = max(1, int(steps * 0.6))

    def __call__(self, model: BartForConditionalGeneration, batch: training.Batch) -> torch.Tensor:
        source = batch["source"]
        out = model(
            input_ids=batch["input_ids"],
            attention_mask=batch["attention_mask"],
            labels=batch["labels"],
            output_attentions=True,
        )
        weight = self._left / self._fading
        self._left = max(0, self._left - 1)
        if not weight:
            return out.loss
        real = batch["attention_mask"].bool()
        pull = _looks_at(out.cross_attentions[-1][:, :HEADS], source[:, None].expand(-1, HEADS, -1))
        for attention, mask in (
            (out.encoder_attentions[0], real),
            (out.decoder_attentions[0], batch["labels"] != IGNORED),
        ):
            places = torch.arange(mask.shape[1]).expand(mask.shape)
            for head in range(BACK):
                wanted = (places - head - 1).masked_fill(~mask, -1)
                pull = pull + 0.25 * _looks_at(attention[:, head : head + 1], wanted[:, None])
        return out.loss + weight * pull


def _looks_at(attention: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Mean -log of the weight each row gives to its wanted place; places below 0 do not count.

    attention: [batch, heads, rows, places]; wanted: [batch, heads, rows].
    """
    given = attention.gather(3, wanted.clamp(min=0)[..., None])[..., 0]
    return -(given[wanted >= 0] + 1e-6).log().mean()


def _length(rng: random.Random) -> int:
    kind = rng.random()
    low, high = (60, 160) if kind < 0.55 else (160, 300) if kind < 0.9 else (300, CONTEXT - 4)
    return rng.randint(low, high)


def _batches(passages: Passages, noised: int, rng: random.Random) -> Iterator[training.Batch]:
    step = 0
    while True:
        longest = rng.randint(40, 120) if step < noised else _length(rng)
        # Longer passages in smaller batches: a step costs about the same throughout.
        rows = max(4, min(24, BATCH * 160 // longest))
        draw = passages.noised if step < noised else passages.summary
        yield _collated([draw(longest) for _ in range(rows)])
        step += 1


def _collated(pairs: list[Pair]) -> training.Batch:
    pad = 1
    input_ids = training.padded([[BEGIN, *pair.passage, END] for pair in pairs], pad)
    return {
        "input_ids": input_ids,
        "attention_mask": (input_ids != pad).long(),
        "labels": training.padded([[BEGIN, *pair.target, END] for pair in pairs], IGNORED),
        # Places shift by one for <s>; nothing is asked of <s> and </s>.
        "source": training.padded(
            [[-1, *(k + 1 if k >= 0 else -1 for k in pair.source), -1] for pair in pairs], -1
        ),
    }
