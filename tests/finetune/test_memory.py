"""Training where memory runs out: what is given up, and that the run goes on."""

import pytest
import torch
from transformers import BertForSequenceClassification

from finetune import checkpoints
from finetune.trainer import train
from tests.finetune.runs_of_tiny import (
    AtStep,
    go_on,
    losses,
    make,
    steady_models,
    types,
    warnings_of,
)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return steady_models(tmp_path_factory.mktemp("models"))


@pytest.fixture
def memory(monkeypatch):
    """A machine whose memory holds as many training tokens as the list says."""
    honest = BertForSequenceClassification.forward
    holds = [10**9]

    def forward(self, input_ids=None, **others):
        if self.training and input_ids.numel() > holds[0]:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return honest(self, input_ids=input_ids, **others)

    monkeypatch.setattr(BertForSequenceClassification, "forward", forward)
    return holds


def started(run):
    return [event.fields["resumed_at"] for event in run.events() if event.type == "started"]


def short_of(run):
    return [
        (e.fields["batch"], e.fields["accumulation"], e.fields["activation_checkpointing"])
        for e in run.events()
        if e.type == "warning" and e.fields["code"] == "memory_short"
    ]


def test_half_the_batch_and_twice_the_accumulation(tmp_path, models, memory):
    plain = make(tmp_path / "plain", models, per_device_train_batch_size=4, lora_dropout=0.0)
    train(plain)
    memory[0] = 2 * 24  # every batch of four is too much
    run = make(tmp_path / "run", models, per_device_train_batch_size=4, lora_dropout=0.0)
    assert train(run).type == "finished"
    assert short_of(run)[0] == (2, 2, False)
    ran = run.facts["ran"]
    assert ran["batch"] * ran["accumulation"] == 4
    assert started(run) == [0] * (len(short_of(run)) + 1)  # nothing was done before
    same, other = losses(plain), losses(run)
    assert list(same) == list(other)  # as many steps, over the same rows
    assert other[1][0] == pytest.approx(same[1][0], rel=1e-4)


def test_the_run_goes_on_from_the_step_it_was_in_and_a_resumed_one_with_what_was_left(
    tmp_path, models, memory
):
    run = make(tmp_path / "run", models, save_steps=100)

    def fill(it):
        memory[0] = 40

    assert train(AtStep(run.folder, 4, fill)).type == "finished"
    assert started(run)[:2] == [0, 4]
    assert list(losses(run)) == list(range(1, 15))
    assert types(run).count("step") == 14  # none is done twice
    again = make(tmp_path / "again", models)
    memory[0] = 40
    assert train(AtStep(again.folder, 5, lambda it: it.request_stop())).type == "stopped"
    before = len(short_of(again))
    assert before
    assert train(go_on(again)).type == "finished"
    assert len(short_of(again)) == before


def test_a_single_row_is_computed_twice_then_shortened_then_given_up(tmp_path, models, memory):
    memory[0] = 0
    run = make(tmp_path / "run", models)
    event = train(run)
    assert (event.type, event.fields["reason"]) == ("failed", "training_too_large")
    assert event.fields["values"] == {"rows": "1", "tokens": "64"}
    assert short_of(run) == [(1, 3, False), (1, 3, True)]
    assert run.adapter is None
    memory[0] = 16
    run = make(tmp_path / "other", models, shorten_rows=True)
    assert train(run).type == "finished"
    assert run.facts["ran"]["max_length"] == 16
    assert warnings_of(run).count("memory_short") == 4


def test_measuring_takes_fewer_rows_at_a_time(tmp_path, models, monkeypatch):
    honest = BertForSequenceClassification.forward

    def forward(self, input_ids=None, **others):
        if not self.training and not torch.is_inference_mode_enabled() and len(input_ids) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return honest(self, input_ids=input_ids, **others)

    run = make(tmp_path / "run", models, max_steps=1, per_device_train_batch_size=1)
    monkeypatch.setattr(BertForSequenceClassification, "forward", forward)
    assert train(run).type == "finished"
    assert warnings_of(run)[-1] == "memory_short_measuring"
    assert run.report()["rows"] == 4


def test_activation_checkpointing_changes_no_loss(tmp_path, models):
    plain, saving = (
        make(tmp_path / str(on), models, max_steps=4, activation_checkpointing=on)
        for on in (False, True)
    )
    train(plain)
    train(saving)
    for step, (loss, norm) in losses(plain).items():
        assert losses(saving)[step] == pytest.approx((loss, norm), rel=1e-4)
    assert checkpoints.newest_good(saving.folder / "checkpoints")[0].step == 4
