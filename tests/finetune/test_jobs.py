import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from finetune import jobs as jobs_module
from finetune import printed
from finetune.errors import QueueFull
from finetune.jobs import Jobs, worker_environment
from finetune.recipe import Recipe
from finetune.run import Run
from finetune.runs import RunStore

RECIPE = Recipe(task="classification", base="builtin/sentiment")
# A stand-in for the worker: takes its run, writes its order, waits for the word to end.
WORKER = """
import os, sys
from pathlib import Path
from finetune.run import Run
run = Run(Path(sys.argv[1]))
with run.lock():
    if run.take_ticket():
        (run.folder / "pid").write_text(str(os.getpid()))
        run.append("started", total_steps=1)
        with (run.folder.parent / "order").open("a") as order:
            order.write(run.id + "\\n")
        while not (run.stop_requested or (run.folder.parent / "go").exists()):
            pass
        run.append("stopped" if run.stop_requested else "finished")
"""

# A server that is killed: it launches the stand-in, like the tests do.
SERVER = """
import sys, time
from pathlib import Path
from finetune.jobs import Jobs
from finetune.runs import RunStore
command = lambda run: [sys.executable, "-c", sys.argv[2], str(run.folder)]
Jobs(RunStore(Path(sys.argv[1])), command=command).start()
time.sleep(60)
"""


def command(run):
    return [sys.executable, "-c", WORKER, str(run.folder)]


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path / "runs")


@pytest.fixture
def jobs(store, monkeypatch):
    monkeypatch.setattr(jobs_module, "POLL_SECONDS", 0.02)
    made = Jobs(store, command=command)
    yield made
    (store.root / "go").touch()
    made.close()
    if made._child:
        made._child[1].wait(20)


