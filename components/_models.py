"""Models and trained adapters, found for a visitor and put to work. Knows no Gradio.

The engines are imported when they are first used: torch and transformers take seconds, and the
page is there before them.
"""

import sys
from collections.abc import Generator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from components import _remote_models
from components._services import Services
from components._throttle import COSTLY
from finetune.errors import NothingToDownload
from inference import accelerator, fit, hub, memory
from inference.catalog import Model, Task
from inference.chat_server import ServedModel
from inference.errors import AdapterRefused, ModelDoesNotFit, ModelElsewhere, WrongModelForTask
from inference.prompts import Message, normalise
from inference.records import (
    ADAPTER_WEIGHTS,
    Candidate,
    ChatSettings,
    Choice,
    Chunk,
    Position,
)
from inference.texts import is_chinese
from inference.units import readable_bytes

# The longest exchange before a question that a model of few `turns` was trained after.
FOLLOWED_CHARACTERS = 1_000


@dataclass(frozen=True)
class Wanted:
    """Which model a visitor asks for: a catalogue id, or one of the runs they may read.

    `run_id` wins over `model`; with neither it is the task's default. `token` is the owner's or
    that of a share; `visitor` who asks, where that is another.
    """

    model: str = ""
    run_id: str = ""
    token: str = ""
    visitor: str = ""


@dataclass(frozen=True)
class Found:
    """Weights to run, and the catalogue's entry of the model or of the adapter's base."""

    choice: Choice
    model: Model


def find(services: Services, task: Task, wanted: Wanted) -> Found:
    """The weights `wanted` stands for.

    Raises:
        ModelUnknown, WrongModelForTask, ModelDoesNotFit, ModelNotHere, DownloadsOff,
        DownloadsNotForVisitors, SourceUnknown, RunNotFound, NothingToDownload, AdapterRefused
    """
    if wanted.run_id:
        return _adapter(services, task, wanted)
    if wanted.model:
        model = services.catalog.find(wanted.model)
    else:
        model = fit.default_model(services.catalog, task)
    if model.task != task:
        raise WrongModelForTask(model=model.id, task=task)
    if not hub.is_here(model):
        check_fit(model)  # or the advice would be to download what cannot run,
        services.downloads.check(model)  # or where nothing is downloaded
    return Found(_choice(model), model)


def _choice(model: Model) -> Choice:
    """Its weights, in the number format they are loaded in here."""
    return Choice(hub.locate(model), precision=fit.precision_of(model))


def check_fit(model: Model, use: memory.Use = "run") -> None:
    """Raises ModelDoesNotFit: this machine has too little memory for that use of it."""
    found = fit.fits(model, use)
    if not found.fits:
        needed, available = readable_bytes(found.needed), readable_bytes(found.available)
        raise ModelDoesNotFit(model=model.id, needed=needed, available=available)


def _adapter(services: Services, task: Task, wanted: Wanted) -> Found:
    run = services.store.for_reader(wanted.run_id, wanted.token)
    recipe = run.recipe
    if recipe.task != task:
        raise WrongModelForTask(model=run.name or recipe.base, task=task)
    if run.adapter is None:
        raise NothingToDownload(status=run.status())
    model = services.catalog.find(recipe.base)
    base = _choice(model)
    trained_on = run.facts["ran"]["base"]
    if hub.config_hash(base.folder) != trained_on["config_sha256"]:
        raise AdapterRefused(expected=trained_on["id"], found=hub.name_of(base.folder))
    written = (run.adapter / ADAPTER_WEIGHTS).stat().st_mtime_ns
    # A model that follows few turns is taught single questions: those alone are what its adapter
    # was measured on.
    model = replace(model, turns=min(model.turns, 1))
    return Found(replace(base, adapter=run.adapter, version=written), model)


def can_think(services: Services, wanted: Wanted) -> bool:
    """Whether the model, or the base of the run, can be asked to reason first.

    Raises:
        ModelUnknown, RunNotFound
    """
    model_id = wanted.model
    remote = None if wanted.run_id else _remote_models.can_think(services, model_id)
    if remote is not None:
        return remote
    if wanted.run_id:
        model_id = services.store.for_reader(wanted.run_id, wanted.token).recipe.base
    return services.catalog.find(model_id).thinking


def reads(services: Services, wanted: Wanted, text: str) -> bool:
    """Whether the chosen model knows the language of `text`.

    What an adapter was taught only its owner knows, and nothing is known of the chat server's
    models: they are trusted, and so is a choice that is left to the app.

    Raises:
        ModelUnknown
    """
    if wanted.run_id or not wanted.model or _remote_models.is_named(services, wanted):
        return True
    languages = services.catalog.find(wanted.model).languages
    return not languages or ("zh" if is_chinese(text) else "en") in languages


