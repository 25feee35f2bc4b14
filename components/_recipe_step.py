"""Step 2 of the Fine-tune tab: what to train on, how thoroughly, and what that will take."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import gradio as gr

from components import _fetch_panel, _models, _plan_view, _plans, _plots, _runs, _steps
from components._data_step import Data
from components._fetch_panel import FetchPanel
from components._form import Form, given, place_settings
from components._page import Page
from components._picker import label
from components._plan_view import PlanView
from components._plans import Foreseen, Plan
from components._refusals import error_sentence, problem_sentences
from components._services import Services
from components._texts import i18n, plain, say
from components._visitor import Language
from finetune.errors import Refused
from finetune.recipe import SETTINGS, Preset
from inference import hardware
from inference.catalog import Task
from inference.errors import LabError
from inference.units import readable_bytes

PRESETS = get_args(Preset)


@dataclass(frozen=True)
class RecipeForm:
    base: gr.Dropdown
    too_large: gr.Markdown
    away: gr.Accordion
    panel: FetchPanel
    preset: gr.Radio
    settings: list[Any]
    plan: PlanView
    problems: gr.Dataframe
    name: gr.Textbox
    start: gr.Button


def place(page: Page) -> RecipeForm:
    with gr.Row():
        with gr.Column(min_width=300):
            base = gr.Dropdown(
                [],
                label=i18n("base"),
                info=i18n("base_info"),
                filterable=False,
                elem_id="finetune-base",
            )
            panel = _fetch_panel.place(page, "finetune", "lora")
            with gr.Accordion(i18n("bases_away"), open=False, visible=False) as away:
                too_large = gr.Markdown(elem_classes="lab-note", elem_id="finetune-too-large")
        with gr.Column(min_width=300):
            preset = gr.Radio(
                [(i18n(f"preset_{name}"), name) for name in PRESETS],
                value=Plan.preset,
                label=i18n("preset"),
                info=i18n("preset_info"),
                elem_id="finetune-preset",
            )
    settings = place_settings()
    plan = _plan_view.place()
    problems = gr.Dataframe(
        label=i18n("start_problems"),
        interactive=False,
        wrap=True,
        visible=False,
        elem_id="finetune-refused",
    )
    with gr.Row(equal_height=True):
        name = gr.Textbox(label=i18n("run_name"), max_lines=1, elem_id="finetune-name")
        start = gr.Button(i18n("start"), variant="primary", size="lg", elem_id="finetune-start")
    return RecipeForm(base, too_large, away, panel, preset, settings, plan, problems, name, start)


def form_of(data: Data, recipe: RecipeForm) -> Form:
    """All that a run is begun with, over both steps."""
    chosen = (recipe.base, recipe.preset, recipe.settings)
    return Form(data.file, data.reading, data.task, data.roles, *chosen)


def wire(
    page: Page,
    steps: gr.Walkthrough,
    data: Data,
    recipe: RecipeForm,
    form: Form,
    filled: Sequence[Any],
    begun: gr.State,
) -> list[Any]:
    """`filled` are the events after which the data step has been filled in anew; `begun` receives
    the id of the run that was started. Returns the events after which a base has been chosen too:
    whoever reads it has to wait for them."""
    offered = _wire_bases(page, data, recipe, filled)
    _wire_plan(page, form, data, recipe, offered)
    _wire_start(page, form, recipe, steps, begun)
    return offered


def _wire_bases(page: Page, data: Data, recipe: RecipeForm, filled: Sequence[Any]) -> list[Any]:
    """The list follows the task; one that is not here can be fetched, then it is worded anew."""
    services, panel, base = page.services, recipe.panel, recipe.base

    def offer(
        language: Language, owner: str, task: Task, opened: dict[str, Any], chosen: str | None
    ) -> list[Any]:
        dropdown, value, away, text = _bases(services, task, language, chosen, _asked(opened))
        return [dropdown, away, text, *panel.shown(language, owner, value)]

    def follow(
        language: Language, owner: str, task: Task, opened: dict[str, Any], chosen: str | None
    ) -> list[Any]:
        """The base named where this tab was opened from, if it is one for the task; else it is
        offered with a file for its task."""
        if not _asked(opened):
            return [gr.skip()] * (len(lists) + len(panel.outputs) + 1)
        return [*offer(language, owner, task, opened, None), time.time_ns()]

    def shown(language: Language, owner: str, chosen: str | None) -> list[Any]:
        return panel.shown(language, owner, chosen)

    given = [page.owner, data.task, page.opened, base]
    lists = [base, recipe.away, recipe.too_large]
    offered = [page.on(it.then, offer, given, [*lists, *panel.outputs]) for it in filled]
    page.on(base.input, shown, [page.owner, base], panel.outputs)
    page.on_shown(offer, given, [*lists, *panel.outputs], on_arrival=False)
    page.on(page.opened.change, follow, given, [*lists, *panel.outputs, panel.settled])
    panel.wire(base, offer, given, lists)
    return offered


def _asked(opened: Mapping[str, Any]) -> str:
    """The base a link or another tab asks for; "" where it asks for none."""
    return opened["model"] if opened["tab"] == "finetuning" else ""


def _bases(
    services: Services, task: Task, language: Language, chosen: str | None, asked: str = ""
) -> tuple[Any, str, Any, str]:
    """The list of bases that can be trained here, what it is on, and those that cannot, with the
    reason.

    Args:
        chosen: what it is on, which stays where it can. asked: what comes first where it cannot.
    """
    records = [_models.record(model) for model in services.catalog.bases(task)]
    records.sort(key=lambda it: (not it["here"], it["parameters"]))
    possible = [it for it in records if it["trains_here"] or it["trains_quantised_here"]]
    choices = [(label(it, language), it["id"]) for it in possible]
    if chosen not in [base for _, base in choices]:
        # A processor trains the small demo in minutes and a real model in days.
        here = [it for it in possible if it["here"]] or possible
        real = [it for it in here if not it["demo"]] if hardware.trains_on() != "cpu" else []
        wanted = [it for it in possible if it["id"] == asked]
        chosen = (wanted or real or here or records)[0]["id"]
    dropdown = gr.Dropdown(choices=choices, value=chosen)
    impossible = [it for it in records if it not in possible]
    text = "\n".join(_too_large(it, language) for it in impossible)
    return dropdown, chosen, gr.Accordion(visible=bool(impossible)), text


def _too_large(model: Mapping[str, Any], language: Language) -> str:
    needed, free = (readable_bytes(model[it]) for it in ("memory_to_train", "memory_available"))
    reason = say("base_too_large", language, needed=needed, available=free)
    return f"- {plain(model['id'])}: {reason}"


def _wire_plan(
    page: Page, form: Form, data: Data, recipe: RecipeForm, settled: Sequence[Any]
) -> None:
    """What the plan will take follows what the visitor changes, and what is filled in for them."""
    services, plan = page.services, recipe.plan

    def foresee(language: Language, table: dict[str, Any], *values: Any) -> list[Any]:
        """Steps, memory and time of the plan as it stands, or what is wrong with its settings."""
        if not table["readable"]:
            return _plan_view.nothing()
        try:
            return _plan_view.shown(_foreseen(services, table, values), language)
        except Refused as refused:
            sentence = problem_sentences(refused.problems[0].to_dict(), language)[0]
        except LabError as error:
            sentence = error_sentence(error, language)
        return _plan_view.refused(sentence)

    def fit(language: Language, table: dict[str, Any], *values: Any) -> list[Any]:
        """The knobs that make the plan fit, filled in, and what was changed."""
        found = _foreseen(services, table, values)
        changed = found.fitting or {}
        fields = [_shown(changed[name]) if name in changed else gr.skip() for name in SETTINGS]
        return [*fields, *_plan_view.fitted(found, language)]

    inputs = [data.table, *form.inputs]
    page.on_shown(foresee, inputs, plan.outputs, on_arrival=False)
    changes = [
        *(event.then for event in settled),
        recipe.panel.settled.change,
        form.base.input,
        form.preset.input,
        *(part.change for part in form.settings),
    ]
    for trigger in changes:
        page.on(trigger, foresee, inputs, plan.outputs, trigger_mode="always_last")
    page.on(plan.fit.click, fit, inputs, [*form.settings, *plan.told])


def _foreseen(services: Services, table: Mapping[str, Any], values: Sequence[Any]) -> Foreseen:
    _, _, plan = given(values)
    return _plans.foreseen(services, plan, table["row_count"], table["cell_tokens"])


def _shown(value: Any) -> Any:
    """A setting as its field holds it: numbers are typed."""
    return value if isinstance(value, bool | str) else f"{value:g}"


def _wire_start(
    page: Page, form: Form, recipe: RecipeForm, steps: gr.Walkthrough, begun: gr.State
) -> None:
    start, name = recipe.start, recipe.name

    def begin(language: Language, owner: str, name: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        """A new run; the button rests meanwhile, or a double click would start two."""
        file, reading, plan = given(values)
        yield gr.skip(), gr.Dataframe(visible=False), gr.Button(interactive=False)
        try:
            run = _runs.start(page.services, file, reading, plan, name, owner)
        except Refused as refused:
            found = [problem.to_dict() for problem in refused.problems]
            shown = gr.Dataframe(_plots.problems(found, language), visible=True)
            yield gr.skip(), shown, gr.Button(interactive=True)
            raise
        except Exception:
            yield gr.skip(), gr.skip(), gr.Button(interactive=True)
            raise
        yield run.id, gr.skip(), gr.skip()

    inputs = [page.owner, name, *form.inputs]
    started = page.on(start.click, begin, inputs, [begun, recipe.problems, start])
    page.on(started.then, lambda language: gr.Button(interactive=True), [], [start])
    page.on(started.success, lambda language: _steps.opened(_steps.TRAIN), [], [steps])
