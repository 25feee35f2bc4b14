"""What can run here: every model for every use, a button that goes there, and the doctor."""

import logging
from dataclasses import dataclass
from typing import Any

import gradio as gr

from components import _abilities, _machine_tables, _models
from components._abilities import TABS, USES, Use
from components._page import Page, to_open
from components._services import Services
from components._texts import i18n, say
from components._visitor import Language
from inference import doctor, fit, hardware, hub
from inference.catalog import Model
from inference.errors import ModelGated, ModelUnknown, SettingChoiceRefused
from inference.texts import joined
from inference.units import readable_bytes

log = logging.getLogger(__name__)

MODEL_WIDTHS = [200, 150, 140, 140, 130, 190]  # pixels


@dataclass(frozen=True)
class Abilities:
    """`model` holds the id of the row that was clicked, "" until then."""

    findings: gr.Markdown
    use: gr.Radio
    models: gr.Dataframe
    note: gr.Markdown
    go: gr.Button
    model: gr.State

    @property
    def inputs(self) -> list[Any]:
        return [self.use, self.model]

    @property
    def outputs(self) -> list[Any]:
        return [self.findings, self.models, self.note, self.go]


def place() -> Abilities:
    with gr.Accordion(i18n("doctor_title"), open=True, elem_id="environment-doctor-part"):
        findings = gr.Markdown(elem_id="environment-doctor")
    use = gr.Radio(
        [(i18n(f"fit_use_{name}"), name) for name in USES],
        value=USES[0],
        label=i18n("fit_title"),
        elem_id="environment-use",
    )
    models = gr.Dataframe(
        show_label=False,
        visible=False,
        interactive=False,
        wrap=True,
        column_widths=MODEL_WIDTHS,
        max_height=560,
        elem_id="environment-models",
    )
    note = gr.Markdown(elem_classes="lab-note", elem_id="environment-models-note")
    go = gr.Button(i18n("fit_none"), interactive=False, variant="primary", elem_id="environment-go")
    return Abilities(findings, use, models, note, go, gr.State(""))


def wire(page: Page, placed: Abilities) -> None:
    services = page.services

    def redraw(language: Language, owner: str, use: str, model: str) -> list[Any]:
        return show(services, language, owner, use, model, measure=False)

    def measured(language: Language, owner: str, use: str, model: str) -> list[Any]:
        """The same with the speeds, which take some seconds the first time."""
        return show(services, language, owner, use, model, measure=True)

    def choose(
        language: Language, owner: str, use: str, event: gr.SelectData
    ) -> tuple[str, Any, Any]:
        """The row that was clicked, known by its first cell: a visitor may have sorted the rows."""
        cell = str(event.row_value[0]) if event.row_value else ""
        record = next(
            (it for it in _records(services) if _abilities.name(it, language) == cell), {}
        )
        model = record.get("id", "")
        return (
            model,
            examined(services, language, owner, model),
            _button(services, language, _use(use), model),
        )

    def leave(language: Language, use: str, model: str) -> tuple[dict[str, Any], Any]:
        tab = TABS[_use(use)]
        return to_open(tab, model=services.catalog.find(model).id), gr.Tabs(selected=tab)

    given = [page.owner, *placed.inputs]
    page.on_shown(measured, given, placed.outputs)
    page.on(placed.use.input, redraw, given, placed.outputs)
    chosen = [placed.model, placed.findings, placed.go]
    page.on(placed.models.select, choose, [page.owner, placed.use], chosen)
    page.on(placed.go.click, leave, placed.inputs, [page.opened, page.tabs])


def show(
    services: Services, language: Language, owner: str, use: str, model: str, measure: bool
) -> list[Any]:
    """Updates of `Abilities.outputs`.

    Args:
        measure: wait until the speed of this machine is known.
    """
    speed = _read_speed(measure)
    records, wanted = _records(services), _use(use)
    speeds: dict[str, float] | None = {} if measure else None
    if speed is not None:
        speeds = {it["id"]: _models.tokens_per_second(it) for it in records}
    table = _abilities.abilities(records, wanted, speeds, quantises(), language)
    note = say("fit_note", language)
    if speed is not None:
        note = joined((note, say("fit_speed", language, speed=readable_bytes(round(speed)))))
    return [
        examined(services, language, owner, model),
        gr.Dataframe(table, visible=True),
        note,
        _button(services, language, wanted, model),
    ]


def examined(services: Services, language: Language, owner: str, model_id: str) -> str:
    """What the doctor says of this machine, and of the model somebody wants to use on it."""
    model = _find(services, model_id)
    standing = services.downloads.standing(model.id, owner) if model else None
    gated = bool(standing and standing.mine and isinstance(standing.progress.error, ModelGated))
    facts = services.machine.facts(services.catalog)
    here = model is not None and hub.is_here(model)
    found = doctor.examine(facts, doctor.ranges(), model, here, gated)
    return _machine_tables.findings(found, model.id if model else "", language)


def quantises() -> bool:
    """Whether a model can be trained in 4 bits here."""
    return hardware.trains_on() == "cuda" and fit.bitsandbytes()


def _records(services: Services) -> list[dict[str, Any]]:
    return [_models.record(model) for model in services.catalog.models]


def _read_speed(measure: bool) -> float | None:
    """Bytes of weights that are read a second; None where that is not measured yet, or cannot be:
    the driver is too old, say, or the card full. The doctor tells of the first."""
    from inference import speed

    if not measure and not speed.bytes_per_second.cache_info().currsize:
        return None
    try:
        return speed.bytes_per_second()
    except (RuntimeError, AssertionError) as error:  # torch raises either without CUDA
        log.warning("the speed of this machine cannot be measured: %s", type(error).__name__)
        return None


def _button(services: Services, language: Language, use: Use, model_id: str) -> Any:
    """Ready once a row is chosen whose model is meant for the use that is shown."""
    model = _find(services, model_id)
    if model is None or not _abilities.offered(_models.record(model), use):
        return gr.Button(say("fit_none", language), interactive=False)
    tab = say(f"tab_{TABS[use]}", language)
    return gr.Button(say("fit_open", language, model=model.id, tab=tab), interactive=True)


def _find(services: Services, model_id: str) -> Model | None:
    try:
        return services.catalog.find(model_id)
    except ModelUnknown:  # nothing is chosen
        return None


def _use(value: object) -> Use:
    for use in USES:
        if use == value:
            return use
    raise SettingChoiceRefused(name="use", value=str(value)[:40], choices=", ".join(USES))
