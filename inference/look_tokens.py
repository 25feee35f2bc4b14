"""How a text becomes tokens, step by step: byte-pair encoding and WordPiece.

For the learner. Byte-pair encoding (Sennrich et al. 2016, arXiv:1508.07909; on bytes since GPT-2)
joins the two neighbours that come first in a list learned beforehand, again and again. WordPiece
(Wu et al. 2016, arXiv:1609.08144, as BERT uses it) takes the longest piece of the vocabulary that
the word begins with, and goes on behind it.
"""

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from tokenizers import Tokenizer

from inference.errors import TextTooLong
from inference.inside import readable
from inference.loading import load_plain_tokenizer
from inference.records import Candidate

MOST_CHARACTERS = 2_000  # of a text
MOST_IN_A_WORD = 40  # characters of a word whose steps are shown
Kind = Literal["BPE", "WordPiece"]
Pair = tuple[str, str]


@dataclass(frozen=True)
class Split:
    """A text under one tokenizer. The tokens of WordPiece are as its vocabulary has them: `##`
    says that a word goes on."""

    kind: Kind
    vocabulary: int
    tokens: tuple[Candidate, ...]


@dataclass(frozen=True)
class Step:
    """The pieces of a word after one step, the first of which has done nothing yet.

    `made` is the place of the new piece. Of byte-pair encoding, `rank` is the place of its rule in
    the list, from 1; of WordPiece, `tried` counts the pieces that were looked up, and `rest` is
    what of the word is still to be read.
    """

    pieces: tuple[str, ...]
    made: int | None = None
    rank: int | None = None
    tried: int = 0
    rest: str = ""


@dataclass(frozen=True)
class Steps:
    """`words`: what the text was cut into beforehand; nothing is joined across them."""

    kind: Kind
    words: tuple[str, ...]
    steps: tuple[Step, ...]


def split(text: str, folder: Path) -> Split:
    """The tokens of `text`, none added before or after. Control tokens in it are plain text.

    Raises:
        TextTooLong, ModelBroken
    """
    if len(text) > MOST_CHARACTERS:
        raise TextTooLong(length=len(text), limit=MOST_CHARACTERS)
    tokenizer, model = _read(folder)
    shown = readable if model["type"] == "BPE" else str
    found = tokenizer.encode(text, add_special_tokens=False)
    pairs = zip(found.tokens, found.ids, strict=True)
    tokens = tuple(Candidate(shown(piece), number) for piece, number in pairs)
    return Split(model["type"], tokenizer.get_vocab_size(), tokens)


def steps(word: str, folder: Path) -> Steps:
    """How the tokenizer arrives at the pieces of `word` (or of a few words).

    Raises:
        TextTooLong, ModelBroken
    """
    word = word.strip()
    if len(word) > MOST_IN_A_WORD:
        raise TextTooLong(length=len(word), limit=MOST_IN_A_WORD)
    tokenizer, model = _read(folder)
    if tokenizer.normalizer is not None:
        word = tokenizer.normalizer.normalize_str(word)
    words = [part for part, _ in tokenizer.pre_tokenizer.pre_tokenize_str(word)]
    if model["type"] == "BPE":
        found = tuple(_shown(step) for step in joined(words, model["ranks"]))
        return Steps("BPE", tuple(map(readable, words)), found)
    return Steps("WordPiece", tuple(words), tuple(longest_first(words, model)))


def joined(words: Sequence[str], ranks: Mapping[Pair, int]) -> Iterator[Step]:
    """Byte-pair encoding: of all neighbours within a word, the pair of the lowest rank is joined
    first, the leftmost of several."""
    parts = [list(word) for word in words]
    yield Step(tuple(piece for part in parts for piece in part))
    while True:
        possible = [
            (ranks[pair], number, at)
            for number, part in enumerate(parts)
            for at, pair in enumerate(pairwise(part))
            if pair in ranks
        ]
        if not possible:
            return
        rank, number, at = min(possible)
        part = parts[number]
        part[at : at + 2] = [part[at] + part[at + 1]]
        made = sum(map(len, parts[:number])) + at
        yield Step(tuple(piece for part in parts for piece in part), made, rank + 1)


def longest_first(words: Sequence[str], model: Mapping[str, Any]) -> Iterator[Step]:
    """WordPiece: the longest known beginning of what is left of a word, which all becomes the
    unknown token if any part of it is unknown."""
    whole: list[str] = []
    yield Step((), rest=" ".join(words))
    for number, word in enumerate(words):
        later = words[number + 1 :]
        for found, tried, rest in _pieces(word, model):
            whole.append(found)
            yield Step(tuple(whole), len(whole) - 1, None, tried, " ".join([rest, *later]).strip())


def _pieces(word: str, model: Mapping[str, Any]) -> Iterator[tuple[str, int, str]]:
    """(piece, how many were looked up, what is left)."""
    begin, prefix = 0, model["continuing_subword_prefix"]
    if len(word) > model["max_input_chars_per_word"]:
        yield model["unk_token"], 0, ""
        return
    found = []
    while begin < len(word):
        for tried, end in enumerate(range(len(word), begin, -1), start=1):
            piece = (prefix if begin else "") + word[begin:end]
            if piece in model["vocab"]:
                found.append((piece, tried, word[end:]))
                begin = end
                break
        else:
            yield model["unk_token"], len(word) - begin, ""
            return
    yield from found


def _shown(step: Step) -> Step:
    return Step(tuple(map(readable, step.pieces)), step.made, step.rank)


@functools.lru_cache(maxsize=8)
def _read(folder: Path) -> tuple[Tokenizer, dict[str, Any]]:
    """The tokenizer and the model in it: of byte-pair encoding, `ranks` of its merges."""
    tokenizer = load_plain_tokenizer(folder)
    model = json.loads(tokenizer.to_str())["model"]
    if model["type"] == "BPE":
        ranks = {tuple(pair): rank for rank, pair in enumerate(model["merges"])}
        return tokenizer, {"type": "BPE", "ranks": ranks}
    return tokenizer, model
