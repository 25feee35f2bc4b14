"""Every real file of reviews, scored whole by the demo model: how right and how fast. A script.

    LAB_TEST_DATA=… python -m tests.measure_files [model]

The last line is the largest file that is taken: `classify_file_rows` rows of it, and the memory at
its peak beyond what the process had before (Linux).
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from components._file_report import summary
from components._models import Wanted
from components._plans import Reading
from components._scored_file import as_csv, looked_at, score, sheet
from components._services import Services

FOLDERS = ("chinese-sentiment", "english-sentiment")


def main(model: str = "") -> None:
    data = Path(os.environ["LAB_TEST_DATA"]) / "data"
    files = [path for folder in FOLDERS for path in sorted((data / folder).glob("*.[ct]sv"))]
    print(f"{'file':32} {'rows':>6} {'encoding':>9} {'rows/s':>7} {'accuracy':>8} {'macro F1':>8}")
    with tempfile.TemporaryDirectory() as home:
        services = Services.open(Path(home), {})
        services.uploads.mkdir(parents=True)
        for path in files:
            _measure(services, model, path.name, path.read_bytes())
        most = services.limits.classify_file_rows
        before = _memory("VmRSS")
        _clear_peak()
        _measure(services, model, "largest.csv", _largest(files, most))
        print(
            f"{'':32} {(_memory('VmHWM') - before) / 1e6:.0f} MB beyond the {before / 1e6:.0f} MB"
        )


def _measure(services: Services, model: str, name: str, content: bytes) -> None:
    path = services.uploads / name
    path.write_bytes(content)
    read = looked_at(services, str(path), Reading())
    rows = sheet(services, str(path), Reading(), read["text"], read["label"])
    began = time.monotonic()
    *_, last = score(services, Wanted(model), rows)
    as_csv(services, last.scored)
    seconds = time.monotonic() - began
    told = summary(last.scored)
    figures = told["figures"]
    print(
        f"{name:32} {told['rows']:6} {read['encoding']:>9} {told['rows'] / seconds:7.0f} "
        f"{figures['accuracy']:8.3f} {figures['macro_f1']:8.3f}",
        flush=True,
    )


def _largest(files: list[Path], most: int) -> bytes:
    """The longest reviews, those of hotels, again and again."""
    lines = next(it for it in files if it.name == "htl_train.csv").read_text("utf-8").splitlines()
    body = lines[1:]
    repeated = [body[n % len(body)] for n in range(most)]
    return "\n".join([lines[0], *repeated]).encode()


def _memory(name: str) -> int:
    """Bytes of this process: `VmRSS` now, `VmHWM` at its peak."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return 1_024 * next(int(it.split()[1]) for it in status.splitlines() if it.startswith(name))


def _clear_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")  # proc(5)


if __name__ == "__main__":
    main(*sys.argv[1:])
