"""The first part of the Fine-tune tab: a file, what its columns are, and how to train on it."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import gradio as gr

from components import _fetch_panel, _models, _plots, _runs
from components._fetch_panel import FetchPanel
from components._form import MOST_ROLES, Form, given, place_reading, place_settings, reading_of
from components._page import Page
from components._picker import label
from components._refusals import error_sentence, problem_sentences
from components._runs import Plan
from components._services import Services
from components._texts import i18n, plain, say
from components._visitor import Language
from finetune.columns import ROLES
from finetune.errors import Refused
from finetune.recipe import Preset
from inference import hardware
from inference.catalog import TASKS, Task
from inference.errors import ModelUnavailable
from inference.units import readable_bytes

EXAMPLES = Path(__file__).parent.parent / "assets"
PRESETS = get_args(Preset)
PROBLEM_WIDTHS = [70, 60, 130, 460, 390]  # pixels
NOTHING: dict[str, Any] = {"readable": False, "columns": [], "row_count": 0, "cell_tokens": {}}


@dataclass(frozen=True)
class Told:
    """Where the form answers."""

    summary: gr.Markdown
    preview: gr.Dataframe
    problems: gr.Dataframe
    estimate: gr.Markdown

    @property
    def outputs(self) -> list[Any]:
        return [self.summary, self.preview, self.problems]


def build(page: Page, begun: gr.State) -> None:
    """`begun` receives the id of the run that was started."""
    table = gr.State(NOTHING)  # what the file was read as: the part of it that is needed again
    gr.Markdown(i18n("step_data"))
    with gr.Row():
        with gr.Column(scale=2, min_width=300):
            file = gr.File(label=i18n("file"), height=170, elem_id="finetune-file")
            limits = gr.Markdown(elem_classes="lab-note")
            examples = _place_examples()
            reading = place_reading()
        with gr.Column(scale=3, min_width=300):
            summary = gr.Markdown(elem_id="finetune-summary")
            preview = _hidden_table("preview")
    problems = _hidden_table("problems", column_widths=PROBLEM_WIDTHS)
    with gr.Column(visible=False) as second:
        gr.Markdown(i18n("step_plan"))
        task, roles, base, preset = _place_plan()
        panel = _fetch_panel.place(page, "finetune", "lora")
        settings = place_settings()
        estimate = gr.Markdown(elem_classes="lab-note", elem_id="finetune-estimate")
        with gr.Row(equal_height=True):
            name = gr.Textbox(label=i18n("run_name"), max_lines=1, elem_id="finetune-name")
            start = gr.Button(i18n("start"), variant="primary", size="lg", elem_id="finetune-start")
    form = Form(file, reading, task, roles, base, preset, settings)
    told = Told(summary, preview, problems, estimate)
    filled = _wire_reading(page, form, told, table, second, examples)
    _wire_fetching(page, form, panel, filled)
    _wire_estimate(page, form, told, table, filled, panel.settled)
    _wire_start(page, form, told, name, start, begun)
    page.on_shown(lambda language: _limits(page.services, language), [], [limits])


def _place_examples() -> dict[Task, gr.Button]:
    gr.Markdown(i18n("file_examples"), elem_classes="lab-note")
    with gr.Row(elem_classes="lab-starters"):
        return {
            task: gr.Button(i18n(f"task_{task}"), size="sm", elem_id=f"example-{task}")
            for task in TASKS
        }


def _hidden_table(key: str, **options: Any) -> gr.Dataframe:
    return gr.Dataframe(
        **options,
        label=i18n(key),
        interactive=False,
        wrap=True,
        visible=False,
        max_height=260,
        elem_id=f"finetune-{key}",
    )


def _place_plan() -> tuple[gr.Radio, list[gr.Dropdown], gr.Dropdown, gr.Radio]:
    """Task, the column of each part, base model, preset."""
    with gr.Row():
        task = gr.Radio(
            [(i18n(f"task_{name}"), name) for name in TASKS],
            value=TASKS[0],
            label=i18n("task"),
            elem_id="finetune-task",
        )
        roles = [
            gr.Dropdown([], label=i18n("column"), elem_id=f"finetune-role-{number}")
            for number in range(MOST_ROLES)
        ]
    with gr.Row():
        base = gr.Dropdown(
            [],
            label=i18n("base"),
            info=i18n("base_info"),
            filterable=False,
            elem_id="finetune-base",
        )
        preset = gr.Radio(
            [(i18n(f"preset_{name}"), name) for name in PRESETS],
            value=Plan.preset,
            label=i18n("preset"),
            info=i18n("preset_info"),
            elem_id="finetune-preset",
        )
    return task, roles, base, preset


def _wire_reading(
    page: Page,
    form: Form,
    told: Told,
    table: gr.State,
    second: gr.Column,
    examples: Mapping[str, gr.Button],
) -> list[Any]:
    """Returns the events after which the form has been filled in anew."""
    services = page.services

    def read(language: Language, file: str | None, *reading: Any) -> list[Any]:
        """What the file is: everything below the upload is filled in again."""
        if not file:
            return [NOTHING, gr.Column(visible=False), "", *_hidden(2), gr.skip(), *_kept_fields()]
        found = _runs.inspect(services, file, reading_of(reading))
        task = found["task"] or "chat"
        return [
            {name: found[name] for name in NOTHING},
            gr.Column(visible=found["readable"]),
            _summary(found, language),
            *_tables(found, language),
            task,
            *_fields(services, task, found["columns"], found["mapping"], language),
        ]

    def retask(
        language: Language, task: Task, table: dict[str, Any], file: str, *reading: Any
    ) -> list[Any]:
        """Another task: its parts, the columns meant for them, its base models."""
        mapping = _runs.guess_mapping(services, file, reading_of(reading), task) if file else {}
        return [
            *reword(language, file, *reading),
            *_fields(services, task, table["columns"], mapping, language),
        ]

    def reword(language: Language, file: str | None, *reading: Any) -> list[Any]:
        if not file:
            return [gr.skip()] * 3
        found = _runs.inspect(services, file, reading_of(reading))
        return [_summary(found, language), *_tables(found, language)]

    fields = [*form.roles, form.base]
    outputs = [table, second, *told.outputs, form.task, *fields]
    given = [form.file, *form.reading]
    filled = [page.on(form.file.change, read, given, outputs, show_progress="minimal")]
    filled += [page.on(part.input, read, given, outputs) for part in form.reading]
    again = [*told.outputs, *fields]
    filled.append(page.on(form.task.input, retask, [form.task, table, *given], again))
    page.on_shown(reword, given, told.outputs)
    for task, button in examples.items():
        page.on(button.click, _example_of(services, task), [], [form.file])
    return filled


def _wire_fetching(page: Page, form: Form, panel: FetchPanel, filled: Sequence[Any]) -> None:
    """A base that is not here can be fetched; then the list is worded anew."""

    def shown(language: Language, owner: str, base: str | None) -> list[Any]:
        return panel.shown(language, owner, base)

    def show(language: Language, owner: str, task: Task, base: str | None) -> list[Any]:
        return [_bases(page.services, task, language, base), *shown(language, owner, base)]

    for trigger in (form.base.input, *(event.then for event in filled)):
        page.on(trigger, shown, [page.owner, form.base], panel.outputs)
    page.on_shown(shown, [page.owner, form.base], panel.outputs)
    panel.wire(form.base, show, [page.owner, form.task, form.base], [form.base])


def _wire_estimate(
    page: Page,
    form: Form,
    told: Told,
    table: gr.State,
    filled: Sequence[Any],
    settled: gr.State,
) -> None:
    """The estimate follows what the visitor changes, and what is filled in for them."""
    services = page.services

    def foresee(language: Language, table: dict[str, Any], *values: Any) -> str:
        """Steps and memory of the plan as it stands, or what is wrong with its settings."""
        if not table["readable"]:
            return ""
        _, _, plan = given(values)
        try:
            foreseen = _runs.estimated(services, plan, table["row_count"], table["cell_tokens"])
        except Refused as refused:
            return plain(problem_sentences(refused.problems[0].to_dict(), language)[0])
        except ModelUnavailable as error:
            return plain(error_sentence(error, language))
        return say(
            "estimate",
            language,
            steps=foreseen.steps,
            rows=foreseen.rows_per_step,
            memory=readable_bytes(foreseen.memory_bytes),
            time=_plots.duration(foreseen.seconds, language),
        )

    inputs = [table, *form.inputs]
    page.on_shown(foresee, inputs, [told.estimate])
    changed = [event.then for event in filled]
    changed += [
        settled.change,
        form.base.input,
        form.preset.input,
        *(part.change for part in form.settings),
    ]
    for trigger in changed:
        page.on(trigger, foresee, inputs, [told.estimate], trigger_mode="always_last")


def _wire_start(
    page: Page, form: Form, told: Told, name: gr.Textbox, start: gr.Button, begun: gr.State
) -> None:
    def begin(language: Language, owner: str, name: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        """A new run; the button rests meanwhile, or a double click would start two."""
        file, reading, plan = given(values)
        yield gr.skip(), gr.skip(), gr.Button(interactive=False)
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
    started = page.on(start.click, begin, inputs, [begun, told.problems, start])
    page.on(started.then, lambda language: gr.Button(interactive=True), [], [start])


def _limits(services: Services, language: Language) -> str:
    size = readable_bytes(services.limits.upload_bytes)
    return say("file_limits", language, size=size, rows=services.limits.table_rows)


def _summary(found: Mapping[str, Any], language: Language) -> str:
    if not found["readable"]:
        error = next(it for it in found["problems"] if it["severity"] == "error")
        what, advice = problem_sentences(error, language)
        return f"**{say('not_readable', language)}** {plain(what)} {plain(advice)}"
    delimiter = {"\t": "Tab", "": _plots.DASH}.get(found["delimiter"] or "", found["delimiter"])
    told = say(
        "read_as",
        language,
        rows=found["row_count"],
        columns=len(found["columns"]),
        encoding=found["encoding"],
        delimiter=plain(str(delimiter)),
    )
    if found["task"] is None:
        return f"{told} {say('no_task', language)}"
    return f"{told} {say('looks_like', language, task=say('task_' + found['task'], language))}"


def _tables(found: Mapping[str, Any], language: Language) -> list[Any]:
    return [
        gr.Dataframe(
            _plots.preview(found),
            column_widths=_widths(len(found["columns"])),
            visible=found["readable"],
        ),
        gr.Dataframe(_plots.problems(found["problems"], language), visible=bool(found["problems"])),
    ]


def _widths(columns: int) -> list[str]:
    """A few columns share the width; many can be scrolled."""
    return [f"{100 // max(1, columns)}%" if columns <= 4 else "200px"] * columns


def _fields(
    services: Services,
    task: Task,
    columns: list[str],
    mapping: Mapping[str, str],
    language: Language,
) -> list[Any]:
    """The column of each part of the task, and the base models for it."""
    fields = []
    for number in range(MOST_ROLES):
        role, required = (*ROLES[task].items(), *[("", False)] * MOST_ROLES)[number]
        if not role:
            fields.append(gr.Dropdown(choices=[], value=None, visible=False))
            continue
        choices = [(name, name) for name in columns]
        if not required:
            choices.insert(0, (say("no_column", language), ""))
        value = mapping.get(role) or (None if required else "")
        label = i18n(f"role_{role}")
        fields.append(gr.Dropdown(choices=choices, value=value, label=label, visible=True))
    return [*fields, _bases(services, task, language)]


def _bases(
    services: Services, task: Task, language: Language, chosen: str | None = None
) -> gr.Dropdown:
    """The bases of a task, on the chosen one or on the best that can be trained here."""
    records = [_models.record(model) for model in services.catalog.bases(task)]
    records.sort(key=lambda it: (not it["here"], it["parameters"]))
    choices = [(label(it, language), it["id"]) for it in records]
    if chosen in [base for _, base in choices]:
        return gr.Dropdown(choices=choices, value=chosen)
    usable = [it for it in records if it["here"] and it["trains_here"]]
    # A processor trains the small demo in minutes and a real model in days.
    real = [it for it in usable if not it["demo"]] if hardware.trains_on() != "cpu" else []
    best = (real or usable or records)[0]
    return gr.Dropdown(choices=choices, value=best["id"])


def _example_of(services: Services, task: Task) -> Any:
    """A copy among the uploads: whatever folder the app was started in, it may be read there."""
    name = {"chat": "chat", "classification": "sentiment", "summarization": "summary"}[task]

    def example(language: Language) -> str:
        file = EXAMPLES / f"examples-{name}-{language}.csv"
        folder = services.uploads / "examples"
        folder.mkdir(parents=True, exist_ok=True)
        return str(shutil.copyfile(file, folder / file.name))

    return example


def _hidden(count: int) -> list[Any]:
    return [gr.Dataframe(visible=False) for _ in range(count)]


def _kept_fields() -> list[Any]:
    return [gr.skip()] * (MOST_ROLES + 1)
