"""Training runs as a visitor asks for them: from an uploaded file to an adapter. No Gradio."""

import secrets
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_args

from components._models import check_fit
from components._services import Services
from finetune import events
from finetune.dataset import build, split
from finetune.errors import OwnerTokenRefused, UploadMissing
from finetune.estimate import Estimate, estimate
from finetune.export import adapter_zip
from finetune.guess import guess
from finetune.inspect_table import inspect_table, row_tokens
from finetune.recipe import Preset, Recipe
from finetune.run import Run
from finetune.tables import Table, read_table
from inference import hardware, hub
from inference.catalog import TASKS, Model, Task
from inference.errors import (
    SettingChoiceRefused,
    SettingsRefused,
    WrongModelForTask,
)
from inference.memory import Use

LEAST_TOKEN = 16  # characters of an owner token
EXPORT_SECONDS = 3_600
NAME_CHARACTERS = 80


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
    file = Path(path).resolve()
    if not file.is_relative_to(services.uploads.resolve()) or not file.is_file():
        raise UploadMissing()
    return file


def inspect(services: Services, path: object, reading: Reading) -> dict[str, Any]:
    """What the file was read as; see `finetune.inspect_table`.

    Raises:
        UploadMissing
    """
    return inspect_table(uploaded(services, path), services.limits, **asdict(reading))


def guess_mapping(services: Services, path: object, reading: Reading, task: Task) -> dict[str, str]:
    """The columns most likely meant for `task`; empty where none fit."""
    found = guess(_table(services, path, reading), task)
    return found.mapping if found else {}


def base_model(services: Services, task: Task, base: str, use: Use = "lora") -> Model:
    """The base a run may start from.

    Raises:
        SettingChoiceRefused, ModelUnknown, WrongModelForTask, ModelNotHere, ModelDoesNotFit
    """
    if task not in TASKS:
        raise SettingChoiceRefused(name="task", value=str(task)[:40], choices=", ".join(TASKS))
    model = services.catalog.find(base)
    if model.task != task or not model.trainable:
        raise WrongModelForTask(model=model.id, task=task)
    check_fit(model, use)
    hub.locate(model)
    return model


def _use(plan: Plan) -> Use:
    """A base in fewer bits needs less memory."""
    chosen = (plan.settings or {}).get("quantization", "none")
    return "lora" if chosen == "none" else "qlora"


def recipe_for(services: Services, plan: Plan, rows: int) -> Recipe:
    """The complete recipe of a run on this many usable rows.

    Raises:
        RecipeRefused, and as `base_model`
    """
    model = base_model(services, plan.task, plan.base, _use(plan))
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


def estimated(
    services: Services, plan: Plan, rows: int, cell_tokens: Mapping[str, float]
) -> Estimate:
    """Steps, memory and time of a run before it starts. Raises as `recipe_for`.

    Args:
        cell_tokens: as `inspect` tells them.
    """
    recipe = recipe_for(services, plan, rows)
    architecture = services.catalog.find(recipe.base).architecture
    trained = max(1, round(rows * (1 - recipe.held_out_share)))
    return estimate(recipe, trained, architecture, row_tokens(cell_tokens, plan.mapping))


def start(
    services: Services, path: object, reading: Reading, plan: Plan, name: str, owner: str
) -> Run:
    """A new run of `owner`, waiting for its turn.

    Raises:
        UploadMissing, OwnerTokenRefused, TableRefused, TooManyRuns, QueueFull, and as `recipe_for`
    """
    if not isinstance(owner, str) or len(owner) < LEAST_TOKEN:
        raise OwnerTokenRefused(least=LEAST_TOKEN)
    base_model(services, plan.task, plan.base, _use(plan))
    examples = build(_table(services, path, reading), plan.task, plan.mapping)
    recipe = recipe_for(services, plan, examples.kept)
    train, held_out = split(examples.rows, plan.task, recipe.held_out_share, recipe.seed)
    shown = " ".join(name.split())[:NAME_CHARACTERS] or uploaded(services, path).stem
    run = services.store.create(recipe, train, held_out, owner, shown)
    services.jobs.submit(run)
    return run


def status(services: Services, run_id: str, owner: str, since: int = 0) -> dict[str, Any]:
    """Where a run stands, as JSON types; `events` are those after the first `since`.

    The status is read once and before the events: so a run that ends in between is shown as
    running once more, never as ended with half of its events.

    Raises:
        RunNotFound, SettingsRefused
    """
    if not isinstance(since, int) or since < 0:
        raise SettingsRefused(name="since", value=str(since)[:40], low=0, high="…")
    run = services.store.for_owner(run_id, owner)
    standing, happened = run.status(), run.events()
    working = standing in ("running", "stopping")
    return {
        "id": run.id,
        "name": run.name,
        "created": run.created,
        "task": run.recipe.task,
        "base": run.recipe.base,
        "preset": run.recipe.preset,
        "status": standing,
        "queue_position": 0 if working else _place(services, run),
        "has_adapter": run.adapter is not None,
        "shared": run.shared,
        **asdict(events.progress(happened, working, time.time())),
        "events": [event.to_dict() for event in happened[since:]],
    }


def _place(services: Services, run: Run) -> int | None:
    """1 for the run that is next; None for one that does not wait."""
    ids = [waiting.id for waiting in services.store.queue()] if run.ticket is not None else []
    return ids.index(run.id) + 1 if run.id in ids else None


def listed(services: Services, owner: str) -> list[dict[str, Any]]:
    """The owner's runs, newest first, as JSON types."""
    return [
        {
            "id": run.id,
            "name": run.name,
            "task": run.recipe.task,
            "base": run.recipe.base,
            "status": run.status(),
            "has_adapter": run.adapter is not None,
            "created": run.created,
        }
        for run in services.store.owned(owner)
    ]


def download(services: Services, run_id: str, owner: str) -> Path:
    """The adapter as a zip, in a folder of its own whose name nobody can guess.

    Raises:
        RunNotFound, NothingToDownload
    """
    run = services.store.for_owner(run_id, owner)
    services.exports.mkdir(parents=True, exist_ok=True)
    for old in services.exports.iterdir():
        with suppress(FileNotFoundError):  # another download was faster
            if time.time() - old.stat().st_mtime > EXPORT_SECONDS:
                shutil.rmtree(old, ignore_errors=True)
    return adapter_zip(run, services.exports / secrets.token_urlsafe(16))


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


def _table(services: Services, path: object, reading: Reading) -> Table:
    return read_table(uploaded(services, path), services.limits, **asdict(reading))
