"""One call of a model's `generate`, in a thread of its own, that can be watched and stopped.

Source: https://huggingface.co/docs/transformers/main_classes/text_generation
"""

import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import torch
from transformers import PreTrainedModel, StoppingCriteria, StoppingCriteriaList
from transformers.generation.streamers import BaseStreamer

from inference import hardware

# Ten looks a second: as often as a page is updated, and rarely enough to cost nothing.
TICK = 0.1


class Watched:
    """Something that writes tokens in another thread, watched and stopped from this one.

    `tokens` are the generated ids so far, `late` whether the deadline stopped it.
    """

    def __init__(self, deadline_seconds: float) -> None:
        self.tokens: list[int] = []
        self.late = False
        self.seconds_to_first_token: float | None = None
        self._last_token_at = 0.0
        self._asked_at = self._begun_at = time.perf_counter()
        self._seconds = deadline_seconds
        self._error: BaseException | None = None
        self._stop = threading.Event()
        self._done = threading.Event()

    def ticks(self) -> Iterator[None]:
        """Yields every tenth of a second until the model is done.

        Raises:
            whatever the model raised.
        """
        while not self._done.wait(TICK):
            yield
        if self._error is not None:
            raise self._error

    @property
    def tokens_per_second(self) -> float:
        """Measured from the first token to the last: the prompt's reading time is apart."""
        if self.seconds_to_first_token is None or len(self.tokens) < 2:
            return 0.0
        seconds = self._last_token_at - self._asked_at - self.seconds_to_first_token
        return (len(self.tokens) - 1) / seconds if seconds > 0 else 0.0

    def begin(self) -> None:
        """The deadline counts from now."""
        self._begun_at = time.perf_counter()

    def must_stop(self) -> bool:
        if time.perf_counter() - self._begun_at > self._seconds:
            self.late = True
        return self.late or self._stop.is_set()

    def received(self, ids: list[int]) -> None:
        self._last_token_at = time.perf_counter()
        if self.seconds_to_first_token is None:
            self.seconds_to_first_token = self._last_token_at - self._asked_at
        self.tokens.extend(ids)


class Generation(Watched):
    """Starts on entering the `with` block; leaving it stops the thread and waits for its end.

    `output` is the tensor that `generate` returned; with beam search, which settles only at the
    end, there are no `tokens` before.
    """

    def __init__(
        self, model: PreTrainedModel, deadline_seconds: float, *, stream: bool, **arguments: Any
    ) -> None:
        super().__init__(deadline_seconds)
        self.output: torch.LongTensor | None = None
        self._model = model
        self._arguments = arguments
        self._stream = stream
        self._thread = threading.Thread(target=self._run, name="generate", daemon=True)

    def __enter__(self) -> "Generation":
        self._asked_at = time.perf_counter()
        self.begin()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            set_threads(self._model)
            self.output = self._model.generate(
                **self._arguments,
                streamer=_Collector(self) if self._stream else None,
                stopping_criteria=StoppingCriteriaList([_Stop(self)]),
            )
        except BaseException as error:  # raised again by the reader, who would wait for ever
            self._error = error
        finally:
            self._done.set()


def set_threads(model: torch.nn.Module) -> None:
    """Give the calling thread the CPU threads that suit the model; `OMP_NUM_THREADS` bounds them.

    torch counts them for each calling thread, so each piece of work says it anew.
    """
    small = sum(weight.numel() for weight in model.parameters()) < hardware.ONE_THREAD
    bound = os.environ.get("OMP_NUM_THREADS", "")
    most = int(bound) if bound.isdecimal() and int(bound) else int(hardware.cores())
    torch.set_num_threads(1 if small else max(1, most))


class _Collector(BaseStreamer):
    def __init__(self, generation: Generation) -> None:
        self._generation = generation
        self._prompt_seen = False

    def put(self, value: torch.Tensor) -> None:
        if self._prompt_seen:
            self._generation.received(value.flatten().tolist())
        self._prompt_seen = True  # `generate` puts the prompt first

    def end(self) -> None:
        """Nothing to do: the reader looks at the thread."""


class _Stop(StoppingCriteria):
    def __init__(self, generation: Generation) -> None:
        self._generation = generation

    def __call__(
        self, input_ids: torch.LongTensor, scores: torch.FloatTensor, **kwargs: Any
    ) -> torch.BoolTensor:
        stop = self._generation.must_stop()
        return torch.full((input_ids.shape[0],), stop, dtype=torch.bool, device=input_ids.device)
