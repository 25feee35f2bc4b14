import argparse
import csv
import json
import math
import signal
import subprocess
import sys

import pytest

from finetune import __main__ as program
from finetune.__main__ import main
from finetune.events import Event
from finetune.guess import guess
from finetune.jobs import PROJECT, worker_command, worker_environment
from finetune.recipe import Recipe
from finetune.run import Run
from finetune.runs import RunStore
from finetune.tables import read_table
from inference.limits import Limits
from tests.inference import tiny

# A worker whose training hangs, half a second past its time.
HANGING = """
import sys, threading, types
from finetune import __main__ as program
hang = types.SimpleNamespace(train=lambda run, seconds: threading.Event().wait())
sys.modules["finetune.trainer"] = hang
program.GRACE_SECONDS = 0.5 - 3_600
sys.exit(program.main(["work", sys.argv[1]]))
"""
ROWS = [{"text": f"{'good' if n % 2 else 'bad'} {n}", "label": "坏好"[n % 2]} for n in range(30)]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny.classifier(tmp_path_factory.mktemp("m") / "classifier")


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "rows.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["text", "label"])
        writer.writeheader()
        writer.writerows(ROWS)
    return path


@pytest.fixture
def train(table, base, tmp_path, monkeypatch):
    monkeypatch.setattr(program, "_quieten", lambda: None)  # pytest keeps warnings errors

    def call(*options):
        given = ["--task", "classification", "--model", str(base), "--out", str(tmp_path / "run")]
        return main(["train", str(table), *given, "--set", "max_steps=2", *options])

    return call


def test_a_table_is_trained_measured_again_and_exported(train, tmp_path, capsys):
    assert train() == 0
    told = capsys.readouterr()
    result = json.loads(told.out)
    assert (result["status"], result["step"]) == ("finished", 2)
    assert set(result["metrics"]) == {"base", "tuned"}
    assert "step 1 · loss" in told.err
    run = str(tmp_path / "run")
    assert main(["resume", run]) == 0  # finished already: nothing happens
    assert json.loads(capsys.readouterr().out)["status"] == "finished"
    assert main(["evaluate", run]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] > 0
    assert main(["export", run, "--to", str(tmp_path / "zip")]) == 0
    assert [path.suffix for path in (tmp_path / "zip").iterdir()] == [".zip"]
    assert main(["export", run, "--merged"]) == 0
    assert (tmp_path / "run" / "merged" / "model.safetensors").exists()


def test_columns_can_be_named(train, tmp_path):
    assert train("--column", "text=text", "--column", "label=label") == 0
    assert Run(tmp_path / "run").recipe.mapping == {"text": "text", "label": "label"}


def test_columns_are_guessed_for_the_task_that_is_named(tmp_path, base):
    path = tmp_path / "both.csv"  # fit for both chat and classification
    rows = [f"what is {n}?,it is {n} indeed,{'ab'[n % 2]}" for n in range(30)]
    path.write_text("\n".join(["question,answer,category", *rows]))
    table = read_table(path, Limits())
    assert guess(table).task == "classification"
    options = argparse.Namespace(task="chat", column=[])
    assert program._mapping(options, table) == {"instruction": "question", "output": "answer"}


def test_every_problem_of_the_settings_is_listed(train, tmp_path, capsys):
    assert train("--set", "r=0", "--set", "learning_rat=1", "--set", "seed=no") == 2
    lines = capsys.readouterr().err
    assert all(name in lines for name in ("column r:", "column learning_rat:", "column seed:"))
    assert not (tmp_path / "run").exists()


def test_the_operators_rank_holds_on_the_command_line(train, monkeypatch, capsys):
    monkeypatch.setenv("LAB_LIMIT_LORA_RANK", "4")
    assert train("--set", "r=5") == 2
    assert "1 ≤ r ≤ 4" in capsys.readouterr().err


def test_a_refused_table_names_its_row(tmp_path, base, capsys):
    bad = tmp_path / "bad.csv"
    bad.write_text('text,label\ngood,1\n"never closed,0\n')
    given = ["--task", "classification", "--model", str(base), "--out", str(tmp_path / "run")]
    assert main(["train", str(bad), *given]) == 2
    assert "row 3" in capsys.readouterr().err


def test_a_folder_in_use_is_refused(train, tmp_path, capsys):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine.txt").write_text("keep")
    assert train() == 2
    assert "not empty" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["mine.txt"]


def test_an_unknown_model_is_refused_before_anything_is_written(table, tmp_path, capsys):
    given = ["--task", "classification", "--model", "no/such", "--out", str(tmp_path / "run")]
    assert main(["train", str(table), *given]) == 2
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("command", ["resume", "evaluate", "export"])
def test_a_folder_without_a_run_is_refused(command, tmp_path, capsys):
    assert main([command, str(tmp_path)]) == 2
    assert "holds no run" in capsys.readouterr().err


def test_a_failed_run_is_status_one(train, tmp_path, monkeypatch, capsys):
    def fails(self):
        raise MemoryError

    monkeypatch.setattr("finetune.trainer.Training.run_through", fails)
    assert train() == 1
    assert json.loads(capsys.readouterr().out)["reason"] == "out_of_memory"


