"""CSV for spreadsheets: what strangers wrote stays text there and is never run as a formula.

Source: OWASP, “CSV Injection” (owasp.org/www-community/attacks/CSV_Injection): a cell that begins
with = + - @, tab, CR or LF, also full-width, gets an apostrophe; every text is quoted. CWE-1236.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence

STARTS = ("=", "+", "-", "@", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}")
STARTS += ("\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}", "\N{MINUS SIGN}")
BREAKS = ("\t", "\r", "\n")
# Not seen by a reader and left out by some programs before they look at a cell.
UNSEEN = "\0\ufeff\u200b\u200c\u200d\u2060"
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)


def safe_cell(cell: object) -> object:
    """The cell with an apostrophe before it if a spreadsheet would run it; numbers stay numbers."""
    if cell is None or isinstance(cell, int | float):
        return cell
    text = str(cell)
    seen = re.sub(rf"^[\s{UNSEEN}]+", "", text)
    runs = text.startswith(BREAKS) or seen.startswith(STARTS)
    return f"'{text}" if runs and not NUMBER.fullmatch(text) else text


def csv_bytes(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A table as UTF-8 with a byte-order mark, which Excel needs to read Chinese."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([safe_cell(header) for header in headers])
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig", errors="replace")
