"""How fast and in how much memory texts are summarised: python -m tests.measure_summaries

Needs LAB_TEST_DATA. Prints, with `builtin/summary` and one thread:

    counting: the seconds to cut texts of a million characters into sections
    together: sections a second written in batches and one by one, turn and turn about, and
        whether the summaries are the same
    documents: sections, seconds and peak memory of a meeting, two novels and what else is named,
        each in a process of its own, and how much memory grew between section 10 and the last,
        and from the first half of the sections to the second
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

from inference import summarize
from inference.catalog import Catalog
from inference.counting import counter
from inference.hub import locate
from inference.records import Choice, SummarySettings
from inference.summary_lengths import section_tokens
from inference.texts import sections

MODEL = "builtin/summary"
TOGETHER = 16  # sections
SETTLED = 10  # sections after which what is loaded and kept once is there
LIBRARY = {"novel": "pride_and_prejudice.txt", "chinese novel": "honglou_meng_part_a.txt"}


def choice() -> Choice:
    return Choice(locate(Catalog.load({}).find(MODEL), {}))


def data() -> Path:
    return Path(os.environ["LAB_TEST_DATA"]) / "data"


def meetings() -> list[str]:
    lines = (data() / "summarization" / "qmsum_meetings.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line)["article"] for line in lines]


def document(name: str) -> str:
    """A novel by its name, or `meeting N`."""
    if name in LIBRARY:
        return (data() / "long-documents" / LIBRARY[name]).read_text("utf-8")
    return meetings()[int(name.removeprefix("meeting "))]


def counting() -> None:
    count, limit = counter(choice().folder), section_tokens(choice().folder)
    for name in LIBRARY:
        text = document(name)
        text = (text * (1_000_000 // len(text) + 1))[:1_000_000]
        began = time.perf_counter()
        found = sections(text, limit, count)
        seconds = time.perf_counter() - began
        print(
            f"counting: 1,000,000 characters of the {name}: {len(found)} sections, {seconds:.1f} s"
        )


def together(settings: SummarySettings, pairs: int) -> None:
    text, count = document("novel")[20_000:], counter(choice().folder)
    places = sections(text, section_tokens(choice().folder), count)[:TOGETHER]
    parts = [text[it.start : it.end] for it in places]
    most = summarize._at_once(choice(), settings, section_tokens(choice().folder))
    ratios, same = [], True
    for _ in range(pairs + 1):
        found, seconds = [], []
        for size in (most, 1):
            began = time.perf_counter()
            batches = [parts[at : at + size] for at in range(0, len(parts), size)]
            runs = [list(summarize._batch(it, choice(), settings, 600))[-1] for it in batches]
            found.append([summary for run in runs for summary in run])
            seconds.append(time.perf_counter() - began)
        ratios.append(seconds[1] / seconds[0])
        same = same and found[0] == found[1]
    how = "greedy" if settings.fast else "4 beams"
    print(
        f"together: {how}, {TOGETHER} sections, up to {most} at once {TOGETHER / seconds[0]:.2f} a "
        f"second, one by one {TOGETHER / seconds[1]:.2f}, ratio {statistics.median(ratios[1:]):.2f}"
        f", the same summaries: {same}",
        flush=True,
    )


class Memory:
    """The resident memory of this process, looked at ten times a second."""

    def __init__(self) -> None:
        self.peak = 0
        self._over = threading.Event()
        threading.Thread(target=self._look, daemon=True).start()

    def now(self) -> int:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def _look(self) -> None:
        while not self._over.wait(0.1):
            self.peak = max(self.peak, self.now())

    def settle(self) -> int:
        """The highest since it was settled last."""
        peak, self.peak = self.peak, self.now()
        return peak


def one(name: str, settings: SummarySettings) -> None:
    """Summarise one document; for a fresh process."""
    memory, text = Memory(), document(name)
    began, peaks = time.perf_counter(), []
    for found in summarize.summarize(text, choice(), settings, 600):
        marks = (SETTLED, len(found.outline) / 2, found.sections_total)
        if found.sections_done >= marks[min(len(peaks), 2)]:
            peaks.append(memory.settle())
    seconds = time.perf_counter() - began
    early, first, *rest = peaks  # up to section 10, to the middle, and to the last
    second = max(rest, default=first)
    print(
        f"{name}: {len(text):,} characters, {len(found.outline)} sections, {found.sections_total} "
        f"with those of summaries, {seconds:.0f} s; summary of {len(found.text):,} characters; "
        f"peak memory {max(peaks) / 2**20:.0f} MiB, from section {SETTLED} to the last "
        f"{(max(first, second) - early) / 2**20:+.0f} MiB, from the first half to the second "
        f"{(second - max(early, first)) / 2**20:+.0f} MiB",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--one", help="only this document, in this process")
    parser.add_argument("--beams", action="store_true", help="4 beams for the documents too")
    parser.add_argument("--meetings", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=2)
    asked = parser.parse_args()
    settings = SummarySettings(fast=not asked.beams)
    if asked.one:
        one(asked.one, settings)
        return
    counting()
    for fast in (True, False):
        together(SummarySettings(fast=fast), asked.pairs)
    for name in [*(f"meeting {number}" for number in range(asked.meetings)), *LIBRARY]:
        command = [sys.executable, "-m", "tests.measure_summaries", "--one", name]
        subprocess.run(command + ["--beams"] * asked.beams, check=True)


if __name__ == "__main__":
    main()
