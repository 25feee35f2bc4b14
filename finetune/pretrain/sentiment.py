"""Builds `builtin/sentiment`: a two-layer BERT that tells negative from positive sentences."""

import random
from collections.abc import Iterator
from pathlib import Path

import torch
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerBase

from finetune.pretrain import corpus, training, vocabularies

SEED = 7
STEPS = 1000
BATCH = 32
CONTEXT = 512
LONGEST = 160  # tokens of a training row
MASKED = 0.1  # share of input tokens replaced by [MASK]: the only augmentation


def build(folder: Path, steps: int = STEPS) -> float:
    """Train and save; returns the seconds the training took."""
    data = corpus.data_folder()
    train, _ = corpus.split_reviews(corpus.reviews(data))
    rows = train + corpus.own_sentences()
    rng = training.start(SEED)
    # Novels and answers only widen the vocabulary; no sentence of them has a label.
    wider = [
        text
        for language in corpus.LANGUAGES
        for text in corpus.book_paragraphs(data, language) + corpus.topic_texts(language)
    ]
    tokenizer = vocabularies.sentiment_tokenizer(
        [row.text for row in rows] * 3 + wider, size=5000, context=CONTEXT
    )
    model = new_model(tokenizer)
    seconds = training.fit(model, _batches(rows, tokenizer, rng), steps, 5e-4, weight_decay=0.05)
    training.save(model, tokenizer, folder)
    return seconds


def new_model(tokenizer: PreTrainedTokenizerBase) -> BertForSequenceClassification:
    """About 1.1 M parameters, untrained."""
    return BertForSequenceClassification(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=128,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=512,
            max_position_embeddings=CONTEXT,
            hidden_dropout_prob=0.3,
            attention_probs_dropout_prob=0.1,
            pad_token_id=tokenizer.pad_token_id,
            id2label=dict(enumerate(corpus.LABELS)),
            label2id={label: index for index, label in enumerate(corpus.LABELS)},
        )
    )


def _batches(
    rows: list[corpus.Labelled], tokenizer: PreTrainedTokenizerBase, rng: random.Random
) -> Iterator[training.Batch]:
    texts = [row.text for row in rows]
    ids = tokenizer(texts, truncation=True, max_length=LONGEST).input_ids
    generator = torch.Generator().manual_seed(SEED)
    while True:
        order = rng.sample(range(len(rows)), len(rows))
        for chosen in _alike(order, [len(row) for row in ids], rng):
            input_ids = training.padded([ids[i] for i in chosen], tokenizer.pad_token_id)
            inner = input_ids > tokenizer.mask_token_id  # no special token
            masked = inner & (torch.rand(input_ids.shape, generator=generator) < MASKED)
            yield {
                "input_ids": input_ids.masked_fill(masked, tokenizer.mask_token_id),
                "attention_mask": (input_ids != tokenizer.pad_token_id).long(),
                "labels": torch.tensor([rows[i].label for i in chosen]),
            }


def _alike(order: list[int], lengths: list[int], rng: random.Random) -> list[list[int]]:
    """Batches of rows of about the same length, in random order: little of them is padding."""
    near = 8 * BATCH
    batches: list[list[int]] = []
    for first in range(0, len(order), near):
        part = sorted(order[first : first + near], key=lambda row: lengths[row])
        batches += [part[at : at + BATCH] for at in range(0, len(part), BATCH)]
    rng.shuffle(batches)
    return batches
