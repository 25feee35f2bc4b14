"""What talks to the outside for `fetch`: a process of its own, so that it can be killed.

    python -m inference.fetch_child

One JSON request on standard input, JSON lines on standard output: {"ready": true} once its
packages are loaded, then {"result": …} or {"error": …}. It ends when its input is closed, so it
never outlives the app. The visitor's token comes with the request and stays in memory.

Files go into the cache of the Hub's own client, in its layout, and are received here: that client
starts a file again from its beginning and writes it in steps of 10 MB, so that neither a resume
nor a slow connection can be told from a dead one. `<blob>.incomplete` is what has arrived so far.
https://huggingface.co/docs/huggingface_hub/guides/manage-cache
"""

import errno
import importlib
import json
import os
import shutil
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PART = ".incomplete"
AT_ONCE = 4  # files
ATTEMPTS = 3  # in a row that bring nothing
PAUSE = 0.5

Request = Mapping[str, Any]


class Short(Exception):
    """A file ended before its end, or went on behind it."""

    def __init__(self, file: str, found: int, expected: int) -> None:
        super().__init__(f"{file}: {found} of {expected} bytes")
        self.report = {"error": "short", "file": file, "found": found, "expected": expected}


class NotAHub(Exception):
    """An answer that no hub gives: a login page of a hotel, or a wrong HF_ENDPOINT."""


# Hugging Face and its mirrors


