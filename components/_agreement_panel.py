"""A second model on the rows of a scored file: where the two agree, and where they do not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from components import _file_tables, _file_work, _picker, _scored_file
from components._agreement import agreement
from components._file_report import judged
from components._file_work import Work
from components._page import Page, relisted
from components._picker import Picker
from components._scored_file import Progress, Scored
from components._services import Services
from components._texts import i18n, plain, say
from components._visitor import Language
from finetune.errors import NothingScored
from inference.texts import joined


@dataclass(frozen=True)
class Second:
    place: gr.Column
    model: gr.Dropdown
    work: Work
    told: gr.Markdown
    table: gr.HTML
    differing: gr.Dataframe

    @property
    def outputs(self) -> list[Any]:
        return [self.place, self.told, self.table, self.differing]


def place() -> Second:
    hidden = gr.Column(visible=False, elem_id="sentiment-second")
    with hidden as column, gr.Accordion(i18n("second"), open=True):
        gr.Markdown(i18n("second_info"), elem_classes="lab-note")
        model = gr.Dropdown(
            [], label=i18n("second_model"), filterable=False, elem_id="sentiment-second-model"
        )
        work = _file_work.place("second_run", "sentiment-second")
        told = gr.Markdown(elem_id="sentiment-second-told", elem_classes="lab-verdict")
        table = gr.HTML(visible=False, elem_id="sentiment-second-table")
        differing = gr.Dataframe(
            label=i18n("second_differing"),
            interactive=False,
            visible=False,
            wrap=True,
            max_height=420,
            elem_id="sentiment-second-differing",
        )
    return Second(column, model, work, told, table, differing)


def wire(
    page: Page, picker: Picker, second: Second, scored: gr.State, scoring: Sequence[Any]
) -> list[Any]:
    """Returns the events after which `contents` is worth showing; `scoring` are those after which
    there are rows to compare with."""
    services = page.services

    def begin(
        language: Language, first: Scored | None, model: str, owner: str, opened: dict[str, str]
    ) -> Iterator[Progress]:
        if first is None or not first.scores:
            raise NothingScored()
        wanted = _picker.wanted(owner, opened, model)
        yield from _scored_file.score(services, wanted, first.sheet)

    def listed(
        language: Language, owner: str, opened: dict[str, str], value: str | None, chosen: str
    ) -> Any:
        """What can be chosen; at first one that is not the first model."""
        found = _picker.choices(services, "classification", language, owner, opened)
        keys = [key for _, key in found]
        taken = value if value in keys else next((key for key in keys if key != chosen), chosen)
        return relisted(found, taken, value)

    known = [page.owner, page.opened, second.model, picker.dropdown]
    # Not on `scored.change`: Gradio hashes a State whose changes are listened to, which rows
    # cannot be.
    for trigger in (second.model.focus, *(it.then for it in scoring)):
        page.on(trigger, listed, known, [second.model])
    page.on_shown(listed, known, [second.model], on_arrival=False)
    inputs = [scored, second.model, page.owner, page.opened]
    return _file_work.wire(page, second.work, begin, inputs)


def contents(
    services: Services,
    language: Language,
    scored: Scored | None,
    second: Scored | None,
    owner: str,
    opened: dict[str, str],
) -> list[Any]:
    """Every part, in the order of `outputs`."""
    shown = scored is not None and bool(scored.names)
    if not shown or second is None or not second.names or second.sheet != scored.sheet:
        return [gr.Column(visible=shown), "", gr.HTML(visible=False), gr.Dataframe(visible=False)]
    both = (scored, second)
    models = [name_of(services, language, owner, opened, it.model) for it in both]
    found = agreement(scored.scores, second.scores)
    table = _file_tables.agreement(found, both, models, language)
    rows = _file_tables.differing(found, both, models, language)
    return [
        gr.Column(visible=True),
        joined((_file_tables.agreed(found, language), _right(both, models, language))),
        gr.HTML(table, visible=bool(table)),
        gr.Dataframe(
            rows, column_widths=["70px", "140px", "140px", "690px"], visible=bool(rows["data"])
        ),
    ]


def _right(both: tuple[Scored, Scored], models: list[str], language: Language) -> str:
    """How right each is, where the file says what is right."""
    found = [judged(it) for it in both]
    if not all(it and it.rows for it in found):
        return ""
    one, other = (it.figures["accuracy"] for it in found if it)
    named = dict(zip(("first", "second"), map(plain, models), strict=True))
    return say("second_right", language, one=one, other=other, **named)


def name_of(
    services: Services, language: Language, owner: str, opened: dict[str, str], model: str
) -> str:
    """The id of a catalogue's model, the name of an adapter; its id where it is gone."""
    found = _picker.choices(services, "classification", language, owner, opened)
    return next((shown for shown, key in found if key == _picker.RUN + model), model)