def until(run, *statuses, seconds=20):
    """Waits for the run's own status; the event only paces the polling."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if run.status() in statuses:
            return run.status()
        pause.wait(0.02)
    raise AssertionError(f"still {run.status()}")


def order(store):
    return (store.root / "order").read_text().split()


def test_runs_are_trained_one_at_a_time_in_the_order_they_came(store, jobs):
    runs = [store.create(RECIPE, [], []) for _ in range(3)]
    jobs.start()
    for run in runs:
        jobs.submit(run)
    until(runs[0], "running")
    assert [jobs.position(run) for run in runs] == [0, 1, 2]
    assert [run.status() for run in runs[1:]] == ["queued", "queued"]
    (store.root / "go").touch()
    for run in runs:
        assert until(run, "finished") == "finished"
    assert order(store) == [run.id for run in runs]
    assert jobs.position(runs[0]) is None


def test_runs_queued_before_a_restart_are_picked_up(store, jobs):
    run = store.create(RECIPE, [], [])
    Jobs(store).submit(run)  # a server that ended before it could launch
    (store.root / "go").touch()
    jobs.start()
    until(run, "finished")


def test_a_worker_outlives_its_server_and_keeps_the_next_one_waiting(store, jobs):
    first, second = (store.create(RECIPE, [], []) for _ in range(2))
    jobs.start()
    jobs.submit(first)
    until(first, "running")
    jobs.close()
    assert first.status() == "running"
    jobs.submit(second)
    jobs._collect()
    other = Jobs(store, command=command)
    other._launch_next()
    assert (first.status(), second.status(), other._child) == ("running", "queued", None)


def test_neither_a_killed_server_nor_a_killed_worker_leaves_a_ghost(store, jobs):
    first, second = (store.create(RECIPE, [], []) for _ in range(2))
    first.enqueue(), second.enqueue()
    arguments = [sys.executable, "-c", SERVER, str(store.root), WORKER]
    server = subprocess.Popen(arguments, cwd=jobs_module.PROJECT)
    until(first, "running")
    server.kill()
    server.wait()
    jobs._launch_next()  # the next server
    assert (first.status(), second.status()) == ("running", "queued")
    os.kill(int((first.folder / "pid").read_text()), signal.SIGKILL)
    assert until(first, "interrupted") == "interrupted"
    jobs.start()
    until(second, "running")
    jobs.resume(first)
    (store.root / "go").touch()
    until(first, "finished")
    assert order(store) == [first.id, second.id, first.id]


def test_two_workers_for_one_ticket_train_it_once(store):
    """A server killed between its launch and the ticket's taking, and the next one's launch."""
    run = store.create(RECIPE, [], [])
    run.enqueue()
    (store.root / "go").touch()
    workers = [subprocess.Popen(command(run), cwd=jobs_module.PROJECT) for _ in range(2)]
    for worker in workers:
        worker.wait(60)
    assert order(store) == [run.id]
    assert run.status() == "finished"


def test_a_run_whose_folder_is_broken_holds_nobody_up(store, jobs):
    broken, whole = (store.create(RECIPE, [], []) for _ in range(2))
    (broken.folder / "worker.lock").mkdir()  # nobody can take it, nor mark the run as failed
    jobs.start()
    jobs.submit(broken)
    jobs.submit(whole)
    (store.root / "go").touch()
    until(whole, "finished")
    assert order(store) == [whole.id]


def test_a_run_is_launched_with_the_end_of_its_earlier_log_alone(store, jobs):
    run = store.create(RECIPE, [], [])
    log = run.folder / "worker.log"
    log.write_bytes(b"x" * (printed.LOG_BYTES + 1))
    run.enqueue()
    jobs._launch_next()
    until(run, "running")
    assert log.stat().st_size == printed.LOG_BYTES // 2


def test_once_an_hour_runs_and_uploads_are_tidied(store, monkeypatch):
    done = []
    monkeypatch.setattr(store, "expire", lambda days, now: done.append(f"expire {days}"))
    monkeypatch.setattr(store, "make_room", lambda now: done.append("room"))
    jobs = Jobs(store, tidy=lambda: done.append("beside"))
    jobs._tidy()
    jobs._tidy()
    assert done == ["expire 7", "room", "beside"]
    jobs._tidied_at = time.time() - jobs_module.TIDY_SECONDS
    jobs._tidy()
    assert len(done) == 6


def test_a_running_run_is_asked_to_stop_and_a_waiting_one_stops(store, jobs):
    first, second = (store.create(RECIPE, [], []) for _ in range(2))
    jobs.start()
    jobs.submit(first)
    until(first, "running")
    jobs.submit(second)
    jobs.stop(second)
    assert second.status() == "stopped"
    jobs.stop(first)
    assert until(first, "stopped") == "stopped"
    assert order(store) == [first.id]


def test_a_stopped_run_is_resumed_and_a_finished_one_stays(store, jobs):
    run = store.create(RECIPE, [], [])
    run.append("stopped")
    (run.folder / "stop.request").touch()
    jobs.resume(run)
    assert (run.status(), run.stop_requested) == ("queued", False)
    run.take_ticket()
    run.append("finished")
    jobs.resume(run)
    assert run.status() == "finished"


def test_a_full_queue_takes_no_run_again(store, jobs):
    store.queued_runs = 1
    waiting, stopped = (store.create(RECIPE, [], []) for _ in range(2))
    stopped.append("stopped")
    waiting.enqueue()
    jobs.resume(waiting)  # is in the queue already
    with pytest.raises(QueueFull):
        jobs.resume(stopped)
    assert stopped.status() == "stopped"


@pytest.mark.parametrize("broken", [[sys.executable, "-c", "raise SystemExit(3)"], ["/no/such"]])
def test_a_worker_that_never_began_is_a_failed_run(store, jobs, broken):
    jobs.command = lambda run: broken
    run = store.create(RECIPE, [], [])
    jobs.start()
    jobs.submit(run)
    assert until(run, "failed") == "failed"
    assert run.events()[-1].fields["reason"] == "lost_worker"


def test_a_killed_worker_leaves_an_interrupted_run_and_the_queue_goes_on(store, jobs):
    first, second = (store.create(RECIPE, [], []) for _ in range(2))
    jobs.start()
    jobs.submit(first)
    until(first, "running")
    jobs.submit(second)
    jobs._child[1].kill()
    until(second, "running")
    assert first.status() == "interrupted"


def test_a_run_resumed_before_its_old_worker_was_collected_waits_for_a_new_one(store, jobs):
    """Stop and Resume in quick succession: the new ticket is not the old worker's."""
    run = store.create(RECIPE, [], [])
    run.enqueue()
    jobs._launch_next()
    until(run, "running")
    jobs.stop(run)
    jobs._child[1].wait()
    jobs.resume(run)
    jobs._collect()
    assert run.status() == "queued"


