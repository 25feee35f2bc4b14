"""One run trained by two processes, started by torchrun as a person would."""

import json
import os
import subprocess
import sys

import pytest

from finetune import ranks
from finetune.jobs import PROJECT
from finetune.run import Run
from finetune.trainer import train
from tests.finetune.runs_of_tiny import go_on, losses, make, steady_models, types


def launched(*arguments):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    return subprocess.run(
        [*command, "--nproc_per_node", "2", "-m", "finetune", *map(str, arguments)],
        cwd=PROJECT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
    )


def test_two_processes_train_as_one_with_twice_the_batch(tmp_path):
    models = steady_models(tmp_path)
    settings = {"lora_dropout": 0.0, "learning_rate": 1e-3, "num_train_epochs": 1.0}
    alone = make(tmp_path / "alone", models, per_device_train_batch_size=4, **settings)
    assert train(alone).type == "finished"
    shared = make(tmp_path / "shared", models, per_device_train_batch_size=2, **settings)
    done = launched("resume", shared.folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "finished"  # once, though there are two
    assert shared.facts["ran"]["processes"] == 2
    assert types(shared) == types(alone)
    for step, told in losses(alone).items():
        assert losses(shared)[step] == pytest.approx(told, rel=1e-3)


def test_a_new_run_is_made_by_the_first_process_and_refused_by_it(tmp_path):
    models = steady_models(tmp_path)
    table = tmp_path / "rows.csv"
    table.write_text("text,label\n" + "".join(f"row {n},{'ab'[n % 2]}\n" for n in range(20)))
    given = ["train", table, "--task", "classification", "--model", models["classification"]]
    given += ["--out", tmp_path / "run", "--set", "max_steps=2"]
    done = launched(*given)
    assert done.returncode == 0, done.stderr
    assert Run(tmp_path / "run").status() == "finished"
    assert done.stderr.count("finished step 2") == 1
    again = launched(*given)
    assert again.returncode != 0
    assert again.stderr.count("is not empty") == 1


def test_alone_nothing_is_waited_for(monkeypatch):
    for name in ("WORLD_SIZE", "RANK"):
        monkeypatch.delenv(name, raising=False)
    assert (ranks.world(), ranks.leads(), ranks.any_of(True), ranks.any_of(False)) == (
        *(1, True),
        *(True, False),
    )
    ranks.meet()
    ranks.part()


def test_a_follower_writes_nothing(tmp_path):
    run = make(tmp_path / "run", steady_models(tmp_path))
    follower = ranks.Follower(run.folder)
    with follower.lock():
        follower.record(threads=9)
        assert follower.append("stopped", step=3).fields == {"step": 3}
        assert not run.locked
    assert run.events() == [] and "ran" not in run.facts
    assert go_on(run).status() == "interrupted"
