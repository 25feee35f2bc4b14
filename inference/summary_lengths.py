"""How long a summary may be, in tokens: one rule for the engines and for the page. No torch."""

import json
from pathlib import Path
from typing import Any

from inference import hub
from inference.errors import ModelBroken
from inference.records import SummaryLength

# Times the lengths the checkpoint was tuned to write (its `max_length` and `min_length`) ...
SCALES: dict[SummaryLength, float] = {"short": 0.5, "medium": 1.0, "long": 1.5}
# ... and at most this share of the section's tokens, or a short text would be padded out.
CEILINGS: dict[SummaryLength, float] = {"short": 0.3, "medium": 0.5, "long": 0.7}
# Where the checkpoint names no lengths: at most this share of the section's tokens.
SHARES: dict[SummaryLength, float] = {"short": 0.12, "medium": 0.25, "long": 0.4}
SHORTEST = 8
# What a chat model is asked for; it may end earlier, and is cut off at so many times as much.
ASKED: dict[SummaryLength, int] = {"short": 80, "medium": 160, "long": 320}
CUT_OFF = 1.6
# Of what an encoder reads: the special tokens at both ends, the prefix, and one for a word that
# is cut otherwise than it was counted.
KEPT_FREE = 4


def section_tokens(folder: Path) -> int:
    """How many tokens one section may have for the encoder-decoder in `folder`.

    Raises:
        ModelBroken
    """
    try:
        return _read(folder, "config.json")["max_position_embeddings"] - KEPT_FREE
    except (KeyError, TypeError) as error:
        raise _broken(folder, error) from error


def bounds(
    folder: Path, length: SummaryLength, source_tokens: int, tuned: bool = False
) -> tuple[int, int]:
    """The fewest and the most tokens, counted as `GenerationConfig` does: with the start token.

    For a section long enough, "medium" is what the checkpoint itself says; never more than the
    section has. An adapter (`tuned`) was taught lengths of its own: it is only bounded.

    Raises:
        ModelBroken
    """
    known_most, known_fewest = _published(folder)
    least = min(SHORTEST, source_tokens)
    if known_most is None or tuned:
        longest = max(least, int(source_tokens * SHARES[length]))
        shortest = 0 if tuned else min(longest // 2, source_tokens // 4)
        return shortest + 1, longest + 1
    wanted = int(known_most * SCALES[length])
    longest = min(wanted, max(least, int(source_tokens * CEILINGS[length])) + 1)
    return longest * known_fewest // known_most, longest


def chat_bounds(length: SummaryLength) -> tuple[int, int]:
    """As `bounds` for a chat model: it ends when it likes, and is cut off."""
    return 1, int(ASKED[length] * CUT_OFF)


def asked_tokens(length: SummaryLength, source_tokens: int) -> int:
    """About how many tokens a chat model is asked for: no more of a short text than makes sense."""
    return min(ASKED[length], max(SHORTEST, int(source_tokens * CEILINGS[length])))


def _published(folder: Path) -> tuple[int | None, int]:
    """The checkpoint's `max_length` and `min_length`, from where transformers takes them."""
    own = (folder / "generation_config.json").is_file()
    config = _read(folder, "generation_config.json" if own else "config.json")
    return config.get("max_length"), config.get("min_length") or 0


def _read(folder: Path, name: str) -> dict[str, Any]:
    try:
        found = json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _broken(folder, error) from error
    return found if isinstance(found, dict) else {}


def _broken(folder: Path, error: Exception) -> ModelBroken:
    return ModelBroken(model=hub.name_of(folder), reason=type(error).__name__)
