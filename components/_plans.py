"""What a visitor plans to train: a file, how it is read, and a recipe that is looked at before it
starts. No Gradio."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_args

from components._models import check_fit
from components._services import Services
from components._throttle import COSTLY
from finetune.advice import advice, as_json, make_fit
from finetune.dataset import Examples, build, split
from finetune.errors import UploadMissing
from finetune.estimate import Estimate, estimate
from finetune.guess import guess
from finetune.inspect_table import cell_tokens as measured
from finetune.inspect_table import inspect_table, row_tokens
from finetune.problems import Problem
from finetune.recipe import Preset, Recipe
from finetune.tables import Table, read_table
from inference import fit, hardware, hub
from inference.catalog import TASKS, Model, Task
from inference.errors import SettingChoiceRefused, WrongModelForTask
from inference.memory import Use


@dataclass(frozen=True)
class Reading:
    """How a file is to be read; what is None is found out."""

    encoding: str | None = None
    delimiter: str | None = None
    quotechar: str | None = None
    has_header: bool | None = None


@dataclass(frozen=True)
class Plan:
    """What a visitor chose for a run. `settings` are keys of `recipe.SETTINGS`."""

    task: Task
    mapping: Mapping[str, str]
    base: str
    preset: Preset = "balanced"
    settings: Mapping[str, Any] | None = None


def uploaded(services: Services, path: object) -> Path:
    """The file at `path`, if a visitor sent it: anything else on this machine is refused.

    Raises:
        UploadMissing: it is not a file below the folder of uploads.
    """
    if isinstance(path, Mapping):
        path = path.get("path")
    if not isinstance(path, str) or "\0" in path:
        raise UploadMissing()
    try:
        file = Path(path).resolve()
        if file.is_relative_to(services.uploads.resolve()) and file.is_file():
            return file
    except (OSError, ValueError):  # too long for a name, or not one in any encoding
        raise UploadMissing() from None
    raise UploadMissing()


def inspect(
    services: Services, path: object, reading: Reading, visitor: str = ""
) -> dict[str, Any]:
    """What the file was read as; see `finetune.inspect_table`.

    Raises:
        UploadMissing, TooManyRequests
    """
    services.throttle.charge(COSTLY, visitor)
    return inspect_table(uploaded(services, path), services.limits, **asdict(reading))


def guess_mapping(
    services: Services, path: object, reading: Reading, task: Task, visitor: str = ""
) -> dict[str, str]:
    """The columns most likely meant for `task`; empty where none fit. Raises TooManyRequests."""
    services.throttle.charge(COSTLY, visitor)
    found = guess(table_of(services, path, reading), task)
    return found.mapping if found else {}


def base_model(services: Services, task: Task, base: str, use: Use = "lora") -> Model:
    """The base a run may start from.

    Raises:
        SettingChoiceRefused, ModelUnknown, WrongModelForTask, ModelNotHere, ModelDoesNotFit
    """
    model = _base(services, task, base)
    check_fit(model, use)
    hub.locate(model)
    return model


def _base(services: Services, task: Task, base: str) -> Model:
    """It need neither fit nor be here."""
    if task not in TASKS:
        raise SettingChoiceRefused(name="task", value=str(task)[:40], choices=", ".join(TASKS))
    model = services.catalog.find(base)
    if model.task != task or not model.trainable:
        raise WrongModelForTask(model=model.id, task=task)
    return model


def use_of(plan: Plan) -> Use:
    """A base in fewer bits needs less memory."""
    chosen = (plan.settings or {}).get("quantization", "none")
    return "lora" if chosen == "none" else "qlora"


def use_of_recipe(recipe: Recipe) -> Use:
    return "lora" if recipe.quantization == "none" else "qlora"


def recipe_for(services: Services, plan: Plan, rows: int) -> Recipe:
    """The complete recipe of a run on this many usable rows.

    Raises:
        RecipeRefused, and as `base_model`
    """
    return _recipe(services, plan, base_model(services, plan.task, plan.base, use_of(plan)), rows)


def _recipe(services: Services, plan: Plan, model: Model, rows: int) -> Recipe:
    return Recipe.plan(
        plan.task,
        model.id,
        rows,
        model.architecture.parameters,
        plan.preset,
        plan.settings,
        mapping={role: column for role, column in plan.mapping.items() if column},
        limits=services.limits,
        machine=hardware.trains_on(),
    )


def max_length(services: Services, plan: Plan, rows: int) -> int:
    """Tokens of a row the plan keeps. Raises as `foreseen`."""
    return _recipe(services, plan, _base(services, plan.task, plan.base), rows).max_length


@dataclass(frozen=True)
class Foreseen:
    """A plan before it starts. `fitting` are the settings that would make it fit, None where none
    do; empty where it fits. `smaller` is then the largest base that does, if there is one."""

    recipe: Recipe
    estimate: Estimate
    advice: Sequence[Problem]
    fitting: Mapping[str, Any] | None
    smaller: str | None = None


def foreseen(
    services: Services,
    plan: Plan,
    rows: int,
    cell_tokens: Mapping[str, float],
    usable: Examples | None = None,
) -> Foreseen:
    """Steps, memory and time of a run before it starts, and what is wrong with the plan.

    Unlike a start it takes a base that does not fit: what would make it fit is the question.

    Args:
        cell_tokens: as `inspect` tells them.
        usable: the rows themselves, where they have been read: more can be told with them.

    Raises:
        RecipeRefused, SettingChoiceRefused, ModelUnknown, WrongModelForTask
    """
    model = _base(services, plan.task, plan.base)
    recipe = _recipe(services, plan, model, rows)
    trained, held_out = max(1, round(rows * (1 - recipe.held_out_share))), None
    if usable is not None:
        train, kept = split(usable.rows, plan.task, recipe.held_out_share, recipe.seed)
        trained, held_out = len(train), len(kept)
    tokens = row_tokens(cell_tokens, plan.mapping)
    found = estimate(recipe, trained, model.architecture, tokens)
    # what CUDA or the allocators take beside is not the plan's
    available = fit.fits(model, "lora").available - fit.RUNTIME_BYTES[hardware.trains_on()]
    quantisable = fit.fits(model, "qlora").fits
    fitting = make_fit(recipe, model.architecture, available, quantisable, tokens)
    told = advice(
        recipe,
        found,
        model.architecture,
        hardware.trains_on(),
        row_tokens=tokens,
        available=available,
        longest_seconds=services.limits.run_hours * 3_600,
        held_out=held_out,
        labels=_labels(usable),
    )
    smaller = None if fitting is not None else _largest_that_fits(services, plan.task)
    return Foreseen(recipe, found, told, fitting, smaller)


def _labels(usable: Examples | None) -> list[str]:
    return [row["label"] for row in usable.rows if "label" in row] if usable else []


def _largest_that_fits(services: Services, task: Task) -> str | None:
    fitting = [it for it in services.catalog.bases(task) if fit.fits(it, "lora").fits]
    largest = max(fitting, key=lambda it: it.architecture.parameters, default=None)
    return largest.id if largest else None


def foreseen_of(services: Services, path: object, reading: Reading, plan: Plan) -> Foreseen:
    """`foreseen` of a file. Raises UploadMissing, TableRefused, TooManyRequests too."""
    services.throttle.charge(COSTLY, "")
    table = table_of(services, path, reading)
    usable = build(table, plan.task, plan.mapping)
    return foreseen(services, plan, usable.kept, measured(table), usable)


def estimated(services: Services, path: object, reading: Reading, plan: Plan) -> dict[str, Any]:
    """`foreseen_of` as JSON types, in English; raises the same."""
    found = foreseen_of(services, path, reading, plan)
    return as_json(found.estimate, found.advice, found.fitting, found.smaller)


def plan_from(task: str, mapping: object, base: str, settings: object) -> Plan:
    """The plan as an API call states it: `preset` travels among the settings.

    Raises:
        SettingChoiceRefused: `mapping` or `settings` is no object.
    """
    for name, value in (("mapping", mapping), ("settings", settings)):
        if not isinstance(value, Mapping):
            raise SettingChoiceRefused(name=name, value=str(value)[:40], choices="{…}")
    columns = {str(role): str(column) for role, column in mapping.items() if column}
    chosen = dict(settings)
    preset = chosen.pop("preset", "balanced")
    if preset not in get_args(Preset):
        choices = ", ".join(get_args(Preset))
        raise SettingChoiceRefused(name="preset", value=str(preset)[:40], choices=choices)
    return Plan(task, columns, str(base), preset, chosen)


def reading_from(values: object) -> Reading:
    """How to read a file, as an API call states it.

    Raises:
        SettingChoiceRefused: `values` is no object, or holds something else.
    """
    known = [field.name for field in fields(Reading)]
    kinds = {"has_header": bool}
    if (
        not isinstance(values, Mapping)
        or not set(values) <= set(known)
        or not all(v is None or isinstance(v, kinds.get(k, str)) for k, v in values.items())
    ):
        raise SettingChoiceRefused(name="reading", value=str(values)[:40], choices=", ".join(known))
    return Reading(**values)


def table_of(services: Services, path: object, reading: Reading) -> Table:
    """Raises UploadMissing, TableRefused."""
    return read_table(uploaded(services, path), services.limits, **asdict(reading))
