import os
import subprocess
import sys
import threading

import pytest

from finetune import jobs as jobs_module
from finetune.errors import QueueFull
from finetune.jobs import Jobs, worker_environment
from finetune.recipe import Recipe
from finetune.run import Run
from finetune.runs import RunStore

RECIPE = Recipe(task="classification", base="builtin/sentiment")
# A stand-in for the worker: takes its run, writes its order, waits for the word to end.
WORKER = """
import sys
from pathlib import Path
from finetune.run import Run
run = Run(Path(sys.argv[1]))
with run.lock():
    if run.take_ticket():
        run.append("started", total_steps=1)
        with (run.folder.parent / "order").open("a") as order:
            order.write(run.id + "\\n")
        while not (run.stop_requested or (run.folder.parent / "go").exists()):
            pass
        run.append("stopped" if run.stop_requested else "finished")
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


def test_a_worker_learns_no_secret(monkeypatch):
    given = {"HF_TOKEN": "hf_x", "OPENAI_API_KEY": "k", "AWS_SECRET_ACCESS_KEY": "k"}
    given |= {"PATH": "/bin", "LAB_HOME": "/lab", "LC_ALL": "C", "LAB_LIMIT_TURNS": "3"}
    passed = worker_environment(given)
    assert not {"HF_TOKEN", "OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY"} & set(passed)
    assert {"PATH", "LAB_HOME", "LC_ALL", "LAB_LIMIT_TURNS"} <= set(passed)
    assert passed["HF_HUB_OFFLINE"] == "1"


def test_the_worker_is_in_a_session_of_its_own(store, jobs):
    run = store.create(RECIPE, [], [])
    jobs.start()
    jobs.submit(run)
    until(run, "running")
    child = jobs._child[1]
    assert os.getsid(child.pid) == child.pid
