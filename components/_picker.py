"""The model picker of a tab: catalogue models and the visitor's own adapters in one list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from components import _fetch_panel, _models, _plots, _remote_models, _runs
from components._feedback import Handler
from components._models import Wanted
from components._page import Page, relisted
from components._refusals import error_sentence
from components._services import Services
from components._texts import i18n, plain, say
from components._visitor import Language
from finetune.errors import RunNotFound
from inference.catalog import Model, Task
from inference.errors import NotFetched
from inference.texts import joined
from inference.units import readable_bytes

RUN = "run:"
PACES = {"fast": 20, "fluent": 5, "slow": 1, "crawls": 0}  # from so many tokens a second on
Choices = list[tuple[str, str]]


@dataclass(frozen=True)
class Picker:
    """A dropdown of what can be used for `task`, and one line about what is chosen.

    Its value is a catalogue id or `run:` and a run id. `inputs` are what `wanted` needs; `show`
    fills in the list and what is said of its value, the `outputs`.
    """

    page: Page
    task: Task
    dropdown: gr.Dropdown
    note: gr.Markdown
    show: Handler
    outputs: list[Any]

    @property
    def inputs(self) -> list[Any]:
        return [self.page.owner, self.page.opened, self.dropdown]

    def choose_on(self, trigger: Any, choice: Handler, inputs: Sequence[Any] = ()) -> None:
        """On that event, `choice(language, *inputs)` is chosen as if the visitor had."""
        taken = self.page.on(trigger, choice, inputs, [self.dropdown])
        self.page.on(taken.then, self.show, self.inputs, self.outputs)


def place(page: Page, task: Task, tab: str) -> Picker:
    """The picker, placed in the current tab, whose list follows visitor, link and language."""
    default = _remote_models.default_model(page.services, task)
    dropdown = gr.Dropdown(
        choices=[(default, default)],
        value=default,
        label=i18n("model"),
        filterable=False,
        elem_id=f"{tab}-model",
    )
    note = gr.Markdown(elem_classes="lab-note", elem_id=f"{tab}-note")
    panel = _fetch_panel.place(page, tab)
    handlers = _Handlers(page.services, task, tab, panel)
    outputs = [dropdown, note, *panel.outputs]
    picker = Picker(page, task, dropdown, note, handlers.show, outputs)
    page.on_shown(handlers.show, picker.inputs, outputs, on_arrival=False)  # `opened` changes then
    # A visit begins with it for every list of the page: only where another model is taken then, the
    # panel has to be told (a browser looks for each output in the whole page).
    page.on(page.opened.change, handlers.follow, picker.inputs, [dropdown, note])
    page.on(dropdown.focus, handlers.renew, picker.inputs, [dropdown])
    # Also when the list is left: its model may have been fetched in another tab meanwhile.
    for trigger in (dropdown.change, dropdown.input):
        page.on(trigger, handlers.told, picker.inputs, outputs[1:])
    panel.wire(dropdown, handlers.show, picker.inputs, [dropdown, note])
    return picker


@dataclass(frozen=True)
class _Handlers:
    """What events of a picker answer."""

    services: Services
    task: Task
    tab: str
    panel: _fetch_panel.FetchPanel

    def told(self, language: Language, owner: str, opened: dict[str, str], value: str) -> list[Any]:
        note = self._noted(language, owner, opened, value)
        return [note, *self.panel.shown(language, owner, value)]

    def renew(self, language: Language, owner: str, opened: dict[str, str], value: str) -> Any:
        return self._listed(language, owner, opened, value, value)[0]

    def show(self, language: Language, owner: str, opened: dict[str, str], value: str) -> list[Any]:
        shown, value = self._listed(language, owner, opened, value, value)
        return [shown, *self.told(language, owner, opened, value)]

    def follow(
        self, language: Language, owner: str, opened: dict[str, str], value: str
    ) -> list[Any]:
        """A visit begins or another tab is opened: on what a link names, else on what is there."""
        asked = f"{RUN}{opened['run']}" if opened["run"] else opened["model"]
        named = bool(asked) and opened["tab"] == self.tab
        if not named:
            asked = value
            if opened["arrival"]:  # a page opened again goes on with what is being fetched
                asked = self.services.downloads.latest(_offered(self.services, self.task), owner)
                asked = asked or _remote_models.default_model(self.services, self.task)
        shown, found = self._listed(language, owner, opened, value, asked)
        if named and found != asked:
            gr.Warning(say("link_lost", language))
        return [shown, self._noted(language, owner, opened, found)]

    def _noted(self, language: Language, owner: str, opened: dict[str, str], value: str) -> str:
        note = about(self.services, language, wanted(owner, opened, value))
        if self.task == "chat" and _remote_models.trouble(self.services):
            note = joined((say("note_server_away", language), note))
        return note

    def _listed(
        self, language: Language, owner: str, opened: dict[str, str], chosen: str, value: str
    ) -> tuple[Any, str]:
        """The list, and the value, which may be none that can be chosen any more."""
        known = choices(self.services, self.task, language, owner, opened)
        if value not in [key for _, key in known]:
            value = _remote_models.default_model(self.services, self.task)
        return relisted(known, value, chosen), value


def wanted(owner: str, opened: dict[str, str], value: str) -> Wanted:
    """What the picker's inputs ask for, and with whose token."""
    if not str(value or "").startswith(RUN):
        return Wanted(model=str(value or ""), visitor=owner)
    run_id = value.removeprefix(RUN)
    shared = run_id == opened.get("run") and opened.get("share")
    return Wanted(run_id=run_id, token=opened["share"] if shared else owner, visitor=owner)


