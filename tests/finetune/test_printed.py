import subprocess
import sys

from finetune.printed import shorten

# Prints for ever; ends when the log was cut for the third time.
LOUD = """
import sys
from pathlib import Path
from finetune.printed import keep_short
path = Path(sys.argv[1])
keep_short(path, most=10_000, seconds=0.001)
cuts, before = 0, 0
while cuts < 3:
    print("line " * 20, flush=True)
    now = path.stat().st_size
    cuts, before = cuts + (now < before), now
print("the end", flush=True)
"""


def test_the_end_of_a_long_log_is_kept(tmp_path):
    log = tmp_path / "worker.log"
    shorten(log, 100)  # there is none yet
    log.write_bytes(b"a" * 80 + b"b" * 30)
    shorten(log, 110)
    assert log.stat().st_size == 110
    shorten(log, 100)
    assert log.read_bytes() == b"a" * 20 + b"b" * 30


def test_a_worker_that_prints_without_end_does_not_fill_the_disk(tmp_path):
    log = tmp_path / "worker.log"
    with log.open("ab") as output:
        command = [sys.executable, "-c", LOUD, str(log)]
        subprocess.run(command, stdout=output, check=True, timeout=60)
    assert log.read_bytes().endswith(b"the end\n")
    assert b"\0" not in log.read_bytes()
