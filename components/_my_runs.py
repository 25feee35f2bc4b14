"""The visitor's runs, above the steps of the Fine-tune tab, and which of them the steps show."""

import time
from dataclasses import dataclass
from typing import Any

import gradio as gr

from components import _result_step, _runs, _steps, _train_step
from components._page import Page, relisted
from components._result_step import Result
from components._services import Services
from components._texts import i18n, say
from components._train_step import Train
from components._visitor import Language

ACTIVE = ("queued", "running", "stopping")
TO_SHOW = (*ACTIVE, "interrupted", "failed")  # in the step Train; others have a result


@dataclass(frozen=True)
class MyRuns:
    row: gr.Row
    runs: gr.Dropdown
    show: gr.Button
    new: gr.Button
    remove: gr.Button
    sure: gr.Button

    @property
    def outputs(self) -> list[Any]:
        return [self.row, self.runs, self.remove, self.sure]


def place() -> MyRuns:
    with gr.Row(visible=False, elem_id="runs-row") as row:
        runs = gr.Dropdown(
            [],
            label=i18n("my_runs"),
            info=i18n("my_runs_info"),
            filterable=False,
            scale=4,
            min_width=260,
            elem_id="runs",
        )
        with gr.Column(scale=1, min_width=120, elem_classes="lab-starters"):
            show = gr.Button(i18n("runs_show"), size="sm", elem_id="runs-show")
            new = gr.Button(i18n("runs_new"), size="sm", elem_id="runs-new")
            # Here and not with the result: a run that failed has none, and counts all the same.
            remove = gr.Button(i18n("run_delete"), size="sm", elem_id="run-delete")
            sure = gr.Button(
                i18n("run_delete_sure"),
                variant="stop",
                size="sm",
                visible=False,
                elem_id="run-delete-sure",
            )
    return MyRuns(row, runs, show, new, remove, sure)


def wire(
    page: Page,
    steps: gr.Walkthrough,
    placed: MyRuns,
    begun: gr.State,
    train: Train,
    result: Result,
) -> None:
    """The list follows the visitor's runs; what is chosen in it is shown by both steps."""
    runs = placed.runs
    shown = [*train.outputs, *result.outputs]
    handlers = _Handlers(page.services, len(shown))
    listing, open_step = handlers.listing, handlers.open_step
    lists = placed.outputs
    found = gr.State({})  # a run that is to be shown though nobody chose it: on arrival, mostly
    page.on_shown(listing, [page.owner, runs], [*lists, *shown], on_arrival=False)
    given = [page.owner, page.opened, runs]
    page.on(page.opened.change, handlers.arrive, given, [steps, found, *lists])
    page.on(begun.change, listing, [page.owner, begun], [*lists, *shown])
    page.on(found.change, handlers.show_found, [page.owner, found], [*lists, *shown])
    page.on(runs.focus, handlers.renew, [page.owner, runs], [*lists, *shown])
    chosen = page.on(runs.input, listing, [page.owner, runs], [*lists, *shown])
    page.on(chosen.then, open_step, [page.owner, runs], [steps])
    page.on(placed.show.click, open_step, [page.owner, runs], [steps])
    page.on(placed.new.click, lambda language: _steps.opened(_steps.DATA), [], [steps])
    _train_step.wire(page, steps, runs, train, begun, listing, [*lists, *shown])
    _result_step.wire(page, runs, result)
    _wire_deletion(page, steps, placed, listing, [*lists, *shown])


