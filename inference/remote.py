"""What a source has of a model, and the child process that speaks with it.

The network is touched by a child process (`fetch_child`) alone: a server that accepts and never
answers can hang a connection for minutes, a process can be killed.
"""

import json
import os
import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from inference import children, errors, hub
from inference.catalog import Model
from inference.fetch_child import PART
from inference.home import models_folder

SOURCES = {"huggingface": "huggingface.co", "modelscope": "modelscope.cn"}
PROBE_SECONDS = 3.0
ANSWER_SECONDS = 2.0  # what the server gets of them at least, however slowly Python starts
START_SECONDS = 60.0
TICK = 0.1

# What a model is used with, and no code; weights are added by `needed`.
PLAIN = {
    *("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"),
    *("vocab.txt", "vocab.json", "merges.txt", "added_tokens.json", "special_tokens_map.json"),
    "chat_template.jinja",
}
_SHARD = re.compile(r"model-\d{5}-of-\d{5}\.safetensors")
_COMMIT = re.compile(r"[0-9a-f]{40}|master")
_BLOB = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")

# What a child learns of our environment beside what every child does: the way to the hub.
_PASSED_ON = {
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("HF_HOME", "HF_HUB_CACHE", "HF_ENDPOINT", "XDG_CACHE_HOME"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
    *("MODELSCOPE_CACHE", "MODELSCOPE_DOMAIN"),
}
_SET = {
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "DO_NOT_TRACK": "1",
}


def child_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What a child process that speaks with a hub learns of `environ`."""
    return children.passed_on(environ, _PASSED_ON) | _SET


@dataclass(frozen=True)
class Remote:
    """What there is to fetch of a model: names and bytes, and by which name each is cached."""

    revision: str
    files: tuple[tuple[str, int], ...]
    blobs: tuple[str, ...] = field(default=(), repr=False)

    @property
    def bytes_total(self) -> int:
        return sum(size for _, size in self.files)

    def entries(self) -> Iterator[tuple[str, int, str]]:
        return ((*file, blob) for file, blob in zip(self.files, self.blobs, strict=True))


def needed(names: Iterable[str]) -> list[str]:
    """The files to fetch of those a repository has; none where it has no safetensors."""
    names = set(names)
    weights = names & {"model.safetensors"}
    if not weights and "model.safetensors.index.json" in names:
        weights = {name for name in names if _SHARD.fullmatch(name)}
        weights |= {"model.safetensors.index.json"} if weights else set()
    return sorted(names & PLAIN | weights) if weights else []


def probe(
    model: Model, environ: Mapping[str, str] = os.environ, token: str | None = None
) -> Remote:
    """Ask the source what there is to fetch. Takes three seconds at most.

    Raises:
        NotFetched: one of its kinds; nothing was written.
    """
    return ask(Source.of(model, environ), token, watch=lambda: None)


@dataclass(frozen=True)
class Source:
    """Where one model comes from and where it goes."""

    name: str
    host: str
    model: Model
    environ: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, model: Model, environ: Mapping[str, str]) -> "Source":
        for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
            if environ.get(name, "").upper() in ("1", "ON", "YES", "TRUE"):
                raise errors.DownloadsOff(model=model.id, name=name)
        name = environ.get("LAB_SOURCE") or "huggingface"
        if name not in SOURCES:
            raise errors.SourceUnknown(value=name[:40], choices=", ".join(SOURCES))
        host = SOURCES[name]
        if name == "huggingface" and environ.get("HF_ENDPOINT"):
            host = urlsplit(environ["HF_ENDPOINT"]).netloc.rpartition("@")[2] or "HF_ENDPOINT"
        return cls(name, host, model, environ)

    @property
    def folder(self) -> Path:
        if self.name == "modelscope":
            return models_folder(self.environ) / self.model.id
        return hub.repository_folder(self.model.id, self.environ)

    def fetched(self, remote: Remote) -> int:
        """How many of its bytes are on this machine, complete files or not."""
        if self.name == "modelscope":  # keeps its unfinished files somewhere below
            total = sum(size_of(path) for path in self.folder.rglob("*"))
            return min(total, remote.bytes_total)
        blobs, snapshot = self.folder / "blobs", self.folder / "snapshots" / remote.revision
        return sum(
            min(size, max(map(size_of, (snapshot / name, blobs / blob, blobs / (blob + PART)))))
            for name, size, blob in remote.entries()
        )

    def error(self, report: Mapping[str, Any]) -> errors.NotFetched:
        """The child's report under its name."""
        model, host = self.model.id, self.host
        match report:
            case {"error": "status", "status": 401 | 403 as status}:
                return errors.ModelGated(model=model, host=host, status=status)
            case {"error": "status", "status": 404}:
                return errors.ModelMissing(model=model, host=host)
            case {"error": "status", "status": 429}:
                return errors.HubBusy(host=host)
            case {"error": "status", "status": status}:
                return errors.HubFailed(host=host, status=status)
            case {"error": "unreachable", "reason": reason}:
                return errors.HubUnreachable(host=host, reason=reason)
            case {"error": "silent"}:
                return errors.HubSilent(host=host, seconds=PROBE_SECONDS)
            case {"error": "not_a_hub"}:
                return errors.NotAHub(host=host)
            case {"error": "short", **values}:
                return errors.DownloadTruncated(model=model, **values)
            case {"error": "disk_full"}:
                return errors.DiskFull(model=model)
            case {"error": "not_writable", "reason": reason}:
                return errors.CacheNotWritable(reason=reason)
            case {"error": "not_installed", "package": package}:
                return errors.SourceNotInstalled(source=self.name, package=package)
        return errors.FetchFailed(model=model, reason=str(report.get("reason"))[:80])


def size_of(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0


class Child:
    """A running `fetch_child` and what it says."""

    def __init__(self, source: Source, work: str, **request: Any) -> None:
        self._source = source
        model = source.model
        request |= {"source": source.name, "work": work, "model": model.id, "ref": model.revision}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "inference.fetch_child"],
            cwd=Path(__file__).parent.parent,
            env=child_environment(source.environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # Ctrl-C is for the app
        )
        self._said: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        with suppress(OSError):  # it is gone already; `result` says so
            print(json.dumps(request), file=self._process.stdin, flush=True)

    def _read(self) -> None:
        for line in self._process.stdout:
            with suppress(ValueError):  # printed by something it loaded
                self._said.put(json.loads(line))
        self._said.put(None)

    def result(self, watch: Callable[[bool], None]) -> dict[str, Any]:
        """Wait for its last word; `watch(ready)` is called meanwhile and may raise to give up."""
        started, ready = time.monotonic(), False
        while True:
            try:
                said = self._said.get(timeout=TICK)
            except queue.Empty:
                said = {}
            if said is None:
                code = self._process.wait()
                raise self._source.error({"reason": f"exit {code}"})
            if "result" in said:
                return said["result"]
            if "error" in said:
                raise self._source.error(said)
            ready = ready or "ready" in said
            if not ready and time.monotonic() - started > START_SECONDS:
                raise self._source.error({"reason": "TimeoutError"})
            watch(ready)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()
        with suppress(OSError):  # a request it never read
            self._process.stdin.close()


@contextmanager
def running(*args: Any, **request: Any) -> Iterator[Child]:
    child = Child(*args, **request)
    try:
        yield child
    finally:
        child.close()


def ask(source: Source, token: str | None, watch: Callable[[], None]) -> Remote:
    deadline = time.monotonic() + PROBE_SECONDS
    started = False

    def patience(ready: bool) -> None:
        nonlocal deadline, started
        watch()
        if ready and not started:
            started = True
            deadline = max(deadline, time.monotonic() + ANSWER_SECONDS)
        if started and time.monotonic() > deadline:
            raise errors.HubSilent(host=source.host, seconds=PROBE_SECONDS)

    with running(source, "probe", token=token, seconds=PROBE_SECONDS) as child:
        answer = child.result(patience)
    revision = answer["revision"]
    known = {name: (size, blob) for name, size, blob in answer["files"]}
    names = needed(known)
    if not names:
        raise errors.NoSafeWeights(model=source.model.id, host=source.host)
    sizes = [known[name][0] for name in names]
    if not _COMMIT.fullmatch(str(revision)) or not all(isinstance(it, int) for it in sizes):
        raise errors.NotAHub(host=source.host)
    return Remote(
        revision=revision,
        files=tuple(zip(names, sizes, strict=True)),
        blobs=tuple(_blob(revision, name, known[name][1]) for name in names),
    )


def _blob(revision: str, name: str, told: object) -> str:
    # It becomes a file name, so only a hash will do; a source that tells none gets one of ours.
    if isinstance(told, str) and _BLOB.fullmatch(told):
        return told
    return sha256(f"{revision}/{name}".encode()).hexdigest()
