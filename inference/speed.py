"""How fast this machine multiplies: what the time of a training is reckoned from."""

import time
from functools import cache
from statistics import median

from inference import hardware

SIDE = {"cpu": 1_024, "mps": 2_048, "cuda": 4_096}
ROUNDS = 5
# Of the smaller of ZeroGPU's two machines, in bfloat16, by its data sheet at half of the peak: the
# GPU is not here to be measured.
ZERO_GPU_FLOPS = 1.2e14


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
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        seconds = []
        for _ in range(ROUNDS + 1):
            begun = time.perf_counter()
            (one @ one)[0, 0].item()  # waits for a GPU
            seconds.append(time.perf_counter() - begun)
    finally:
        torch.set_num_threads(before)
    return 2 * side**3 / median(seconds[1:])  # the first one warms up
