"""Training runs as a visitor asks for them: begun, watched, listed, downloaded. No Gradio."""

import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from components import _exports
from components._plans import (
    Plan,
    Reading,
    base_model,
    foreseen,
    recipe_for,
    table_of,
    uploaded,
    use_of,
    use_of_recipe,
)
from components._services import Services
from components._throttle import COSTLY, RUN
from finetune import events
from finetune.dataset import build, split
from finetune.errors import NothingToDownload, OwnerTokenRefused
from finetune.estimate import estimate
from finetune.export import adapter_zip
from finetune.inspect_table import cell_tokens as measured
from finetune.recipe import Recipe
from finetune.run import Run
from finetune.spreadsheet import csv_bytes
from finetune.waiting import place
from inference.errors import SettingsRefused

LEAST_TOKEN = 16  # characters of an owner token
NAME_CHARACTERS = 80
SAMPLE_COLUMNS = ("prompt", "expected", "base", "tuned")


def start(
    services: Services, path: object, reading: Reading, plan: Plan, name: str, owner: str
) -> Run:
    """A new run of `owner`, waiting for its turn.

    Raises:
        UploadMissing, OwnerTokenRefused, TooManyRequests, TableRefused, TooManyRuns, QueueFull,
            NoDiskSpace, and as `recipe_for`
    """
    if not isinstance(owner, str) or len(owner) < LEAST_TOKEN:
        raise OwnerTokenRefused(least=LEAST_TOKEN)
    services.throttle.charge(RUN, owner)
    file = uploaded(services, path)  # without one there is no list of bases to choose from
    base_model(services, plan.task, plan.base, use_of(plan))
    table = table_of(services, path, reading)
    usable = build(table, plan.task, plan.mapping)
    recipe = recipe_for(services, plan, usable.kept)
    train, held_out = split(usable.rows, plan.task, recipe.held_out_share, recipe.seed)
    shown = " ".join(name.split())[:NAME_CHARACTERS] or file.stem
    seconds = foreseen(services, plan, usable.kept, measured(table)).estimate.seconds
    run = services.store.create(recipe, train, held_out, owner, shown, seconds)
    services.jobs.submit(run)
    return run


def resume(services: Services, run_id: str, owner: str) -> Run:
    """Put the owner's run in the queue again.

    Raises:
        RunNotFound, TooManyRequests, and as `Jobs.resume`
    """
    run = services.store.for_owner(run_id, owner)
    services.throttle.charge(RUN, owner)
    services.jobs.resume(run)
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
    queue = services.store.queue() if standing == "queued" else []
    return {
        "id": run.id,
        "name": run.name,
        "created": run.created,
        "kept_until": _kept_until(services, run),
        "task": run.recipe.task,
        "base": run.recipe.base,
        "preset": run.recipe.preset,
        "status": standing,
        "queue_position": 0 if working else place(run, queue),
        "starts_in_seconds": services.jobs.starts_in(run, queue),
        "has_adapter": run.adapter is not None,
        "shared": run.shared,
        **asdict(events.progress(happened, working, time.time())),
        "events": [event.to_dict() for event in happened[since:]],
    }


def _kept_until(services: Services, run: Run) -> float:
    """Seconds since 1970: when the run expires, unless something happens in it before."""
    return run.last_activity + services.limits.run_days * 86_400


def listed(services: Services, owner: str) -> list[dict[str, Any]]:
    """The owner's runs, newest first, as JSON types."""
    found = [(run, run.status()) for run in services.store.owned(owner)]
    waits = any(standing == "queued" for _, standing in found)
    queue = services.store.queue() if waits else []
    return [
        {
            "id": run.id,
            "name": run.name,
            "task": run.recipe.task,
            "base": run.recipe.base,
            "status": standing,
            "queue_position": 0 if standing in ("running", "stopping") else place(run, queue),
            "has_adapter": run.adapter is not None,
            "created": run.created,
            "kept_until": _kept_until(services, run),
        }
        for run, standing in found
    ]


def download(services: Services, run_id: str, owner: str) -> Path:
    """The adapter as a zip, in a folder of its own whose name nobody can guess.

    Raises:
        RunNotFound, NothingToDownload, TooManyRequests
    """
    run = services.store.for_owner(run_id, owner)
    services.throttle.charge(COSTLY, owner)
    return adapter_zip(run, _exports.folder(services))


def comparison_csv(services: Services, run_id: str, owner: str) -> Path:
    """What base and tuned model answered to rows neither was trained on, as a CSV.

    Raises:
        RunNotFound, NothingToDownload, TooManyRequests
    """
    run = services.store.for_owner(run_id, owner)
    report = run.report()
    if not report or not report["samples"]:
        raise NothingToDownload(status=run.status())
    services.throttle.charge(COSTLY, owner)
    rows = [[sample[name] for name in SAMPLE_COLUMNS] for sample in report["samples"]]
    return _exports.written(services, "comparison.csv", csv_bytes(SAMPLE_COLUMNS, rows))


def again(services: Services, run_id: str, owner: str, changes: Mapping[str, Any]) -> Run:
    """A new run on the rows of one that failed, with some settings changed.

    Raises:
        RunNotFound, TooManyRequests, RecipeRefused, TooManyRuns, QueueFull, NoDiskSpace, and as
            `base_model`
    """
    old = services.store.for_owner(run_id, owner)
    services.throttle.charge(RUN, owner)
    recipe = Recipe.model_validate({**old.recipe.model_dump(), **changes})
    model = base_model(services, recipe.task, recipe.base, use_of_recipe(recipe))
    train, held_out = old.rows("train"), old.rows("held_out")
    seconds = estimate(recipe, len(train), model.architecture).seconds
    run = services.store.create(recipe, train, held_out, owner, old.name, seconds)
    services.jobs.submit(run)
    return run
