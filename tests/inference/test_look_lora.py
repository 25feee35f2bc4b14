"""What LoRA trains, against peft's own count on the built-in models and by hand on published."""

import pytest

from finetune.bases import align_labels, attach, find_base, load_base
from finetune.recipe import Recipe
from inference.catalog import Catalog
from inference.errors import SettingChoiceRefused, SettingsRefused
from inference.look_lora import LAYERS, count, modules

BUILTIN = {
    "chat": "builtin/chat",
    "summarization": "builtin/summary",
    "classification": "builtin/sentiment",
}


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("task", BUILTIN)
def test_as_many_numbers_are_trained_as_peft_counts(task, layers):
    base = find_base(BUILTIN[task], task)
    classes = ["negative", "positive"]
    labels = align_labels(classes, base.folder) if task == "classification" else None
    model, _, fresh = load_base(base.folder, task, labels)
    named = modules(task, layers)
    recipe = Recipe(
        task=task, base=base.id, r=8, target_modules=named if layers != "all" else named[0]
    )
    tuned = attach(model, recipe, fresh)
    adapter = sum(it.numel() for name, it in tuned.named_parameters() if "lora_" in name)
    found = count(base.architecture, task, 8, layers)
    assert found.adapter == adapter
    trained, together = tuned.get_nb_trainable_parameters()
    assert (found.trained, found.trained + found.frozen) == (trained, together)
    assert found.share == trained / together


def test_the_figures_of_qwen3_by_hand():
    """Qwen3-0.6B: 28 layers, hidden 1,024, 16 heads and 8 for keys of 128, inner 3,072."""
    architecture = Catalog.load({}).find("Qwen/Qwen3-0.6B").architecture
    found = count(architecture, "chat", 16, "query_value")
    assert found.adapter == 28 * 16 * ((2_048 + 1_024) + (1_024 + 1_024)) == 2_293_760
    assert [(it.name, it.rows, it.columns, it.count) for it in found.matrices] == [
        ("q_proj", 2_048, 1_024, 28),
        ("v_proj", 1_024, 1_024, 28),
    ]
    assert found.file_bytes == 4 * 2_293_760
    assert found.training_bytes == 16 * 2_293_760
    assert found.full_training_bytes == 16 * found.frozen
    assert count(architecture, "chat", 16).adapter == 10_092_544  # as peft counts it


def test_twice_the_rank_trains_twice_as_much():
    architecture = Catalog.load({}).find("facebook/bart-base").architecture
    one, two = (count(architecture, "summarization", rank).adapter for rank in (8, 16))
    assert two == 2 * one


@pytest.mark.parametrize("rank", [0, 257, 8.5, "8", None])
def test_a_rank_that_is_none_is_refused(rank):
    architecture = Catalog.load({}).find("builtin/chat").architecture
    with pytest.raises(SettingsRefused):
        count(architecture, "chat", rank)


def test_layers_that_are_none_are_refused():
    architecture = Catalog.load({}).find("builtin/chat").architecture
    with pytest.raises(SettingChoiceRefused):
        count(architecture, "chat", 8, "some")
