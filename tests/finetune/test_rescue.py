import errno

import pytest
import torch

from finetune.rescue import Load
from inference.accelerator import out_of_memory


def lightened(load, may_shorten):
    found = []
    while load := load.lighter(may_shorten):
        found.append(
            (load.batch, load.accumulation, load.activation_checkpointing, load.max_length)
        )
    return found


def test_first_the_batch_then_what_is_kept_then_the_length():
    assert lightened(Load(4, 1, False, 50), True) == [
        (2, 2, False, 50),
        (1, 4, False, 50),
        (1, 4, True, 50),
        (1, 4, True, 25),
        (1, 4, True, 16),
    ]
    assert lightened(Load(4, 1, False, 50), False)[-1] == (1, 4, True, 50)
    assert lightened(Load(1, 3, True, 50), False) == []


@pytest.mark.parametrize("batch", [2, 3, 5, 6, 7, 9, 12, 15, 256])
def test_the_rows_of_a_step_stay_the_same(batch):
    load = Load(batch, 3, False, 50)
    while lighter := load.lighter(False):
        assert lighter.batch * lighter.accumulation == 3 * batch
        assert lighter.batch <= max(1, load.batch // 2)
        load = lighter


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 GB"), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"), True),
        (RuntimeError("shape mismatch"), False),
        (OSError(errno.ENOSPC, "No space left on device"), False),
    ],
)
def test_how_memory_runs_out_is_known(error, told):
    assert out_of_memory(error) is told
