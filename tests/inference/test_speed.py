import torch

from inference import speed


def test_the_speed_is_measured_once_and_leaves_the_threads_as_they_were():
    threads = torch.get_num_threads()
    found = speed.flops_per_second(1)
    assert found > 1e8  # a processor of 1995
    assert speed.flops_per_second(1) == found
    assert torch.get_num_threads() == threads


def test_how_fast_weights_are_read_is_measured_too():
    threads = torch.get_num_threads()
    found = speed.bytes_per_second()
    assert 1e8 < found < 1e13
    assert speed.bytes_per_second() == found
    assert torch.get_num_threads() == threads
