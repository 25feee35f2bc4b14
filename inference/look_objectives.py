"""What BERT is asked while it is pre-trained: hidden words, and whether two sentences belong
together.

Source: Devlin et al. 2018, "BERT", arXiv:1810.04805, section 3.1. Nothing is predicted here.
"""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tokenizers import Tokenizer

from inference.errors import TextTooLong
from inference.loading import load_plain_tokenizer
from inference.look_tokens import MOST_CHARACTERS
from inference.records import MASK

SHARE = 0.15  # of the tokens are asked for; of those
MASKED, REPLACED = 0.8, 0.1  # are hidden, or another stands there; the rest stays as it is
Done = Literal["read", "masked", "replaced", "kept"]


@dataclass(frozen=True)
class Asked:
    """A token as training shows it. `truth` is what the model is to say there, "" where it is not
    asked (`done` is "read")."""

    shown: str
    truth: str
    done: Done


def masked(text: str, folder: Path, seed: int) -> list[Asked]:
    """The tokens of `text` as one step of masked-language training shows them; the same for the
    same seed.

    Raises:
        TextTooLong, ModelBroken
    """
    _check(text)
    tokenizer = load_plain_tokenizer(folder)
    pieces = tokenizer.encode(text, add_special_tokens=False).tokens
    chance = random.Random(seed)
    count = max(1, round(SHARE * len(pieces))) if pieces else 0
    asked = set(chance.sample(range(len(pieces)), count))
    return [
        _asked(piece, chance, tokenizer) if place in asked else Asked(piece, "", "read")
        for place, piece in enumerate(pieces)
    ]


def pair(first: str, second: str, folder: Path) -> list[tuple[str, int]]:
    """(token, segment) of two sentences as BERT reads them: 0 for the first, 1 for the second.

    Raises:
        TextTooLong, ModelBroken
    """
    for text in (first, second):
        _check(text)
    found = load_plain_tokenizer(folder).encode(first, second)
    return list(zip(found.tokens, found.type_ids, strict=True))


def _asked(piece: str, chance: random.Random, tokenizer: Tokenizer) -> Asked:
    drawn = chance.random()
    if drawn < MASKED:
        return Asked(MASK, piece, "masked")
    if drawn < MASKED + REPLACED:
        other = tokenizer.id_to_token(chance.randrange(tokenizer.get_vocab_size()))
        return Asked(other, piece, "replaced")
    return Asked(piece, piece, "kept")


def _check(text: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise TextTooLong(length=len(text), limit=MOST_CHARACTERS)
