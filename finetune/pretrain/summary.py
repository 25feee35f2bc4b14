"""Builds `builtin/summary`: a small BART that chooses a sentence or two and copies them."""

import random
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    GenerationConfig,
    PreTrainedTokenizerBase,
)

from finetune.pretrain import copying, corpus, training, vocabularies
from finetune.pretrain.choosing import CUES
from finetune.pretrain.passages import Pair, Passages
from finetune.pretrain.segmentation import ending_tokens

SEED = 13
THREADS = 2
STEPS = 3600
BATCH = 10
LEARNING_RATE = 8e-4  # faster, and what copies in the beginning is lost
CONTEXT = 512
VOCABULARY = 6144
LONGEST = CONTEXT - 2  # of a passage, without <s> and </s>
FULL = 0.3  # share of the passages that are as long, as a text is that was cut off
IGNORED = -100
BEGIN, END = 0, 2  # <s>, </s>
CUE_WEIGHT = 5  # how often the phrases that announce a subject count for the vocabulary
CHOICE = 2.0  # weight of the choice of the first sentence beside the model's own loss


def build(folder: Path, steps: int = STEPS) -> float:
    """Train and save; returns the seconds the training took."""
    data = corpus.data_folder()
    rng = training.start(SEED, THREADS)
    texts = documents(data)
    tokenizer = vocabularies.summary_tokenizer(_own_texts(texts), VOCABULARY, CONTEXT)
    passages = Passages(texts, tokenizer, rng)
    model = new_model(tokenizer, passages.rarity)
    batches = _batches(passages, rng)
    seconds = training.fit(model, batches, steps, LEARNING_RATE, loss_of=Guided(steps))
    model.set_attn_implementation("sdpa")
    training.save(model, tokenizer, folder)
    return seconds


def _own_texts(texts: list[tuple[corpus.Language, str]]) -> list[str]:
    """What the vocabulary is made from: phrases the novels lack are to be few tokens too."""
    cues = [f" {phrase}" for phrases in CUES.values() for phrase in phrases]
    return [*(text for _, text in texts), *(cues + [cue.lower() for cue in cues]) * CUE_WEIGHT]


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


