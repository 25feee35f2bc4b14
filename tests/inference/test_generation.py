import pytest
import torch

from inference.generation import Generation, set_threads


class Model:
    """`generate` in its simplest form: the next number, until it is told to stop."""

    def parameters(self):
        return iter(())

    def __init__(self, error=None, steps=10**9):
        self.error, self.steps = error, steps

    def generate(self, start, streamer, stopping_criteria):
        ids = torch.tensor([[start]])
        streamer.put(ids)
        for _ in range(self.steps):
            if self.error:
                raise self.error
            ids = torch.cat([ids, ids[:, -1:] + 1], dim=1)
            streamer.put(ids[:, -1].clone())
            if stopping_criteria(ids, None).all():
                break
        return ids


def test_an_error_inside_the_thread_reaches_the_reader():
    generation = Generation(Model(ValueError("torn")), 60, stream=True, start=1)
    with pytest.raises(ValueError, match="torn"), generation:
        list(generation.ticks())
    assert not generation._thread.is_alive()


def test_the_deadline_stops_it():
    with Generation(Model(), 0.0, stream=True, start=5) as generation:
        list(generation.ticks())
    assert generation.late
    assert generation.tokens == [6]


def test_leaving_stops_the_thread():
    with Generation(Model(), 60, stream=True, start=1) as generation:
        next(generation.ticks())
        assert generation._thread.is_alive()
    assert not generation._thread.is_alive()
    assert not generation.late
    assert generation.output[0].tolist()[1:] == generation.tokens


def test_speed_is_counted_after_the_first_token():
    with Generation(Model(steps=3), 60, stream=True, start=1) as generation:
        list(generation.ticks())
    generation._asked_at, generation.seconds_to_first_token = 100.0, 2.0
    generation._last_token_at = 106.0
    assert generation.tokens_per_second == 2 / 4


def test_a_tiny_model_computes_with_one_thread_and_a_large_one_with_the_cores(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr("inference.hardware.cores", lambda: 3.5)
    before = torch.get_num_threads()
    try:
        set_threads(torch.nn.Linear(10, 10))
        assert torch.get_num_threads() == 1
        with torch.device("meta"):
            large = torch.nn.Linear(5_000, 5_000)
        set_threads(large)
        assert torch.get_num_threads() == 3
        monkeypatch.setenv("OMP_NUM_THREADS", "2")
        set_threads(large)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
