"""The app as its users start it: `python app.py`, in a folder and on a port of its own."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar
from urllib.error import URLError
from urllib.request import urlopen

Found = TypeVar("Found")
PROJECT = Path(__file__).resolve().parent.parent
START_SECONDS = 60
# What Gradio logs where a page's stream of events finds its queue gone: a stream of the same page
# that was cut off, as when a visitor leaves, takes the queue along.
STREAM_GONE = {
    "fastapi.exceptions.HTTPException: 404: Not Found",
    "RuntimeError: Caught handled exception, but response already started.",
}
TRACEBACK = re.compile(r"^Traceback .*\n(?:(?: .*)?\n)*(\S.*)$", re.MULTILINE)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(condition: Callable[[], Found], seconds: float, what: str) -> Found:
    """The first true value of `condition`, asked again and again."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"after {seconds} s still not: {what}"
        time.sleep(0.1)
    return found


class App:
    """A server over `root/home`; started again, it finds what it left there."""

    def __init__(self, root: Path, **environ: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.home = root / "home"
        self.log = root / "app.log"
        # Nothing of the app may be written where Gradio would serve it: not in the temp folder.
        (root / "tmp").mkdir(exist_ok=True)
        self.environ = app_environment(
            root, LAB_HOME=str(self.home), GRADIO_SERVER_PORT=str(self.port), **environ
        )
        self._process: subprocess.Popen | None = None

    def start(self) -> "App":
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "app.py"],
                cwd=PROJECT,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        until(self._answers, START_SECONDS, f"the page answers\n{self.log.read_text()}")
        return self

    def kill(self) -> None:
        """End it at once, as a crash or a restart of its machine would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        assert self._process is not None and self._process.poll() is None, self.log.read_text()
        try:
            with urlopen(self.url, timeout=5) as answer:
                return answer.status == 200
        except (URLError, TimeoutError, ConnectionError):
            return False


def raised(app: App) -> list[str]:
    """The last line of each traceback in the log of the app, streams that are gone left out."""
    found = TRACEBACK.findall(app.log.read_text(encoding="utf-8"))
    return [error for error in found if error not in STREAM_GONE]


def app_environment(root: Path, **environ: str) -> Mapping[str, str]:
    return os.environ | {"TMPDIR": str(root / "tmp"), "PYTHONUNBUFFERED": "1"} | environ
