import subprocess
import sys

import pytest

CODE = """
import os, torch
from inference.allocation import give_large_blocks_back
assert give_large_blocks_back()
def held():
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
torch.zeros(7 * 10**6)  # left to itself, glibc takes this for the size of a passing block
before = held()
kept, passing = [], []
for _ in range(40):  # 4 MB each, side by side
    kept.append(torch.zeros(10**6))
    passing.append(torch.zeros(10**6))
del passing
assert held() - before < 1.1 * 160_000_000, held() - before
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's own setting")
def test_freed_blocks_go_back_to_the_system_though_their_neighbours_stay():
    subprocess.run([sys.executable, "-c", CODE], check=True)