def new_model(
    tokenizer: PreTrainedTokenizerBase, rarity: Mapping[int, float]
) -> BartForConditionalGeneration:
    """About 3.4 M parameters, untrained but for copying."""
    config = BartConfig(
        vocab_size=len(tokenizer),
        d_model=192,
        encoder_layers=3,
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
    copying.begin(model, ending_tokens(tokenizer), rarity)
    copying.keep_tokens(model)
    model.generation_config = _generation(tokenizer)
    return model


def _generation(tokenizer: PreTrainedTokenizerBase) -> GenerationConfig:
    return GenerationConfig(
        num_beams=4,  # greedy copying goes astray more often
        do_sample=False,
        max_length=192,  # the app's "medium"; "short" and "long" are half and half as much again
        min_length=12,
        no_repeat_ngram_size=4,
        encoder_repetition_penalty=3.0,  # or tokens the text has not are written for rare ones
        bos_token_id=BEGIN,
        eos_token_id=END,
        decoder_start_token_id=END,
        forced_bos_token_id=BEGIN,
        forced_eos_token_id=END,
        pad_token_id=tokenizer.pad_token_id,
    )


class Guided:
    """The model's loss, plus a pull on a few attention heads that fades towards the end.

    Where a target token is copied from is known, so the heads that copy are shown it (guided
    alignment, Chen et al., 2016). Which sentence to begin with is shown to them as shares among
    the sentences' beginnings, all the way. To judge sentences as wholes, a head of the second
    encoder layer is shown where the sentence begins, one where the next does, and one of the third
    its extent.
    """

    def __init__(self, steps: int) -> None:
        self._left = self._fading = max(1, int(steps * 0.8))

    def __call__(self, model: BartForConditionalGeneration, batch: training.Batch) -> torch.Tensor:
        out = model(
            input_ids=batch["input_ids"],
            attention_mask=batch["attention_mask"],
            labels=batch["labels"],
            output_attentions=True,
        )
        weight = self._left / self._fading
        self._left = max(0, self._left - 1)
        copied = out.cross_attentions[-1]
        width = batch["input_ids"].shape[1]
        beginnings = out.encoder_attentions[1]
        pull = (
            _looks_at(copied[:, :, 2:], _one_hot(batch["source"][:, 2:], width))
            + _looks_at(beginnings[:, :1], _one_hot(batch["start"], width))
            + _looks_at(beginnings[:, 1:2], _one_hot(batch["following"], width))
            + _looks_at(out.encoder_attentions[2][:, :1], _same(batch["start"]))
        )
        # The first row writes <s>, the second the first token of the summary.
        choice = _looks_at(copied[:, :, 1:2], batch["wanted"][:, None])
        return out.loss + weight * pull + CHOICE * choice


def _one_hot(places: torch.Tensor, width: int) -> torch.Tensor:
    """[batch, rows] -> [batch, rows, width]; a place below 0 gives a row of zeros."""
    return torch.nn.functional.one_hot(places + 1, width + 1)[..., 1:]


def _same(start: torch.Tensor) -> torch.Tensor:
    """[batch, rows] -> [batch, rows, rows]: equal shares among the tokens of a row's sentence."""
    same = (start[:, :, None] == start[:, None, :]) & (start >= 0)[:, :, None]
    return same / same.sum(2, keepdim=True).clamp(min=1)


def _looks_at(attention: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy of the weights that each row gives; rows of zeros do not count.

    attention: [batch, heads, rows, places]; wanted: [batch, rows, places], shares.
    """
    rows = (wanted.sum(2) > 0).sum() * attention.shape[1]
    return -((attention + 1e-6).log() * wanted[:, None]).sum() / rows.clamp(min=1)


def _length(rng: random.Random) -> int:
    kind = rng.random()
    if kind < FULL:
        return LONGEST
    low, high = rng.choice(((60, 160), (160, 320), (320, LONGEST)))
    return rng.randint(low, high)


def _batches(passages: Passages, rng: random.Random) -> Iterator[training.Batch]:
    while True:
        longest = _length(rng)
        # Longer passages in smaller batches: a step costs about the same throughout.
        rows = max(4, min(24, BATCH * 160 // longest))
        yield _collated([passages.summary(longest) for _ in range(rows)])


def _collated(pairs: list[Pair]) -> training.Batch:
    """Tensors of a batch; all places are those of `input_ids`, which begins with <s>.

    source: [rows, target], where a token is copied from; start, following: [rows, passage], where
    a token's sentence and the next one begin; wanted: [rows, passage], how much each place deserves
    to be where the summary begins. -1: nothing is asked.
    """
    pad = 1
    input_ids = training.padded([[BEGIN, *pair.passage, END] for pair in pairs], pad)
    wanted = torch.zeros(input_ids.shape)
    start = torch.full(input_ids.shape, -1)
    following = torch.full(input_ids.shape, -1)
    for row, pair in enumerate(pairs):
        for n, (begin, share) in enumerate(zip(pair.starts, pair.wanted, strict=True)):
            end = [*pair.starts, len(pair.passage)][n + 1]
            start[row, begin + 1 : end + 1] = begin + 1
            following[row, begin + 1 : end + 1] = end + 1  # at last that of </s>
            wanted[row, begin + 1] = share
    return {
        "input_ids": input_ids,
        "attention_mask": (input_ids != pad).long(),
        "labels": training.padded([[BEGIN, *pair.target, END] for pair in pairs], IGNORED),
        "source": training.padded(
            [[-1, *(place + 1 for place in pair.source), -1] for pair in pairs], -1
        ),
        "start": start,
        "following": following,
        "wanted": wanted,
    }
