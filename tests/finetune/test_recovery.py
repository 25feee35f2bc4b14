"""Runs that are cut off: killed in a save, out of time, out of disk, or no longer finite."""

import errno
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from finetune import checkpoints, files, stopping
from finetune.failures import failure
from finetune.jobs import PROJECT
from finetune.loop import EventTrainer
from finetune.stopping import StopSwitch
from finetune.trainer import train
from tests.finetune.runs_of_tiny import AtStep, go_on, losses, make, tiny_models, types

WEIGHTS = "adapter_model.safetensors"
# A worker that is killed in the middle of its second checkpoint, at the place named.
KILLED = """
import os, signal, sys
from pathlib import Path
from finetune import checkpoints, files
from finetune.run import Run
from finetune.trainer import train

module, name = sys.argv[2].split(".")
module = {"checkpoints": checkpoints, "files": files}[module]
honest = getattr(module, name)

def killed(*arguments):
    if "checkpoint-6" in str(arguments[0]):
        os.kill(os.getpid(), signal.SIGKILL)
    return honest(*arguments)

setattr(module, name, killed)
train(Run(Path(sys.argv[1])))
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return tiny_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory, models):
    """An undisturbed run: 14 steps of three batches each, with dropout."""
    run = make(tmp_path_factory.mktemp("whole") / "run", models, **IN_PARTS)
    assert train(run).type == "finished"
    return run


IN_PARTS = {"per_device_train_batch_size": 1, "gradient_accumulation_steps": 3}


def same_weights(one, other):
    left, right = (load_file(run.adapter / WEIGHTS) for run in (one, other))
    return set(left) == set(right) and all(torch.equal(left[name], right[name]) for name in left)


@pytest.mark.parametrize(
    "place", ["checkpoints.sha256", "checkpoints.write_json", "files.sync_folder"]
)
def test_killed_in_a_save_the_one_before_is_used(tmp_path, models, whole, place):
    run = make(tmp_path / "run", models, **IN_PARTS)
    child = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", KILLED, str(run.folder), place],
        cwd=PROJECT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert child.returncode == -signal.SIGKILL
    good, damaged = checkpoints.newest_good(run.folder / "checkpoints")
    assert (good.step, damaged) == (3, [])
    assert train(run).type == "finished"
    assert losses(run) == losses(whole)
    assert same_weights(run, whole)


class Clock:
    """Time that passes with every batch."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr(stopping, "time", SimpleNamespace(monotonic=lambda: self.now))
        honest = EventTrainer.training_step

        def step(trainer, *args, **kwargs):
            self.now += 1.0
            return honest(trainer, *args, **kwargs)

        monkeypatch.setattr(EventTrainer, "training_step", step)


@pytest.mark.parametrize("seconds", [4.0, 7.0, 12.0])
def test_slices_of_time_have_the_losses_of_one_long_run(
    tmp_path, models, whole, monkeypatch, seconds
):
    Clock(monkeypatch)  # a step takes three seconds: slices end in the middle of one, too
    run = make(tmp_path / "run", models, **IN_PARTS)
    slices = 1
    while (event := train(run, seconds)).type == "stopped":
        assert event.fields["reason"] == "time_limit"
        assert run.adapter
        slices += 1
        assert slices < 20
    assert event.type == "finished"
    assert slices >= 14 * 3 / seconds
    assert losses(run) == losses(whole)
    assert same_weights(run, whole)


def test_a_switch_keeps_a_reserve_but_never_more_than_half(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(stopping, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    switch = StopSwitch(lambda: False, 100.0)
    clock[0] = 70.0
    assert not switch.pressed(29.0)
    assert switch.pressed(30.0) and switch.reason == "time_limit"
    switch = StopSwitch(lambda: False, 100.0)
    clock[0] = 70.0 + 49.0
    assert not switch.pressed(1e9)
    clock[0] = 70.0 + 50.0
    assert switch.pressed(1e9)
    assert not StopSwitch(lambda: False).pressed(1e9)  # no limit at all


def test_a_full_disk_fails_the_run_and_keeps_the_adapter(tmp_path, models, monkeypatch):
    run = make(tmp_path / "run", models)
    honest = files.sync_folder

    def full(folder):
        if folder.name == "checkpoint-6":
            raise OSError(errno.ENOSPC, "No space left on device")
        honest(folder)

    monkeypatch.setattr(files, "sync_folder", full)
    event = train(run)
    assert (event.type, event.fields["reason"]) == ("failed", "disk_full")
    root = run.folder / "checkpoints"
    assert [path.name for path in root.glob("step-*")] == ["step-3"]
    assert list((root / ".aside").iterdir()) == []  # what was half written is gone
    assert load_file(run.adapter / WEIGHTS)
    monkeypatch.setattr(files, "sync_folder", honest)
    assert train(go_on(run)).type == "finished"


def test_a_disk_that_holds_no_adapter_either_leaves_no_half_of_one(tmp_path, models, monkeypatch):
    run = make(tmp_path / "run", models)

    def full(folder):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "sync_folder", full)
    assert train(run).fields["reason"] == "disk_full"
    assert run.adapter is None
    assert not (run.folder / ".adapter").exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk_is_known_by_what_torch_says(capsys):
    with pytest.raises(RuntimeError) as caught:
        torch.save({"weight": torch.zeros(100_000)}, "/dev/full")
    assert failure(caught.value)["reason"] == "disk_full"


def test_weights_that_are_no_longer_finite_are_not_kept(tmp_path, models, monkeypatch):
    run = make(tmp_path / "run", models)
    honest = EventTrainer.training_step

    def broken(self, model, *args, **kwargs):
        if self.state.global_step == 5:  # a step that went too far
            with torch.no_grad():
                next(p for p in model.parameters() if p.requires_grad).fill_(float("nan"))
        return honest(self, model, *args, **kwargs)

    monkeypatch.setattr(EventTrainer, "training_step", broken)
    event = train(run)
    assert (event.fields["reason"], event.fields["values"]["step"]) == ("not_finite", 5)
    good = checkpoints.newest_good(run.folder / "checkpoints")[0]
    assert good.step == 3
    kept, saved = load_file(run.adapter / WEIGHTS), load_file(good.folder / WEIGHTS)
    assert all(torch.equal(kept[name], saved[name]) for name in kept)


def test_measuring_goes_on_where_a_stop_left_it(tmp_path, models):
    run = make(tmp_path / "run", models)
    event = train(AtStep(run.folder, 14, lambda it: it.request_stop()))
    assert (event.type, event.fields["step"]) == ("stopped", 14)
    notes = run.folder / "measured.jsonl"
    notes.write_text('[14, "base", 0, {"class": 1}]\n[14, "base", 1, {"cl')
    assert train(go_on(run)).type == "finished"
    assert not notes.exists()
    assert types(run).count("step") == 14
    assert run.report()["rows"] == 4
