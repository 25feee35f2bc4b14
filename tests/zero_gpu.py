"""A ZeroGPU Space on a processor: the platform's device API as a stand-in, real forked workers.

A script runs in a process of its own, as the `spaces` package reads its environment when it is
imported. What the platform answers, call by call, is told beforehand.
"""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

ROOT = Path(__file__).parent.parent
# Before anything else: what the platform does to torch, which needs a build with CUDA. Outside of a
# worker a GPU seems to be there.
PREAMBLE = """
import sys, torch
from types import ModuleType
really, zero = torch.cuda.is_available, ModuleType("spaces.zero.torch")
zero.patch = lambda: setattr(torch.cuda, "is_available", lambda: True)
zero.unpatch = lambda: setattr(torch.cuda, "is_available", really)
zero.pack = zero.size = lambda: 0
zero.is_in_bad_fork = lambda: False
zero.init = zero.move = zero.enter_mode = lambda *_, **__: None
sys.modules["spaces.zero.torch"] = zero
"""
QUOTA = (429, {"left": 10, "wait": "01:02:03"})


class Platform:
    """Answers `/schedule` with the next of `answers`, then with a GPU each time.

    `scheduled` are the query parameters of each of those calls.
    """

    def __init__(self, folder: Path, answers=()):
        self.folder = folder
        self.answers = list(answers)
        self.scheduled: list[dict[str, str]] = []
        self._lock = threading.Lock()
        platform = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                url = urlsplit(self.path)
                status, body = 200, {}
                if url.path == "/schedule":
                    status, body = platform._next(dict(parse_qsl(url.query)))
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def _next(self, asked):
        with self._lock:
            number = len(self.scheduled)
            self.scheduled.append(asked)
            planned = self.answers.pop(0) if self.answers else None
        gpu = {"idle": True, "nvidiaIndex": number % 2, "nvidiaUUID": "GPU", "allowToken": "t"}
        return planned or (200, {**gpu, "allowToken": f"t{number}"})

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def start(self, script: str, *arguments: object) -> subprocess.Popen:
        """The script on this Space; its output is in `self.folder`/output."""
        cgroup = self.folder / "cgroup"
        cgroup.write_text("0::/x\n")
        port = self._server.server_address[1]
        environment = os.environ | {
            "SPACES_ZERO_GPU": "true",
            "SPACES_ZERO_DEVICE_API_URL": f"http://127.0.0.1:{port}",
            "ZEROGPU_PROC_SELF_CGROUP_PATH": str(cgroup),
            "HOME": str(self.folder),
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(ROOT),
        }
        with (self.folder / "output").open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-c", PREAMBLE + script, *map(str, arguments)],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=output,
            )

    def run(self, script: str, *arguments: object) -> None:
        code = self.start(script, *arguments).wait(300)
        assert code == 0, (self.folder / "output").read_text()[-3_000:]
