"""Fetching the model chosen in a list: an offer with its size, progress, what went wrong.

Nothing polls unless the chosen model is under way.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from components import _models, _plots
from components._feedback import Handler
from components._page import Page
from components._refusals import error_sentence
from components._services import Services
from components._texts import i18n, plain, say
from components._visitor import Language
from inference import hub
from inference.catalog import Model
from inference.errors import LabError, ModelGated, ModelUnavailable, ModelUnknown
from inference.memory import Use
from inference.records import FetchProgress
from inference.units import readable_bytes

POLL_SECONDS = 0.6
MOST_OFFERED = 3  # models that are here, shown when one could not be fetched


@dataclass(frozen=True)
class FetchPanel:
    """Placed next to a list of models.

    `settled` changes once what is chosen, or whether it is here, has changed without its list
    being touched: a download has ended, or another model was taken instead. `use` is what the
    model is wanted for: to run, or to be trained.
    """

    page: Page
    use: Use
    state: gr.HTML
    failure: gr.Markdown
    token: gr.Textbox
    fetch: gr.Button
    cancel: gr.Button
    instead: gr.Markdown
    offered: list[gr.Button]
    timer: gr.Timer
    settled: gr.State

    @property
    def outputs(self) -> list[Any]:
        """What `contents` fills in."""
        told = [self.state, self.failure, self.token, self.fetch, self.cancel]
        return [*told, self.instead, *self.offered, self.timer]

    def shown(self, language: Language, owner: str, value: str | None) -> list[Any]:
        return contents(self.page.services, self.use, language, owner, value)

    def wire(
        self, chosen: gr.Dropdown, show: Handler, inputs: Sequence[Any], outputs: Sequence[Any]
    ) -> None:
        """Make it work for the list `chosen`.

        Args:
            show: `(language, owner, *rest, value)` -> `outputs`, the list and what is said
                about its value, followed by this panel's `shown`.
            inputs: what `show` needs: the owner first, `chosen` last.
        """
        page, services = self.page, self.page.services
        outputs = [*outputs, *self.outputs]

        def begin(language: Language, token: str | None, owner: str, *rest: Any) -> list[Any]:
            model = services.catalog.find(rest[-1])
            _models.check_fit(model, self.use)
            services.downloads.begin(model, owner, token or "")
            return ["", *show(language, owner, *rest)]

        def leave(language: Language, owner: str, *rest: Any) -> list[Any]:
            services.downloads.leave(rest[-1], owner)
            return show(language, owner, *rest)

        def follow(language: Language, owner: str, *rest: Any) -> list[Any]:
            """The progress; and once it has ended, everything that depends on what is here."""
            parts = self.shown(language, owner, rest[-1])
            if parts[-1].active:
                return [gr.skip()] * (1 + len(outputs) - len(parts)) + parts
            return [time.time_ns(), *show(language, owner, *rest)]

        # The token goes with one press and is gone from the page with it.
        page.on(self.fetch.click, begin, [self.token, *inputs], [self.token, *outputs])
        page.on(self.cancel.click, leave, inputs, outputs)
        page.on(self.timer.tick, follow, inputs, [self.settled, *outputs])
        for button in self.offered:
            taken = page.on(button.click, lambda language, model: model, [button], [chosen])
            again = page.on(taken.then, show, inputs, outputs)
            page.on(again.then, lambda language: time.time_ns(), [], [self.settled])


def place(page: Page, name: str, use: Use = "run") -> FetchPanel:
    """The panel in the current column; `name` begins the ids of its parts."""
    state = gr.HTML(visible=False, elem_id=f"{name}-fetching")
    failure = gr.Markdown(visible=False, elem_classes="lab-failure", elem_id=f"{name}-failure")
    token = gr.Textbox(
        label=i18n("fetch_token"),
        info=i18n("fetch_token_info"),
        type="password",
        max_lines=1,
        visible=False,
        html_attributes=gr.InputHTMLAttributes(autocomplete="off", spellcheck=False),
        elem_id=f"{name}-token",
    )
    fetch = gr.Button(visible=False, variant="primary", size="md", elem_id=f"{name}-fetch")
    cancel = gr.Button(i18n("fetch_cancel"), visible=False, size="md", elem_id=f"{name}-cancel")
    instead = gr.Markdown(i18n("fetch_instead"), visible=False, elem_classes="lab-note")
    with gr.Row(elem_classes="lab-starters", elem_id=f"{name}-instead"):
        offered = [gr.Button(visible=False, size="sm") for _ in range(MOST_OFFERED)]
    timer = gr.Timer(POLL_SECONDS, active=False)
    settled = gr.State()
    told = (state, failure, token, fetch, cancel, instead, offered, timer, settled)
    return FetchPanel(page, use, *told)


def contents(
    services: Services, use: Use, language: Language, owner: str, value: str | None
) -> list[Any]:
    """Updates of `FetchPanel.outputs` for the chosen `value`; empty unless it can be fetched."""
    try:
        model = services.catalog.find(value or "")
    except ModelUnknown:  # one of the visitor's runs, or nothing
        return _updates()
    standing = services.downloads.standing(model.id, owner)
    if standing and not standing.progress.ended:  # the last files may be here already
        return _under_way(standing.progress, standing.mine, language)
    if hub.is_here(model) or not _may_fetch(services, model, use):
        return _updates()
    last = standing.progress if standing and standing.progress.state != "done" else None
    error = last.error if last and standing.mine else None
    others = _here_instead(services, model, use) if error else []
    return _offering(model, last, error, others, language)


def _may_fetch(services: Services, model: Model, use: Use) -> bool:
    try:
        _models.check_fit(model, use)
        services.downloads.check(model)
    except ModelUnavailable:  # the list says why
        return False
    return True


def _here_instead(services: Services, model: Model, use: Use) -> list[str]:
    """Ids of models that can be used at once for the same task, the demo among them."""
    catalog = services.catalog
    listed = catalog.bases(model.task) if use == "lora" else catalog.served(model.task)
    records = [_models.record(it) for it in listed if hub.is_here(it)]
    usable = [it for it in records if it["trains_here" if use == "lora" else "runs_here"]]
    usable.sort(key=lambda it: it["demo"])
    demos = [it["id"] for it in usable if it["demo"]][:1]
    real = [it["id"] for it in usable if not it["demo"]]
    return real[: MOST_OFFERED - len(demos)] + demos


def _under_way(progress: FetchProgress, mine: bool, language: Language) -> list[Any]:
    """For who asked for it a way out, for everybody else a way in."""
    return _updates(
        state=progress_bar(progress, mine, language),
        fetch=None if mine else say("fetch_join", language),
        cancel=mine,
        active=True,
    )


def _offering(
    model: Model,
    last: FetchProgress | None,
    error: LabError | None,
    others: Sequence[str],
    language: Language,
) -> list[Any]:
    size = readable_bytes(last.bytes_total if last else model.download_bytes)
    return _updates(
        state=arrived(last, language) if last and last.bytes_done else None,
        failure=plain(error_sentence(error, language)) if error else None,
        token=isinstance(error, ModelGated),
        fetch=say("fetch", language, size=size),
        others=others,
    )


def _updates(
    *,
    state: str | None = None,
    failure: str | None = None,
    token: bool = False,
    fetch: str | None = None,
    cancel: bool = False,
    others: Sequence[str] = (),
    active: bool = False,
) -> list[Any]:
    """Updates in the order of `FetchPanel.outputs`; what is None or False is not seen."""
    padded = [*others, *[""] * (MOST_OFFERED - len(others))]
    return [
        gr.HTML(state or "", visible=state is not None),
        gr.Markdown(failure or "", visible=failure is not None),
        gr.Textbox(visible=token),
        gr.Button(fetch or "", visible=fetch is not None),
        gr.Button(visible=cancel),
        gr.Markdown(visible=bool(others)),
        *(gr.Button(model, visible=bool(model)) for model in padded),
        gr.Timer(active=active),
    ]


def progress_bar(progress: FetchProgress, mine: bool, language: Language) -> str:
    """`Downloading · 1.2 GB of 1.5 GB · 11 MB/s · about 27 s left` over a bar, as HTML."""
    parts = [say(f"fetching_{progress.state}", language)]
    done, total = progress.bytes_done, progress.bytes_total
    if done:
        parts.append(_of(progress, language))
    if progress.bytes_per_second:
        parts.append(f"{readable_bytes(round(progress.bytes_per_second))}/s")
    if progress.eta_seconds is not None:
        left = _plots.duration(progress.eta_seconds, language)
        parts.append(say("time_left", language, left=left))
    if not mine:
        parts.insert(0, say("fetch_others", language))
    return _plots.bar(parts, done / total if total else 0, progress.state)


def arrived(progress: FetchProgress, language: Language) -> str:
    """What an ended download left here, over a bar, as HTML."""
    told = say("fetch_kept", language, part=_of(progress, language))
    share = progress.bytes_done / progress.bytes_total if progress.bytes_total else 0
    return _plots.bar([told], share, "kept")


def _of(progress: FetchProgress, language: Language) -> str:
    done, total = readable_bytes(progress.bytes_done), readable_bytes(progress.bytes_total)
    return say("fetch_of", language, done=done, total=total)
