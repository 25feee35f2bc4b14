"""How many tokens texts have, for a model that need not be in memory."""

from collections.abc import Sequence
from pathlib import Path

from inference.loading import load_plain_tokenizer
from inference.texts import Count

AT_ONCE = 1_000  # texts: what a tokenizer gives for each takes far more memory than the text


def counter(folder: Path) -> Count:
    """Counts with the tokenizer in `folder`, special tokens in a text being plain text.

    A million characters take about a second. May be used by several threads.

    Raises:
        ModelBroken
    """
    backend = load_plain_tokenizer(folder)

    def count(texts: Sequence[str]) -> list[int]:
        return [
            len(encoded)
            for start in range(0, len(texts), AT_ONCE)
            for encoded in backend.encode_batch_fast(
                list(texts[start : start + AT_ONCE]), add_special_tokens=False
            )
        ]

    return count
