import threading

import pytest

from inference import hardware
from inference.load import GAP_SECONDS, MINUTES, SECONDS, Load, busy_seconds

CARD = {"use_percent": 80, "memory_free": 4, "memory_total": 16}


class Machine:
    """A clock, and processors that are busy for `share` of it."""

    def __init__(self, cores=2.0):
        self.now, self.used, self.share, self.cores = 1_000.0, 0.0, 0.25, cores

    def pass_on(self, seconds):
        self.now += seconds
        self.used += seconds * self.share * self.cores

    def load(self):
        return Load(lambda: self.used, lambda: self.now, self.pass_on)


@pytest.fixture
def machine(monkeypatch):
    found = Machine()
    monkeypatch.setattr(hardware, "cores", lambda: found.cores)
    monkeypatch.setattr(hardware, "main_memory", lambda: (100, 40))
    monkeypatch.setattr(hardware, "gpus", lambda: [])
    return found


def test_the_first_look_has_a_sample_already(machine):
    (first,) = machine.load().look()
    assert (first.cpu, first.memory, first.gpu) == (pytest.approx(0.25), 0.6, None)


def test_the_processors_share_is_that_since_the_last_look(machine):
    load = machine.load()
    load.look()
    machine.share = 0.75
    machine.pass_on(3)
    assert load.look()[-1].cpu == pytest.approx(0.75)


def test_visitors_share_the_samples(machine):
    load = machine.load()
    first = load.look()
    machine.pass_on(SECONDS / 2)
    assert load.look() == first


def test_the_record_is_bounded_and_old_samples_are_not_shown(machine):
    load = machine.load()
    for _ in range(1_000):
        machine.pass_on(3)
        samples = load.look()
    assert len(samples) <= 60 * MINUTES / SECONDS
    assert samples[-1].time - samples[0].time <= 60 * MINUTES


def test_after_nobody_has_looked_for_a_while_the_chart_begins_anew(machine):
    load = machine.load()
    load.look()
    machine.pass_on(GAP_SECONDS + 1)
    assert len(load.look()) == 1


def test_the_busiest_card_counts_and_one_that_tells_nothing_does_not(machine, monkeypatch):
    silent = {"use_percent": None, "memory_free": 16, "memory_total": 16}
    monkeypatch.setattr(hardware, "gpus", lambda: [silent, CARD])
    (found,) = machine.load().look()
    assert (found.gpu, found.gpu_memory) == (0.8, 0.75)
    monkeypatch.setattr(hardware, "gpus", lambda: [silent])
    assert machine.load().look()[0].gpu is None


def test_no_thread_is_left_behind():
    before = threading.active_count()
    Load().look()
    assert threading.active_count() == before


def test_a_containers_processor_time_counts(tmp_path):
    (tmp_path / "cpu.stat").write_text("usage_usec 2500000\nuser_usec 1\n", encoding="utf-8")
    assert busy_seconds(tmp_path) == 2.5
    (tmp_path / "cpu.stat").unlink()
    (tmp_path / "cpuacct").mkdir()
    (tmp_path / "cpuacct" / "cpuacct.usage").write_text("1500000000\n", encoding="utf-8")
    assert busy_seconds(tmp_path) == 1.5
    assert busy_seconds(tmp_path / "none") > 0  # the whole machine's
