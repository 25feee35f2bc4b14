import pytest
from pydantic import ValidationError

from finetune.errors import RecipeRefused
from finetune.recipe import SETTINGS, Recipe, bounds_text, settings_from_text
from inference.limits import Limits


def plan(rows=1000, parameters=600_000_000, preset="balanced", task="chat", **settings):
    return Recipe.plan(task, "some/base", rows, parameters, preset, settings)


def steps(recipe, rows):
    batch = recipe.per_device_train_batch_size * recipe.gradient_accumulation_steps
    return recipe.num_train_epochs * rows * (1 - recipe.held_out_share) / batch


def refused(**settings):
    with pytest.raises(RecipeRefused) as caught:
        plan(**settings)
    return {(found.column, found.code) for found in caught.value.problems}


def test_large_bases_learn_gently_for_a_few_passes():
    recipe = plan(rows=2_000)
    assert (recipe.r, recipe.learning_rate, recipe.num_train_epochs) == (16, 2e-4, 3.0)


def test_tiny_bases_get_large_steps_and_many_passes():
    recipe = plan(rows=1_870, parameters=1_100_000, task="classification")
    assert (recipe.r, recipe.learning_rate) == (16, 2e-3)
    assert 10 <= recipe.num_train_epochs <= 40
    assert recipe.keep_adapter == "best"
    assert plan(parameters=1_100_000).keep_adapter == "last"  # answers are learnt by heart


@pytest.mark.parametrize("parameters", [1_000_000, 110_000_000, 8_000_000_000])
@pytest.mark.parametrize("rows", [8, 100, 10_000, 200_000])
def test_presets_grow_and_their_steps_stay_bounded(rows, parameters):
    taken = [steps(plan(rows, parameters, p), rows) for p in ("quick", "balanced", "thorough")]
    assert 1 <= taken[0] < taken[1] < taken[2] < 7_000


def test_what_copies_is_changed_gently():
    assert plan(parameters=3_400_000, task="summarization").learning_rate == 2.5e-4


def test_only_a_tiny_chat_base_is_taught_without_dropout():
    assert plan(parameters=4_400_000).lora_dropout == 0
    assert plan(parameters=4_400_000, task="summarization").lora_dropout == 0.05
    assert plan().lora_dropout == 0.05
    assert plan(parameters=4_400_000, lora_dropout=0.1).lora_dropout == 0.1


def test_what_is_set_wins_and_alpha_follows_the_rank():
    recipe = plan(r=8, learning_rate=1e-3, max_steps=5)
    assert (recipe.r, recipe.lora_alpha, recipe.learning_rate, recipe.max_steps) == (8, 16, 1e-3, 5)
    assert plan(r=8, lora_alpha=8).lora_alpha == 8
    assert plan(r=8.0).lora_alpha == 16  # from a browser


def test_a_recipe_comes_back_from_its_json():
    recipe = plan(target_modules=["q_proj", "v_proj"], use_dora=True)
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


def test_a_recipe_cannot_be_changed():
    with pytest.raises(ValidationError):
        plan().r = 4


def test_whole_numbers_from_a_browser_are_whole():
    assert plan(seed=3.0, r=4.0).seed == 3


def test_every_problem_is_told_at_once():
    assert refused(
        preset="slow",
        rank=8,
        zzzz=1,
        r="8",
        learning_rate=float("nan"),
        num_train_epochs=float("inf"),
        weight_decay=-1,
        per_device_train_batch_size=10**9,
        max_steps=0,
        use_dora=1,
        lr_scheduler_type="zigzag",
        target_modules=[],
    ) == {
        ("preset", "setting_not_a_choice"),
        ("rank", "unknown_setting_close"),
        ("zzzz", "unknown_setting"),
        ("r", "setting_not_whole"),
        ("learning_rate", "setting_not_number"),
        ("num_train_epochs", "setting_not_number"),
        ("weight_decay", "setting_out_of_bounds"),
        ("per_device_train_batch_size", "setting_out_of_bounds"),
        ("max_steps", "max_steps_zero"),
        ("use_dora", "setting_not_boolean"),
        ("lr_scheduler_type", "setting_not_a_choice"),
        ("target_modules", "setting_not_modules"),
    }


def test_nothing_absurd_is_taken_for_a_new_setting():
    assert refused(
        neftune_noise_alpha=float("inf"),
        early_stopping_patience=2.5,
        activation_checkpointing="yes",
        init_lora_weights="corda",
        keep_adapter=1,
        precision="fp8",
        quantization=4,
        shorten_rows=0,
        adversarial_epsilon=-1,
        augmented_copies=17,
        augmented_share=0.0,
    ) == {
        ("neftune_noise_alpha", "setting_not_number"),
        ("early_stopping_patience", "setting_not_whole"),
        ("activation_checkpointing", "setting_not_boolean"),
        ("init_lora_weights", "setting_not_a_choice"),
        ("keep_adapter", "setting_not_a_choice"),
        ("precision", "setting_not_a_choice"),
        ("quantization", "setting_not_a_choice"),
        ("shorten_rows", "setting_not_boolean"),
        ("adversarial_epsilon", "setting_out_of_bounds"),
        ("augmented_copies", "setting_out_of_bounds"),
        ("augmented_share", "setting_out_of_bounds"),
    }


