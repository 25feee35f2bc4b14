"""What reads a stranger's PDF, DOCX, EPUB or HTML: a process of its own, that can be killed.

    python -m inference.document_child

One line of JSON on standard input, {"kind", "seconds", "memory", "unpacked", "characters"}, then
the bytes of the document; one line of JSON on standard output, {"text", "kind", "pages"} or
{"error": code, "values": {…}} (see `inference.errors`). It holds no secret, opens no file but its
own packages, and the system ends it at its limits of memory and processor time.
"""

import io
import json
import os
import signal
import sys
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

from inference.errors import (
    ArchiveGiven,
    DocumentBlank,
    DocumentBroken,
    DocumentEncrypted,
    DocumentUnpacksTooLarge,
    DocumentUnsupported,
    LabError,
)
from inference.texts import check_text

Request = Mapping[str, Any]

_PARTS = 20_000  # files in an archive
_IN_OFFICE = (("xl/", "XLSX"), ("ppt/", "PPTX"), ("visio/", "VSDX"))
_IN_OTHERS = (("Index/Document.iwa", "Pages"), ("AndroidManifest.xml", "APK"))
_OPEN_DOCUMENT = {"text": "ODT", "spreadsheet": "ODS", "presentation": "ODP"}


def read(request: Request, raw: bytes) -> dict[str, Any]:
    """The document's text, its kind and its number of pages or chapters, 0 where it has none.

    Raises:
        LabError: one of the documents'.
    """
    kind, pages = request["kind"], 0
    if kind == "pdf":
        from inference.pdf_text import read_pdf

        text, pages = read_pdf(raw)
    elif kind == "html":
        from inference.html_text import read_html

        text = read_html(raw.decode("utf-8"))
    else:
        kind, text, pages = _read_zip(raw, request["unpacked"])
    if not text.strip():
        raise DocumentBlank()
    return {"text": check_text(text, request["characters"]), "kind": kind, "pages": pages}


def _read_zip(raw: bytes, limit: int) -> tuple[str, str, int]:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        parts = archive.infolist()
        if sum(part.file_size for part in parts) > limit or len(parts) > _PARTS:
            raise DocumentUnpacksTooLarge(limit=limit)
        if any(part.flag_bits & 1 for part in parts):
            raise DocumentEncrypted()
        kind = _kind(archive)
        if kind == "docx":
            from inference.docx_text import read_docx

            return kind, read_docx(archive), 0
        from inference.epub_text import read_epub

        return kind, *read_epub(archive)


def _kind(archive: zipfile.ZipFile) -> str:
    """Raises ArchiveGiven or DocumentUnsupported where it is neither a DOCX nor an EPUB."""
    names = archive.NameToInfo
    told = ""
    if "mimetype" in names and names["mimetype"].file_size < 200:
        told = archive.read("mimetype").decode("ascii", "replace").strip()
    if told == "application/epub+zip" or "META-INF/container.xml" in names:
        return "epub"
    if told.startswith("application/vnd.oasis.opendocument."):
        raise DocumentUnsupported(format=_OPEN_DOCUMENT.get(told.rpartition(".")[2], "ODF"))
    for start, name in _IN_OFFICE:
        if "[Content_Types].xml" in names and any(part.startswith(start) for part in names):
            raise DocumentUnsupported(format=name)
    for part, name in _IN_OTHERS:
        if part in names:
            raise DocumentUnsupported(format=name)
    if "[Content_Types].xml" in names and "_rels/.rels" in names:
        return "docx"
    raise ArchiveGiven(format="ZIP")


def _confine(seconds: float, memory: int) -> None:
    """Let the system end this process, also where the app that started it is gone."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows has other means; the deadline of the parent holds
        return
    whole = max(1, int(seconds) + 1)
    signal.alarm(whole + 5)
    limits = {
        # At the first it gets a signal that says why, at the second it is killed.
        resource.RLIMIT_CPU: (whole, whole + 5),
        resource.RLIMIT_AS: (memory, memory),
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_CORE: (0, 0),
    }
    for which, wanted in limits.items():
        _, most = resource.getrlimit(which)
        if most != resource.RLIM_INFINITY:
            wanted = tuple(min(value, most) for value in wanted)
        try:
            resource.setrlimit(which, wanted)
        except (ValueError, OSError):  # macOS knows no limit of the address space
            continue


def _answer(request: Request, raw: bytes) -> dict[str, Any]:
    try:
        return read(request, raw)
    except LabError as expected:
        return {"error": expected.code(), "values": expected.values}
    except MemoryError:
        found: LabError = DocumentUnpacksTooLarge(limit=request["memory"])
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError):
        found = DocumentBroken()
    return {"error": found.code(), "values": found.values}


def main() -> None:
    source = sys.stdin.buffer
    request = json.loads(source.readline())
    _confine(request["seconds"], request["memory"])
    out, sys.stdout = sys.stdout, sys.stderr  # what packages print is none of our lines
    answer = json.dumps(_answer(request, source.read()), ensure_ascii=False)
    out.buffer.write(answer.encode("utf-8", "replace"))
    out.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
