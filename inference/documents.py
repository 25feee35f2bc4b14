"""An uploaded document -> plain text, a blank line between paragraphs.

TXT, Markdown and any other text is decoded here; PDF, DOCX, EPUB and HTML are read by a child
process (`document_child`) with limits of time and memory, for their readers meet what strangers
made. What a file is, its first bytes say; its name only tells HTML from text about HTML.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from inference import children, errors, magic, paragraphs
from inference.decode import Decoded, NotText, decode, is_binary
from inference.html_text import decode_markup
from inference.limits import Limits
from inference.texts import check_text

SUFFIXES = (
    *(".txt", ".md", ".markdown", ".rst", ".text", ".log"),
    *(".pdf", ".docx", ".html", ".htm", ".xhtml", ".epub"),
)
SECONDS = 90.0
MEMORY = 1_500_000_000  # bytes of address space of a child
AT_ONCE = 2  # children

_PROJECT = Path(__file__).parent.parent
_SPAN = 1024  # bytes in which a PDF may begin
_MENDED = 2  # times what can be summarised; a longer text is refused whatever its lines are
_LOOKED_AT = 65_536  # characters
# Possessive: comments without end must not be read in every other way too.
_PAGE = re.compile(
    r"\s*+(?:<\?xml[^>]{0,200}+>\s*+)?(?:<!--(?:(?!-->).){0,2000}+-->\s*+){0,5}+"
    r"(?:<!doctype\s+html|<html[\s>])",
    re.IGNORECASE | re.DOTALL,
)
_WEB = (".html", ".htm", ".xhtml")
_LOCKED = "EncryptedPackage".encode("utf-16-le")  # in the OLE file of a DOCX under a password

_GIVEN: dict[magic.Family, type[errors.DocumentRefused]] = {
    "picture": errors.PictureGiven,
    "recording": errors.RecordingGiven,
    "archive": errors.ArchiveGiven,
    "other": errors.DocumentUnsupported,
}
_KINDS = (*errors.DocumentRefused.__subclasses__(), errors.TextTooLong)
_BY_CODE = {kind.code(): kind for kind in _KINDS}
_CPU_USED_UP, _KILLED = getattr(signal, "SIGXCPU", 0), getattr(signal, "SIGKILL", 0)
_turns = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class Document:
    """`kind`: text, html, pdf, docx or epub. `encoding` is that of a text or page; `pages` counts
    those of a PDF, or the chapters of an EPUB."""

    text: str
    kind: str
    encoding: str = ""
    pages: int = 0


def read(path: Path, name: str, limits: Limits, *, seconds: float = SECONDS) -> Document:
    """The text of the file at `path`, which its visitor calls `name`; it is never blank.

    Raises:
        DocumentRefused: one of its kinds.
        TextTooLong: it has more than `limits.summary_characters`.
    """
    size = path.stat().st_size
    if size > limits.upload_bytes:
        raise errors.DocumentTooLarge(bytes=size, limit=limits.upload_bytes)
    raw = path.read_bytes()
    if not raw:
        raise errors.DocumentEmpty()
    suffix = PurePath(name).suffix.lower()
    if kind := _kind(raw, suffix):
        return Document(**_told(kind, raw, limits, seconds))
    decoded = _decoded(raw, suffix in _WEB)
    if _PAGE.match(decoded.text[:_LOOKED_AT]) or (suffix in _WEB and "<" in decoded.text):
        page = decoded.text.encode("utf-8", "replace")
        return Document(**_told("html", page, limits, seconds), encoding=decoded.encoding)
    text = decoded.text.strip()
    if len(text) <= _MENDED * limits.summary_characters:
        text = paragraphs.mended(text)
    if not text.strip():
        raise errors.DocumentBlank()
    return Document(check_text(text, limits.summary_characters), "text", decoded.encoding)


def _kind(raw: bytes, suffix: str) -> str:
    """What its first bytes say: pdf, zip or "" for text.

    Raises:
        DocumentRefused: no text can be read from it here.
    """
    start = raw[:_SPAN]
    if start.lstrip().startswith(magic.PDF) or (suffix == ".pdf" and magic.PDF in start):
        return "pdf"
    if raw.startswith(magic.ZIP):
        return "zip"
    if raw.startswith(magic.OLE):
        raise errors.DocumentEncrypted() if _LOCKED in raw else errors.OldOfficeFile()
    if found := magic.format_of(raw):
        raise _GIVEN[found.family](format=found.name)
    return ""


def _decoded(raw: bytes, markup: bool) -> Decoded:
    try:
        decoded = (decode_markup if markup or _begins_page(raw) else decode)(raw)
    except NotText as error:
        raise errors.DocumentNotText() from error
    if is_binary(decoded.text[:_LOOKED_AT]):
        raise errors.DocumentNotText()
    return decoded


def _begins_page(raw: bytes) -> bool:
    return bool(_PAGE.match(raw[:4096].decode("latin-1")))


def _told(kind: str, raw: bytes, limits: Limits, seconds: float) -> dict[str, Any]:
    """What the child says of the document. Raises DocumentRefused."""
    request = {
        "kind": kind,
        "seconds": seconds,
        "memory": MEMORY,
        "unpacked": limits.unpacked_bytes,
        "characters": limits.summary_characters,
    }
    with _turn(seconds):
        said, code = _asked(json.dumps(request).encode() + b"\n" + raw, seconds)
    if code and -code == _CPU_USED_UP:
        raise errors.DocumentTooSlow(seconds=seconds)
    if code and -code == _KILLED:  # by the system, for want of memory
        raise errors.DocumentUnpacksTooLarge(limit=MEMORY)
    if code or not said:  # its reader crashed
        raise errors.DocumentBroken()
    answer = json.loads(said)
    if "error" in answer:
        raise _BY_CODE[answer["error"]](**answer["values"])
    return answer


@contextmanager
def _turn(seconds: float) -> Iterator[None]:
    if not _turns.acquire(timeout=seconds):
        raise errors.DocumentsBusy()
    try:
        yield
    finally:
        _turns.release()


def child_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """No token, secret or proxy of the operator."""
    return children.passed_on(environ) | {"PYTHONUTF8": "1"}


def _asked(given: bytes, seconds: float) -> tuple[bytes, int]:
    """(what the child wrote, its exit code). Raises DocumentTooSlow."""
    child = subprocess.Popen(
        [sys.executable, "-m", "inference.document_child"],
        cwd=_PROJECT,
        env=child_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for the app
    )
    try:
        said, _ = child.communicate(given, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise errors.DocumentTooSlow(seconds=seconds) from error
    finally:
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            pipe.close()
    return said, child.returncode
