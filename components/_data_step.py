"""Step 1 of the Fine-tune tab: a file, what its columns are, and what the model will see of it."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from components import _data_view, _plans, _plots, _steps
from components._data_view import View
from components._form import MOST_ROLES
from components._page import Page
from components._reading import (
    place_reading,
    reading_of,
    reading_shown,
    told_reading,
    unsure,
    widths,
)
from components._services import Services
from components._texts import i18n, say
from components._visitor import Language
from finetune.columns import ROLES
from inference.catalog import TASKS, Task
from inference.units import readable_bytes

EXAMPLES = Path(__file__).parent.parent / "assets"
EXAMPLE_FILES: dict[Task, str] = {
    "chat": "chat",
    "classification": "sentiment",
    "summarization": "summary",
}
PROBLEM_WIDTHS = [70, 60, 130, 460, 390]  # pixels
NOTHING: dict[str, Any] = {"readable": False, "columns": [], "row_count": 0, "cell_tokens": {}}


@dataclass(frozen=True)
class Data:
    """The parts other steps read: `table` is what the file was read as, as far as it is needed
    again."""

    file: gr.File
    reading: list[Any]
    task: gr.Radio
    roles: list[gr.Dropdown]
    table: gr.State
    summary: gr.Markdown
    preview: gr.Dataframe
    problems: gr.Dataframe
    second: gr.Column
    reason: gr.Markdown
    onward: gr.Button
    examples: dict[Task, gr.Button]
    accordion: gr.Accordion
    view: View

    @property
    def verdict(self) -> list[Any]:
        """Problems, and whether one may go on: what `_data_view` finds out with the columns."""
        return [self.problems, self.reason, self.onward]


def place(page: Page) -> Data:
    table = gr.State(NOTHING)
    with gr.Row():
        with gr.Column(scale=2, min_width=300):
            file = gr.File(label=i18n("file"), height=170, elem_id="finetune-file")
            limits = gr.Markdown(elem_classes="lab-note")
            examples = _place_examples()
            accordion, reading = place_reading("finetune-reading")
        with gr.Column(scale=3, min_width=300):
            summary = gr.Markdown(elem_id="finetune-summary")
            preview = _hidden_table("preview")
    problems = _hidden_table("problems", column_widths=PROBLEM_WIDTHS)
    with gr.Column(visible=False) as second:
        task, roles = _place_columns()
        view = _data_view.place()
    reason = gr.Markdown(i18n("next_no_file"), elem_classes="lab-note", elem_id="finetune-reason")
    onward = gr.Button(
        i18n("to_recipe"), variant="primary", interactive=False, elem_id="finetune-next"
    )
    page.on_shown(lambda language: _limits(page.services, language), [], [limits])
    told = (table, summary, preview, problems, second, reason, onward)
    return Data(file, reading, task, roles, *told, examples, accordion, view)


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


def _place_columns() -> tuple[gr.Radio, list[gr.Dropdown]]:
    """Task, and the column of each of its parts."""
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
    return task, roles


def wire(page: Page, steps: gr.Walkthrough, data: Data) -> list[Any]:
    """Returns the events after which the form has been filled in anew."""
    filled = _wire_reading(page, data)
    for task, button in data.examples.items():
        page.on(button.click, _example_of(page.services, task), [], [data.file])
    table = _example_of(page.services, "classification")
    page.offer_example("finetuning", data.file, "guide_table", table)
    page.offer_example("finetuning", steps, "guide_table", lambda _: _steps.opened(_steps.DATA))
    page.on(data.onward.click, lambda language: _steps.opened(_steps.RECIPE), [], [steps])
    return filled


def _wire_reading(page: Page, data: Data) -> list[Any]:
    services = page.services

    def read(language: Language, owner: str, file: str | None, *reading: Any) -> list[Any]:
        """What the file is: everything below the upload is filled in again."""
        looking = ["", gr.Button(interactive=False)]  # `_data_view` will tell
        if not file:
            hidden = [gr.Dataframe(visible=False)] * 2
            kept = [gr.skip()] * (MOST_ROLES + 2 + len(reading))
            return [NOTHING, gr.Column(visible=False), *looking, "", *hidden, *kept]
        found = _plans.inspect(services, file, reading_of(reading), owner)
        task = found["task"] or "chat"
        return [
            {name: found[name] for name in NOTHING},
            gr.Column(visible=found["readable"]),
            *looking,
            *_told(found, language),
            *reading_shown(found, reading, language),
            gr.Accordion(open=True) if unsure(found) else gr.skip(),
            task,
            *_columns(task, found["columns"], found["mapping"], language),
        ]

    def read_anew(language: Language, owner: str, file: str | None) -> Iterator[list[Any]]:
        """Another file: how the last one was read, and what was found, says nothing of it."""
        nothing = [""] * len(data.reading)
        yield read(language, owner, None, *nothing)
        if file:
            yield read(language, owner, file, *nothing)

    def retask(
        language: Language, owner: str, task: Task, table: dict[str, Any], file: str, *reading: Any
    ) -> list[Any]:
        """Another task: its parts and the columns meant for them."""
        mapping = {}
        if file:
            mapping = _plans.guess_mapping(services, file, reading_of(reading), task, owner)
        return _columns(task, table["columns"], mapping, language)

    def reword(language: Language, owner: str, file: str | None, *reading: Any) -> list[Any]:
        if not file:
            return [gr.skip()] * (2 + len(reading))
        found = _plans.inspect(services, file, reading_of(reading), owner)
        summary, preview, _ = _told(found, language)
        return [summary, preview, *reading_shown(found, reading, language)]

    told = [data.summary, data.preview, data.problems, *data.reading]
    verdict = [data.reason, data.onward]
    outputs = [data.table, data.second, *verdict, *told, data.accordion, data.task, *data.roles]
    file = [data.file, *data.reading]
    given = [page.owner, *file]
    filled = [page.on(data.file.change, read_anew, given[:2], outputs, show_progress="minimal")]
    filled += [page.on(part.input, read, given, outputs) for part in data.reading]
    filled.append(
        page.on(data.task.input, retask, [page.owner, data.task, data.table, *file], data.roles)
    )
    page.on_shown(reword, given, [data.summary, data.preview, *data.reading], on_arrival=False)
    return filled


def _limits(services: Services, language: Language) -> str:
    size = readable_bytes(services.limits.upload_bytes)
    return say("file_limits", language, size=size, rows=services.limits.table_rows)


def _told(found: Mapping[str, Any], language: Language) -> list[Any]:
    """Summary, first rows, problems."""
    preview = gr.Dataframe(
        _plots.preview(found),
        column_widths=widths(len(found["columns"])),
        visible=found["readable"],
    )
    problems = _plots.problems(found["problems"], language)
    return [
        _summary(found, language),
        preview,
        gr.Dataframe(problems, visible=bool(found["problems"])),
    ]


def _summary(found: Mapping[str, Any], language: Language) -> str:
    told = told_reading(found, language)
    if not found["readable"]:
        return told
    if found["task"] is None:
        return f"{told} {say('no_task', language)}"
    return f"{told} {say('looks_like', language, task=say('task_' + found['task'], language))}"


def _columns(
    task: Task, columns: list[str], mapping: Mapping[str, str], language: Language
) -> list[Any]:
    """The column of each part of the task."""
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
    return fields


def _example_of(services: Services, task: Task) -> Any:
    """A copy among the uploads: whatever folder the app was started in, it may be read there."""

    def example(language: Language) -> str:
        file = EXAMPLES / f"examples-{EXAMPLE_FILES[task]}-{language}.csv"
        folder = services.uploads / "examples"
        folder.mkdir(parents=True, exist_ok=True)
        return str(shutil.copyfile(file, folder / file.name))

    return example
