"""A look inside: the tokens of a text, and what else a model might have said at each place.

For the learner: a model does not choose words, it gives every token of its vocabulary a
probability, again and again.
"""

import functools
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import PreTrainedTokenizerBase
from transformers.convert_slow_tokenizer import bytes_to_unicode

from inference import accelerator, prompts
from inference.errors import DeadlinePassed, TextTooLong
from inference.generation import set_threads
from inference.loading import load_tokenizer
from inference.pool import shared
from inference.prompts import Message
from inference.records import Candidate, Choice, Position
from inference.rows import Row, layers_of

MOST_POSITIONS = 512  # of an answer; more are looked at no further
MOST_CHARACTERS = 8_000  # of a text whose tokens are shown
CANDIDATES = 10
MOST_READ = 4_096  # tokens of the conversation before the answer
SECONDS = 60  # for all of it
READ_PIECE = 256  # tokens of the conversation at a time
PIECE = 32  # positions at a time: each has a score for every token of the vocabulary

_lock = threading.Lock()  # of the tokenizers that show the tokens of a text


@accelerator.gpu(duration=60)
def positions(
    messages: Sequence[Message],
    answer: str,
    choice: Choice,
    count: int = CANDIDATES,
) -> list[Position]:
    """Of each token of `answer`, in the order it was written: its probability, and the likeliest
    `count` tokens at its place. The probabilities are the model's own, at temperature 1.

    Raises:
        MessageTooLongForModel, ModelDoesNotFit, ModelBroken, AdapterRefused, OutOfMemory
        DeadlinePassed
    """
    until = time.monotonic() + accelerator.time_limit(SECONDS)
    with shared().borrow(choice, "chat") as loaded, torch.inference_mode():
        set_threads(loaded.model)
        with loaded.lock:
            written = prompts.plain_ids(loaded.tokenizer, answer)[:MOST_POSITIONS]
            room = min(MOST_READ, loaded.model.config.max_position_embeddings - len(written))
            prompt = prompts.encode(loaded.tokenizer, messages, False, room).input_ids
        row = Row(layers_of(loaded.model))
        read = {"cache": row, "use_cache": True}
        for piece in prompt.to(loaded.device).split(READ_PIECE, dim=1):
            _in_time(until)
            scores = loaded.model(input_ids=piece, logits_to_keep=1, **read).logits[0]
        found: list[Position] = []
        for begin in range(0, len(written), PIECE):
            _in_time(until)
            piece = written[begin : begin + PIECE]
            ids = torch.tensor([piece], device=loaded.device)
            following = loaded.model(input_ids=ids, **read).logits[0]
            before = torch.cat([scores, following[:-1]])
            found += _read_off(before, piece, loaded.tokenizer, count)
            scores = following[-1:]
        return found


def _in_time(until: float) -> None:
    if time.monotonic() > until:
        raise DeadlinePassed(seconds=SECONDS)


def _read_off(
    scores: torch.Tensor, tokens: Sequence[int], tokenizer: PreTrainedTokenizerBase, count: int
) -> list[Position]:
    """`scores` of shape [positions, vocabulary], each row those of the token that stands there."""
    shares = scores.float().softmax(-1)
    own = shares.gather(1, torch.tensor(tokens, device=shares.device)[:, None])[:, 0].tolist()
    best = shares.topk(min(count, shares.shape[-1]))
    return [
        Position(
            Candidate(text_of(tokenizer, token), token, share),
            tuple(
                Candidate(text_of(tokenizer, other), other, each)
                for other, each in zip(ids, values, strict=True)
            ),
        )
        for token, share, ids, values in zip(
            tokens, own, best.indices.tolist(), best.values.tolist(), strict=True
        )
    ]


def tokens(text: str, choice: Choice) -> list[Candidate]:
    """The tokens the model reads `text` as. Control tokens typed by a person are plain text.

    Raises:
        TextTooLong, ModelBroken
    """
    if len(text) > MOST_CHARACTERS:
        raise TextTooLong(length=len(text), limit=MOST_CHARACTERS)
    with _lock:
        tokenizer = _tokenizer(choice.folder)
        ids = prompts.plain_ids(tokenizer, text)
    return [Candidate(text_of(tokenizer, token), token) for token in ids]


@functools.lru_cache(maxsize=2)
def _tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    return load_tokenizer(folder)


def text_of(tokenizer: PreTrainedTokenizerBase, token: int) -> str:
    """The token as text; a part of a character, as many Chinese ones are cut, as its bytes."""
    text = tokenizer.decode([token], clean_up_tokenization_spaces=False)
    if "\ufffd" not in text:
        return text
    return readable(tokenizer.convert_ids_to_tokens(token))


def readable(piece: str) -> str:
    """A piece as a byte-level vocabulary spells it -> its text, a part of a character as its bytes.
    What is not spelt so stays as it is."""
    values = [_bytes().get(sign) for sign in piece]
    if None in values:
        return piece
    try:
        return bytes(values).decode()
    except UnicodeDecodeError:
        return "<" + " ".join(f"{value:02X}" for value in values) + ">"


@functools.cache
def _bytes() -> dict[str, int]:
    """The signs byte-level vocabularies are written in -> the bytes they stand for."""
    return {sign: value for value, sign in bytes_to_unicode().items()}
