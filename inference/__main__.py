"""Models from the command line: python -m inference fetch ORGANISATION/NAME.

Exit status: 0 the model is here, 2 it cannot be fetched (one sentence says why). Started again
after an interruption, it goes on where it ended.
"""

import argparse
import sys
from collections.abc import Sequence

from inference.catalog import Catalog
from inference.errors import LabError
from inference.fetch import Download, Downloads
from inference.records import FetchProgress
from inference.units import readable_bytes

TOLD_SECONDS = 1.0


def fetch(model_id: str) -> int:
    download = Downloads().begin(Catalog.load().find(model_id))
    try:
        progress = _watched(download)
    except KeyboardInterrupt:
        download.cancel()
        progress = download.wait(TOLD_SECONDS)
    if progress.error is not None:
        print(progress.error, file=sys.stderr)
    return 0 if progress.state == "done" else 2


def _watched(download: Download) -> FetchProgress:
    while not (progress := download.wait(TOLD_SECONDS)).ended:
        print(f"\r{line(progress)}", end="", file=sys.stderr, flush=True)
    print(f"\r{line(progress)}", file=sys.stderr)
    return progress


def line(progress: FetchProgress) -> str:
    """`downloading · 1.2 GB of 1.5 GB · 11 MB/s · 27 s left`, padded over an earlier line."""
    parts: list[str] = [progress.state]
    if progress.bytes_total:
        done, total = readable_bytes(progress.bytes_done), readable_bytes(progress.bytes_total)
        parts.append(f"{done} of {total}")
    if progress.bytes_per_second:
        parts.append(f"{readable_bytes(round(progress.bytes_per_second))}/s")
    if progress.eta_seconds is not None:
        parts.append(f"{progress.eta_seconds:.0f} s left")
    return " · ".join(parts).ljust(70)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m inference", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    one = commands.add_parser("fetch", help="bring a model of the catalogue onto this machine")
    one.add_argument("model", metavar="ORGANISATION/NAME")
    try:
        return fetch(parser.parse_args(arguments).model)
    except LabError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
