"""The figures of the built-in models, measured again from their weights at any time."""

import json
import random
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from transformers import (
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
)

from finetune.pretrain import corpus, training
from finetune.pretrain.calibration import expected_error
from finetune.pretrain.collection import LANGUAGES, overlap_f1
from finetune.pretrain.evaluation_text import (
    SETS_BY_LANGUAGE,
    SUMMARY_SETS,
    Document,
    documents,
)
from finetune.pretrain.measure_chat import chat
from finetune.pretrain.segmentation import is_ended, sentences
from finetune.pretrain.sentiment import logits

Figures = dict[str, float]
BATCH = 32
SEED = 1
DRAWS = 10  # of random sentences, or chance would decide by a hundredth


def report(names: Sequence[str], folder: Path = training.BUILTIN, *, write: bool = False) -> None:
    """Measure and print as JSON; with `write`, put the figures into the models' cards too."""
    from finetune.pretrain.cards import write_card

    torch.set_num_threads(training.THREADS)
    for name in names:
        figures = MEASURES[name](folder / name)
        print(json.dumps({name: figures}, indent=1))
        if write:
            write_card(folder / name, figures)


def scores(folder: Path, texts: Sequence[str]) -> torch.Tensor:
    """Probabilities of the sentiment model: [texts, (negative, positive)]."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32)
    return logits(model, tokenizer, texts).softmax(-1)


def sentiment(folder: Path) -> Figures:
    """Accuracy and calibration on held-out rows per language; TF-IDF and regression beside them."""
    train, held_out = corpus.split_reviews(corpus.reviews(corpus.data_folder()))
    train = train + corpus.own_sentences()
    figures: Figures = {}
    for language in LANGUAGES:
        rows = [row for row in held_out if row.language == language]
        told = scores(folder, [row.text for row in rows])
        labels = torch.tensor([row.label for row in rows])
        figures[f"rows_{language}"] = float(len(rows))
        figures[f"accuracy_{language}"] = _rounded((told.argmax(-1) == labels).double().mean())
        figures[f"ece_{language}"] = _rounded(expected_error(told, labels))
        figures[f"tfidf_{language}"] = _rounded(
            _tfidf([row for row in train if row.language == language], rows)
        )
    return figures


def _tfidf(train: list[corpus.Labelled], rows: list[corpus.Labelled]) -> float:
    """Accuracy of word (Chinese: character) 1- and 2-grams, TF-IDF, logistic regression."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    kind = "char" if train[0].language == "zh" else "word"
    plain = make_pipeline(
        TfidfVectorizer(analyzer=kind, ngram_range=(1, 2), sublinear_tf=True),
        LogisticRegression(max_iter=1000),
    )
    plain.fit([row.text for row in train], [row.label for row in train])
    return float(plain.score([row.text for row in rows], [row.label for row in rows]))


def summaries(folder: Path, texts: Sequence[str]) -> list[tuple[str, str]]:
    """(the input as far as the model reads it, its summary) for each text, as `generate` is set."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=torch.float32)
    pairs: list[tuple[str, str]] = []
    for first in range(0, len(texts), BATCH // 2):
        inputs = tokenizer(
            list(texts[first : first + BATCH // 2]),
            padding=True,
            truncation=True,
            return_tensors="pt",
        )
        with torch.inference_mode():
            out = model.generate(**inputs)
        pairs += zip(
            tokenizer.batch_decode(inputs["input_ids"], skip_special_tokens=True),
            (text.strip() for text in tokenizer.batch_decode(out, skip_special_tokens=True)),
            strict=True,
        )
    return pairs


def summary(folder: Path) -> Figures:
    """Copying, length, repetition and ROUGE-1 on real summaries the model never saw."""
    figures: Figures = {}
    for name in SUMMARY_SETS:
        rows = documents(corpus.data_folder(), name)
        pairs = summaries(folder, [row.text for row in rows])
        for key, value in _summary_figures(rows, pairs).items():
            figures[f"{name}_{key}"] = _rounded(value)
    for language, names in SETS_BY_LANGUAGE.items():
        over = [figures[f"{name}_rouge1_over_random"] for name in names]
        figures[f"{language}_rouge1_over_random"] = _rounded(statistics.mean(over))
    return figures


def _summary_figures(rows: list[Document], pairs: list[tuple[str, str]]) -> Figures:
    read = [corpus.words(text) for text, _ in pairs]
    made = [corpus.words(text) for _, text in pairs]
    filled = [(r, m) for r, m in zip(read, made, strict=True) if r]
    rouge1 = statistics.mean(_rouge1(m, row) for m, row in zip(made, rows, strict=True))
    chance = statistics.mean(_chance(rows, pairs, draw) for draw in range(DRAWS))
    return {
        "rows": float(len(rows)),
        "words_from_input": statistics.mean(
            sum(w in set(r) for w in m) / len(m) if m else 0.0 for r, m in filled
        ),
        "length": statistics.mean(len(m) / len(r) for r, m in filled),
        "repeats_4gram": statistics.mean(_repeats(m) for m in made),
        "complete": statistics.mean(_complete(text, m) for text, m in pairs),
        "rouge1": rouge1,
        "rouge1_random": chance,
        "rouge1_over_random": rouge1 - chance,
    }


def _chance(rows: list[Document], pairs: list[tuple[str, str]], draw: int) -> float:
    """Mean ROUGE-1 of random sentences as long as the summaries; `draw` seeds which."""
    rng = random.Random(SEED + draw)
    return statistics.mean(
        _rouge1(_random_sentences(text, len(corpus.words(made)), rng), row)
        for (text, made), row in zip(pairs, rows, strict=True)
    )


def _complete(text: str, made: str) -> bool:
    """Whether every sentence of `made` is a whole sentence of `text`.

    The end of a text that was cut off is none, so a sentence must end in a mark.
    """
    whole = {s for part in sentences(text) if is_ended(s := " ".join(part.split()))}
    parts = [" ".join(part.split()) for part in sentences(made)]
    return bool(parts) and whole.issuperset(parts)


def _rouge1(made: list[str], row: Document) -> float:
    return max(overlap_f1(made, corpus.words(reference)) for reference in row.references)


def _repeats(made: list[str]) -> bool:
    grams = [tuple(made[i : i + 4]) for i in range(len(made) - 3)]
    return len(set(grams)) < len(grams)


def _random_sentences(text: str, length: int, rng: random.Random) -> list[str]:
    """Words of sentences drawn at random, cut to `length` words."""
    parts = [words for sentence in sentences(text) if (words := corpus.words(sentence))]
    rng.shuffle(parts)
    return [word for part in parts for word in part][:length]


def _rounded(value: float) -> float:
    return round(float(value), 3)


MEASURES: dict[str, Callable[[Path], Figures]] = {
    "chat": chat,
    "sentiment": sentiment,
    "summary": summary,
}
