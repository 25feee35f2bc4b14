"""Real summaries to measure with: read from `LAB_TEST_DATA`, never trained on."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

SUMMARY_SETS = {
    "cnndm": "cnndm_realsumm.jsonl",
    "scitldr": "scitldr_abstracts.jsonl",
    "csl": "csl_zh_title.csv",
    "vcsum": "vcsum_zh_meeting.jsonl",
}
SETS_BY_LANGUAGE = {"en": ("cnndm", "scitldr"), "zh": ("csl", "vcsum")}


@dataclass(frozen=True)
class Document:
    """A text and the summaries people wrote of it."""

    text: str
    references: tuple[str, ...]


def documents(data: Path, name: str) -> list[Document]:
    """The documents of one of `SUMMARY_SETS`."""
    path = data / "summarization" / SUMMARY_SETS[name]
    with path.open(encoding="utf-8-sig", newline="") as handle:
        if path.suffix == ".csv":
            return [
                Document(row["abstract"].strip(), (row["title"],)) for row in csv.DictReader(handle)
            ]
        found: list[Document] = []
        for record in map(json.loads, handle):
            references = record.get("references") or [
                record.get("summary") or record.get("highlights")
            ]
            found.append(Document(record["article"].strip(), tuple(references)))
        return found