def probe(request: Request) -> Request:
    from huggingface_hub import HfApi

    say({"ready": True})
    api = HfApi(token=request["token"] or False)
    try:
        info = api.model_info(
            request["model"],
            revision=request["ref"],
            files_metadata=True,
            timeout=request["seconds"],
        )
        files = [
            # What the client names the file's blob by: the sha256 of a large one, else git's id.
            (file.rfilename, file.size, file.lfs.sha256 if file.lfs else file.blob_id)
            for file in info.siblings or ()
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotAHub from error
    return {"revision": info.sha, "files": files}


def download(request: Request) -> Request:
    from filelock import FileLock
    from huggingface_hub import get_session, hf_hub_url
    from huggingface_hub.utils import build_hf_headers

    say({"ready": True})
    folder = Path(request["folder"])
    revision = request["revision"]
    snapshot = folder / "snapshots" / revision
    headers = {**build_hf_headers(token=request["token"] or False), "Accept-Encoding": "identity"}
    stream = _streaming(get_session(), headers, request["seconds"])
    for place in (folder / "blobs", snapshot, folder.parent / ".locks"):
        place.mkdir(parents=True, exist_ok=True)

    def one(blob: str, size: int, names: list[str]) -> None:
        url = hf_hub_url(request["model"], names[0], revision=revision)
        file = _File(names[0], size, folder / "blobs" / blob, stream, url)
        for name in names:
            _place(file, snapshot / name)

    same: dict[tuple[str, int], list[str]] = {}  # files of the same content are one blob
    for name, size, blob in request["files"]:
        same.setdefault((blob, size), []).append(name)
    # A second app that fetches the same model waits here and finds everything done.
    with FileLock(folder.parent / ".locks" / f"{folder.name}.lock"):
        pool = ThreadPoolExecutor(AT_ONCE)  # left as it is after an error: this process ends
        work = [pool.submit(one, *content, names) for content, names in same.items()]
        for done in as_completed(work):
            done.result()
        if request["ref"] != revision:  # a commit needs none
            _refer(folder / "refs" / request["ref"], revision)
    return {"folder": str(snapshot)}


def _refer(ref: Path, commit: str) -> None:
    """Note which commit a branch or a pull request stands for, as the Hub's client does."""
    ref.parent.mkdir(parents=True, exist_ok=True)
    new = ref.with_name(f"{ref.name}.new")
    new.write_text(commit, encoding="utf-8")
    new.replace(ref)


Stream = Callable[[str, int], Any]


def _streaming(session: Any, headers: Mapping[str, str], seconds: float) -> Stream:
    def stream(url: str, start: int) -> Any:
        # The token is not sent on: the session drops it where a redirect leaves the host.
        ranged = {"Range": f"bytes={start}-"} if start else {}
        return session.stream("GET", url, headers={**headers, **ranged}, timeout=seconds)

    return stream


@dataclass(frozen=True)
class _File:
    name: str
    size: int
    blob: Path
    stream: Stream
    url: str

    @property
    def part(self) -> Path:
        return self.blob.with_name(self.blob.name + PART)

    def here(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def short(self, found: int) -> Short:
        return Short(self.name, found, self.size)


def _place(file: _File, link: Path) -> None:
    """Have the file at `link`, as the Hub's client would: a link to its blob where that works."""
    if link.is_file() and link.stat().st_size == file.size:
        return
    link.unlink(missing_ok=True)
    if not file.blob.is_file() or file.blob.stat().st_size != file.size:
        file.blob.unlink(missing_ok=True)
        _fetch(file)
        file.part.replace(file.blob)
    try:
        link.symlink_to(os.path.relpath(file.blob, link.parent))
    except OSError:  # Windows without the right to make links
        shutil.move(file.blob, link)


def _fetch(file: _File) -> None:
    """All bytes into `file.part`, over as many connections as it takes.

    Silence is no error here: a new connection is tried until `fetch`, who watches the bytes of
    all files, has seen enough of it.
    """
    file.part.touch()
    fruitless = 0
    while (before := file.here()) != file.size:
        lost = None
        try:
            _receive(file, before)
        except Exception as error:
            if not _is(error, "TransportError"):
                raise
            lost = error
        if file.here() > before:
            fruitless = 0
        elif lost is None:  # a complete answer and yet nothing new: less is there than was told
            file.part.unlink(missing_ok=True)
            raise file.short(before)
        elif not _is(lost, "TimeoutException"):
            fruitless += 1
            if fruitless == ATTEMPTS:
                raise lost if _is(lost, "ConnectError") else file.short(before)
            time.sleep(PAUSE)


def _receive(file: _File, start: int) -> None:
    from huggingface_hub import hf_raise_for_status

    with file.stream(file.url, start) as answer:
        if answer.status_code == 416:  # nothing there behind `start`
            return
        hf_raise_for_status(answer)
        begins = answer.headers.get("Content-Range", "").startswith(f"bytes {start}-")
        goes_on = start and answer.status_code == 206 and begins
        with file.part.open("ab" if goes_on else "wb") as part:
            found = start if goes_on else 0
            for chunk in answer.iter_bytes():
                found += len(chunk)
                if found > file.size:
                    part.truncate(0)
                    raise file.short(found)
                part.write(chunk)
                part.flush()  # who watches sees the size of the file


# ModelScope


def modelscope_probe(request: Request) -> Request:
    api = importlib.import_module("modelscope.hub.api").HubApi()
    say({"ready": True})
    listed = api.get_model_files(request["model"], revision="master", recursive=True)
    files = [(it["Path"], it["Size"], None) for it in listed if it.get("Type") != "tree"]
    return {"revision": "master", "files": files}


def modelscope_download(request: Request) -> Request:
    module = importlib.import_module("modelscope.hub.snapshot_download")
    say({"ready": True})
    names = [name for name, _, _ in request["files"]]
    module.snapshot_download(
        request["model"], revision="master", local_dir=request["folder"], allow_patterns=names
    )
    return {"folder": request["folder"]}


# Errors


def _is(error: BaseException, *names: str) -> bool:
    # By name: the classes are those of httpx, httpx2 or requests, as the version of the client is.
    return any(kind.__name__ in names for kind in type(error).__mro__)


def report(error: Exception) -> Request:
    """What happened, for `fetch` to name; nothing of the request is repeated."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(error, Short):
        return error.report
    if status is not None or _is(error, "NotExistError"):
        return {"error": "status", "status": status or 404}
    if isinstance(error, NotAHub):
        return {"error": "not_a_hub"}
    if _is(error, "TimeoutException", "Timeout"):
        return {"error": "silent"}
    if _is(error, "TransportError", "ConnectionError"):
        return {"error": "unreachable", "reason": str(error)[:100] or type(error).__name__}
    if isinstance(error, ModuleNotFoundError) and error.name == "modelscope":
        return {"error": "not_installed", "package": "modelscope"}
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return {"error": "disk_full"}
    if isinstance(error, OSError) and error.errno:
        return {"error": "not_writable", "reason": error.strerror}
    traceback.print_exception(error)
    return {"error": "unexpected", "reason": type(error).__name__}


WORK = {
    ("huggingface", "probe"): probe,
    ("huggingface", "download"): download,
    ("modelscope", "probe"): modelscope_probe,
    ("modelscope", "download"): modelscope_download,
}

_out = sys.stdout


def say(message: Request) -> None:
    print(json.dumps(message), file=_out, flush=True)


def _end_with_the_app() -> None:
    sys.stdin.read()
    os._exit(1)


def main() -> None:
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_the_app, daemon=True).start()
    sys.stdout = sys.stderr  # what packages print is none of our lines
    try:
        answer = {"result": WORK[request["source"], request["work"]](request)}
    except Exception as error:
        answer = report(error)
    say(answer)
    os._exit(0)  # without waiting for connections and threads that hang


if __name__ == "__main__":
    main()
