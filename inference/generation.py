"""One call of a model's `generate`, in a thread of its own, that can be watched and stopped.

Source: https://huggingface.co/docs/transformers/main_classes/text_generation
"""

import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import torch
from transformers import (
    LogitsProcessor,
    LogitsProcessorList,
    PreTrainedModel,
    StoppingCriteria,
    StoppingCriteriaList,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)
from transformers.generation.streamers import BaseStreamer

from inference import hardware

# Ten looks a second: as often as a page is updated, and rarely enough to cost nothing.
TICK = 0.1


class Generation:
    """Starts on entering the `with` block; leaving it stops the thread and waits for its end.

    `tokens` are the generated ids so far (not with beam search, which settles only at the end),
    `output` the tensor that `generate` returned, `late` whether the deadline stopped it.
    """

    def __init__(
        self, model: PreTrainedModel, deadline_seconds: float, *, stream: bool, **arguments: Any
    ) -> None:
        self.tokens: list[int] = []
        self.output: torch.LongTensor | None = None
        self.late = False
        self.seconds_to_first_token: float | None = None
        self.last_token_at = 0.0
        self._model = model
        self._arguments = arguments
        self._seconds = deadline_seconds
        self._stream = stream
        self._started = 0.0
        self._error: BaseException | None = None
        self._stop = threading.Event()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="generate", daemon=True)

    def __enter__(self) -> "Generation":
        self._started = time.perf_counter()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def ticks(self) -> Iterator[None]:
        """Yields every tenth of a second until the model is done.

        Raises:
            whatever `generate` raised.
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
        seconds = self.last_token_at - self._started - self.seconds_to_first_token
        return (len(self.tokens) - 1) / seconds if seconds > 0 else 0.0

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

    def _must_stop(self) -> bool:
        if time.perf_counter() - self._started > self._seconds:
            self.late = True
        return self.late or self._stop.is_set()

    def _received(self, ids: list[int]) -> None:
        self.last_token_at = time.perf_counter()
        if self.seconds_to_first_token is None:
            self.seconds_to_first_token = self.last_token_at - self._started
        self.tokens.extend(ids)


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
            self._generation._received(value.flatten().tolist())
        self._prompt_seen = True  # `generate` puts the prompt first

    def end(self) -> None:
        """Nothing to do: the reader looks at the thread."""


class _Stop(StoppingCriteria):
    def __init__(self, generation: Generation) -> None:
        self._generation = generation

    def __call__(
        self, input_ids: torch.LongTensor, scores: torch.FloatTensor, **kwargs: Any
    ) -> torch.BoolTensor:
        stop = self._generation._must_stop()
        return torch.full((input_ids.shape[0],), stop, dtype=torch.bool, device=input_ids.device)


class GumbelNoise(LogitsProcessor):
    """Turns greedy search into sampling with a random generator of its own.

    `argmax(logits - log E)` with E ~ Exp(1) draws token i with probability softmax(logits)_i
    (the Gumbel-max trick, Maddison et al. 2014, arXiv:1411.0030). So replies that run side by
    side neither share nor disturb torch's global generator, and one seed gives one reply.
    """

    def __init__(self, seed: int) -> None:
        self._random = torch.Generator("cpu").manual_seed(seed)

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.Tensor:
        noise = torch.empty(scores.shape, dtype=torch.float32).exponential_(generator=self._random)
        return scores - noise.log().to(scores.device)


def sampling(temperature: float, top_k: int, top_p: float, seed: int) -> LogitsProcessorList:
    """Processors that sample under greedy search; none at temperature 0, which is greedy."""
    if temperature == 0:
        return LogitsProcessorList()
    steps: list[LogitsProcessor] = [TemperatureLogitsWarper(temperature)]
    if top_k:
        steps.append(TopKLogitsWarper(top_k))
    if top_p < 1:
        steps.append(TopPLogitsWarper(top_p))
    return LogitsProcessorList([*steps, GumbelNoise(seed)])
