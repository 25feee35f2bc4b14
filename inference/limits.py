"""Every limit of the app in one table; the operator overrides one with `LAB_LIMIT_<NAME>`.

`LAB_LIMIT_UPLOAD_BYTES=5000000` sets `upload_bytes`. Nothing is read at import.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields

from inference.errors import ConfigurationRefused

PREFIX = "LAB_LIMIT_"


@dataclass(frozen=True)
class Limits:
    """Bounds on what a visitor may send or use; all are positive whole numbers."""

    upload_bytes: int = 20_000_000
    # Of any request but an upload: a text of `summary_characters` whose every character is
    # escaped as \uXXXX has six bytes each.
    json_bytes: int = 8_000_000
    # A tab asks 40 times a minute while a run is shown, and at each change of a form: 30 visitors
    # behind one address stay below half of this; a flood of hundreds a second does not.
    requests_per_minute: int = 3_000  # of one address
    costly_per_minute: int = 60  # replies, summaries, readings of a table …, of one visitor
    runs_per_hour: int = 20  # started or resumed, of one visitor
    unpacked_bytes: int = 200_000_000  # of an XLSX, Parquet, DOCX or EPUB file
    table_rows: int = 200_000
    table_columns: int = 1_000
    table_cells: int = 2_000_000
    cell_characters: int = 131_072  # also the field limit of Python's csv module
    message_characters: int = 8_000
    turns: int = 40
    summary_characters: int = 1_000_000
    summary_file_rows: int = 1_000
    classify_characters: int = 5_000
    classify_file_rows: int = 10_000
    deadline_seconds: int = 180  # per reply or section, never per document
    lora_rank: int = 256
    runs_per_visitor: int = 10
    queued_runs: int = 20  # of all visitors
    run_hours: int = 6  # in one turn; a run that is resumed waits for the next
    run_days: int = 7
    runs_bytes: int = 20_000_000_000  # of all runs; beyond it the oldest that ended make room
    disk_spare_bytes: int = 1_000_000_000  # a lower bound: what stays free before a run is made
    uploads_bytes: int = 2_000_000_000  # of what visitors send and download

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Limits":
        """The defaults with the operator's overrides.

        Raises:
            ConfigurationRefused: a value is not a positive whole number.
        """
        chosen = {}
        for field in fields(cls):
            name = PREFIX + field.name.upper()
            text = environ.get(name)
            if text is None:
                continue
            if not text.strip().isdecimal() or int(text) == 0:
                raise ConfigurationRefused(
                    name=name, value=text, reason="it must be a positive whole number"
                )
            chosen[field.name] = int(text)
        return cls(**chosen)
