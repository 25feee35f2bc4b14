import ctypes
import os
import sys
from pathlib import Path

import pytest

from inference.heap import trim

BLOCKS, SIZE = 2_000, 100_000  # each too small to be given back by itself


def _resident():
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's way to keep memory")
def test_what_was_freed_goes_back_to_the_system():
    library = ctypes.CDLL(None)
    library.malloc.restype = ctypes.c_void_p
    library.free.argtypes = [ctypes.c_void_p]
    blocks = [library.malloc(SIZE) for _ in range(BLOCKS)]
    for block in blocks:
        ctypes.memset(block, 1, SIZE)
    for block in blocks[:-1]:  # the last keeps the heap from shrinking by itself
        library.free(block)
    kept = _resident()
    trim()
    assert kept - _resident() > BLOCKS * SIZE / 2
    library.free(blocks[-1])


def test_elsewhere_nothing_is_done(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: pytest.fail("it has no such library"))
    trim()
