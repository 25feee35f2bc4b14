"""Training on a ZeroGPU Space, in real forked workers on a processor."""

import os
import signal
import threading

import pytest

from finetune.trainer import train
from tests.finetune.runs_of_tiny import losses, make, steady_models, types
from tests.zero_gpu import QUOTA, Platform

pytest.importorskip("spaces")

# Slices that end at the third look at the clock; what a fork inherits needs no passing on.
HEAD = """
import sys, threading
from contextvars import copy_context
from pathlib import Path
from types import SimpleNamespace
from gradio.context import LocalContext
from starlette.datastructures import Headers
from finetune import slice_worker
from finetune.run import Run
from finetune.slices import train_in_slices
from finetune.stopping import StopSwitch
runs = [Run(Path(folder)) for folder in sys.argv[1:]]
slice_worker.TICK_SECONDS = 0.05

def ask_as(visitor):
    headers = Headers({"x-ip-token": visitor})
    LocalContext.request.set(SimpleNamespace(headers=headers))

class Short(StopSwitch):
    looks = 0
    def overdue(self, reserve=0.0):
        self.looks += 1
        if self.looks >= 3:
            self.press("time_limit")
        return super().overdue(reserve)
"""
SHORT = HEAD + "slice_worker.StopSwitch = Short\n"
TO_THE_END = SHORT + "ask_as('one')\nlist(train_in_slices(runs[0]))"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return steady_models(tmp_path_factory.mktemp("models"))


@pytest.fixture
def platform(tmp_path):
    with Platform(tmp_path) as found:
        yield found


def until(condition, seconds=60):
    pause = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        pause.wait(0.05)
    raise AssertionError("it never came to that")


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_run_in_slices_ends_as_one_in_one_piece(tmp_path, models, platform):
    whole, sliced = make(tmp_path / "whole", models), make(tmp_path / "sliced", models)
    train(whole)
    platform.run(TO_THE_END, sliced.folder)
    assert types(sliced)[-1] == "finished"
    assert [types(sliced).count(kind) for kind in ("started", "finished", "stopped")] == [1, 1, 0]
    assert len(platform.scheduled) > 4
    assert max(int(call["durationSeconds"]) for call in platform.scheduled) <= 90  # 60 of a half
    assert losses(sliced)[14] == pytest.approx(losses(whole)[14], rel=1e-4)
    assert sliced.report()["tuned"] == whole.report()["tuned"]
    assert (sliced.folder / "tokenizer").is_dir() and (sliced.adapter / "README.md").exists()


def test_the_end_of_the_quota_stops_a_run_and_the_next_sitting_finishes_it(
    tmp_path, models, platform
):
    run = make(tmp_path / "run", models)
    platform.answers = [None, None, QUOTA]
    platform.run(TO_THE_END, run.folder)
    last = run.last_event
    assert (run.status(), last.fields["reason"]) == ("stopped", "quota")
    assert last.fields["wait_seconds"] == 3_723
    assert last.fields["step"] == 6
    assert run.adapter is not None and (run.adapter / "lab.json").exists()
    platform.run(TO_THE_END, run.folder)
    assert run.status() == "finished"
    assert run.report()["step"] == 14


def test_two_visitors_train_at_once_each_on_their_own_quota(tmp_path, models, platform):
    runs = [make(tmp_path / name, models) for name in ("one", "two")]
    script = """
begun = threading.Barrier(2)
def visit(run):
    ask_as(run.folder.name)
    sitting = train_in_slices(run)
    next(sitting)
    begun.wait(60)
    assert all(it.status() == "running" for it in runs)
    list(sitting)
visits = [threading.Thread(target=copy_context().run, args=(visit, run)) for run in runs]
for it in visits: it.start()
for it in visits: it.join()
"""
    platform.run(SHORT + script, *(run.folder for run in runs))
    assert [run.status() for run in runs] == ["finished", "finished"]
    assert losses(runs[0]) == losses(runs[1])
    assert {call.get("token") for call in platform.scheduled} == {"one", "two"}


AT_A_STEP = """
known, sitting = runs[0].last_event, train_in_slices(runs[0])
for event in sitting:
    if event != known and event.type in ("step", "checkpoint"):
        assert Run(runs[0].folder).status() == "running"
        break
"""


def test_a_stop_within_a_slice_takes_effect_and_keeps_the_adapter(tmp_path, models, platform):
    run = make(tmp_path / "run", models, max_steps=100_000)
    platform.run(HEAD + AT_A_STEP + "runs[0].request_stop()\nlist(sitting)", run.folder)
    assert (run.status(), run.last_event.fields["reason"]) == ("stopped", "request")
    assert run.adapter is not None
    assert len(platform.scheduled) == 1


def test_a_visitor_who_leaves_interrupts_the_run(tmp_path, models, platform):
    """Closed by another thread, as the page does it; then the run goes on where it was."""
    run = make(tmp_path / "run", models, max_steps=100_000)
    leave = """
leaving = threading.Thread(target=sitting.close)
leaving.start()
leaving.join()
"""
    again = AT_A_STEP + "runs[0].request_stop()\nlist(sitting)"
    platform.run(HEAD + AT_A_STEP + leave, run.folder)
    assert run.status() == "interrupted"
    reached = max(e.fields["step"] for e in run.events() if e.type == "checkpoint")
    platform.run(HEAD + again, run.folder)
    assert run.status() == "stopped"
    assert [e.fields["resumed_at"] for e in run.events() if e.type == "started"] == [0, reached]


def test_a_process_that_dies_takes_its_worker_along_and_leaves_no_ghost(tmp_path, models, platform):
    run = make(tmp_path / "run", models, max_steps=100_000)
    note = "open(runs[0].folder / 'worker', 'w').write(str(__import__('multiprocessing')"
    note += ".active_children()[0].pid) + '\\n')\nlist(sitting)"
    app = platform.start(HEAD + AT_A_STEP + note, run.folder)
    until(lambda: (run.folder / "worker").exists() and "\n" in (run.folder / "worker").read_text())
    app.send_signal(signal.SIGKILL)
    app.wait()
    assert run.status() == "interrupted"
    until(lambda: not alive(int((run.folder / "worker").read_text())))
    assert run.status() == "interrupted"


def test_a_step_longer_than_a_slice_ends_the_run_instead_of_eating_the_quota(
    tmp_path, models, platform
):
    run = make(tmp_path / "run", models, gradient_accumulation_steps=4)
    never = "Short.looks = 3\nlist(train_in_slices(runs[0]))"
    platform.run(SHORT + never, run.folder)
    assert (run.status(), run.last_event.fields["reason"]) == ("failed", "slice_too_short")
    assert len(platform.scheduled) == 1


def test_a_worker_that_dies_stops_the_run_and_not_the_app(tmp_path, models, platform):
    run = make(tmp_path / "run", models, max_steps=100_000)
    kill = """
import multiprocessing
multiprocessing.active_children()[0].kill()
list(sitting)
"""
    platform.run(HEAD + AT_A_STEP + kill, run.folder)
    assert (run.status(), run.last_event.fields["reason"]) == ("stopped", "accelerator_failed")
