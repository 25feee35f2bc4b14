import errno
import json
import os
import stat
import subprocess
import sys
import time

import pytest

from finetune import events, room, runs
from finetune.errors import (
    NoDiskSpace,
    QueueFull,
    RunBusy,
    RunNotFinished,
    RunNotFound,
    TooManyRuns,
)
from finetune.recipe import Recipe
from finetune.run import Run, fcntl
from finetune.runs import RunStore

ROWS = [{"text": "good", "label": "1"}, {"text": "bad", "label": "0"}]
RECIPE = Recipe(task="classification", base="builtin/sentiment")
OWNER = "a" * 32
# A worker that lives in another process until it is killed.
HOLDER = """
import sys
from pathlib import Path
from finetune.run import Run
with Run(Path(sys.argv[1])).lock():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path / "runs", runs_per_visitor=3)


@pytest.fixture
def run(store):
    return store.create(RECIPE, ROWS, ROWS[:1], OWNER, "my run")


@pytest.fixture
def worker(run):
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(run.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout.readline() == "held\n"
    yield child
    child.kill()
    child.communicate()


def test_a_run_is_what_was_asked_for_in_a_private_folder(run):
    assert run.recipe == RECIPE
    assert (run.name, run.rows("train"), run.rows("held_out")) == ("my run", ROWS, ROWS[:1])
    assert stat.S_IMODE(run.folder.stat().st_mode) == 0o700
    assert OWNER not in (run.folder / "owner").read_text()
    assert run.facts["data"]["train_rows"] == 2


def test_status_of_a_run_no_worker_holds(run):
    assert run.status() == "interrupted"  # made, never queued
    run.enqueue()
    assert run.status() == "queued"
    run.take_ticket()
    for kind in ("finished", "stopped", "failed"):
        run.append("started")
        assert run.status() == "interrupted"
        run.append(kind)
        assert run.status() == kind


def test_status_while_a_worker_lives_and_after_it_was_killed(run, worker):
    run.append("finished")
    assert run.status() == "running"
    run.request_stop()
    assert run.status() == "stopping"
    run.append("step", step=1)
    worker.kill()
    worker.wait()
    assert run.status() == "interrupted"


@pytest.mark.parametrize("stopping", [True, False])
@pytest.mark.parametrize("last", ["started", "step", "finished", "stopped", "failed"])
def test_after_a_reboot_a_lock_nobody_holds_is_no_worker(run, last, stopping):
    (run.folder / "worker.lock").touch()
    if stopping:
        (run.folder / "stop.request").touch()
    run.append(last)
    assert run.status() == (last if last in events.FINAL else "interrupted")
    run.enqueue()
    assert (run.status(), run.stop_requested) == ("queued", False)


@pytest.mark.parametrize("text", [b"", b"17", b"17 oranges\n", b"\xff\xfe", b"9" * 9_000])
def test_a_half_written_ticket_keeps_its_place_in_the_queue(store, run, text):
    ahead, behind = store.create(RECIPE, [], []), store.create(RECIPE, [], [])
    ahead.enqueue()
    (run.folder / "queue.ticket").write_bytes(text)
    behind.enqueue()
    assert [waiting.id for waiting in store.queue()] == [ahead.id, run.id, behind.id]
    assert run.status() == "queued"
    assert run.take_ticket()


def test_two_probes_at_once_never_read_as_running(run):
    from concurrent.futures import ThreadPoolExecutor

    run.enqueue()
    with run.lock():
        assert Run(run.folder).status() == "running"
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: Run(run.folder).status(), range(200)))
    assert found == {"queued"}


@pytest.mark.skipif(fcntl is None, reason="without flock a look waits for its turn")
def test_a_look_at_a_running_run_waits_for_nobody(run, worker, monkeypatch):
    def never(*_, **__):
        raise AssertionError("a look took the worker's lock")

    monkeypatch.setattr("finetune.run.FileLock", never)
    assert run.status() == "running"


def test_looks_share_the_lock_and_a_worker_waits_for_them(run, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    with run.lock():  # makes the file
        pass
    with (run.folder / "worker.lock").open() as look:
        fcntl.flock(look, fcntl.LOCK_SH)
        assert not run.locked
        monkeypatch.setattr("finetune.run.LOCK_SECONDS", 0.05)
        with pytest.raises(RunBusy), run.lock():
            pass


def test_without_flock_a_look_takes_its_turn(run, worker, monkeypatch):
    monkeypatch.setattr("finetune.run.fcntl", None)
    assert run.status() == "running"
    worker.kill()
    worker.wait()
    assert run.status() == "interrupted"


def test_only_one_worker_at_a_time(run, worker, monkeypatch):
    monkeypatch.setattr("finetune.run.LOCK_SECONDS", 0.05)
    with pytest.raises(RunBusy), run.lock():
        pass
    with pytest.raises(RunBusy):
        run.delete()
    assert run.folder.exists()


def test_the_lock_can_be_taken_again_by_its_holder_only_inside(run):
    with run.lock():
        with run.lock():
            assert run.status() == "running"
        assert Run(run.folder).status() == "running"
    assert run.status() == "interrupted"


def test_a_half_written_line_is_skipped_and_closed_off(run):
    run.append("started", total_steps=3)
    with (run.folder / "events.jsonl").open("ab") as log:
        log.write(b'{"type": "step", "time": 1, "st')
    assert [event.type for event in run.events()] == ["started"]
    run.append("step", step=2)
    assert [event.type for event in run.events()] == ["started", "step"]
    assert [event.type for event in run.events(since=1)] == ["step"]


@pytest.mark.parametrize("block", [1, 40, 16_384])
def test_the_last_event_is_found_from_the_end(tmp_path, block):
    log = tmp_path / "events.jsonl"
    assert events.last(log, block) is None
    log.touch()
    assert events.last(log, block) is None
    events.append(log, "started", {"total_steps": 3})
    events.append(log, "step", {"step": 1, "note": "好" * 50})
    with log.open("ab") as cut:
        cut.write(b'{"type": "step", "time": 1, "st')
    assert events.last(log, block) == events.read(log)[-1]
    assert events.last(log, block).fields["step"] == 1


def test_status_does_not_read_the_log_from_its_beginning(run, monkeypatch):
    monkeypatch.setattr("finetune.events.read", None)
    run.append("finished")
    assert run.status() == "finished"


def test_what_is_not_finite_is_written_as_null(run):
    run.append("step", step=1, loss=float("nan"))
    line = (run.folder / "events.jsonl").read_text()
    assert json.loads(line)["loss"] is None


def test_progress_tells_step_loss_and_the_time_left(run):
    now = time.time()
    lines = [{"type": "started", "time": now - 20, "total_steps": 100}]
    lines += [
        {"type": "step", "time": now - 20 + n, "step": n, "loss": 1 / n} for n in range(1, 21)
    ]
    (run.folder / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with run.lock():
        progress = run.progress()
    assert (progress.stage, progress.step, progress.total_steps) == ("training", 20, 100)
    assert progress.loss == 0.05
    assert progress.eta_seconds == pytest.approx(80, abs=1)
    assert run.progress().eta_seconds is None  # nobody works on it


def test_a_foreign_run_answers_exactly_as_a_missing_one(store, run):
    answers = []
    for run_id, token in (
        (run.id, "b" * 32),
        (run.id, None),
        (run.id, ""),
        ("A" * 22, OWNER),
        ("../" + run.id, OWNER),
        ("", OWNER),
        (str(run.folder), OWNER),
    ):
        for find in (store.for_owner, store.for_reader):
            with pytest.raises(RunNotFound) as caught:
                find(run_id, token)
            answers.append((str(caught.value), caught.value.code()))
    assert len(set(answers)) == 1
    assert store.for_owner(run.id, OWNER).id == run.id


def test_a_finished_run_is_shared_and_withdrawn(store, run):
    with pytest.raises(RunNotFinished):
        run.share()
    run.append("finished")
    link = run.share()
    assert run.share() == link
    assert store.for_reader(run.id, link).id == run.id
    with pytest.raises(RunNotFound):
        store.for_owner(run.id, link)
    run.unshare()
    with pytest.raises(RunNotFound):
        store.for_reader(run.id, link)


def test_a_shared_run_that_trains_again_is_not_read_by_others(store, run):
    run.append("finished")
    link = run.share()
    run.append("started")
    with pytest.raises(RunNotFound):
        store.for_reader(run.id, link)


def test_an_owner_has_a_limit_and_sees_the_newest_first(store):
    made = [store.create(RECIPE, ROWS, [], OWNER, str(n)) for n in range(3)]
    other = store.create(RECIPE, ROWS, [], "c" * 32)
    assert [run.id for run in store.owned(OWNER)] == [run.id for run in reversed(made)]
    with pytest.raises(TooManyRuns, match="3 runs"):
        store.create(RECIPE, ROWS, [], OWNER)
    made[0].delete()
    assert not made[0].folder.exists()
    store.create(RECIPE, ROWS, [], OWNER)
    assert [run.id for run in store.owned("c" * 32)] == [other.id]
    assert store.owned(None) == []


def test_a_full_queue_takes_no_more_runs_of_visitors(tmp_path):
    store = RunStore(tmp_path / "runs", queued_runs=2)
    waiting = [store.create(RECIPE, ROWS, [], OWNER) for _ in range(2)]
    for run in waiting:
        run.enqueue()
    with pytest.raises(QueueFull, match="2 runs wait"):
        store.create(RECIPE, ROWS, [], "b" * 32)
    assert len(store.all()) == 2
    waiting[0].take_ticket()
    store.create(RECIPE, ROWS, [], "b" * 32)


def test_a_waiting_run_is_stopped_at_once(run):
    run.enqueue()
    run.request_stop()
    assert run.status() == "stopped"
    assert not run.stop_requested
    run.request_stop()  # nothing more to stop
    assert run.status() == "stopped"


def test_old_runs_expire_but_not_those_at_work(store, run):
    waiting = store.create(RECIPE, ROWS, [], OWNER)
    waiting.enqueue()
    run.append("finished")
    assert store.expire(7, time.time()) == []
    later = time.time() + 8 * 86_400
    assert store.expire(7, later) == [run.id]
    assert [left.id for left in store.all()] == [waiting.id]


def test_a_run_that_cannot_be_written_leaves_nothing(store, monkeypatch):
    def full(path, value):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("finetune.runs.write_json", full)
    with pytest.raises(NoDiskSpace):
        store.create(RECIPE, ROWS, [], OWNER)
    assert list(store.root.iterdir()) == []


def ended(store, ago, kind="finished", owner=OWNER, size=1_000):
    """A run in which nothing happened for `ago` seconds, of about `size` bytes more than usual."""
    run = store.create(RECIPE, [], [], owner)
    (run.folder / "weights").write_bytes(b"x" * size)
    if kind:
        run.append(kind)
        os.utime(run.folder / "events.jsonl", (time.time() - ago,) * 2)
    return run


def test_the_oldest_that_ended_make_room_and_those_at_work_never(tmp_path):
    store = RunStore(tmp_path / "runs")
    waiting, working = ended(store, 90_000, size=60_000), ended(store, 80_000, "stopped")
    waiting.enqueue()
    old = [ended(store, 9_000 - n, kind, size=30_000) for n, kind in enumerate(events.FINAL)]
    store.runs_bytes = 140_000
    with working.lock():
        assert store.make_room(time.time())
    assert {run.id for run in store.all()} == {waiting.id, working.id, *(r.id for r in old[1:])}
    store.runs_bytes = 1
    with working.lock():
        assert not store.make_room(time.time())
    assert len(store.all()) == 4  # no run is given for nothing
    store.runs_bytes = room.folder_bytes(store.root) - 40_000
    with working.lock():
        assert store.make_room(time.time())
    assert {run.id for run in store.all()} == {waiting.id, working.id}


def test_a_run_that_was_queued_or_went_on_since_it_was_looked_at_is_kept(store, run):
    run.append("finished")
    since = run.last_activity
    run.enqueue()
    assert not runs._deleted(run, since)
    run.take_ticket()
    assert not runs._deleted(run, since - 1)
    assert runs._deleted(run, since)


def test_a_run_that_ended_within_the_hour_is_spared_and_no_other_is_made(tmp_path):
    store = RunStore(tmp_path / "runs", runs_bytes=20_000)
    young, made = ended(store, 3_000, size=30_000), None
    with pytest.raises(NoDiskSpace):
        store.create(RECIPE, ROWS, [], "b" * 32)
    assert [run.id for run in store.all()] == [young.id]
    os.utime(young.folder / "events.jsonl", (time.time() - 4_000,) * 2)
    made = store.create(RECIPE, ROWS, [], "b" * 32)
    assert [run.id for run in store.all()] == [made.id]


def test_a_disk_that_runs_short_is_freed_only_as_far_as_needed(tmp_path, monkeypatch):
    store = RunStore(tmp_path / "runs", disk_spare_bytes=1_000)
    first, second = ended(store, 9_000), ended(store, 8_000)
    free = {True: 400, False: 1_000}
    monkeypatch.setattr("finetune.room.free_bytes", lambda _: free[first.folder.exists()])
    store.create(RECIPE, ROWS, [], "b" * 32)
    assert (first.folder.exists(), second.folder.exists()) == (False, True)


def test_broken_folders_keep_no_other_run_from_expiring_or_making_room(store, run):
    run.append("finished")
    broken = store.create(RECIPE, ROWS, [])
    (broken.folder / "recipe.json").write_text('{"created": "')
    (store.root / ("f" * 22)).write_text("a file")
    assert [found.id for found in store.owned(OWNER)] == [run.id]
    gone = store.expire(7, time.time() + 8 * 86_400)
    assert set(gone) == {run.id, broken.id}


def test_what_a_crash_left_is_swept_after_an_hour(store, run):
    for name in (f".new-{'y' * 22}", f".deleted-{'z' * 22}"):
        (store.root / name / "checkpoints").mkdir(parents=True)
    store.expire(7, time.time())
    assert len(list(store.root.iterdir())) == 3
    assert store.expire(7, time.time() + 7_200) == []
    assert list(store.root.iterdir()) == [run.folder]


def test_the_queue_of_runs_nobody_owns_is_first_come_first_served(store):
    runs = [store.create(RECIPE, ROWS, []) for _ in range(3)]
    for run in (runs[2], runs[0], runs[1]):
        run.enqueue()
    assert [run.id for run in store.queue()] == [runs[2].id, runs[0].id, runs[1].id]


def test_a_half_made_run_is_never_found(store, run):
    (store.root / ("x" * 22)).mkdir()
    os.mkdir(store.root / f".new-{'y' * 22}")
    assert [found.id for found in store.all()] == [run.id]
    with pytest.raises(RunNotFound):
        store.get("x" * 22)
