"""How many tokens texts have, for a model that need not be in memory."""

import functools
from collections.abc import Sequence
from pathlib import Path

from inference.loading import load_tokenizer
from inference.texts import Count

AT_ONCE = 1_000  # texts: what a tokenizer gives for each takes far more memory than the text


@functools.lru_cache(maxsize=4)
def counter(folder: Path) -> Count:
    """Counts with the tokenizer in `folder`, special tokens in a text being plain text.

    A million characters take about a second. May be used by several threads.

    Raises:
        ModelBroken
    """
    # Of its own: what is set here would be lost or in the way where texts are encoded.
    backend = load_tokenizer(folder).backend_tokenizer
    backend.encode_special_tokens = True
    backend.no_truncation()
    backend.no_padding()

    def count(texts: Sequence[str]) -> list[int]:
        return [
            len(encoded)
            for start in range(0, len(texts), AT_ONCE)
            for encoded in backend.encode_batch_fast(
                list(texts[start : start + AT_ONCE]), add_special_tokens=False
            )
        ]

    return count
