"""Step 4 of the Fine-tune tab: what a run has learnt, and what can be done with it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from components import _plots, _push_panel, _run_plots, _runs, _share_panel, _try_panel
from components._buttons import press
from components._page import TAB_OF_TASK, Page, to_open
from components._push_panel import PushPanel
from components._services import Services
from components._share_panel import SharePanel
from components._texts import i18n, say
from components._try_panel import TryPanel
from components._visitor import Language
from finetune.errors import RunNotFound
from finetune.run import Run

DOWNLOAD_ID = "run-zip"


@dataclass(frozen=True)
class Result:
    learned: gr.Markdown
    use: gr.Button
    fetch: gr.Button
    kept: gr.Markdown
    figures: gr.Dataframe
    loss: gr.LinePlot
    bars: gr.BarPlot
    confusion: gr.HTML
    per_label: gr.Dataframe
    samples: gr.Dataframe
    save: gr.Button
    trial: TryPanel
    share: SharePanel
    push: PushPanel
    parcel: gr.DownloadButton

    @property
    def outputs(self) -> list[Any]:
        told = [self.learned, self.use, self.fetch, self.kept, self.figures]
        plots = [self.loss, self.bars, self.confusion, self.per_label, self.samples, self.save]
        return [*told, *plots, *self.trial.outputs, *self.share.outputs, *self.push.outputs]


def place(page: Page, runs: gr.Dropdown) -> Result:
    learned = gr.Markdown(elem_id="run-learned", elem_classes="lab-verdict")
    with gr.Row():
        use = gr.Button(visible=False, variant="primary", elem_id="run-use")
        fetch = gr.Button(i18n("run_download"), visible=False, elem_id="run-download")
        parcel = gr.DownloadButton(visible="hidden", elem_id=DOWNLOAD_ID)
    kept = gr.Markdown(elem_classes="lab-note", elem_id="run-kept")
    trial = _try_panel.place()
    figures = _hidden_table("figures", "run-figures")
    loss = gr.LinePlot(
        x="step",
        y="loss",
        color="series",
        label=i18n("loss"),
        visible=False,
        height=260,
        elem_id="result-loss",
    )
    with gr.Row():
        with gr.Column(min_width=300):
            per_label = _hidden_table("per_label", "run-per-label", max_height=300)
        with gr.Column(min_width=300):
            bars = gr.BarPlot(
                x="label",
                y="f1",
                label=i18n("f1_bars"),
                sort="y",
                y_lim=[0, 1],
                visible=False,
                height=270,
                elem_id="run-f1",
            )
    confusion = gr.HTML(visible=False, elem_id="run-confusion")
    samples = _hidden_table("samples", "run-samples", wrap=True, column_widths=["25%"] * 4)
    save = gr.Button(i18n("run_save_samples"), size="sm", visible=False, elem_id="run-save-samples")
    share = _share_panel.place()
    push = _push_panel.place(page, runs)
    parts = (learned, use, fetch, kept, figures, loss, bars, confusion, per_label, samples)
    return Result(*parts, save, trial, share, push, parcel)


def _hidden_table(key: str, elem_id: str, **options: Any) -> gr.Dataframe:
    return gr.Dataframe(
        label=i18n(key), interactive=False, visible=False, elem_id=elem_id, **options
    )


def wire(page: Page, runs: gr.Dropdown, result: Result) -> None:
    services = page.services

    def put_to_use(language: Language, owner: str, run_id: str) -> tuple[dict[str, Any], Any]:
        tab = TAB_OF_TASK[services.store.for_owner(run_id, owner).recipe.task]
        return to_open(tab, run=run_id), gr.Tabs(selected=tab)

    def pack(language: Language, owner: str, run_id: str) -> str:
        return str(_runs.download(services, run_id, owner))

    def save(language: Language, owner: str, run_id: str) -> str:
        return str(_runs.comparison_csv(services, run_id, owner))

    chosen = [page.owner, runs]
    page.on(result.use.click, put_to_use, chosen, [page.opened, page.tabs])
    for button, handler in ((result.fetch, pack), (result.save, save)):
        packed = page.on(button.click, handler, chosen, [result.parcel])
        packed.success(None, js=press(DOWNLOAD_ID), api_visibility="private")
    _try_panel.wire(page, runs, result.trial)
    _share_panel.wire(page, runs, result.share)


def contents(services: Services, language: Language, owner: str, run_id: str | None) -> list[Any]:
    """Every part of the step for a run, in the order of `Result.outputs`."""
    try:
        run = services.store.for_owner(run_id or "", owner)
        found = _runs.status(services, run.id, owner)
    except RunNotFound:
        nothing = [*[gr.Button(visible=False)] * 2, "", *_no_report(), gr.Button(visible=False)]
        panels = [*_try_panel.nothing(), *_share_panel.nothing()]
        return ["", *nothing, *panels, *_push_panel.contents(services, language, owner, run_id)]
    trained, standing = found["has_adapter"], found["status"]
    report = run.report()
    return [
        _verdict(report, trained, language),
        gr.Button(say(f"use_{found['task']}", language), visible=trained),
        gr.Button(visible=trained),
        _run_plots.kept(found["kept_until"], time.time(), language) if trained else "",
        *_reported(run, report, found["events"], language),
        gr.Button(visible=bool(report and report["samples"])),
        *_try_panel.shown(found["task"], trained, language),
        *_share_panel.shown(run, standing, language),
        *_push_panel.contents(services, language, owner, run_id),
    ]


def _verdict(report: dict[str, Any] | None, trained: bool, language: Language) -> str:
    if report is not None:
        return _plots.learned(report, language)
    return say("not_compared", language) if trained else say("no_result", language)


def _no_report() -> list[Any]:
    tables = [gr.Dataframe(visible=False)] * 2
    plots = [gr.LinePlot(visible=False), gr.BarPlot(visible=False), gr.HTML(visible=False)]
    return [tables[0], *plots, *tables]


def _reported(
    run: Run, report: dict[str, Any] | None, events: Sequence[Any], language: Language
) -> list[Any]:
    """Figures, loss, bars, confusion, per label, samples."""
    if report is None:
        return _no_report()
    loss = _run_plots.losses(events, language)
    bars = _run_plots.f1_bars(report)
    confusion = _run_plots.confusion(report, language)
    return [
        gr.Dataframe(_plots.figures(report, language), visible=bool(report["rows"])),
        gr.LinePlot(
            loss,
            x_title=say("step", language),
            y_title=say("loss_axis", language),
            color_title="",
            visible=len(loss) > 1,
        ),
        gr.BarPlot(bars, x_title=say("label", language), y_title="F1", visible=len(bars) > 1),
        gr.HTML(confusion, visible=bool(confusion)),
        gr.Dataframe(_run_plots.per_label(report, language), visible=len(bars) > 0),
        gr.Dataframe(_plots.samples(report, language), visible=bool(report["samples"])),
    ]
