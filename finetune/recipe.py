"""What a training run is: a frozen, checked recipe, and the home of every default and bound.

Settings bear the names of transformers' `TrainingArguments` and peft's `LoraConfig`. The form, the
command line and the web API all read their bounds from `SETTINGS`. Knows nothing of torch, of
files, or of what the machine can hold.
"""

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from finetune.errors import RecipeRefused
from finetune.presets import DROPOUT, HELD_OUT_SHARE, HIGHEST_ALPHA, Machine, Preset, preset_values
from finetune.problems import Problem, problem
from inference.catalog import Task
from inference.limits import Limits

Schedule = Literal["linear", "cosine", "constant", "constant_with_warmup"]
Precision = Literal["auto", "fp32", "fp16", "bf16"]
Quantization = Literal["none", "8bit", "4bit"]
Start = Literal["default", "gaussian", "olora", "pissa"]
Kept = Literal["last", "best"]


def _whole(value: Any) -> Any:
    """Browsers send 3.0 where 3 was meant; anything else is left for the strict check."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


_DEFAULTS = Limits()

Whole = Annotated[int, BeforeValidator(_whole)]


class Recipe(BaseModel):
    """A complete plan of one run. Unknown keys, strings for numbers, NaN and inf are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    task: Task
    base: str = Field(min_length=1, max_length=500, description="Catalogue id or local folder.")
    mapping: dict[str, str] = Field(default_factory=dict, description="Role -> column name.")
    preset: Preset = "balanced"

    # transformers.TrainingArguments
    num_train_epochs: float = Field(3.0, gt=0, le=1000, description="Passes over the rows.")
    max_steps: Whole = Field(-1, ge=-1, le=1_000_000, description="Overrides epochs; -1: unused.")
    learning_rate: float = Field(2e-4, gt=0, le=0.1, description="The highest step size.")
    per_device_train_batch_size: Whole = Field(8, ge=1, le=256, description="Rows at a time.")
    gradient_accumulation_steps: Whole = Field(1, ge=1, le=1024, description="Batches a step.")
    lr_scheduler_type: Schedule = Field("cosine", description="How the step size falls.")
    warmup_steps: float = Field(
        0.05, ge=0, le=100_000, description="Steps of warm-up; below 1 it is a share of all steps."
    )
    weight_decay: float = Field(0.0, ge=0, le=1, description="Pull of the weights towards zero.")
    max_grad_norm: float = Field(1.0, gt=0, le=1000, description="Longer gradients are cut.")
    label_smoothing_factor: float = Field(0.0, ge=0, lt=1, description="Softens the targets.")
    neftune_noise_alpha: float = Field(
        0.0, ge=0, le=100, description="Noise on the embeddings (NEFTune); 0: none."
    )
    early_stopping_patience: Whole = Field(
        0, ge=0, le=1000, description="Checks without a better held-out loss; 0: never stop early."
    )
    activation_checkpointing: bool = Field(
        False, description="Compute again instead of keeping: less memory, more time."
    )
    logging_steps: Whole = Field(1, ge=1, le=100_000, description="Steps between two log lines.")
    save_steps: Whole = Field(50, ge=1, le=1_000_000, description="Steps between checkpoints.")
    seed: Whole = Field(42, ge=0, le=2**32 - 1, description="Makes a run repeatable.")

    # peft.LoraConfig
    r: Whole = Field(16, ge=1, description="Rank: how much can be learnt.")  # `plan` bounds it
    lora_alpha: float = Field(
        32.0, gt=0, le=HIGHEST_ALPHA, description="Scale; the update times alpha / r."
    )
    lora_dropout: float = Field(DROPOUT, ge=0, lt=1, description="Share of inputs left out.")
    target_modules: Literal["all-linear"] | Annotated[tuple[str, ...], Field(strict=False)] = Field(
        "all-linear", description="Which layers get an adapter."
    )
    use_rslora: bool = Field(False, description="Scale by alpha / √r (rank-stabilised).")
    use_dora: bool = Field(False, description="Also learn the length of each weight (DoRA).")

    init_lora_weights: Start = Field("default", description="What the adapter starts from.")

    # ours
    max_length: Whole = Field(512, ge=16, le=32_768, description="Tokens of a row; more is cut.")
    held_out_share: float = Field(
        HELD_OUT_SHARE, ge=0.01, le=0.5, description="Rows kept for checking."
    )
    keep_adapter: Kept = Field("last", description="Of the last step, or of the best check.")
    precision: Precision = Field("auto", description="Number format of the computation.")
    quantization: Quantization = Field("none", description="The base in fewer bits (CUDA only).")
    shorten_rows: bool = Field(False, description="Halve max_length when memory runs out.")
    adversarial_epsilon: float = Field(
        0.0, ge=0, le=100, description="Length of the worst-case nudge to the embeddings; 0: none."
    )
    augmented_copies: Whole = Field(
        0, ge=0, le=16, description="Reworded copies of every training row."
    )
    augmented_share: float = Field(
        0.1, gt=0, le=0.5, description="Share of a copy's words that is changed."
    )

    @field_validator("max_steps")
    @classmethod
    def _some_steps(cls, value: int) -> int:
        if value == 0:
            raise ValueError("it must be at least 1, or -1 to go by epochs")
        return value

    @field_validator("target_modules")
    @classmethod
    def _some_modules(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        if not value or any(not name.strip() for name in value):
            raise ValueError("it must be “all-linear” or a list of layer names")
        return value

    @classmethod
    def plan(
        cls,
        task: Task,
        base: str,
        rows: int,
        base_parameters: int,
        preset: Preset = "balanced",
        settings: Mapping[str, Any] | None = None,
        *,
        mapping: Mapping[str, str] | None = None,
        limits: Limits = _DEFAULTS,
        machine: Machine | None = None,
    ) -> Self:
        """The preset's values for this many usable rows and a base of this size, then `settings`.

        Args:
            rows: usable rows, held-out ones included.
            base_parameters: parameters of the base model; small ones need far larger steps.
            settings: what the visitor set; keys of `SETTINGS`.
            limits: the operator's; they bound the rank.
            machine: what will train; None refuses nothing on its account.

        Raises:
            RecipeRefused: holds every unknown key, wrong type, value out of bounds and setting
                that does not go with the task, the machine or another setting.
        """
        settings = dict(settings or {})
        problems = [
            _unknown(str(name), value) for name, value in settings.items() if name not in SETTINGS
        ]
        known = {name: value for name, value in settings.items() if name in SETTINGS}
        preset_known = preset if preset in get_args(Preset) else "balanced"
        bounded = settings_within(limits)
        chosen = preset_values(
            task, rows, base_parameters, preset_known, known, limits.lora_rank, machine
        )
        fixed = {"task": task, "base": base, "mapping": dict(mapping or {}), "preset": preset}
        try:
            recipe = cls(**{**chosen, **known, **fixed})
            problems += _clashes(recipe, machine)
        except ValidationError as error:
            problems += [_translated(detail, bounded) for detail in error.errors()]
        rank = _whole(known.get("r"))
        if isinstance(rank, int) and rank > limits.lora_rank:
            where = {"column": "r", "value": rank, "name": "r"}
            bounds = bounds_text(bounded["r"])
            problems.append(problem("setting_out_of_bounds", **where, bounds=bounds))
        if problems:  # a union reports once per member, hence the dict
            raise RecipeRefused({(p.code, p.column): p for p in problems}.values())
        return recipe


@dataclass(frozen=True)
class Setting:
    """One setting as a form shows it. `low`/`high` are inclusive unless the flags say otherwise."""

    name: str
    kind: Literal["int", "float", "bool", "choice", "names"]
    default: Any
    low: float | None
    high: float | None
    low_open: bool
    high_open: bool
    choices: tuple[str, ...]
    description: str


def _setting(name: str) -> Setting:
    field = Recipe.model_fields[name]
    bounds = {
        bound: getattr(mark, bound)
        for mark in field.metadata
        for bound in ("ge", "gt", "le", "lt")
        if hasattr(mark, bound)
    }
    choices = get_args(field.annotation) if name != "target_modules" else ()
    kind = {int: "int", float: "float", bool: "bool"}.get(
        field.annotation, "names" if name == "target_modules" else "choice"
    )
    return Setting(
        name=name,
        kind=kind,
        default=field.default,
        low=bounds.get("ge", bounds.get("gt")),
        high=bounds.get("le", bounds.get("lt")),
        low_open="gt" in bounds,
        high_open="lt" in bounds,
        choices=choices,
        description=field.description or "",
    )


def settings_within(limits: Limits) -> dict[str, Setting]:
    """Every setting by name, as far as the operator allows."""
    names = [it for it in Recipe.model_fields if it not in ("task", "base", "mapping", "preset")]
    found = {name: _setting(name) for name in names}
    return found | {"r": replace(found["r"], high=limits.lora_rank)}


SETTINGS: dict[str, Setting] = settings_within(_DEFAULTS)


def settings_from_text(pairs: Iterable[str]) -> dict[str, Any]:
    """`["r=8", "use_dora=true", "lr_scheduler_type=linear"]` -> typed values (JSON, else text).

    Raises:
        RecipeRefused: a pair has no `=`.
    """
    pairs = list(pairs)
    split = [pair.partition("=") for pair in pairs]
    broken = [
        problem("setting_without_value", name=pair, value=pair)
        for pair, (_, equals, _) in zip(pairs, split, strict=True)
        if not equals
    ]
    if broken:
        raise RecipeRefused(broken)
    return {name.strip(): _from_text(text.strip()) for name, _, text in split}


def _from_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _clashes(recipe: Recipe, machine: Machine | None) -> list[Problem]:
    """Settings that are right by themselves, but not with this task, machine or another one."""
    found = []

    def refuse(code: str, name: str, **details: Any) -> None:
        value = getattr(recipe, name)
        found.append(problem(code, column=name, value=value, name=name, given=value, **details))

    if recipe.adversarial_epsilon and recipe.task != "classification":
        refuse("setting_for_classification", "adversarial_epsilon")
    if machine not in (None, "cuda"):
        if recipe.quantization != "none":
            refuse("setting_needs_cuda", "quantization", instead="none")
        if recipe.precision == "fp16":
            refuse("setting_needs_cuda", "precision", instead="auto")
    if recipe.init_lora_weights in ("olora", "pissa"):  # they split the base's own weights
        if recipe.use_dora:
            refuse("settings_clash", "init_lora_weights", other="use_dora")
        if recipe.quantization != "none":
            refuse("settings_clash", "init_lora_weights", other="quantization")
    return found


_MEANT = {
    "lr": "learning_rate",
    "epochs": "num_train_epochs",
    "steps": "max_steps",
    "batch_size": "per_device_train_batch_size",
    "rank": "r",
    "alpha": "lora_alpha",
    "dropout": "lora_dropout",
    "warmup_ratio": "warmup_steps",
    "max_seq_length": "max_length",
    "gradient_checkpointing": "activation_checkpointing",
    "load_in_4bit": "quantization",
    "load_in_8bit": "quantization",
    "fp16": "precision",
    "bf16": "precision",
    "load_best_model_at_end": "keep_adapter",
}


def _unknown(name: str, value: object) -> Problem:
    near = difflib.get_close_matches(name, SETTINGS, n=1)
    close = _MEANT.get(name) or (near[0] if near else None)
    if close:
        return problem("unknown_setting_close", column=name, value=value, name=name, close=close)
    return problem("unknown_setting", column=name, value=value, name=name)


_WRONG_KIND = {
    "int": "setting_not_whole",
    "float": "setting_not_number",
    "bool": "setting_not_boolean",
    "names": "setting_not_modules",
}


def _translated(detail: Mapping[str, Any], settings: Mapping[str, Setting]) -> Problem:
    """One of pydantic's findings as one of ours."""
    name, kind, value = str(detail["loc"][0]), detail["type"], detail["input"]
    where = {"column": name, "value": value, "name": name}
    setting = settings.get(name)
    if name in ("task", "preset") or (setting and setting.choices):
        choices = get_args(Recipe.model_fields[name].annotation)
        return problem("setting_not_a_choice", **where, choices=", ".join(choices))
    if setting is None:
        return problem("recipe_field_refused", **where, reason=detail["msg"])
    if name == "max_steps" and kind == "value_error":
        return problem("max_steps_zero", **where)
    if kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        return problem("setting_out_of_bounds", **where, bounds=bounds_text(setting))
    return problem(_WRONG_KIND[setting.kind], **where)


def bounds_text(setting: Setting) -> str:
    """`0 < num_train_epochs ≤ 1,000`: reads the same in every language. For numbers only."""
    low, high = f"{setting.low:,g}", f"{setting.high:,.12g}"
    below, above = "<" if setting.low_open else "≤", "<" if setting.high_open else "≤"
    return f"{low} {below} {setting.name} {above} {high}"
