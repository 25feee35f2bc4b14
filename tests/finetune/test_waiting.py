"""Whose turn it is and when: read from run folders, exact to the second."""

import json
import os

import pytest

from finetune import waiting
from finetune.recipe import Recipe
from finetune.runs import RunStore

RECIPE = Recipe(task="classification", base="builtin/sentiment", max_steps=10)
ANN, BEN, CAT = "a" * 32, "b" * 32, "c" * 32
LONGEST = 3_600.0


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path / "runs")


def queued(store, owner, at, seconds=None):
    """A run of `owner` that waits since the second `at`."""
    run = store.create(RECIPE, [], [], owner, f"{(owner or '-')[0]}{at}", seconds)
    (run.folder / "queue.ticket").write_text(f"{at * 10**9}\n")
    return run


def trained(store, owner, until):
    """A run of `owner` that a worker trained until the second `until`."""
    run = store.create(RECIPE, [], [], owner)
    run.record(precision="fp32")
    run.append("finished")
    os.utime(run.folder / "events.jsonl", (until, until))
    return run


def told(run, *events):
    lines = (json.dumps({"type": kind, "time": at} | fields) for kind, at, fields in events)
    (run.folder / "events.jsonl").write_text("".join(line + "\n" for line in lines))


def names(store):
    return [run.name for run in store.queue()]


def test_visitors_take_turns_and_each_keeps_the_order_of_the_own_runs(store):
    for owner, at in ((ANN, 1), (ANN, 2), (ANN, 3), (BEN, 4), (BEN, 5), (CAT, 6)):
        queued(store, owner, at)
    assert names(store) == ["a1", "b4", "c6", "a2", "b5", "a3"]


def test_who_deletes_what_was_trained_has_had_the_turn_all_the_same(store):
    for owner, at in ((ANN, 2), (ANN, 3), (BEN, 4), (BEN, 5)):
        queued(store, owner, at)
    first = trained(store, ANN, 20)
    assert names(store) == ["b4", "a2", "b5", "a3"]
    store.note_turn(first, 10)
    first.delete()
    assert names(store) == ["b4", "a2", "b5", "a3"]
    (store.root / "turns.json").write_text("[")
    assert names(store) == ["a2", "b4", "a3", "b5"]


def test_runs_that_nobody_owns_take_their_own_turns(store):
    for owner, at in ((ANN, 1), (ANN, 2), (None, 3), (None, 4)):
        queued(store, owner, at)
    assert names(store) == ["a1", "-3", "-4", "a2"]


def test_whose_run_trains_now_stands_behind_all_others(store):
    training = store.create(RECIPE, [], [], ANN)
    for owner, at in ((ANN, 1), (ANN, 2), (BEN, 3), (BEN, 4), (CAT, 5)):
        queued(store, owner, at)
    with training.lock():
        assert names(store) == ["b3", "c5", "a1", "b4", "a2"]


def test_whose_run_has_trained_went_to_the_end_of_the_line(store):
    """The order shown while it trained is the one that follows; newcomers do not pass for ever."""
    trained(store, ANN, until=10)
    for owner, at in ((ANN, 1), (BEN, 9), (CAT, 11)):
        queued(store, owner, at)
    assert names(store) == ["b9", "a1", "c11"]


def test_the_order_foreseen_is_the_order_that_comes(store):
    """Each start moves the others up by one; no run is passed by one that was behind it."""
    for owner, at in ((ANN, 1), (ANN, 2), (ANN, 3), (BEN, 4), (BEN, 5), (CAT, 6)):
        queued(store, owner, at)
    clock = 10
    foreseen = names(store)
    while queue := store.queue():
        assert [run.name for run in queue] == foreseen
        first = queue[0]
        with first.lock():
            first.take_ticket()
            first.record(precision="fp32")
            assert names(store) == foreseen[1:]
        first.append("finished")
        clock += 1
        os.utime(first.folder / "events.jsonl", (clock, clock))
        foreseen = foreseen[1:]


