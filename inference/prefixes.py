"""What conversations leave behind: keys and values of what was said, to go on from.

The next turn of a conversation begins with what the turn before has read and written, so only
what is new has to be read: the first token of a tenth turn comes about as soon as that of a
second. A template that takes earlier thoughts out changes what follows them; then the part before
them is still used. Rows are found by conversation, never across: who asks the same as somebody
else learns nothing from how fast the answer comes.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence

from inference.rows import Row


class Prefixes:
    """The newest row of each conversation, up to `most_bytes` of them; the longest unused goes
    first."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[str, tuple[list[int], Row]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, conversation: str, ids: Sequence[int]) -> Row | None:
        """The conversation's row, cut to what it shares with `ids`; it is the caller's now.

        At least the last of `ids` is left to read: its scores are not kept.
        """
        with self._lock:
            known, row = self._kept.pop(conversation, ([], None))
        if row is None:
            return None
        row.cut(common(known, ids[:-1]))
        return row

    def keep(self, conversation: str, ids: list[int], row: Row) -> None:
        """`row` has read `ids`. Nothing is kept without a conversation's name, or of one that is
        too long by itself."""
        if not conversation or row.bytes() > self._most:
            return
        with self._lock:
            self._kept[conversation] = (ids, row)
            self._kept.move_to_end(conversation)
            while self._kept and self._bytes() > self._most:
                self._kept.popitem(last=False)

    def clear(self) -> None:
        """Forget all of it: the memory is needed."""
        with self._lock:
            self._kept.clear()

    def _bytes(self) -> int:
        return sum(row.bytes() for _, row in self._kept.values())


def common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens both begin with."""
    for at, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return at
    return min(len(one), len(other))
