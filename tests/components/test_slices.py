"""Training within the request: only where no queue trains, and only what is not under way."""

import pytest

from components import _slices
from components._slices import begin_or_continue
from finetune.errors import RunBusy
from finetune.recipe import Recipe

RECIPE = Recipe(task="classification", base="builtin/sentiment")


@pytest.fixture
def run(services, monkeypatch):
    def sitting(run):
        with run.lock():
            yield run.append("started", total_steps=1)
            last = run.append("finished", step=1)
        yield last

    monkeypatch.setattr(_slices, "train_in_slices", sitting)
    return services.store.create(RECIPE, [], [])


def test_where_the_queue_trains_the_request_does_nothing(services, run):
    services.jobs.submit(run)
    assert list(begin_or_continue(services, run)) == []
    assert run.status() == "queued"


def test_without_a_queue_the_request_trains_and_tells_it_is_running(services, run):
    services.jobs.launches = False
    services.jobs.submit(run)
    assert services.store.queue() == []
    statuses = [run.status() for _ in begin_or_continue(services, run)]
    assert (statuses, run.status()) == (["running", "finished"], "finished")
    services.jobs.resume(run)
    assert list(begin_or_continue(services, run)) == []


def test_a_reader_who_leaves_lets_the_run_go(services, run):
    services.jobs.launches = False
    sitting = begin_or_continue(services, run)
    next(sitting)
    sitting.close()
    assert run.status() == "interrupted"


def test_a_run_that_is_being_stopped_is_not_begun_again(services, run):
    services.jobs.launches = False
    sitting = begin_or_continue(services, run)
    next(sitting)
    run.request_stop()
    other = services.store.get(run.id)
    with pytest.raises(RunBusy):
        services.jobs.resume(other)
    assert list(begin_or_continue(services, other)) == []
