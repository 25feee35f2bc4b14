"""The models of the operator's chat server, as visitors find them. Knows no Gradio.

A server may list adapters by the id of the run they come from. Such an id is half of the key to
a run: these are shown to nobody, and are used for whoever may read the run.
"""

import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from components._services import Services
from finetune.errors import RunNotFound
from inference import fit, memory
from inference.catalog import Task
from inference.chat_server import Listing, ServedModel
from inference.errors import ChatServerTrouble, ModelUnknown, RemoteModelUnknown

if TYPE_CHECKING:
    from components._models import Wanted

PREFIX = "remote/"
_RUN_ID = re.compile(r"[\w-]{22}", re.ASCII)


def offered(services: Services) -> Listing:
    """What any visitor may choose; the model of `LAB_CHAT_MODEL` first, listed or not."""
    server = services.chat_server
    if server is None:
        return Listing()
    known = server.models()
    models = [model for model in known.models if not _of_a_run(services, model)]
    if server.model:
        first = known.find(server.model) or ServedModel(server.model)
        models = [first, *(model for model in models if model.name != server.model)]
    return Listing(tuple(models), known.error)


def _of_a_run(services: Services, model: ServedModel) -> bool:
    """Whether its name is a run's: of one that is here, or, told by its form, of a deleted one."""
    run_id = model.name.rpartition(":")[2]
    if model.adapter and _RUN_ID.fullmatch(run_id):
        return True
    try:
        services.store.get(run_id)
    except RunNotFound:
        return False
    return True


def default_model(services: Services, task: Task) -> str:
    """The id a tab opens with: the server's first model where it has any, else a local one."""
    if task == "chat" and (models := offered(services).models):
        return PREFIX + models[0].name
    return fit.default_model(services.catalog, task).id


def is_named(services: Services, wanted: "Wanted") -> bool:
    """Whether one of the server's models is asked for by name, not only because it is the default
    of the chat."""
    asked = not wanted.run_id and wanted.model.startswith(PREFIX)
    return asked and services.chat_server is not None


def chosen(services: Services, wanted: "Wanted") -> ServedModel | None:
    """The server's model that `wanted` stands for; None where the reply is written here.

    Raises:
        RemoteModelUnknown, ChatServerTrouble, RunNotFound
    """
    if services.chat_server is None:
        return None
    if wanted.run_id:
        return _adapter(services, wanted)
    if wanted.model and not wanted.model.startswith(PREFIX):
        return None
    known = offered(services)
    if not wanted.model:
        return known.models[0] if known.models else None
    name = wanted.model.removeprefix(PREFIX)
    model = known.find(name)
    if model is None:
        raise known.error or RemoteModelUnknown(model=name[:80])
    return model


def _adapter(services: Services, wanted: "Wanted") -> ServedModel | None:
    """The run's adapter under its id or `<base>:<id>`, if the server has it."""
    run = services.store.for_reader(wanted.run_id, wanted.token)
    if run.recipe.task != "chat":
        return None
    known = services.chat_server.models() if services.chat_server else Listing()
    if known.error:  # the adapter is here as well
        return None
    return known.find(run.id) or known.find(f"{run.recipe.base}:{run.id}")


def writes_for(services: Services, value: str) -> bool:
    """Whether the server answers for a model's id or, as its adapter, for a run's."""
    if services.chat_server is None:
        return False
    if value.startswith(PREFIX):
        return True
    known = services.chat_server.models()
    names = [] if known.error else [model.name for model in known.models]
    return any(name.rpartition(":")[2] == value for name in names)


def can_think(services: Services, model_id: str) -> bool | None:
    """As the catalogue says of a model of that name; unknown ones are asked. None: not remote."""
    if services.chat_server is None or not model_id.startswith(PREFIX):
        return None
    try:
        return services.catalog.find(model_id.removeprefix(PREFIX)).thinking
    except ModelUnknown:
        return True


def trouble(services: Services) -> ChatServerTrouble | None:
    """Why the server could not be asked for its models, if it could not."""
    return services.chat_server.models().error if services.chat_server else None


def records(services: Services) -> list[dict[str, Any]]:
    """The server's models in the shape of `_models.record`: they take nothing of this machine."""
    return [_record(model) for model in offered(services).models]


def _record(model: ServedModel) -> dict[str, Any]:
    nothing = asdict(memory.Memory(0))
    return {
        "id": PREFIX + model.name,
        "title": model.name,
        "task": "chat",
        "demo": False,
        "parameters": 0,
        "context": model.context,
        "licence": "",
        "languages": [],
        "served": True,
        "trainable": False,
        "here": True,
        "remote": True,
        "download_bytes": 0,
        "memory_to_run": 0,
        "precision": None,
        "memory": {it: {"run": nothing, "train": nothing} for it in memory.PRECISIONS},
        "cache_per_1000_tokens": 0,
        "memory_to_train": 0,
        "memory_to_train_quantised": 0,
        "memory_available": 0,
        "runs_here": True,
        "trains_here": False,
        "trains_quantised_here": False,
    }
