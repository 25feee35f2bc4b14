"""Summaries of a text's sections, then summaries of summaries until they are short enough.

Who writes them, an encoder-decoder or a chat model, is not known here.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Protocol

from inference.records import Section, Summary
from inference.texts import joined, sections

HEARTBEAT_SECONDS = 0.9  # writers yield about every second
# A level that leaves more than this share of its tokens does not shorten: another would not.
SHORTENED = 0.8


@dataclass(frozen=True)
class Written:
    """Summaries by the place of their section; `whole`: they are all there, and final."""

    summaries: dict[int, str]
    whole: bool


class Writer(Protocol):
    """`limit`: the most tokens of a section it reads. `goal`: the most tokens that the summaries
    together may have not to be summarised again."""

    limit: int
    goal: int

    def count(self, texts: Sequence[str]) -> list[int]: ...

    def write(self, texts: Sequence[str], again: bool) -> Iterator[Written]:
        """Summarise each text; yields about every second, and what is whole once.

        Args:
            again: the texts are summaries themselves.
        """


def summaries(text: str, writer: Writer) -> Iterator[Summary]:
    """The summary of `text` as it grows, first with the outline alone.

    Yields whenever sections are done, and about every second so that a reader who left is
    noticed. From the second level on the text is a summary of the whole at any time: what is
    shorter already, and the rest as the level before had it. What is kept of a section is its
    place and its summary.
    """
    level = sections(text, writer.limit, writer.count)
    progress = _Progress(level)
    yield progress.summary("")
    source = text
    while level:
        parts = [source[it.start : it.end] for it in level]
        again = source is not text
        written = list(parts) if again else [""] * len(parts)
        with closing(writer.write(parts, again)) as pieces:
            for piece in pieces:
                if piece.whole or not again:
                    for place, summary in piece.summaries.items():
                        written[place] = summary
                if progress.goes_on(piece, again):
                    yield progress.summary(joined(written))
        source, before = joined(written), sum(writer.count(parts))
        (tokens,) = writer.count([source])
        if len(level) == 1 or tokens <= writer.goal or tokens > SHORTENED * before:
            yield progress.summary(source)
            return
        level = sections(source, writer.limit, writer.count)
        progress.total += len(level)


class _Progress:
    """How far it is: the outline, the sections done and in all, and when that was told last."""

    def __init__(self, level: Sequence[Section]) -> None:
        self.total = len(level)
        self._outline = list(level)
        self._done = 0
        self._told_at = time.monotonic()

    def goes_on(self, piece: Written, again: bool) -> bool:
        """Take note of `piece`; whether it is time to tell."""
        if piece.whole:
            self._done += len(piece.summaries)
            if not again:
                for place, summary in piece.summaries.items():
                    self._outline[place] = replace(self._outline[place], summary=summary)
        return piece.whole or time.monotonic() - self._told_at >= HEARTBEAT_SECONDS

    def summary(self, text: str) -> Summary:
        self._told_at = time.monotonic()
        return Summary(text, self._done, self.total, tuple(self._outline))
