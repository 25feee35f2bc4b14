"""The queue of training runs: one at a time, owners in turn, each run a child process.

The queue itself is on disk (`queue.ticket` in each run), so a new server goes on where the old one
ended, and a worker outlives the server that launched it. Knows nothing of models or the web.
"""

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

from filelock import FileLock, Timeout

from finetune import waiting
from finetune.errors import RunBusy, RunNotFound
from finetune.printed import shorten
from finetune.runs import Run, RunStore
from inference.limits import PREFIX, Limits

log = logging.getLogger(__name__)

Command = Callable[[Run], list[str]]
POLL_SECONDS = 0.5
TIDY_SECONDS = 3_600
PROJECT = Path(__file__).resolve().parent.parent

# What a worker may know of the server's environment: never a token or a secret.
PASSED = frozenset(
    {"PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP"}
    | {"LAB_HOME", "LAB_MODELS", "LAB_CATALOG", "HF_HOME", "HF_HUB_CACHE", "XDG_CACHE_HOME"}
    | {"CUDA_VISIBLE_DEVICES", "CUDA_HOME", "NVIDIA_VISIBLE_DEVICES", "LD_LIBRARY_PATH"}
    | {"SYSTEMROOT", "PYTHONPATH", "OMP_NUM_THREADS"}
    | {"LC_ALL", "LC_COLLATE", "LC_CTYPE", "LC_MESSAGES", "LC_MONETARY", "LC_NUMERIC", "LC_TIME"}
    | {PREFIX + field.name.upper() for field in fields(Limits)}
)
FIXED = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",  # threads that spin while they wait starve the app
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONUTF8": "1",
}


def worker_command(run: Run) -> list[str]:
    return [sys.executable, "-m", "finetune", "work", str(run.folder)]


def worker_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The allowed part of `environ`, and what keeps a worker quiet and off the network."""
    return {name: value for name, value in environ.items() if name in PASSED} | FIXED


class Jobs:
    """Launches queued runs, one at a time over all servers that share the folder."""

    def __init__(
        self,
        store: RunStore,
        limits: Limits | None = None,
        command: Command = worker_command,
        before_launch: Callable[[], None] = lambda: None,
        tidy: Callable[[], None] = lambda: None,
        launches: bool = True,
    ) -> None:
        self.store = store
        self.launches = launches  # False on ZeroGPU: there a visitor's request trains, in slices
        self.limits = limits or Limits()
        self.command = command
        self._before_launch = before_launch  # makes room: memory a training will want
        self._tidy_beside = tidy  # once an hour, as the runs are
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._child: tuple[Run, subprocess.Popen, int | None] | None = None
        self._tidied_at = 0.0
        self._unusable: set[str] = set()  # runs whose folder is broken

    def submit(self, run: Run) -> None:
        """Put a run at the end of the queue, where there is one."""
        if not self.launches:
            return
        run.enqueue()
        self._unusable.discard(run.id)
        self._wake.set()

    def resume(self, run: Run) -> None:
        """Queue a run that stopped, failed or was interrupted; one that is done or under way stays.

        Raises:
            RunBusy: it is being stopped just now.
            QueueFull: it would wait behind too many.
        """
        status = run.status()
        if status == "stopping":
            raise RunBusy(status=status)
        if self.launches and status in ("stopped", "failed", "interrupted"):
            self.store.check_queue()
            self.submit(run)

    def stop(self, run: Run) -> None:
        """Ask a run to stop; one that only waits is stopped at once, one that ended stays so."""
        run.request_stop()

    def position(self, run: Run) -> int | None:
        """0 while it trains, 1 when it is the next, …; None when it does neither."""
        status = run.status()
        if status in ("running", "stopping"):
            return 0
        return waiting.place(run, self.store.queue()) if status == "queued" else None

    def starts_in(self, run: Run, queue: list[Run]) -> float | None:
        """Seconds until a run of the queue starts; None where nobody can tell.

        Args:
            queue: the store's.
        """
        longest = self.limits.run_hours * 3_600
        return waiting.starts_in(run, queue, self.store.training(), time.time(), longest)

    def start(self) -> None:
        """Begin to launch queued runs, those left over from an earlier server first."""
        if self._thread is None:
            self._closing.clear()
            self._thread = threading.Thread(target=self._loop, name="jobs", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Launch nothing more; a worker that trains goes on."""
        self._closing.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _loop(self) -> None:
        while not self._closing.is_set():
            try:
                self._collect()
                if self.launches and self._child is None:
                    self._launch_next()
                self._tidy()
            except Exception:
                # One broken run folder must not end the queue for everybody.
                log.exception("the training queue met an unexpected error")
            self._wake.wait(POLL_SECONDS)
            self._wake.clear()

    def _collect(self) -> None:
        """Forget a child that ended; note the loss of one that never began."""
        if self._child is None or self._child[1].poll() is None:
            return
        run, child, ticket = self._child
        self._child = None
        # Another ticket means that the run was stopped and has been resumed meanwhile.
        if run.folder.is_dir() and run.ticket == ticket:
            self._note_if_lost(run, child.returncode)

    def _launch_next(self) -> None:
        if not self.store.waits() or self.store.busy():  # nearly always, so a look must be cheap
            return
        lock = FileLock(self.store.root / "launch.lock")
        try:
            lock.acquire(blocking=False)
        except Timeout:  # another server is launching
            return
        try:
            # Anew, and in this order: another server may have launched the first meanwhile.
            usable = [run for run in self.store.queue() if run.id not in self._unusable]
            if usable and not self.store.busy():
                self._launch(usable[0])
        finally:
            lock.release()

    def _launch(self, run: Run) -> None:
        """Start the worker and wait until it holds the run, or is gone."""
        ticket = run.ticket
        self._before_launch()
        try:
            shorten(run.folder / "worker.log")
            with (run.folder / "worker.log").open("ab") as output:
                child = subprocess.Popen(
                    self.command(run),
                    cwd=PROJECT,
                    env=worker_environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError:
            log.exception("a training worker could not be launched")
            self._note_if_lost(run, None)
            return
        self._child = (run, child, ticket)
        with suppress(OSError):  # a full disk: the order alone suffers
            self.store.note_turn(run, time.time())
        while run.ticket is not None and child.poll() is None and not self._closing.is_set():
            self._closing.wait(0.02)

    def _tidy(self) -> None:
        now = time.time()
        if now - self._tidied_at >= TIDY_SECONDS:
            self._tidied_at = now
            self.store.expire(self.limits.run_days, now)
            self.store.make_room(now)
            self._tidy_beside()

    def _note_if_lost(self, run: Run, exit_code: int | None) -> None:
        """A worker that ended before it took its ticket leaves a failed run, not a waiting one."""
        if run.ticket is None:
            return
        try:
            with run.lock():
                if run.take_ticket():
                    run.append("failed", reason="lost_worker", exit_code=exit_code)
        except (RunBusy, RunNotFound):  # another server's worker has it, or it was deleted
            return
        except OSError:
            log.exception("a run could not be marked as failed")
            if run.ticket is not None:  # a broken folder: nobody behind it would ever start
                self._unusable.add(run.id)