@dataclass(frozen=True)
class _Handlers:
    """What events of the list answer; `shown` is how many outputs both steps have."""

    services: Services
    shown: int

    def listing(self, language: Language, owner: str, chosen: str | None) -> list[Any]:
        told, value = _listing(self.services, language, owner, chosen)
        return [*told, *self._contents(language, owner, value)]

    def renew(self, language: Language, owner: str, chosen: str | None) -> list[Any]:
        told, value = _listing(self.services, language, owner, chosen, chosen)
        if value == chosen:
            return [*told, *[gr.skip()] * self.shown]
        return [*told, *self._contents(language, owner, value)]

    def arrive(
        self, language: Language, owner: str, opened: dict[str, Any], chosen: str | None
    ) -> list[Any]:
        """A visit begins: on the run a link names, else on one that is under way."""
        listed = _runs.listed(self.services, owner)
        asked = opened["run"] if opened["tab"] == "finetuning" else ""
        if not opened["arrival"]:  # another tab is opened: what is shown here stays
            told, value = _listing(self.services, language, owner, chosen, chosen)
            return [gr.skip(), gr.skip() if value == chosen else _to_show(value), *told]
        active = next((it["id"] for it in listed if it["status"] in ACTIVE), None)
        wanted = next((it["id"] for it in listed if it["id"] == asked), active)
        step = _fitting(listed, wanted) if wanted else None
        go = _steps.opened(step) if step else gr.skip()
        told, value = _listing(self.services, language, owner, wanted or chosen)
        return [go, _to_show(value) if value else gr.skip(), *told]

    def show_found(self, language: Language, owner: str, found: dict[str, Any]) -> Any:
        if not found:  # Gradio's script tells of a change after any event that could make one
            return gr.skip()
        return self.listing(language, owner, found["run"])

    def open_step(self, language: Language, owner: str, run_id: str | None) -> Any:
        step = _fitting(_runs.listed(self.services, owner), run_id)
        return _steps.opened(step) if step else gr.skip()

    def _contents(self, language: Language, owner: str, run_id: str | None) -> list[Any]:
        return [
            *_train_step.contents(self.services, language, owner, run_id),
            *_result_step.contents(self.services, language, owner, run_id),
        ]


def _to_show(run_id: str | None) -> dict[str, Any]:
    """What the state `found` holds; found twice, a run is shown twice."""
    return {"run": run_id, "at": time.time_ns()}


def _wire_deletion(
    page: Page, steps: gr.Walkthrough, placed: MyRuns, listing: Any, listed: list[Any]
) -> None:
    """Delete asks once more; whatever changes the list takes the question back."""
    runs, sure = placed.runs, placed.sure

    asked_about = gr.State("")  # the list may have moved on when the answer comes

    def ask(language: Language, run_id: str) -> tuple[str, Any]:
        return run_id, gr.Button(visible=True)

    def delete(language: Language, owner: str, run_id: str) -> list[Any]:
        page.services.store.for_owner(run_id, owner).delete()
        return [_steps.opened(_steps.DATA), *listing(language, owner, None)]

    page.on(placed.remove.click, ask, [runs], [asked_about, sure])
    page.on(sure.click, delete, [page.owner, asked_about], [steps, *listed])


def _fitting(listed: list[dict[str, Any]], run_id: str | None) -> int | None:
    """The step that shows the run; None for a run that is not there."""
    run = next((it for it in listed if it["id"] == run_id), None)
    if run is None:
        return None
    watched = run["status"] in TO_SHOW or not run["has_adapter"]
    return _steps.TRAIN if watched else _steps.RESULT


def _listing(
    services: Services,
    language: Language,
    owner: str,
    chosen: str | None,
    shown: str | None = "",
) -> tuple[list[Any], str | None]:
    """The list on the chosen run if it is there, else on the newest; in the order of `outputs`.
    `shown` is the run it is on already, if that is known."""
    listed = _runs.listed(services, owner)
    numbered = zip(range(len(listed), 0, -1), listed, strict=True)
    choices = [(_label(number, run, language), run["id"]) for number, run in numbered]
    known = {run["id"]: run for run in listed}
    value = next((it for it in (chosen, *known) if it in known), None)
    idle = value is not None and known[value]["status"] not in ("running", "stopping")
    told = [
        gr.Row(visible=bool(choices)),
        relisted(choices, value, shown),
        gr.Button(visible=idle),
        gr.Button(visible=False),
    ]
    return told, value


def _label(number: int, run: dict[str, Any], language: Language) -> str:
    task, status = say("task_" + run["task"], language), say("is_" + run["status"], language)
    return f"{number} · {run['name']} · {task} · {run['base']} · {status}"
