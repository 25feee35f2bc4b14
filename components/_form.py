"""The fields of the Fine-tune form, and what their values mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from components._plans import Plan, Reading
from components._reading import reading_of
from components._texts import i18n
from finetune.columns import ROLES
from finetune.recipe import SETTINGS, Setting

MOST_ROLES = max(len(roles) for roles in ROLES.values())
MAIN = ("num_train_epochs", "learning_rate", "per_device_train_batch_size", "max_length", "r")
GROUPS = {
    "steps": (
        "max_steps",
        "gradient_accumulation_steps",
        "lr_scheduler_type",
        "warmup_steps",
        "early_stopping_patience",
        "keep_adapter",
        "held_out_share",
        "seed",
    ),
    "lora": (
        "lora_alpha",
        "lora_dropout",
        "target_modules",
        "use_rslora",
        "use_dora",
        "init_lora_weights",
    ),
    "memory": ("activation_checkpointing", "quantization", "precision", "shorten_rows"),
    "robust": (
        "weight_decay",
        "max_grad_norm",
        "label_smoothing_factor",
        "neftune_noise_alpha",
        "adversarial_epsilon",
        "augmented_copies",
        "augmented_share",
    ),
    "records": ("logging_steps", "save_steps"),
}


@dataclass(frozen=True)
class Form:
    """The parts of the form, in the order in which `given` reads their values."""

    file: gr.File
    reading: list[Any]
    task: gr.Radio
    roles: list[gr.Dropdown]
    base: gr.Dropdown
    preset: gr.Radio
    settings: list[Any]

    @property
    def inputs(self) -> list[Any]:
        chosen = [self.task, *self.roles, self.base, self.preset, *self.settings]
        return [self.file, *self.reading, *chosen]


def place_settings() -> list[Any]:
    """One field for each of `SETTINGS`, in its order; left empty, it takes the preset's value.

    A few stand open; the others are folded away by what they are about.
    """
    fields = _place_group(MAIN)
    with gr.Accordion(i18n("settings"), open=False, elem_id="finetune-settings"):
        gr.Markdown(i18n("settings_info"), elem_classes="lab-note")
        for key, names in GROUPS.items():
            gr.Markdown(i18n(f"settings_{key}"))
            fields |= _place_group(names)
    return [fields[name] for name in SETTINGS]


def _place_group(names: Sequence[str]) -> dict[str, Any]:
    with gr.Row(elem_classes="lab-grid"):
        return {name: _field(SETTINGS[name]) for name in names}


def _field(setting: Setting) -> Any:
    shared = {
        "label": i18n(f"setting_{setting.name}"),
        "info": i18n(f"setting_{setting.name}_info"),
        "min_width": 240,
        "elem_id": f"setting-{setting.name}",
    }
    if setting.kind == "bool":
        return gr.Checkbox(setting.default, **shared)
    if setting.kind == "choice":
        return gr.Dropdown(
            [(i18n("as_preset"), ""), *((c, c) for c in setting.choices)], value="", **shared
        )
    # Numbers too: an empty gr.Number becomes 0, and its own messages know one language only.
    return gr.Textbox(placeholder=i18n("as_preset"), max_lines=1, **shared)


def given(values: Sequence[Any]) -> tuple[str, Reading, Plan]:
    """The values of `Form.inputs` as what they mean."""
    (file, *reading), rest = values[:5], values[5:]
    task, chosen = rest[0], rest[1 : 1 + MOST_ROLES]
    base, preset, *settings = rest[1 + MOST_ROLES :]
    mapping = dict(zip(ROLES[task], chosen, strict=False))
    plan = Plan(
        task=task,
        mapping={role: column for role, column in mapping.items() if column},
        base=base or "",
        preset=preset,
        settings=_set(settings),
    )
    return file or "", reading_of(reading), plan


def _set(values: list[Any]) -> dict[str, Any]:
    """The settings a visitor filled in: what is empty or as it was is left to the preset."""
    chosen: dict[str, Any] = {}
    for setting, value in zip(SETTINGS.values(), values, strict=True):
        if value in (None, "") or (setting.kind == "bool" and value == setting.default):
            continue
        if setting.kind == "names" and value != setting.default:
            value = [part.strip() for part in value.split(",")]
        chosen[setting.name] = _number(value) if setting.kind in ("int", "float") else value
    return chosen


def _number(text: str) -> int | float | str:
    """What was typed as a number; as text where it is none, for the recipe to refuse."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
