"""The loss of a step, and what the settings of a recipe do to it."""

import pytest
import torch
from safetensors.torch import load_file

from finetune.bases import attach, load_base
from finetune.encode import encode
from finetune.loop import EventTrainer
from finetune.trainer import train
from tests.finetune.runs_of_tiny import losses, make, steady_models, types, warnings_of


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return steady_models(tmp_path_factory.mktemp("models"))


def first(folder, models, task="classification", **settings):
    """Loss and gradient norm of the first step, without dropout."""
    run = make(folder, models, task, max_steps=1, lora_dropout=0.0, **settings)
    assert train(run).type == "finished"
    return losses(run)[1]


@pytest.fixture(autouse=True)
def short_answers(monkeypatch):
    monkeypatch.setattr("finetune.answers.ANSWER_TOKENS", 4)
    monkeypatch.setattr("finetune.answers.SUMMARY_TOKENS", 4)


@pytest.mark.parametrize("task", ["classification", "chat", "summarization"])
def test_a_step_in_parts_has_the_loss_and_gradient_of_a_whole_one(tmp_path, models, task):
    whole = first(tmp_path / "whole", models, task, per_device_train_batch_size=4)
    parts = {"per_device_train_batch_size": 1, "gradient_accumulation_steps": 4}
    assert first(tmp_path / "parts", models, task, **parts) == pytest.approx(whole, rel=1e-3)


def test_the_loss_is_what_the_model_itself_says(tmp_path, models):
    settings = {"max_steps": 1, "per_device_train_batch_size": 6, "lora_dropout": 0.0}
    run = make(tmp_path / "all", models, "chat", **settings)
    train(run)
    rows = run.rows("train")
    model, tokenizer, fresh = load_base(models["chat"], "chat")
    torch.manual_seed(run.recipe.seed)
    model = attach(model, run.recipe, fresh).eval()
    total = tokens = 0
    for example in encode(rows, "chat", tokenizer, 64):
        ids, labels = (torch.tensor([example[name]]) for name in ("input_ids", "labels"))
        count = int((labels[:, 1:] != -100).sum())
        total += model(input_ids=ids, labels=labels).loss.item() * count
        tokens += count
    assert losses(run)[1][0] == pytest.approx(total / tokens, rel=1e-4)


def test_scores_are_computed_for_trained_tokens_alone(tmp_path, models, monkeypatch):
    """Of a large vocabulary those of questions and padding would be most of a step's memory."""
    computed = []
    own = EventTrainer._mean_loss

    def watched(trainer, outputs, labels, **more):
        computed.append((outputs.logits.shape[:-1], (int((labels[:, 1:] != -100).sum()),)))
        return own(trainer, outputs, labels, **more)

    monkeypatch.setattr(EventTrainer, "_mean_loss", watched)
    run = make(tmp_path / "run", models, "chat", max_steps=1, per_device_train_batch_size=6)
    assert train(run).type == "finished"
    assert computed and all(scores == trained for scores, trained in computed)


def test_label_smoothing_raises_the_training_loss_and_not_the_held_out_one(tmp_path, models):
    def held_out(run):
        return next(e.fields["held_out_loss"] for e in run.events() if "held_out_loss" in e.fields)

    runs = [
        make(tmp_path / str(s), models, max_steps=1, learning_rate=1e-9, label_smoothing_factor=s)
        for s in (0.0, 0.3)
    ]
    for run in runs:
        train(run)
    assert losses(runs[0])[1][0] != losses(runs[1])[1][0]
    assert held_out(runs[0]) == pytest.approx(held_out(runs[1]), rel=1e-5)


@pytest.mark.parametrize(
    "settings",
    [
        {"neftune_noise_alpha": 50.0},
        {"adversarial_epsilon": 5.0},
        {"augmented_copies": 2, "augmented_share": 0.5},
        {"init_lora_weights": "gaussian"},
        {"use_dora": True, "use_rslora": True},
        {"precision": "bf16"},
    ],
)
def test_a_setting_reaches_the_training(tmp_path, models, settings):
    shared = {"max_steps": 3, "lora_dropout": 0.0, "learning_rate": 0.01}
    plain, other = (
        make(tmp_path / "a", models, **shared),
        make(tmp_path / "b", models, **shared, **settings),
    )
    assert train(plain).type == train(other).type == "finished"
    assert losses(plain) != losses(other)


def test_adversarial_training_adds_the_nudged_gradient(tmp_path, models):
    plain, nudged = (
        first(tmp_path / "a", models),
        first(tmp_path / "b", models, adversarial_epsilon=1e-6),
    )
    assert nudged[0] == plain[0]  # the loss that is told is the plain one
    assert nudged[1] == pytest.approx(2 * plain[1], rel=1e-2)  # the same text twice


def test_reworded_copies_are_trained_on_and_never_held_out(tmp_path, models):
    run = make(tmp_path / "run", models, augmented_copies=1)
    train(run)
    started = run.events()[0].fields
    assert (started["train_rows"], started["held_out_rows"]) == (40, 4)
    assert started["total_steps"] == 28  # two passes over 40 rows, three at a time


def test_patience_ends_a_training_and_the_best_adapter_is_kept(tmp_path, models, monkeypatch):
    told = iter([3.0, 1.0, 2.0, 2.5, 4.0, 5.0])
    honest = EventTrainer.evaluation_loop

    def measured(self, *args, **kwargs):
        output = honest(self, *args, **kwargs)
        output.metrics["eval_loss"] = next(told)
        return output

    monkeypatch.setattr(EventTrainer, "evaluation_loop", measured)
    settings = {"early_stopping_patience": 3, "keep_adapter": "best", "save_steps": 2}
    run = make(tmp_path / "run", models, **settings)
    event = train(run)
    assert (event.type, event.fields["step"]) == ("finished", 4)
    assert max(losses(run)) == 10
    assert warnings_of(run) == ["overfitting", "stopped_early", "best_kept"]
    kept = sorted(path.name for path in (run.folder / "checkpoints").glob("step-*"))
    assert kept == ["step-10", "step-4", "step-8"]
    name = "adapter_model.safetensors"
    best = load_file(run.folder / "checkpoints" / "step-4" / name)
    saved = load_file(run.adapter / name)
    assert all(torch.equal(best[key], saved[key]) for key in best)
    # Killed before its report, such a run does not train on.
    log = run.folder / "events.jsonl"
    lines = [line for line in log.read_text().splitlines() if '"finished"' not in line]
    log.write_text("\n".join(lines) + "\n")
    assert train(run).type == "finished"
    assert types(run).count("step") == 10


def test_a_loss_that_does_not_move_is_told_once(tmp_path, models):
    rows = [{"text": "the same", "label": "good" if n % 2 else "bad"} for n in range(24)]
    settings = {"learning_rate": 1e-9, "num_train_epochs": 20.0, "per_device_train_batch_size": 10}
    run = make(tmp_path / "run", models, rows=rows, lora_dropout=0.0, **settings)
    train(run)
    assert warnings_of(run).count("loss_stuck") == 1
    told = next(e for e in run.events() if e.fields.get("code") == "loss_stuck")
    assert told.fields["step"] >= 20
