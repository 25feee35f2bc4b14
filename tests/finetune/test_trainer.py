import errno
import json
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from finetune import checkpoints
from finetune.batches import GroupedByLength
from finetune.failures import failure
from finetune.jobs import PROJECT
from finetune.reporter import NotFinite
from finetune.trainer import train
from inference import hub
from inference.errors import ModelUnknown
from inference.records import Choice
from tests.finetune.runs_of_tiny import CLASSES, AtStep, losses, make, tiny_models, types

# A worker that is killed, as by the machine, when it is about to tell of its eighth step.
KILLED = """
import os, signal, sys
from pathlib import Path
from finetune.run import Run
from finetune.trainer import train

class Killed(Run):
    def append(self, kind, **fields):
        if kind == "step" and fields["step"] == 8:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().append(kind, **fields)

train(Killed(Path(sys.argv[1])))
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return tiny_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory, models):
    """An undisturbed classification run of 14 steps."""
    run = make(tmp_path_factory.mktemp("whole") / "run", models)
    assert train(run).type == "finished"
    return run


def test_a_run_tells_its_steps_and_ends_finished(whole):
    events = whole.events()
    assert events[0].type == "started"
    assert events[0].fields["total_steps"] == 14
    assert events[0].fields["train_rows"] == 20
    assert list(losses(whole)) == list(range(1, 15))
    step = next(event.fields for event in events if event.type == "step")
    assert {"step", "loss", "learning_rate", "grad_norm", "tokens_per_second"} <= set(step)
    assert not any(name.startswith(("eval", "held_out")) for name in step)
    assert whole.status() == "finished"
    assert whole.progress().stage == "ended"


def test_the_report_compares_base_and_tuned(whole):
    report = whole.report()
    assert (report["task"], report["rows"], report["labels"]) == (
        "classification",
        4,
        ["bad", "good"],
    )
    for side in ("base", "tuned"):
        assert 0 <= report[side]["accuracy"] <= 1
        assert sum(map(sum, report[side]["confusion"])) == 4
    assert report["majority"]["accuracy"] == 0.5
    assert report["own_head"] is False


def test_the_adapter_says_which_base_it_belongs_to(whole, models):
    base = models["classification"]
    names = {path.name for path in whole.adapter.iterdir()}
    assert names == {"README.md", "adapter_config.json", "adapter_model.safetensors", "lab.json"}
    record = json.loads((whole.adapter / "lab.json").read_text())
    assert record["base_config_sha256"] == hub.config_hash(base)
    assert record["base_revision"] == hub.revision(base)
    assert record["labels"] == ["bad", "good"]
    config = json.loads((whole.adapter / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == str(base)


def test_the_log_of_a_long_run_is_bounded_and_ends_with_its_last_step(
    tmp_path, models, monkeypatch
):
    monkeypatch.setattr("finetune.estimate.MOST_RECORDS", 5)
    run = make(tmp_path / "run", models, save_steps=1)
    assert train(run).type == "finished"
    assert list(losses(run)) == [3, 6, 9, 12, 14]
    assert types(run).count("checkpoint") == 5
    assert (run.facts["ran"]["logging_steps"], run.facts["ran"]["save_steps"]) == (3, 3)
    assert (run.recipe.logging_steps, run.recipe.save_steps) == (1, 1)


def test_what_really_ran_is_recorded(whole):
    ran = whole.facts["ran"]
    assert ran["base"]["id"] == "classifier"
    assert ran["versions"]["torch"] == torch.__version__.split("+")[0] or ran["versions"]["torch"]
    assert ran["threads"] == 1


def test_a_finished_run_is_left_as_it_is(whole):
    before = types(whole)
    assert train(whole).type == "finished"
    assert types(whole) == before


def test_killed_and_resumed_a_run_has_the_losses_of_an_undisturbed_one(tmp_path, models, whole):
    run = make(tmp_path / "run", models)
    child = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", KILLED, str(run.folder)],
        cwd=PROJECT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert child.returncode == -signal.SIGKILL
    assert run.status() == "interrupted"
    assert max(losses(run)) == 7
    assert train(run).type == "finished"
    resumed = [event.fields for event in run.events() if event.type == "started"][1]
    assert resumed["resumed_at"] == 6
    assert losses(run) == losses(whole)
    assert same_weights(run, whole)


def same_weights(one, other):
    left, right = (load_file(run.adapter / "adapter_model.safetensors") for run in (one, other))
    return all(torch.equal(left[name], right[name]) for name in left) and set(left) == set(right)


def test_a_stop_keeps_the_adapter_and_resume_ends_as_if_undisturbed(tmp_path, models, whole):
    run = make(tmp_path / "run", models)
    event = train(AtStep(run.folder, 5, lambda it: it.request_stop()))
    assert (event.type, event.fields["step"], event.fields["reason"]) == ("stopped", 6, "request")
    assert run.status() == "stopped"
    assert run.adapter
    assert run.report() is None
    run.enqueue()  # what resuming does: it also takes the request back
    run.take_ticket()
    assert train(run).type == "finished"
    assert losses(run) == losses(whole)
    assert same_weights(run, whole)


@pytest.mark.parametrize("batches", [1, 3])
def test_the_time_limit_stops_a_run_which_goes_on_later(tmp_path, models, monkeypatch, batches):
    from finetune import stopping

    clock = [0.0]
    monkeypatch.setattr(stopping, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    run = make(tmp_path / "run", models, gradient_accumulation_steps=batches)

    def pass_time(it):
        clock[0] = 60.0

    event = train(AtStep(run.folder, 1, pass_time), seconds=60)
    assert (event.type, event.fields["reason"]) == ("stopped", "time_limit")
    assert event.fields["step"] == (2 if batches == 1 else 1)  # within the second step
    assert checkpoints.newest_good(run.folder / "checkpoints")[0].step == event.fields["step"]
    assert run.adapter and run.report() is None
    assert train(run, seconds=60).type == "finished"


def test_sigterm_saves_and_stops_within_a_step(tmp_path, models):
    run = make(tmp_path / "run", models)
    event = train(AtStep(run.folder, 4, lambda it: signal.raise_signal(signal.SIGTERM)))
    assert (event.type, event.fields["reason"], event.fields["step"]) == (
        "stopped",
        "terminated",
        5,
    )
    assert checkpoints.newest_good(run.folder / "checkpoints")[0].step == 5


def test_a_flipped_byte_is_told_and_the_older_checkpoint_used(tmp_path, models, whole):
    run = make(tmp_path / "run", models)
    train(AtStep(run.folder, 7, lambda it: it.request_stop()))  # checkpoints at 6 and 8
    path = run.folder / "checkpoints" / "step-8" / "adapter_model.safetensors"
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    run.enqueue()
    run.take_ticket()
    assert train(run).type == "finished"
    warning = next(event.fields for event in run.events() if event.type == "warning")
    assert (warning["code"], warning["step"]) == ("checkpoint_damaged", 8)
    assert losses(run) == losses(whole)


def test_killed_after_the_last_step_a_run_only_measures(tmp_path, models, whole):
    run = make(tmp_path / "run", models)
    train(run)
    log = run.folder / "events.jsonl"
    lines = [line for line in log.read_text().splitlines() if '"finished"' not in line]
    log.write_text("\n".join(lines) + "\n")
    (run.folder / "report.json").unlink()
    assert run.status() == "interrupted"
    assert train(run).type == "finished"
    assert types(run).count("step") == 14
    assert run.report() == whole.report()
    assert same_weights(run, whole)


@pytest.mark.parametrize("task", ["chat", "summarization"])
def test_the_same_path_trains_the_other_tasks(tmp_path, models, task):
    run = make(tmp_path / "run", models, task, num_train_epochs=1.0)
    assert train(run).type == "finished"
    report = run.report()
    figures = {"chat": {"loss", "perplexity"}, "summarization": {"rouge1", "rouge2", "rougeL"}}
    for side in ("base", "tuned"):
        assert set(report[side]) == figures[task]
    assert len(report["samples"]) == 4
    assert set(report["samples"][0]) == {"prompt", "expected", "base", "tuned"}


@pytest.mark.parametrize("task", ["chat", "classification"])
def test_the_engine_attaches_the_adapter(tmp_path, models, task):
    from inference.loading import load

    run = make(tmp_path / "run", models, task, max_steps=2)
    train(run)
    assert load(Choice(models[task], run.adapter), task).model is not None


def test_a_base_with_the_datas_labels_keeps_its_head(tmp_path, models):
    rows = [{"text": row["text"], "label": str(n % 2)} for n, row in enumerate(CLASSES)]
    run = make(tmp_path / "run", models, rows=rows, max_steps=1)
    train(run)
    assert run.report()["own_head"] is True
    assert run.facts["ran"]["labels"] == ["0", "1"]


def test_a_loss_that_is_not_finite_ends_the_run_and_keeps_the_adapter(tmp_path, models):
    run = make(tmp_path / "run", models, learning_rate=0.1, max_grad_norm=1000.0)

    def spoil(it):
        raise NotFinite("loss", it.step)

    event = train(AtStep(run.folder, 4, spoil))
    assert (event.type, event.fields["reason"]) == ("failed", "not_finite")
    assert event.fields["values"]["step"] == 4
    assert run.status() == "failed"
    assert run.adapter


def test_a_gradient_of_nan_is_seen_before_it_reaches_the_weights(tmp_path, models, monkeypatch):
    from finetune.loop import EventTrainer

    honest = EventTrainer.training_step

    def poisoned(self, model, inputs, *args, **kwargs):
        loss = honest(self, model, inputs, *args, **kwargs)
        if self.state.global_step == 3:
            next(p for p in model.parameters() if p.grad is not None).grad.fill_(float("nan"))
        return loss

    monkeypatch.setattr(EventTrainer, "training_step", poisoned)
    run = make(tmp_path / "run", models)
    event = train(run)
    assert (event.fields["reason"], event.fields["values"]) == (
        "not_finite",
        {"step": 3, "what": "gradient"},
    )
    weights = load_file(run.adapter / "adapter_model.safetensors").values()
    assert all(torch.isfinite(weight).all() for weight in weights)


def test_a_run_with_an_owner_never_opens_a_folder_by_name(tmp_path, models):
    run = make(tmp_path / "run", models)
    (run.folder / "owner").write_text("0" * 64)
    event = train(run)
    assert (event.type, event.fields["reason"]) == ("failed", "model_unknown")


def test_a_run_does_not_go_on_with_another_base(tmp_path, models):
    run = make(tmp_path / "run", models)
    train(AtStep(run.folder, 2, lambda it: it.request_stop()))
    facts = run.facts
    facts["ran"]["base"]["revision"] = "sha256:0000"
    (run.folder / "recipe.json").write_text(json.dumps(facts))
    run.enqueue()
    run.take_ticket()
    assert train(run).fields["reason"] == "base_changed"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), "out_of_memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 GB"), "out_of_memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
        (ModelUnknown(model="x/y"), "model_unknown"),
        (NotFinite("loss", 3), "not_finite"),
        (ZeroDivisionError(), "unexpected"),
    ],
)
def test_every_cause_has_its_reason(error, reason, capsys):
    assert failure(error)["reason"] == reason
    assert ("ZeroDivisionError" in capsys.readouterr().err) == (reason == "unexpected")


def test_training_prints_nothing(tmp_path, models, capfd):
    train(make(tmp_path / "run", models, max_steps=2))
    assert capfd.readouterr() == ("", "")


def test_rows_of_like_length_meet_and_every_row_comes_once():
    lengths = [(n * 37) % 101 for n in range(100)]
    sampler = GroupedByLength(lengths, 4, seed=1, epoch=lambda: 0)
    order = list(sampler)
    assert sorted(order) == list(range(100))
    assert order == list(sampler)
    assert order != list(GroupedByLength(lengths, 4, seed=1, epoch=lambda: 1))
    batches = [order[at : at + 4] for at in range(0, 100, 4)]
    longest = sum(max(lengths[row] for row in batch) for batch in batches)
    assert longest * 4 < 1.25 * sum(lengths)
