import torch

from inference import speed


def test_the_speed_is_measured_once_and_leaves_the_threads_as_they_were():
    threads = torch.get_num_threads()
    found = speed.flops_per_second(1)
    assert found > 1e8  # a processor of 1995
    assert speed.flops_per_second(1) == found
    assert torch.get_num_threads() == threads
