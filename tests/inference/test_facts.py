import getpass
import json
import platform
import socket
import threading
import time
from pathlib import Path

import pytest

from inference import cached, facts, hardware
from inference.catalog import Catalog
from inference.facts import ALLOWED, Machine, allowed
from inference.reach import Reach
from tests.inference.machines import MACHINES

CATALOG = Catalog.load({})


@pytest.fixture
def canaries(monkeypatch, tmp_path):
    """Names and secrets of this machine that must not be told, planted wherever they could be."""
    home = tmp_path / "canary-home"
    (home / "cache" / "models--me--canary-model" / "blobs").mkdir(parents=True)
    (home / "cache" / "models--me--canary-model" / "blobs" / "x").write_bytes(b"1")
    environ = {
        "HOME": str(home),
        "USER": "canary-user",
        "HOSTNAME": "canary-host",
        "HF_TOKEN": "hf_canary",
        "LAB_OPERATOR_TOKEN": "canary-operator-token",
        "LAB_CHAT_KEY": "canary-key",
        "LAB_HOME": str(home / "canary-lab"),
        "HF_HUB_CACHE": str(home / "cache"),
        "HF_ENDPOINT": "https://canary:canary-password@hub.canary.example",
        "CANARY": "canary-variable",
    }
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(socket, "gethostname", lambda: "canary-host")
    monkeypatch.setattr(platform, "node", lambda: "canary-host")
    monkeypatch.setattr(getpass, "getuser", lambda: "canary-user")
    monkeypatch.setattr(Path, "home", lambda: home)
    return environ


def test_no_name_path_or_secret_is_told(canaries):
    told = json.dumps(Machine(canaries).facts(CATALOG))
    assert "canary" not in told.lower()
    assert '"bytes": 1' in told  # and yet the cache was looked into


def test_the_fields_are_those_of_the_list_and_no_others():
    told = Machine({}).facts(CATALOG)
    assert set(told) == set(ALLOWED)
    for name, fields in ALLOWED.items():
        if isinstance(fields, dict) and told[name] is not None:
            assert set(told[name]) == set(fields)


@pytest.mark.parametrize("name", MACHINES)
def test_every_kind_of_machine_passes_the_list_whole(name):
    assert allowed(MACHINES[name], ALLOWED) == MACHINES[name]


def test_what_has_no_field_or_another_type_is_dropped():
    fields = {"a": int, "b": {"c": str}, "d": [{"e": bool}]}
    found = {"a": "/home/me", "b": {"c": "x", "path": "/root"}, "d": [{"e": 1, "f": 2}], "g": 1}
    assert allowed(found, fields) == {"a": None, "b": {"c": "x"}, "d": [{"e": None}]}


def test_they_are_there_in_less_than_a_second_whatever_the_network_does():
    answered = threading.Event()
    machine = Machine({})
    machine.reach = Reach({}, ask=lambda where: answered.wait(30))
    started = time.perf_counter()
    told = machine.facts(CATALOG)
    assert time.perf_counter() - started < 1
    assert told["hub"]["reachable"] is None
    answered.set()
    machine.reach.wait(30)
    assert machine.facts(CATALOG)["hub"]["reachable"] is True


def test_they_are_gathered_once_a_second_for_all_visitors(monkeypatch):
    now, gathered = [0.0], []
    real = hardware.facts
    monkeypatch.setattr(hardware, "facts", lambda environ: gathered.append(1) or real(environ))
    machine = Machine({"HF_HUB_OFFLINE": "1"}, clock=lambda: now[0])
    first = machine.facts(CATALOG)
    assert machine.facts(CATALOG) == first and len(gathered) == 1
    now[0] = facts.FRESH_SECONDS
    machine.facts(CATALOG)
    assert len(gathered) == 2


def test_the_cache_is_walked_again_once_a_file_came_or_after_a_while(monkeypatch, tmp_path):
    walks, now = [], [0.0]
    held = cached.held
    monkeypatch.setattr(cached, "held", lambda *given: walks.append(1) or held(*given))
    environ = {"HF_HUB_CACHE": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    machine = Machine(environ, clock=lambda: now[0])

    def walked(seconds):
        now[0] += seconds
        machine.facts(CATALOG)
        return len(walks)

    assert [walked(2), walked(2)] == [1, 1]
    blobs = tmp_path / "models--Qwen--Qwen3-0.6B" / "blobs"
    blobs.mkdir(parents=True)
    assert walked(2) == 2
    (blobs / "abc").write_bytes(b"x")
    assert [walked(2), walked(2), walked(facts.HELD_SECONDS)] == [3, 3, 4]
