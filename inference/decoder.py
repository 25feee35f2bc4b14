"""Several replies of one model, written side by side by one thread.

Each turn of its loop: who is done leaves; who waits joins, where there is room; one prompt is
read a piece further; every reply that is under way gets its next token, all of them in one step.
So a short question need not wait for a long answer, and sixteen replies together take far less
than sixteen times as long as one (Yu et al. 2022, Orca: "iteration-level scheduling").
"""

import threading
import time
from collections import deque
from collections.abc import Sequence

import torch
from transformers import PreTrainedModel

from inference import accelerator, fit
from inference.few_rows import speed_up
from inference.generation import Watched, set_threads
from inference.prefixes import Prefixes
from inference.rows import Row, layers_of, prepare, together
from inference.sampling import Sampler

MOST_ROWS = 16  # replies side by side; more would only make each slower
PIECE = {"cpu": 256}  # tokens of a prompt read at a time, so that the others' replies go on
PIECE_ELSEWHERE = 2_048
KEPT_SHARE = 0.1  # of the memory that was free, for what conversations leave behind
AHEAD = 1_024  # tokens of a reply for which there must be room; most replies are shorter


class Writing(Watched):
    """One reply; it is asked for on entering the `with` block, and ended on leaving it.

    `reused` tokens of the prompt did not have to be read again. `late` counts from the moment the
    prompt is begun, the figures from when the reply was asked for.
    """

    def __init__(
        self,
        decoder: "Decoder",
        prompt: Sequence[int],
        sampler: Sampler,
        ends: Sequence[int],
        most: int,
        deadline_seconds: float,
        conversation: str = "",
    ) -> None:
        super().__init__(deadline_seconds)
        self.prompt = list(prompt)
        self.reused = 0
        self.conversation = conversation
        self.most = most
        self.sampler = sampler
        self.row: Row | None = None
        self._decoder = decoder
        self._ends = frozenset(ends)

    def __enter__(self) -> "Writing":
        self._asked_at = time.perf_counter()
        self._decoder.submit(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._decoder.leave(self)

    @property
    def ids(self) -> list[int]:
        return self.prompt + self.tokens

    @property
    def unread(self) -> bool:
        """Whether a part of the prompt is still to be read."""
        return self.row is None or self.row.tokens < len(self.prompt)

    @property
    def over(self) -> bool:
        """Whether it has been ended: by the model, its length, its reader or the deadline."""
        ended = bool(self.tokens) and (
            self.tokens[-1] in self._ends or len(self.tokens) >= self.most
        )
        return ended or self.must_stop()

    def finish(self, error: BaseException | None = None) -> None:
        """Nothing works on it any more."""
        self.row = None
        self._error = error
        self._done.set()

    def wait(self) -> None:
        self._done.wait()


class Decoder:
    """The replies that one model writes now. Its thread lives while there are any.

    It takes none of the accelerator's slots: what holds one waits for models to be given back, and
    these replies hold theirs.
    """

    def __init__(self, model: PreTrainedModel, most_rows: int = MOST_ROWS) -> None:
        prepare(model)
        speed_up(model)
        self._model = model
        self._most = most_rows
        self._layers = layers_of(model)
        self._piece = PIECE.get(model.device.type, PIECE_ELSEWHERE)
        self._prefixes = Prefixes(int(KEPT_SHARE * fit.available()))
        self._waiting: deque[Writing] = deque()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def submit(self, writing: Writing) -> None:
        with self._lock:
            self._waiting.append(writing)
            if self._thread is not None:
                return
            thread = threading.Thread(target=self._work, name="decode", daemon=True)
            try:
                thread.start()
            except BaseException:  # no more threads are to be had
                self._waiting.remove(writing)
                raise
            self._thread = thread

    def leave(self, writing: Writing) -> None:
        """Returns when nothing works on `writing` any more: within a step of the model."""
        with self._lock:
            if writing in self._waiting:
                self._waiting.remove(writing)
                return
        writing.wait()

    def _work(self) -> None:
        active: list[Writing] = []
        try:
            set_threads(self._model)
            with torch.inference_mode():
                while self._join(active):
                    self._turn(active)
        except BaseException as error:  # a reader would wait for ever
            with self._lock:
                lost, self._thread = [*active, *self._waiting], None
                self._waiting.clear()
            for writing in lost:
                writing.finish(error)
            raise

    def _join(self, active: list[Writing]) -> bool:
        """Take in who waits; False when there is nothing to do, and then the thread is given up."""
        for writing in [it for it in active if it.over]:
            active.remove(writing)
            self._put_away(writing)
        with self._lock:
            while self._waiting and len(active) < self._most and self._room(active):
                active.append(self._waiting.popleft())
                active[-1].begin()
            if not active:
                self._thread = None
        return bool(active)

    def _room(self, active: list[Writing]) -> bool:
        """Whether the keys and values of the next one fit beside those there will be; what
        conversations left behind makes room for it."""
        if not active:
            return True
        needed = self._bytes([*active, self._waiting[0]])
        if needed > self._free():
            self._prefixes.clear()
        return needed <= self._free()

    def _free(self) -> int:
        """Bytes, what torch keeps for itself on a GPU included."""
        free = fit.available()
        if self._model.device.type == "cuda":
            free += torch.cuda.memory_reserved() - torch.cuda.memory_allocated()
        return free

    def _bytes(self, writings: Sequence[Writing]) -> int:
        """What they will take beyond what they take now."""
        config = self._model.config.get_text_config()
        size = getattr(config, "head_dim", None)
        size = size or config.hidden_size // config.num_attention_heads
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        each = 2 * self._layers * heads * size * self._model.dtype.itemsize
        there = [it.row.tokens if it.row else 0 for it in writings]
        wanted = [len(it.prompt) + min(it.most, len(it.tokens) + AHEAD) for it in writings]
        return each * sum(max(0, one - other) for one, other in zip(wanted, there, strict=True))

    def _turn(self, active: list[Writing]) -> None:
        """A piece of one prompt, then a token of every reply that is under way."""
        reading = next((it for it in active if it.unread), None)
        if reading is not None:
            self._guarded(self._read, [reading], active)
        writing = [it for it in active if not it.unread and not it.over]
        if writing:
            self._guarded(self._write, writing, active)

    def _guarded(self, work, writings: list[Writing], active: list[Writing]) -> None:
        """`work(writings)`; what it raises ends those it worked for, and nobody else.

        Where memory runs out in a step of several, only the newest of them gives way.
        """
        before = [it.row.tokens if it.row else 0 for it in writings]
        try:
            work(writings)
        except Exception as error:
            failed = writings
            if accelerator.out_of_memory(error):
                self._prefixes.clear()
                failed = writings[-1:]
            for writing, tokens in zip(writings, before, strict=True):
                if writing.row is not None:
                    writing.row.cut(tokens)
            for writing in failed:
                active.remove(writing)
                writing.finish(error)

    def _read(self, writings: list[Writing]) -> None:
        (writing,) = writings
        if writing.row is None:
            writing.row = self._prefixes.take(writing.conversation, writing.prompt)
            writing.row = writing.row or Row(self._layers)
            writing.reused = writing.row.tokens
        begin = writing.row.tokens
        piece = writing.prompt[begin : begin + self._piece]
        scores = self._model(
            input_ids=self._tensor([piece]),
            cache=writing.row,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
        if not writing.unread:
            self._extend(writings, scores)

    def _write(self, writings: list[Writing]) -> None:
        rows = [it.row for it in writings]
        scores = self._model(
            input_ids=self._tensor([it.tokens[-1:] for it in writings]),
            position_ids=self._tensor([[row.tokens] for row in rows]),
            cache=rows[0] if len(rows) == 1 else together(rows),
            use_cache=True,
        ).logits[:, -1]
        self._extend(writings, scores)

    def _extend(self, writings: list[Writing], scores: torch.Tensor) -> None:
        pairs = zip(writings, scores, strict=True)
        chosen = torch.stack([it.sampler(it.ids, row) for it, row in pairs])
        for writing, token in zip(writings, chosen.tolist(), strict=True):
            writing.received([token])

    def _put_away(self, writing: Writing) -> None:
        try:
            if writing.row is not None and writing.row.tokens:
                read = writing.ids[: writing.row.tokens]
                self._prefixes.keep(writing.conversation, read, writing.row)
        finally:  # its reader waits for nothing else
            writing.finish()

    def _tensor(self, values: list[list[int]]) -> torch.Tensor:
        return torch.tensor(values, device=self._model.device)