def choices(
    services: Services, task: Task, language: Language, owner: str, opened: dict[str, str]
) -> Choices:
    """(what is shown, value): own finished adapters, what is here, what could be fetched; for
    summaries also the chat models, which can be asked for one."""
    runs = [
        (say("picker_run", language, name=run["name"]), RUN + run["id"])
        for run in _runs.listed(services, owner)
        if run["task"] == task and run["has_adapter"]
    ]
    runs += _shared(services, task, language, opened)
    models = [_models.record(model) for model in _offered(services, task)]
    models.sort(key=lambda it: (it["task"] != task, not it["here"]))
    if task == "chat":
        models = _remote_models.records(services) + models
    if task == "summarization":
        models += _remote_models.records(services)
    return runs + [(_listed(model, task, language), model["id"]) for model in models]


def _offered(services: Services, task: Task) -> tuple[Model, ...]:
    """The catalogue's models for a task. The demo of the chat answers questions and nothing else:
    it writes no summaries."""
    models = services.catalog.served(task)
    if task == "summarization":
        models += tuple(it for it in services.catalog.served("chat") if not it.demo)
    return models


def _shared(services: Services, task: Task, language: Language, opened: dict[str, str]) -> Choices:
    """The run of a share link, if it is one."""
    run_id, token = opened.get("run"), opened.get("share")
    if not run_id or not token:
        return []
    try:
        run = services.store.for_reader(run_id, token)
    except RunNotFound:
        return []
    if run.recipe.task != task:
        return []
    return [(say("picker_shared", language, name=run.name), RUN + run.id)]


def _listed(model: dict[str, Any], task: Task, language: Language) -> str:
    """What else its name is followed by: a chat model's among the summarisers what it is, and a
    classifier's the languages it reads, as there is one for each."""
    shown = label(model, language)
    if model["task"] != task:
        return say("picker_chat", language, model=shown)
    if model["task"] != "classification" or not model["languages"]:
        return shown
    return f"{shown} · {languages(model['languages'], language)}"


def languages(known: Sequence[str], language: Language) -> str:
    """`English`, `English and Chinese`, `6 languages`; one without a name here as its code."""
    if len(known) > 2:
        return say("reads_many", language, count=len(known))
    if set(known) == {"en", "zh"}:
        return say("reads_both", language)
    named = (say(f"reads_{it}", language) if it in ("en", "zh") else it for it in known)
    return _plots.COMMA[language].join(named)


def label(model: dict[str, Any], language: Language) -> str:
    """A model as a list shows it: on the chat server, a demo, here, or how much to fetch."""
    if model["remote"]:
        return say("picker_remote", language, model=model["title"])
    if model["demo"]:
        return say("picker_demo", language, model=model["id"])
    if model["here"]:
        return model["id"]
    size = readable_bytes(model["download_bytes"])
    return say("picker_away", language, model=model["id"], size=size)


def about(services: Services, language: Language, asked: Wanted) -> str:
    """A line about the choice: an adapter and what it learned, a demo, too large, to be fetched
    first, or fitting."""
    if asked.run_id:
        return _about_run(services, language, asked)
    if _remote_models.writes_for(services, asked.model):
        return say("note_remote", language)
    found = services.catalog.find(asked.model)
    model = _models.record(found)
    if model["demo"]:
        return say("note_demo_chat" if model["task"] == "chat" else "note_demo", language)
    needed, available = (
        readable_bytes(model[name]) for name in ("memory_to_run", "memory_available")
    )
    if not model["runs_here"]:
        return say("note_too_large", language, needed=needed, available=available)
    if not model["here"]:
        return _away(services, language, found)
    told = say("note_fits", language, needed=needed, available=available)
    if model["task"] != "chat":
        return told
    speed = _models.tokens_per_second(model)
    pace = next(name for name, least in PACES.items() if speed >= least)
    return joined((told, say(f"pace_{pace}", language, speed=speed)))


def _about_run(services: Services, language: Language, asked: Wanted) -> str:
    """Its report is for whoever may use it: the owner, and who has its link."""
    note = say("note_run", language)
    if _remote_models.writes_for(services, asked.run_id):
        note = joined((note, say("note_remote", language)))
    try:
        report = services.store.for_reader(asked.run_id, asked.token).report()
    except RunNotFound:
        return note
    if report is None:
        return note
    figures = _plots.figures(report, language)
    lines = [f"- {name}: {base} → {tuned}" for name, base, tuned in figures["data"] if tuned]
    return "\n\n".join([note, _plots.learned(report, language), "\n".join(lines)])


def _away(services: Services, language: Language, model: Model) -> str:
    """How a model that fits gets here, or why it does not."""
    try:
        services.downloads.check(model)
    except NotFetched as refused:
        return plain(error_sentence(refused, language))
    return say("note_away", language, model=model.id)
