"""Adapters that start from the base's own weights: the base stays whole for everybody else."""

import json

import pytest
import torch
from safetensors.torch import load_file

from finetune.adapter import save_adapter, split_off
from finetune.bases import Base, attach, attached, load_base
from finetune.recipe import Recipe
from finetune.trainer import train
from finetune.tuned import evaluate_again, load_tuned, save_merged
from inference.loading import load
from inference.records import Choice
from tests.finetune.runs_of_tiny import AtStep, go_on, losses, make, steady_models, tiny_models

IDS = torch.arange(10, 30)[None]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return tiny_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(autouse=True)
def short_answers(monkeypatch):
    monkeypatch.setattr("finetune.answers.ANSWER_TOKENS", 4)
    monkeypatch.setattr("finetune.answers.SUMMARY_TOKENS", 4)


@pytest.mark.parametrize("rslora", [False, True])
@pytest.mark.parametrize("start", ["olora", "pissa"])
def test_the_saved_adapter_does_on_the_whole_base_what_training_had(
    tmp_path, models, start, rslora
):
    folder = models["chat"]
    settings = {"r": 4, "lora_alpha": 12.0, "use_rslora": rslora, "lora_dropout": 0.0}
    run = make(tmp_path / "run", models, "chat", init_lora_weights=start, **settings)
    plain, _, fresh = load_base(folder, "chat")
    with torch.no_grad():
        expected_base = plain.eval()(input_ids=IDS).logits
    model = attach(plain, run.recipe, fresh).eval()
    taken = split_off(model)
    with torch.no_grad():
        assert torch.allclose(model(input_ids=IDS).logits, expected_base, atol=1e-4)
        for name, weight in model.named_parameters():
            if "lora_" in name:
                weight.add_(0.1 * torch.randn_like(weight))
        expected = model(input_ids=IDS).logits
    assert not torch.allclose(expected, expected_base, atol=1e-2)
    adapter = save_adapter(run, model, Base("tiny", folder, 1), None, taken)
    again = attached(load_base(folder, "chat")[0], adapter).eval()
    with torch.no_grad():
        assert torch.allclose(again(input_ids=IDS).logits, expected, atol=1e-3)
        with again.disable_adapter():
            assert torch.equal(again(input_ids=IDS).logits, expected_base)
    config = json.loads((adapter / "adapter_config.json").read_text())
    assert (config["r"], config["init_lora_weights"]) == (8, True)


@pytest.mark.parametrize("task", ["chat", "classification", "summarization"])
@pytest.mark.parametrize("start", ["gaussian", "olora", "pissa"])
def test_every_start_trains_every_task_and_loads_in_the_app(tmp_path, models, task, start):
    run = make(tmp_path / "run", models, task, max_steps=2, init_lora_weights=start)
    event = train(run)
    assert event.type == "finished", event
    assert load(Choice(models[task], run.adapter), task).model is not None
    before = run.report()
    assert evaluate_again(run)["base"] == before["base"]
    plain = make(tmp_path / "plain", models, task, max_steps=2)
    train(plain)
    if task != "classification":  # its base side has a fresh head, drawn after the adapter
        assert plain.report()["base"] == before["base"]


def test_stopped_and_resumed_such_a_run_is_as_if_undisturbed(tmp_path, models):
    whole = make(tmp_path / "whole", models, init_lora_weights="pissa")
    train(whole)
    run = make(tmp_path / "run", models, init_lora_weights="pissa")
    train(AtStep(run.folder, 5, lambda it: it.request_stop()))
    assert train(go_on(run)).type == "finished"
    assert losses(run) == losses(whole)
    name = "adapter_model.safetensors"
    one, other = (load_file(it.adapter / name) for it in (run, whole))
    assert all(torch.equal(one[key], other[key]) for key in one)


def test_a_merged_model_is_the_tuned_one(tmp_path):
    run = make(
        tmp_path / "run", steady_models(tmp_path), "chat", max_steps=3, init_lora_weights="olora"
    )
    train(run)
    merged, _, _ = load_base(save_merged(run, tmp_path / "merged"), "chat")
    with torch.no_grad():
        expected = load_tuned(run).model.eval()(input_ids=IDS).logits
        assert torch.allclose(merged.eval()(input_ids=IDS).logits, expected, atol=1e-4)


def test_a_rank_above_the_smallest_layer_is_refused_with_its_size(tmp_path, models):
    run = make(tmp_path / "run", models, init_lora_weights="pissa", r=100)
    event = train(run)
    assert (event.type, event.fields["reason"]) == ("failed", "rank_too_high")
    assert event.fields["values"] == {"r": "100", "limit": "32", "start": "pissa"}
    assert train(make(tmp_path / "other", models, r=100, max_steps=1)).type == "finished"


def test_what_is_trained_is_float32_whatever_the_base_is_in(models):
    model, _, fresh = load_base(models["classification"], "classification")
    recipe = Recipe(task="classification", base="x")
    tuned = attach(model.half(), recipe, ["classifier"])
    assert {p.dtype for p in tuned.parameters() if p.requires_grad} == {torch.float32}
    assert fresh == []