def test_room_is_made_before_a_training(store):
    told = []
    jobs = Jobs(store, command=command, before_launch=lambda: told.append(True))
    jobs._launch_next()
    assert told == []
    run = store.create(RECIPE, [], [])
    run.enqueue()
    jobs._launch_next()
    assert told == [True]
    until(run, "running")
    jobs.stop(run)
    jobs._child[1].wait()


def test_a_run_stopped_while_its_worker_starts_is_left_alone(store):
    run = store.create(RECIPE, [], [])
    run.enqueue()
    run.request_stop()
    subprocess.run(command(run), cwd=jobs_module.PROJECT, check=True)
    assert [event.type for event in Run(run.folder).events()] == ["stopped"]


def test_an_idle_queue_looks_at_no_run_and_a_full_one_at_locks_alone(store, monkeypatch):
    def never(*_):
        raise AssertionError("a look at the queue read a log")

    monkeypatch.setattr("finetune.events.read", never)
    monkeypatch.setattr("finetune.events.last", never)
    done, waiting = (store.create(RECIPE, [], []) for _ in range(2))
    done.append("finished")
    other = Jobs(store, command=command)
    with monkeypatch.context() as patch:
        patch.setattr(Run, "locked", property(never))
        other._launch_next()
    waiting.enqueue()
    with done.lock():
        other._launch_next()
    assert other._child is None


SECRETS = (
    *("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "OAUTH_CLIENT_SECRET", "LAB_CHAT_KEY", "LAB_X_TOKEN"),
    *("OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "MODELSCOPE_API_TOKEN", "DATABASE_PASSWORD"),
    *("LC_TOKEN", "LAB_LIMIT_SECRET", "HF_HOME_TOKEN", "https_proxy"),
)


def test_a_worker_is_told_what_it_needs():
    given = {"PATH": "/bin", "LAB_HOME": "/lab", "LC_ALL": "C", "LAB_LIMIT_TURNS": "3"}
    passed = worker_environment(given)
    assert given.items() <= passed.items()
    assert (passed["HF_HUB_OFFLINE"], passed["HF_HUB_DISABLE_IMPLICIT_TOKEN"]) == ("1", "1")


def test_a_worker_learns_no_secret(store, jobs, monkeypatch):
    """Neither by name nor by value, in its environment or its arguments, as it sees them."""
    for name in SECRETS:
        monkeypatch.setenv(name, f"canary-{name}")
    tell = "import json, os, sys; print(json.dumps([dict(os.environ), sys.orig_argv]))"
    jobs.command = lambda run: [sys.executable, "-c", tell, *jobs_module.worker_command(run)]
    run = store.create(RECIPE, [], [])
    run.enqueue()
    jobs._launch_next()
    jobs._child[1].wait(60)
    told = (run.folder / "worker.log").read_text()
    assert set(json.loads(told)[0]).isdisjoint(SECRETS)
    assert "canary" not in told


def test_the_worker_is_in_a_session_of_its_own(store, jobs):
    run = store.create(RECIPE, [], [])
    jobs.start()
    jobs.submit(run)
    until(run, "running")
    child = jobs._child[1]
    assert os.getsid(child.pid) == child.pid