def test_a_waiting_run_that_was_taken_back_costs_no_turn(store):
    store.create(RECIPE, [], [], ANN).append("stopped")
    for owner, at in ((ANN, 1), (BEN, 2)):
        queued(store, owner, at)
    assert names(store) == ["a1", "b2"]


def test_broken_folders_hold_nobody_up(store):
    queued(store, ANN, 1)
    queued(store, BEN, 2)
    (store.root / ("f" * 22)).write_text("a file")
    (store.root / ("t" * 22) / "queue.ticket").mkdir(parents=True)
    (store.root / ("o" * 22) / "owner").mkdir(parents=True)
    broken = trained(store, ANN, until=3)
    (broken.folder / "recipe.json").write_text("{")
    assert names(store) == ["a1", "b2"]
    assert len(store.all()) == 2


def test_with_one_visitor_no_other_run_is_looked_at(store, monkeypatch):
    def never(*_):
        raise AssertionError("looked at who was served")

    monkeypatch.setattr(waiting, "_served", never)
    assert store.queue() == []
    queued(store, ANN, 1), queued(store, ANN, 2)
    assert names(store) == ["a1", "a2"]


def starts(store, run, now=0.0, longest=LONGEST):
    return waiting.starts_in(run, store.queue(), store.training(), now, longest)


def test_a_run_starts_when_those_before_it_are_done(store):
    first, second, third = (queued(store, ANN, at, 100.0 * at) for at in (1, 2, 3))
    assert [starts(store, run) for run in (first, second, third)] == [0, 100, 300]
    assert starts(store, third, longest=150.0) == 250
    first.take_ticket()
    assert starts(store, first) is None


def test_what_is_unknown_before_it_makes_the_start_unknown(store):
    first, second, third = (queued(store, ANN, at, s) for at, s in ((1, 50.0), (2, None), (3, 9.0)))
    assert (starts(store, first), starts(store, second), starts(store, third)) == (0, 50, None)


def test_a_broken_run_before_it_takes_no_time(store):
    first, second = queued(store, ANN, 1, 50.0), queued(store, ANN, 2)
    (first.folder / "recipe.json").write_text("{")
    assert starts(store, second) == 0


def test_a_run_under_way_needs_what_its_pace_says_and_then_compares(store):
    training, run = store.create(RECIPE, [], [], ANN, "", 1_000.0), queued(store, BEN, 1)
    steps = [("step", 100 + 4 * n, {"step": n}) for n in range(1, 6)]
    told(training, ("started", 100, {"total_steps": 10, "resumed_at": 0}), *steps)
    with training.lock():  # 5 steps of 4 seconds, 15 % of 10 steps to compare
        assert starts(store, run, now=120) == pytest.approx(20 + 6)
        assert starts(store, run, now=123) == pytest.approx(17 + 6)
        assert starts(store, run, now=999) == 0


def test_a_run_without_a_pace_needs_what_was_estimated(store):
    training, run = store.create(RECIPE, [], [], ANN, "", 60.0), queued(store, BEN, 1)
    with training.lock():
        assert starts(store, run, now=500) == 60  # its worker loads
        told(training, ("started", 500, {"total_steps": 10, "resumed_at": 5}))
        assert starts(store, run, now=510) == 20
        assert starts(store, run, now=999) == 0


def test_a_run_that_goes_on_needs_its_share_of_the_estimate(store):
    first, second = queued(store, ANN, 1, 100.0), queued(store, ANN, 2)
    told(first, ("started", 0, {"total_steps": 10}), ("stopped", 9, {"step": 8}))
    assert starts(store, second) == pytest.approx(20)
    first.take_ticket()
    with first.lock():  # loading: the old pace tells nothing yet
        assert starts(store, second, now=10_000) == pytest.approx(20)
