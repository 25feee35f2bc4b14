"""From the scores of every token to the one that is written.

The filters are those of transformers' `GenerationConfig`, in its order: repetition penalty,
temperature, top-k, top-p.
"""

from collections.abc import Sequence

import torch
from transformers import RepetitionPenaltyLogitsProcessor, TopPLogitsWarper

from inference.records import ChatSettings


class Sampler:
    """Chooses the tokens of one reply, with a random generator of its own.

    `argmax(logits - log E)` with E ~ Exp(1) draws token i with probability softmax(logits)_i (the
    Gumbel-max trick, Maddison et al. 2014, arXiv:1411.0030). So replies that run side by side
    neither share nor disturb torch's global generator, and one seed gives one reply. Temperature 0
    is greedy.
    """

    def __init__(self, settings: ChatSettings, seed: int) -> None:
        self._temperature = settings.temperature
        self._top_k = settings.top_k
        self._top_p = TopPLogitsWarper(settings.top_p) if settings.top_p < 1 else None
        penalty = settings.repetition_penalty
        self._penalty = RepetitionPenaltyLogitsProcessor(penalty) if penalty != 1 else None
        self._random = torch.Generator("cpu").manual_seed(seed)

    def __call__(self, ids: Sequence[int], scores: torch.Tensor) -> torch.Tensor:
        """The next token, a tensor of no dimension.

        Args:
            ids: prompt and reply so far. scores: of the next token, [vocabulary].
        """
        scores = scores.float()
        if self._penalty is not None:
            read = torch.tensor([ids], device=scores.device)
            scores = self._penalty(read, scores[None])[0]
        if self._temperature == 0:
            return scores.argmax()
        return self._drawn(scores)

    def _drawn(self, scores: torch.Tensor) -> torch.Tensor:
        kept, tokens = scores / self._temperature, None
        if 0 < self._top_k < len(scores):
            # The few that are left are all that is sorted and drawn from below.
            kept, tokens = kept.topk(self._top_k)
        if self._top_p is not None:
            kept = self._top_p(None, kept[None])[0]
        noise = torch.empty(kept.shape, dtype=torch.float32).exponential_(generator=self._random)
        drawn = (kept - noise.log().to(kept.device)).argmax()
        return drawn if tokens is None else tokens[drawn]
