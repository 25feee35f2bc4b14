"""What this machine is and how busy: the first part of the Environment tab, and its last ones."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from components import _machine_tables, _models, _plots, _remote_models
from components._page import TABS, Page
from components._services import Services
from components._texts import i18n, say
from components._throttle import COSTLY
from components._visitor import Language
from inference import doctor
from inference.errors import ModelArriving, ModelNeeded
from inference.units import readable_bytes

TICK_SECONDS = 3.0
TAB = TABS.index("environment")
HEIGHT = 260  # pixels of the plot of the load


@dataclass(frozen=True)
class Facts:
    """Where the facts are shown."""

    verdict: gr.Markdown
    machine: gr.Dataframe

    @property
    def outputs(self) -> list[Any]:
        return [self.verdict, self.machine]


def place() -> Facts:
    verdict = gr.Markdown(elem_id="environment-verdict", elem_classes="lab-verdict")
    # Hidden until there is something in it: an empty table shows column numbers.
    machine = gr.Dataframe(
        label=i18n("environment_machine"),
        visible=False,
        interactive=False,
        wrap=True,
        column_widths=["30%", "70%"],
        elem_id="environment-machine",
    )
    return Facts(verdict, machine)


def show(services: Services, records: list[dict[str, Any]], language: Language) -> list[Any]:
    """Updates of `Facts.outputs`."""
    facts = services.machine.facts(services.catalog)
    best = _remote_models.default_model(services, "chat")
    return [
        _plots.verdict(facts, records, best, language),
        gr.Dataframe(_machine_tables.machine(facts, language), visible=True),
    ]


def build_load(page: Page) -> None:
    """The load of the last minutes, asked for only while this tab is shown."""
    load = page.services.machine.load
    with gr.Accordion(i18n("load"), open=True, elem_id="environment-load-part"):
        now = gr.Markdown(elem_classes="lab-note", elem_id="environment-load-now")
        plot = gr.LinePlot(
            x="minutes",
            y="percent",
            color="series",
            y_lim=[0, 100],
            height=HEIGHT,
            show_label=False,
            visible=False,
            elem_id="environment-load",
        )
    timer = gr.Timer(TICK_SECONDS, active=False)

    def look(language: Language) -> list[Any]:
        samples = load.look()
        drawn = gr.LinePlot(
            _machine_tables.load(samples, language),
            x_title=say("load_minutes", language),
            y_title=say("load_percent", language),
            color_title="",
            visible=len(samples) > 1,
        )
        return [_machine_tables.load_now(samples[-1], language), drawn]

    def follow(language: Language, opened: dict[str, Any]) -> Any:
        return gr.Timer(active=opened["tab"] in ("", "environment"))

    def leave(language: Language, event: gr.SelectData) -> Any:
        return gr.Timer(active=event.index == TAB)

    page.on_shown(look, [], [now, plot])
    page.on(timer.tick, look, [], [now, plot], trigger_mode="once")
    page.on(page.opened.change, follow, [page.opened], [timer])
    page.on(page.tabs.select, leave, [], [timer])


def build_versions(page: Page) -> None:
    """Versions, limits and the report, folded: they are read when something is wrong."""
    services = page.services
    parts = [
        gr.Accordion(i18n("environment_versions"), open=False),
        gr.Accordion(i18n("report"), open=False, elem_id="environment-report-part"),
        gr.Accordion(i18n("environment_limits"), open=False),
    ]
    with parts[0]:
        versions = gr.Dataframe(label=i18n("environment_versions"), interactive=False)
    with parts[1]:
        gr.Markdown(i18n("report_info"), elem_classes="lab-note")
        report = gr.Textbox(
            label=i18n("report"),
            show_label=False,
            lines=8,
            max_lines=14,
            interactive=False,
            buttons=["copy"],
            elem_id="environment-report",
        )
    with parts[2]:
        limits = gr.Dataframe(label=i18n("environment_limits"), interactive=False)

    def tell(language: Language) -> list[Any]:
        facts = services.machine.facts(services.catalog)
        found = doctor.examine(facts, doctor.ranges())
        return [
            _machine_tables.versions(facts, language),
            _machine_tables.report(facts, found, language),
            _plots.limits(services.limits, language),
        ]

    outputs = [versions, report, limits]
    for part in parts:
        page.on(part.expand, tell, [], outputs)
    page.on_shown(tell, [], outputs, on_arrival=False)


def build_cache(page: Page) -> None:
    """The downloaded models; to delete one takes the operator's token, or there is no button."""
    services = page.services
    with gr.Accordion(i18n("machine_cache"), open=False, elem_id="environment-cache-part") as part:
        none = gr.Markdown(i18n("cache_none"), elem_classes="lab-note")
        held = gr.Dataframe(visible=False, interactive=False, elem_id="environment-cache")
        with gr.Column(visible=services.operator.known):
            chosen = gr.Dropdown(
                [], label=i18n("cache_model"), filterable=False, elem_id="environment-cache-model"
            )
            token = gr.Textbox(
                label=i18n("cache_token"),
                info=i18n("cache_token_info"),
                type="password",
                max_lines=1,
                html_attributes=gr.InputHTMLAttributes(autocomplete="off", spellcheck=False),
                elem_id="environment-cache-token",
            )
            remove = gr.Button(
                i18n("cache_delete"), variant="stop", size="sm", elem_id="environment-cache-delete"
            )

    def tell(language: Language) -> list[Any]:
        facts = services.machine.facts(services.catalog)
        names = [it["id"] for it in facts["cache"]["models"]]
        return [
            gr.Markdown(visible=not names),
            gr.Dataframe(_machine_tables.cache(facts, language), visible=bool(names)),
            gr.Dropdown(choices=names, value=None),
        ]

    def delete(language: Language, owner: str, typed: str, model: str | None) -> list[Any]:
        freed = delete_download(services, typed, model or "", owner)
        size = readable_bytes(freed)
        gr.Info(say("cache_deleted", language, model=model, size=size), title=" ")
        return ["", *tell(language)]

    shown = [none, held, chosen]
    page.on_unfolded(part, tell, [], shown)
    # The token goes with one press, and is gone from the page once it was taken.
    page.on(remove.click, delete, [page.owner, token, chosen], [token, *shown])


def delete_download(services: Services, typed: str, model_id: str, visitor: str) -> int:
    """Delete what was downloaded of a model, for the operator; how many bytes that freed.

    Args:
        typed: what must be the operator's token.

    Raises:
        TooManyRequests, OperatorRefused, ModelUnknown, ModelArriving, ModelNeeded,
            ModelNotHere
    """
    services.throttle.charge(COSTLY, visitor)
    services.operator.check(typed)
    model = services.catalog.find(model_id)
    standing = services.downloads.standing(model.id, visitor)
    if standing is not None and not standing.progress.ended:
        raise ModelArriving(model=model.id)
    store = services.store
    if any(run.recipe.base == model.id for run in (*store.queue(), *store.training())):
        raise ModelNeeded(model=model.id)
    _models.evict_idle()  # or its files would be held open on Windows
    return services.machine.delete(services.catalog, model.id)
