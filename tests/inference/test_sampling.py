import pytest
import torch
from transformers import (
    LogitsProcessorList,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from inference.records import ChatSettings
from inference.sampling import Sampler

PLAIN = {"top_k": 0, "top_p": 1.0, "temperature": 1.0}


def _drawn(settings, scores, times, seed=3, ids=(0,)):
    sampler = Sampler(settings, seed)
    return torch.stack([sampler(ids, scores) for _ in range(times)])


def test_tokens_are_drawn_with_the_models_probabilities():
    probabilities = torch.tensor([0.7, 0.2, 0.1, 0.0])
    drawn = _drawn(ChatSettings(**PLAIN), probabilities.log(), 20_000)
    shares = drawn.bincount(minlength=4) / 20_000
    torch.testing.assert_close(shares, probabilities, atol=0.01, rtol=0)
    assert shares[3] == 0


@pytest.mark.parametrize("top_k", [0, 20])
def test_the_filters_leave_the_probabilities_that_transformers_filters_leave(top_k):
    scores = 2 * torch.randn(50, generator=torch.Generator().manual_seed(1))
    warpers = [TemperatureLogitsWarper(1.5)]
    warpers += [TopKLogitsWarper(top_k)] if top_k else []
    warpers.append(TopPLogitsWarper(0.8))
    expected = LogitsProcessorList(warpers)(None, scores[None])[0].softmax(-1)
    drawn = _drawn(ChatSettings(temperature=1.5, top_k=top_k, top_p=0.8), scores, 20_000)
    shares = drawn.bincount(minlength=50) / 20_000
    torch.testing.assert_close(shares, expected, atol=0.015, rtol=0)
    assert set(shares.nonzero().flatten().tolist()) <= set(expected.nonzero().flatten().tolist())


def test_a_seed_repeats_its_tokens_and_leaves_the_global_generator_alone():
    scores = torch.randn(50)
    before = torch.get_rng_state()
    settings = ChatSettings(temperature=1.5, top_k=20, top_p=0.9)
    one, same, other = (_drawn(settings, scores, 10, seed).tolist() for seed in (1, 1, 2))
    assert one == same != other
    assert torch.equal(torch.get_rng_state(), before)


def test_temperature_zero_is_greedy_and_words_already_used_can_be_made_less_likely():
    scores = torch.tensor([1.0, 3.0, 2.9])
    greedy = ChatSettings(temperature=0)
    assert _drawn(greedy, scores, 5).tolist() == [1] * 5
    penalised = ChatSettings(temperature=0, repetition_penalty=1.1)
    assert _drawn(penalised, scores, 1, ids=(1, 0)).tolist() == [2]
    assert scores.tolist() == pytest.approx([1.0, 3.0, 2.9])  # the model's scores stay as they are
