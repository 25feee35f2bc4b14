"""A push that can be watched, given up and never hangs: it runs in a child process.

The token goes to the child's standard input: no argument, environment, file or log has it.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from finetune import errors
from finetune.errors import NothingToDownload, PushFailed, TokenMissing
from finetune.push import SILENCE_SECONDS, check_name
from finetune.run import Run
from inference.errors import HubFailed, HubUnreachable, LabError, NotAHub
from inference.remote import SOURCES, child_environment

PROJECT = Path(__file__).resolve().parent.parent
TICK = 1.0
SECONDS, BYTES_PER_SECOND = 180.0, 100_000  # a push may take so long, and a slow line besides
_KINDS = (
    *(errors.RepositoryNameRefused, errors.RepositoryPublic, errors.PushRefused),
    *(NothingToDownload, PushFailed, HubUnreachable, HubFailed, NotAHub),
)
_BY_CODE: dict[str, type[LabError]] = {kind.code(): kind for kind in _KINDS}


def adapter_bytes(run: Run) -> int:
    """The size of what would be pushed; 0 of a run without an adapter."""
    adapter = run.adapter
    return sum(file.stat().st_size for file in adapter.iterdir()) if adapter else 0


def pushing(
    run: Run,
    repository: str,
    token: str,
    private: bool = True,
    environ: Mapping[str, str] = os.environ,
    *,
    silence: float = SILENCE_SECONDS,
    seconds: float | None = None,
) -> Generator[float, None, str]:
    """`push.push` in a child: yields the seconds it has taken, about one a second; the address.

    Closing the generator ends the child, and with it the push.

    Args:
        seconds: after so many the hub counts as unreachable; None for what its size may take.

    Raises:
        as `push.push`, and PushFailed: the child ended without an answer.
    """
    if not token:
        raise TokenMissing()
    check_name(repository)
    if run.adapter is None:
        raise NothingToDownload(status=run.status())
    limit = seconds or SECONDS + adapter_bytes(run) / BYTES_PER_SECOND
    asked = {"repository": repository, "token": token, "private": private, "silence": silence}
    request = json.dumps({"folder": str(run.folder), "seconds": limit + TICK, **asked})
    # The child's temporary files lie in ours: it may be killed and leave them.
    with tempfile.TemporaryDirectory() as aside:
        said = yield from _answer(
            request, child_environment(environ) | _settings(environ, aside), limit
        )
    if isinstance(said.get("pushed"), str):
        return said["pushed"]
    if said.get("error") == "timeout":
        host = urlsplit(environ.get("HF_ENDPOINT") or "").hostname or SOURCES["huggingface"]
        raise HubUnreachable(host=host, reason=TimeoutError.__name__)
    kind = _BY_CODE.get(said.get("error"), PushFailed)
    raise kind(**said.get("values", {}))


def _settings(environ: Mapping[str, str], aside: str) -> dict[str, str]:
    """Xet's transfers know no time limit of ours; the Hub takes plain ones as well."""
    folders = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), aside)
    offline = {"HF_HUB_OFFLINE": environ.get("HF_HUB_OFFLINE", "")}  # said to be unreachable then
    return {"HF_HUB_DISABLE_XET": "1", "PYTHONUTF8": "1", **offline, **folders}


def _answer(
    request: str, environment: Mapping[str, str], limit: float
) -> Generator[float, None, dict[str, Any]]:
    began = time.monotonic()
    child = subprocess.Popen(
        [sys.executable, "-m", "finetune.push_child"],
        cwd=PROJECT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        start_new_session=True,  # Ctrl-C is for the app
    )
    try:
        given: str | None = request
        while True:
            try:
                said, _ = child.communicate(given, timeout=TICK)
                break
            except subprocess.TimeoutExpired:
                given = None  # it is on its way; to repeat it is an error
            taken = time.monotonic() - began
            if taken > limit:
                return {"error": "timeout"}
            yield taken
    finally:
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            pipe.close()
    try:
        return json.loads(said)
    except ValueError:
        return {"error": "push_failed", "values": {"reason": f"exit {child.returncode}"}}