def clashes(machine, task="chat", **settings):
    try:
        Recipe.plan(task, "some/base", 100, 10**9, settings=settings, machine=machine)
    except RecipeRefused as error:
        return {(found.column, found.code) for found in error.problems}
    return set()


@pytest.mark.parametrize("machine", ["cpu", "mps"])
def test_what_needs_an_nvidia_gpu_is_refused_elsewhere(machine):
    asked = {"quantization": "4bit", "precision": "fp16"}
    needed = {("quantization", "setting_needs_cuda"), ("precision", "setting_needs_cuda")}
    assert clashes(machine, **asked) == needed
    assert clashes("cuda", **asked) == clashes(None, **asked) == set()
    assert clashes(machine, precision="bf16") == set()


def test_adversarial_training_is_for_classification():
    told = {("adversarial_epsilon", "setting_for_classification")}
    assert clashes("cpu", adversarial_epsilon=1) == told
    assert clashes("cpu", "classification", adversarial_epsilon=1) == set()


@pytest.mark.parametrize("start", ["olora", "pissa"])
def test_a_start_from_the_bases_weights_goes_with_plain_lora_alone(start):
    told = {("init_lora_weights", "settings_clash")}
    assert clashes("cuda", init_lora_weights=start, use_dora=True) == told
    assert clashes("cuda", init_lora_weights=start, quantization="8bit") == told
    assert clashes("cuda", init_lora_weights=start, use_rslora=True) == set()


def test_a_large_base_is_trained_shorter_on_a_processor():
    taken = {
        machine: Recipe.plan("chat", "b", 20_000, 10**9, machine=machine)
        for machine in ("cpu", "cuda")
    }
    assert steps(taken["cpu"], 20_000) < 100 < steps(taken["cuda"], 20_000)
    assert (taken["cpu"].per_device_train_batch_size, taken["cpu"].max_length) == (1, 512)
    assert Recipe.plan("chat", "b", 2_000, 10**6, machine="cpu") == Recipe.plan(
        "chat", "b", 2_000, 10**6, machine="cuda"
    )


@pytest.mark.parametrize("key", ["task", "base", "mapping", "preset_", "output_dir"])
def test_only_settings_can_be_set(key):
    with pytest.raises(RecipeRefused):
        Recipe.plan("chat", "b", 100, 1, "balanced", {key: "x"})


def test_the_rank_is_bounded_by_the_limits():
    assert plan(r=256).r == 256
    assert refused(r=257) == {("r", "setting_out_of_bounds")}
    few, many = Limits(lora_rank=8), Limits(lora_rank=512)
    given = ("chat", "some/base", 1000, 600_000_000, "balanced")
    for rank in (0, 9, 9.0, 10**400):
        with pytest.raises(RecipeRefused) as caught:
            Recipe.plan(*given, {"r": rank, "seed": -1}, limits=few)
        told = {found.column: found.details["bounds"] for found in caught.value.problems}
        assert told["r"] == "1 ≤ r ≤ 8" and "seed" in told
        assert len(caught.value.problems) == 2
    preset = Recipe.plan(*given, limits=few)
    assert (preset.r, preset.lora_alpha) == (8, 16)
    assert Recipe.plan(*given, {"r": 512}, limits=many).r == 512


def test_settings_tell_their_bounds_for_a_form():
    assert SETTINGS["num_train_epochs"].low_open and SETTINGS["num_train_epochs"].high == 1000
    assert bounds_text(SETTINGS["lora_dropout"]) == "0 ≤ lora_dropout < 1"
    assert SETTINGS["lr_scheduler_type"].choices[0] == "linear"
    assert {setting.kind for setting in SETTINGS.values()} == {
        *("int", "float", "bool", "choice", "names")
    }
    assert all(setting.description for setting in SETTINGS.values())


def test_settings_from_the_command_line_are_typed():
    pairs = ["r=8", "learning_rate=1e-3", "use_dora=true", "lr_scheduler_type=linear"]
    pairs.append('target_modules=["q_proj"]')
    assert settings_from_text(pairs) == {
        "r": 8,
        "learning_rate": 1e-3,
        "use_dora": True,
        "lr_scheduler_type": "linear",
        "target_modules": ["q_proj"],
    }
    with pytest.raises(RecipeRefused):
        settings_from_text(["r"])