def chat(
    services: Services,
    wanted: Wanted,
    message: str,
    history: Sequence[Mapping[str, Any]] | None,
    system: str,
    settings: ChatSettings,
    conversation: str = "",
    begun: str = "",
) -> Generator[Chunk, None, None]:
    """The reply, piece by piece; everything is checked before the first piece is asked for.

    `conversation` and `begun` as `inference.chat.reply` takes them.
    """
    services.throttle.charge(COSTLY, wanted.visitor or wanted.token)
    messages = normalise(message, history, system, services.limits)
    served = _remote_models.chosen(services, wanted)
    if served is not None:
        return _remote(services, wanted, served, messages, settings)
    found = find(services, "chat", wanted)
    messages = _read_by(found.model, messages)
    if begun or not found.model.thinking:  # an answer that has begun is past its thought
        settings = replace(settings, thinking=False)
    from inference.chat import reply

    seconds = services.limits.deadline_seconds
    return reply(messages, found.choice, settings, seconds, conversation, begun)


def _read_by(model: Model, messages: list[Message]) -> list[Message]:
    """What of a conversation the model is asked: where it follows few turns, the last ones, and
    none that is too long for it to follow."""
    if not model.turns:
        return messages
    questions = [at for at, turn in enumerate(messages) if turn["role"] == "user"]
    first = questions[-model.turns :][0]
    if sum(len(turn["content"]) for turn in messages[first : questions[-1]]) > FOLLOWED_CHARACTERS:
        first = questions[-1]
    system = [turn for turn in messages[:first] if turn["role"] == "system"]
    return [*system, *messages[first:]]


def look_inside(
    services: Services,
    wanted: Wanted,
    message: str,
    history: Sequence[Mapping[str, Any]] | None,
    system: str,
    answer: str,
) -> list[Position]:
    """How likely each token of `answer` was, and what else could have stood there.

    A thought before the answer is not read: the probabilities are those without it.
    """
    services.throttle.charge(COSTLY, wanted.visitor or wanted.token)
    messages = normalise(message, history, system, services.limits)
    found = _here(services, wanted)
    from inference.inside import positions

    return positions(_read_by(found.model, messages), answer, found.choice)


def tokens(services: Services, wanted: Wanted, text: str) -> list[Candidate]:
    """The tokens a chat model reads `text` as."""
    found = _here(services, wanted)
    from inference.inside import tokens as split

    return split(text, found.choice)


def _remote(
    services: Services,
    wanted: Wanted,
    served: ServedModel,
    messages: list[Message],
    settings: ChatSettings,
) -> Generator[Chunk, None, None]:
    """The reply of the operator's chat server."""
    from inference.remote_chat import reply

    asked = wanted if wanted.run_id else replace(wanted, model=_remote_models.PREFIX + served.name)
    if not can_think(services, asked):
        settings = replace(settings, thinking=False)
    seconds = services.limits.deadline_seconds
    return reply(services.chat_server, served, messages, settings, seconds)


def _here(services: Services, wanted: Wanted) -> Found:
    """A chat model of this machine.

    Raises:
        ModelElsewhere: the chat server answers for it. Also as `find`.
    """
    if _remote_models.chosen(services, wanted) is not None:
        raise ModelElsewhere()
    return find(services, "chat", wanted)


def load_engines() -> None:
    """Import what the first reply would otherwise wait for (about ten seconds on two cores)."""
    from inference import chat, explain, fill_mask, sentiment, summarize, summarize_chat

    _ = chat, explain, fill_mask, sentiment, summarize, summarize_chat
    if accelerator.ZERO_GPU:  # what a worker, a fork of this process, would import on a lent GPU
        from finetune import slice_worker

        _ = slice_worker


def evict_idle() -> None:
    """Give the memory of models nobody uses to a training run; without engines there are none."""
    if "inference.pool" in sys.modules:
        from inference.pool import shared

        shared().clear()


def tokens_per_second(record: Mapping[str, Any]) -> float:
    """Roughly how fast the model of a `record` writes here, alone: every weight is read for each
    token."""
    from inference.speed import bytes_per_second

    weights = record["memory"][record["precision"]]["run"]["weights"]
    return bytes_per_second() / max(1, weights)


def _memory(model: Model, precision: memory.Precision) -> dict[str, dict[str, int]]:
    """Bytes by part, to run the model and to train a LoRA on it in that number format."""
    uses: dict[str, memory.Use] = {"run": "run", "train": "lora"}
    return {name: asdict(fit.needed(model, use, precision)) for name, use in uses.items()}


def record(model: Model) -> dict[str, Any]:
    """A catalogue entry with what this machine can do with it; JSON types, sizes in bytes."""
    run, train = fit.fits(model), fit.fits(model, "lora")
    train_quantised = fit.fits(model, "qlora")
    return {
        "id": model.id,
        "title": model.title,
        "task": model.task,
        "demo": model.demo,
        "parameters": model.architecture.parameters,
        "context": model.architecture.context,
        "licence": model.licence,
        "languages": list(model.languages),
        "served": model.served,
        "trainable": model.trainable,
        "here": hub.is_here(model),
        "remote": False,
        "download_bytes": model.download_bytes,
        "memory_to_run": run.needed,
        "precision": run.precision,
        "memory": {precision: _memory(model, precision) for precision in memory.PRECISIONS},
        "cache_per_1000_tokens": memory.cache(model.architecture, 1_000, run.precision),
        "memory_to_train": train.needed,
        "memory_to_train_quantised": train_quantised.needed,
        "memory_available": run.available,
        "runs_here": run.fits,
        "trains_here": model.trainable and train.fits,
        "trains_quantised_here": model.trainable and train_quantised.fits,
    }