def test_inspect_prints_json_and_refuses_with_two(table, tmp_path, capsys):
    assert main(["inspect", str(table)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["header"], found["row_count"], found["task"]) == (
        ["text", "label"],
        30,
        "classification",
    )
    (tmp_path / "nothing.csv").write_text("")
    assert main(["inspect", str(tmp_path / "nothing.csv")]) == 2
    assert json.loads(capsys.readouterr().out)["readable"] is False


def test_inspect_with_a_model_also_measures_the_rows(table, base, capsys):
    given = ["inspect", str(table), "--model", str(base)]
    assert main([*given, "--max-length", "2"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["statistics"]["rows"], found["statistics"]["truncated"]) == (30, 1.0)
    assert found["problems"][-1]["code"] == "rows_truncated"


def test_inspect_tells_the_problems_of_the_examples(tmp_path, capsys):
    path = tmp_path / "rows.csv"
    rows = [f"text {i},{'ab'[i % 2]}" for i in range(30)] + ["text 1,b", "text 1,a", ",a"]
    path.write_text("\n".join(["text,label", *rows]))
    assert main(["inspect", str(path)]) == 0
    told = {it["code"]: it["row"] for it in json.loads(capsys.readouterr().out)["problems"]}
    assert told == {"empty_cells": 34, "conflicting_labels": 33, "duplicate_rows": 32}


def test_an_estimate_is_json_and_what_training_then_does(table, base, train, tmp_path, capsys):
    given = ["estimate", str(table), "--task", "classification", "--model", str(base)]
    settings = ["--set", "per_device_train_batch_size=4", "--set", "num_train_epochs=1"]
    assert main([*given, *settings]) == 0
    small = json.loads(capsys.readouterr().out)
    memory, seconds = small["memory_bytes"]["training"], small["seconds"]
    assert 0 < seconds < 60
    assert [small[name] for name in ("rows", "steps", "rows_per_step")] == [30, 7, 4]
    assert (small["fits"], small["make_fit"], small["gpu_seconds"]) == (True, None, None)
    assert "plan_too_few_steps" in {it["code"] for it in small["problems"]}
    assert train(*settings, "--set", "max_steps=-1") == 0
    assert Run(tmp_path / "run").progress().total_steps == 7
    capsys.readouterr()
    assert main([*given, "--set", "per_device_train_batch_size=16"]) == 0
    assert json.loads(capsys.readouterr().out)["memory_bytes"]["training"] > memory > 0


def test_an_estimate_refuses_what_training_would(table, base, capsys):
    given = ["estimate", str(table), "--task", "classification", "--model", str(base)]
    assert main([*given, "--set", "r=0", "--set", "seed=no"]) == 2
    told = capsys.readouterr()
    assert "column r:" in told.err and "column seed:" in told.err and told.out == ""


def test_wrong_arguments_are_status_two(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["train", "x.csv", "--task", "poetry"])
    assert caught.value.code == 2
    capsys.readouterr()


def test_the_apps_worker_trains_a_queued_run_and_says_nothing(tmp_path):
    store = RunStore(tmp_path / "runs")
    recipe = Recipe(task="classification", base="builtin/sentiment", max_steps=2, max_length=32)
    run = store.create(recipe, ROWS[4:], ROWS[:4], "a" * 32)
    run.enqueue()
    done = subprocess.run(
        worker_command(run), cwd=PROJECT, env=worker_environment(), capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert run.status() == "finished"
    assert run.ticket is None


def test_the_apps_worker_has_a_time_limit_and_the_command_line_none(train, tmp_path, monkeypatch):
    given = []

    def told(run, seconds=None):
        given.append(seconds)
        return run.append("stopped")

    monkeypatch.setattr("finetune.trainer.train", told)
    monkeypatch.setenv("LAB_LIMIT_RUN_HOURS", "2")
    run = RunStore(tmp_path / "runs").create(Recipe(task="chat", base="x"), [], [])
    run.enqueue()
    assert main(["work", str(run.folder)]) == 0
    assert train() == 0
    assert given == [7_200, math.inf]


def test_a_worker_that_hangs_past_its_time_ends_and_says_where(tmp_path):
    run = RunStore(tmp_path / "runs").create(Recipe(task="chat", base="x"), [], [])
    run.enqueue()
    done = subprocess.run(
        [sys.executable, "-c", HANGING, str(run.folder)],
        cwd=PROJECT,
        env=worker_environment() | {"LAB_LIMIT_RUN_HOURS": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, run.status()) == (1, "interrupted")
    assert "Timeout" in done.stderr and "in work" in done.stderr


def test_the_apps_worker_keeps_its_log_short(tmp_path, monkeypatch):
    kept = []
    monkeypatch.setattr(program, "keep_short", kept.append)
    monkeypatch.setattr("finetune.trainer.train", lambda run, seconds: run.append("stopped"))
    run = RunStore(tmp_path / "runs").create(Recipe(task="chat", base="x"), [], [])
    run.enqueue()
    assert main(["work", str(run.folder)]) == 0
    assert kept == [run.folder / "worker.log"]


def test_a_worker_without_a_ticket_leaves_at_once(tmp_path):
    run = RunStore(tmp_path / "runs").create(Recipe(task="chat", base="x"), [], [])
    assert main(["work", str(run.folder)]) == 0
    assert run.events() == []


def test_an_event_is_one_line():
    figures = {"base": {"loss": 2.0}, "tuned": {"loss": 1.0}}
    assert program.line(Event("step", 0, {"step": 3, "loss": 0.25})) == "step 3 · loss 0.25"
    assert program.line(Event("evaluated", 0, {"step": 3, **figures})) == (
        "evaluated step 3 · loss 2 (base) · loss 1 (tuned)"
    )


def test_ctrl_c_is_how_a_person_stops_a_run(train, tmp_path, monkeypatch):
    told = program.ToldRun.append

    def interrupting(self, kind, **fields):
        event = told(self, kind, **fields)
        if kind == "step":
            signal.raise_signal(signal.SIGINT)
        return event

    monkeypatch.setattr(program.ToldRun, "append", interrupting)
    assert train() == 0
    assert Run(tmp_path / "run").status() == "stopped"
