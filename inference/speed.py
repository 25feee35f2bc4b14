"""How fast this machine multiplies, what the time of a training is reckoned from, and reads, what
the speed of a reply is."""

import threading
import time
from collections.abc import Callable
from functools import cache
from statistics import median
from typing import Any

from inference import hardware

SIDE = {"cpu": 1_024, "mps": 2_048, "cuda": 4_096}
# Megabytes that are read to see how fast that is: more than a cache holds.
READ = {"cpu": 256, "mps": 256, "cuda": 1_024}
ROUNDS = 5
_ONE_AT_A_TIME = threading.Lock()  # two would each find half the speed
# Of the smaller of ZeroGPU's two machines, in bfloat16, by its data sheet at half of the peak: the
# GPU is not here to be measured.
ZERO_GPU_FLOPS = 1.2e14
ZERO_GPU_BYTES = 1.4e12  # likewise, of its memory


@cache
def flops_per_second(threads: int) -> float:
    """Additions and multiplications a second in products of two square matrices, where training
    runs; the median of five, a tenth of a second on a CPU. Asked again, the same answer.

    Args:
        threads: of a CPU.
    """
    if hardware.zero_gpu():
        return ZERO_GPU_FLOPS
    import torch

    device = hardware.trains_on()
    side = SIDE[device]
    half = torch.bfloat16 if device == "cuda" else torch.float32
    one = torch.ones(side, side, dtype=half, device=device)
    return 2 * side**3 / _seconds(lambda: (one @ one)[0, 0], threads)


@cache
def bytes_per_second() -> float:
    """Bytes of weights that a reply reads a second, where replies are written: for each token every
    weight is multiplied with one vector, which is over as soon as it is read."""
    if hardware.zero_gpu():
        return ZERO_GPU_BYTES
    import torch

    device = hardware.accelerator()
    half = torch.bfloat16 if device == "cuda" else torch.float32
    rows = READ[device] * 1_000_000 // (1_024 * half.itemsize)
    weights = torch.ones(rows, 1_024, dtype=half, device=device)
    token = torch.ones(1_024, dtype=half, device=device)
    threads = max(1, int(hardware.cores()))
    return weights.nbytes / _seconds(lambda: (weights @ token)[0], threads)


def _seconds(product: Callable[[], Any], threads: int) -> float:
    """The median; the first time warms up."""
    import torch

    with _ONE_AT_A_TIME:
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            seconds = []
            for _ in range(ROUNDS + 1):
                begun = time.perf_counter()
                product().item()  # waits for a GPU
                seconds.append(time.perf_counter() - begun)
        finally:
            torch.set_num_threads(before)
    return median(seconds[1:])
