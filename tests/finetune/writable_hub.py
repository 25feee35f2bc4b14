"""A server that stands in for a model hub which is written to."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "hf_" + "w" * 30


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a silent one is still waited for

    def handle_error(self, request, client_address):
        """Who asked has been ended: nobody waits for the answer."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class WritableHub:
    """Takes what comes with `TOKEN`, on a free port of this machine.

    `asked` holds path, authorization and body of each request. While `answering` is not set, it
    accepts connections and is silent. `about` is what it says of a repository.
    """

    def __init__(self):
        self._server = _Server(("127.0.0.1", 0), _Answers)
        self.asked = self._server.asked = []
        self.about = self._server.about = {"id": "me/mine"}
        self.answering = self._server.answering = threading.Event()
        self.answering.set()
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.answering.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Answers(BaseHTTPRequestHandler):
    """Speaks create, validate, preupload and commit; remembers what was asked."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.server.asked.append((self.path, self.headers.get("Authorization"), body))
        self.server.answering.wait(60)
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._answer(401, {"error": "Invalid credentials"})
        host = f"http://{self.headers['Host']}"
        if self.path == "/api/repos/create":
            return self._answer(200, {"url": f"{host}/me/mine", "name": "me/mine"})
        if self.path == "/api/validate-yaml":
            return self._answer(200, {"errors": [], "warnings": []})
        if "/preupload/" in self.path:
            files = [
                {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                for file in json.loads(body)["files"]
            ]
            return self._answer(200, {"files": files})
        if "/commit/" in self.path:
            found = {"commitUrl": f"{host}/me/mine/commit/{'a' * 40}", "commitOid": "a" * 40}
            return self._answer(200, {**found, "success": True})
        return self._answer(404, {"error": "no such place"})

    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("Authorization"), b""))
        self._answer(200, {**self.server.about, "siblings": [], "sha": "a" * 40})

    def _answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass
