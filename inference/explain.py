"""Why a text got its label: each word left out in turn, and how far the label's probability falls.

Occlusion (Li et al. 2016, arXiv:1612.08220): it asks the model itself and needs no gradients, so it
holds for any adapter too. Words that only work together share an effect it does not see.
"""

import re
import time
from collections.abc import Sequence

from tokenizers import Encoding

from inference import accelerator
from inference.errors import DeadlinePassed
from inference.inside import text_of
from inference.pool import Choice, Loaded, shared
from inference.records import Candidate, Explanation, WordEffect
from inference.sentiment import TOKENS, encoded, names_of, probabilities, record_of

MOST_WORDS = 200  # left out one by one; of more, neighbours go together
# Weights times tokens of all texts without a word: half a minute of a BERT-base on two cores.
CPU_WORK = 2e12
FEWEST_WORDS = 20
SECONDS = 30  # of a ZeroGPU call: all of it, and a model to load

Span = tuple[int, int]

# Characters without spaces between words. A dictionary would cut them better, and be larger than
# the demo model: what stands alone in most sentences does so here, the rest goes by twos, as most
# Chinese words have two characters.
_WIDE = r"\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_ALONE = "的了是很太不没也都就又和我你您他她它这那吗呢吧啊呀"
_TOGETHER = "[但可还就不于总只]是|[我你他她它]们|[这那][个些样里]|不[错好行能会要过如]|没有"
_PIECE = re.compile(rf"{_TOGETHER}|[{_ALONE}]|[^{_ALONE}]{{1,2}}")
_WORD = re.compile(
    rf"[{_WIDE}]+|(?:(?![{_WIDE}])\w)+(?:['’-](?:(?![{_WIDE}])\w)+)*"
    r"|[\u2600-\u27bf\U0001f000-\U0001faff]"  # an emoji
)


@accelerator.gpu(duration=SECONDS)
def explain(
    text: str, choice: Choice, deadline_seconds: float, labels: tuple[str, ...] = ()
) -> Explanation:
    """The scores of `text` as `classify` gives them, and what each word did to the label.

    A word is left out by taking out its tokens: nothing else of the text changes, and nothing
    moves up from beyond what the model reads. Punctuation is no word. Of a long text several
    words go together.

    Raises:
        DeadlinePassed, ModelDoesNotFit, ModelBroken, WrongModelForTask, AdapterRefused,
        OutOfMemory
    """
    with shared().borrow(choice, "classification") as loaded:
        until = time.monotonic() + accelerator.time_limit(deadline_seconds, SECONDS)
        (encoding,) = encoded(loaded, [text])
        end = max(end for _, end in encoding.offsets)
        spans = _grouped(words(text[:end]), _most(loaded, len(encoding.ids)))
        rows = [encoding.ids, *(_without(encoding, span) for span in spans)]
        shares: list[list[float]] = []
        size = max(1, TOKENS[loaded.device] // len(encoding.ids))
        for begin in range(0, len(rows), size):
            if time.monotonic() > until:
                raise DeadlinePassed(seconds=round(deadline_seconds))
            shares += probabilities(loaded, rows[begin : begin + size])
        names = names_of(loaded, labels)
        scores = record_of(text, names, shares[0])
        place = names.index(scores.label)
        return Explanation(
            scores,
            tuple(
                WordEffect(start, end, shares[0][place] - share[place])
                for (start, end), share in zip(spans, shares[1:], strict=True)
            ),
            tuple(Candidate(text_of(loaded.tokenizer, token), token) for token in encoding.ids),
            cut=bool(encoding.overflowing),
        )


def words(text: str) -> list[Span]:
    """First and last character, exclusive, of each word; Chinese in pieces of one or two."""
    found: list[Span] = []
    for match in _WORD.finditer(text):
        begin = match.start()
        if re.match(rf"[{_WIDE}]", match[0]):
            pieces = _PIECE.finditer(match[0])
            found += [(begin + piece.start(), begin + piece.end()) for piece in pieces]
        else:
            found.append(match.span())
    return found


def _most(loaded: Loaded, tokens: int) -> int:
    """How many words of a text of so many tokens are left out one by one here."""
    weights = sum(weight.numel() for weight in loaded.model.parameters())
    if loaded.device != "cpu":
        return MOST_WORDS
    return min(MOST_WORDS, max(FEWEST_WORDS, int(CPU_WORK / (weights * tokens))))


def _grouped(spans: Sequence[Span], most: int) -> list[Span]:
    """At most `most` spans: as many neighbours joined as that takes."""
    size = max(1, -(-len(spans) // most))
    groups = [spans[begin : begin + size] for begin in range(0, len(spans), size)]
    return [(group[0][0], group[-1][1]) for group in groups]


def _without(encoding: Encoding, span: Span) -> list[int]:
    """The ids without those that have a character of `span`."""
    start, end = span
    return [
        token
        for token, (first, last) in zip(encoding.ids, encoding.offsets, strict=True)
        if not (first < last and first < end and last > start)
    ]
