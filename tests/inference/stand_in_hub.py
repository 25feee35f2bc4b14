"""A model hub on this machine: what the Hub's unmodified client asks for, served from a folder.

`<folder>/<organisation>/<name>/…` is what it has on main, `<name>@refs-pr-3/…` what it has in
that pull request (`/` is written `-`). Large files (`.safetensors`, `.bin`) are
redirected to another host name, as the Hub does. `faults` makes a repository misbehave.
"""

import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingTCPServer
from typing import Literal
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = (".safetensors", ".bin")
_PATHS = (
    re.compile(
        r"/api/models/(?P<repo>[^/]+/[^/]+)(/(revision|(?P<tree>tree))/(?P<revision>[^/]+))?"
    ),
    re.compile(r"/(?P<cdn>cdn/)?(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<file>.+)"),
)


def commit_of(revision: str) -> str:
    """The commit that this branch or pull request stands for; the same in every repository."""
    return COMMIT if revision == "main" else hashlib.sha1(revision.encode()).hexdigest()


@dataclass(frozen=True)
class Fault:
    """What goes wrong with a repository.

    `where`: its description, or its large files. `status`: that answer. Else `what`: `silent`
    never answers, `page` answers with a web page, `stall` sends `after` bytes and waits for
    `StandInHub.go_on`, `cut` hangs up after them, `short` has no more of the file than that,
    `slow` takes `seconds` to send it.
    """

    where: Literal["api", "file"]
    what: Literal["silent", "page", "stall", "cut", "short", "slow"] | None = None
    status: int = 0
    after: int = 0
    seconds: float = 2


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]

    @property
    def file(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass
class StandInHub:
    folder: Path
    faults: dict[str, Fault] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "StandInHub":
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.hub = self
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def find(self, repo: str, revision: str) -> tuple[str, Path] | None:
        """The commit and the folder of a revision, named or given by its commit."""
        for folder in (self.folder / repo, *self.folder.glob(f"{repo}@*")):
            name = folder.name.partition("@")[2].replace("-", "/") or "main"
            if revision in (name, commit_of(name)) and folder.is_dir():
                return commit_of(name), folder
        return None

    def bodies(self, name: str = "") -> list[Asked]:
        """The requests that were answered with (a part of) this file, or of any."""
        return [
            it
            for it in self.asked
            if it.method == "GET" and "/resolve/" in it.path and it.file.endswith(name)
            # A large file's first request is answered with a redirect.
            if it.path.startswith("/cdn/") or not it.file.endswith(LARGE)
        ]


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64
    hub: StandInHub

    def handle_error(self, *_: object) -> None:
        """A client that was killed hangs up in the middle: nothing to report."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        hub = self.server.hub
        path = urlsplit(self.path).path
        headers = {name.lower(): value for name, value in self.headers.items()}
        hub.asked.append(Asked(self.command, unquote(path), headers))
        # As it was sent: a revision is one part of the path, its slashes are encoded.
        match = next(filter(None, (it.fullmatch(path) for it in _PATHS)), None)
        if match is None or not (hub.folder / match["repo"]).is_dir():
            return self._send(404, {"X-Error-Code": "RepoNotFound"})
        found = hub.find(match["repo"], unquote(match["revision"] or "main"))
        if found is None:
            return self._send(404, {"X-Error-Code": "RevisionNotFound"})
        repo, name = match["repo"], match.groupdict().get("file")
        fault = hub.faults.get(repo)
        large = name is not None and name.endswith(LARGE)
        if fault and not (name is None if fault.where == "api" else large):
            fault = None
        if fault and fault.status:
            return self._send(fault.status)
        if fault and fault.what == "silent":
            hub.go_on.wait()
            return None
        if fault and fault.what == "page":
            return self._send(200, {"Content-Type": "text/html"}, b"<html>Welcome</html>")
        if name is None:
            commit, files = found[0], _files(found[1])
            answer = _tree(files) if match["tree"] else _description(repo, commit, files)
            body = json.dumps(answer).encode()
            return self._send(200, {"Content-Type": "application/json"}, body)
        return self._file(repo, *found, name, bool(match["cdn"]), fault)

    def _file(
        self, repo: str, commit: str, folder: Path, name: str, cdn: bool, fault: Fault | None
    ) -> None:
        path = folder / name
        if not path.is_file():
            return self._send(404, {"X-Error-Code": "EntryNotFound"})
        data = path.read_bytes()
        headers = {"ETag": f'"{_etag(name, data)}"', "X-Repo-Commit": commit}
        if name.endswith(LARGE) and not cdn:
            headers |= {"X-Linked-Etag": headers["ETag"], "X-Linked-Size": str(len(data))}
            other = f"http://localhost:{self.server.hub.port}/cdn/{repo}/resolve/{commit}/{name}"
            return self._send(302, {**headers, "Location": other})
        if fault and fault.what == "short":
            data = data[: fault.after]
        status, start = 200, 0
        if found := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")):
            status, start = 206, int(found[1])
            if start >= len(data):
                return self._send(416, {"Content-Range": f"bytes */{len(data)}"})
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        held = fault.after if fault and fault.what in ("stall", "cut", "slow") else len(data)
        self._send(status, headers, data[start:], max(0, held - start))
        if fault and fault.what == "stall":
            self.server.hub.go_on.wait()
            self.wfile.write(data[max(held, start) :])
        elif fault and fault.what == "slow":
            sixth = len(data) // 6
            for begin in range(start, len(data), sixth):
                self.server.hub.go_on.wait(fault.seconds / 6)
                self.wfile.write(data[begin : begin + sixth])
        elif fault and fault.what == "cut":
            self.close_connection = True
        return None

    def _send(
        self,
        status: int,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        first: int | None = None,
    ) -> None:
        """The head of the answer with the length of `body`, and its `first` bytes or all."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[:first])
            self.wfile.flush()


def _files(folder: Path) -> dict[str, bytes]:
    return {it.name: it.read_bytes() for it in sorted(folder.iterdir()) if it.is_file()}


def _description(repo: str, commit: str, files: dict[str, bytes]) -> dict:
    siblings = []
    for name, data in files.items():
        known = {"rfilename": name, "size": len(data), "blobId": _git_id(data)}
        if name.endswith(LARGE):
            known["lfs"] = {"sha256": _etag(name, data), "size": len(data), "pointerSize": 134}
        siblings.append(known)
    return {"id": repo, "modelId": repo, "sha": commit, "siblings": siblings, "tags": []}


def _tree(files: dict[str, bytes]) -> list[dict]:
    listed = []
    for name, data in files.items():
        known = {"type": "file", "path": name, "size": len(data), "oid": _git_id(data)}
        if name.endswith(LARGE):
            known["lfs"] = {"oid": _etag(name, data), "size": len(data), "pointerSize": 134}
        listed.append(known)
    return listed


def _etag(name: str, data: bytes) -> str:
    return hashlib.sha256(data).hexdigest() if name.endswith(LARGE) else _git_id(data)


def _git_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
