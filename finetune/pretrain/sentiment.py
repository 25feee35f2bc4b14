"""Builds `builtin/sentiment`: a two-layer BERT that tells negative from positive sentences."""

import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from finetune.pretrain import calibration, corpus, training, vocabularies
from finetune.pretrain.teacher import Teacher

SEED = 7
STEPS = 1200  # of each of the two trainings; the log loss of left-out rows falls no further
BATCH = 32
CONTEXT = 512
LONGEST = 160  # tokens of a training row
MASKED = 0.1  # share of input tokens replaced by [MASK]
OF_LABEL = 0.5  # weight of a row's own label beside its teacher's score
MADE_UP = 1.0  # texts put together from pieces for each row, in each pass

Target = tuple[str, float]  # a text and how positive it is, from 0 to 1


def build(folder: Path, steps: int = STEPS) -> float:
    """Train twice and save the second; returns the seconds both trainings took.

    The first is trained without a fifth of the rows, and those tell the temperature: a network is
    overbold about what it was trained on, so that its own rows could not.
    """
    data = corpus.data_folder()
    reviews, _ = corpus.split_reviews(corpus.reviews(data))
    own = corpus.own_sentences()
    tokenizer = _tokenizer(reviews + own, data)
    part, left_out = corpus.split_reviews(reviews)
    model, first = _trained(part + own, tokenizer, steps)
    degrees = calibration.temperature(
        logits(model, tokenizer, [row.text for row in left_out]),
        torch.tensor([row.label for row in left_out]),
    )
    print(f"temperature {degrees:.3f}", file=sys.stderr)
    model, second = _trained(reviews + own, tokenizer, steps)
    calibration.soften(model.classifier, degrees)
    training.save(model, tokenizer, folder)
    return first + second


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


def logits(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]
) -> torch.Tensor:
    """What the model gives each text before the softmax: [texts, labels]."""
    found: list[torch.Tensor] = []
    for first in range(0, len(texts), BATCH):
        inputs = tokenizer(
            list(texts[first : first + BATCH]),
            padding=True,
            truncation=True,
            max_length=CONTEXT,
            return_tensors="pt",
        )
        with torch.inference_mode():
            found.append(model(**inputs).logits)
    return torch.cat(found).clone()


def _tokenizer(rows: Sequence[corpus.Labelled], data: Path) -> PreTrainedTokenizerBase:
    # Novels and answers only widen the vocabulary; no sentence of them has a label.
    wider = [
        text
        for language in corpus.LANGUAGES
        for text in corpus.book_paragraphs(data, language) + corpus.topic_texts(language)
    ]
    return vocabularies.sentiment_tokenizer(
        [row.text for row in rows] * 3 + wider, size=5000, context=CONTEXT
    )


def _trained(
    rows: Sequence[corpus.Labelled], tokenizer: PreTrainedTokenizerBase, steps: int
) -> tuple[BertForSequenceClassification, float]:
    rng = training.start(SEED)
    model = new_model(tokenizer)
    batches = _batches(targets(rows, rng), tokenizer, rng)
    seconds = training.fit(model, batches, steps, 5e-4, weight_decay=0.05, loss_of=soft_loss)
    return model, seconds


def soft_loss(model: PreTrainedModel, batch: training.Batch) -> torch.Tensor:
    """Cross-entropy against probabilities [rows, labels] in place of labels."""
    found = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    return cross_entropy(found, batch["labels"])


def targets(rows: Sequence[corpus.Labelled], rng: random.Random) -> Iterator[list[Target]]:
    """Passes without end: every row once, and as many made-up texts, told by the teacher alone."""
    real: list[Target] = []
    teachers: list[tuple[Teacher, int]] = []
    for language in corpus.LANGUAGES:
        group = [row for row in rows if row.language == language]
        teacher = Teacher(group)
        teachers.append((teacher, round(len(group) * MADE_UP)))
        real += [
            (row.text, OF_LABEL * row.label + (1 - OF_LABEL) * score)
            for row, score in zip(group, teacher.left_out(), strict=True)
        ]
    while True:
        made_up: list[Target] = []
        for teacher, count in teachers:
            texts = [teacher.made_up(rng) for _ in range(count)]
            made_up += zip(texts, teacher.positive(texts), strict=True)
        yield real + made_up


def _batches(
    passes: Iterator[list[Target]], tokenizer: PreTrainedTokenizerBase, rng: random.Random
) -> Iterator[training.Batch]:
    generator = torch.Generator().manual_seed(SEED)
    for rows in passes:
        ids = tokenizer([text for text, _ in rows], truncation=True, max_length=LONGEST).input_ids
        order = rng.sample(range(len(rows)), len(rows))
        for chosen in _alike(order, [len(row) for row in ids], rng):
            input_ids = training.padded([ids[i] for i in chosen], tokenizer.pad_token_id)
            inner = input_ids > tokenizer.mask_token_id  # no special token
            masked = inner & (torch.rand(input_ids.shape, generator=generator) < MASKED)
            positive = torch.tensor([rows[i][1] for i in chosen])
            yield {
                "input_ids": input_ids.masked_fill(masked, tokenizer.mask_token_id),
                "attention_mask": (input_ids != tokenizer.pad_token_id).long(),
                "labels": torch.stack([1 - positive, positive], dim=-1),
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
