"""Step 3 of the Fine-tune tab: how a run goes, and what to do when it does not."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from components import _next_steps, _plots, _run_plots, _runs, _steps
from components._page import Page
from components._refusals import failure_sentence
from components._services import Services
from components._slices import begin_or_continue
from components._texts import i18n, plain, say
from components._visitor import Language
from components._warnings import told
from finetune.errors import RunNotFound

POLL_SECONDS = 1.5
ACTIVE = ("queued", "running", "stopping")
RESUMABLE = ("interrupted", "stopped", "failed")


@dataclass(frozen=True)
class Train:
    state: gr.HTML
    warnings: gr.Markdown
    failure: gr.Markdown
    next: gr.Button
    stop: gr.Button
    resume: gr.Button
    onward: gr.Button
    loss: gr.LinePlot
    curves: list[gr.LinePlot]
    log: gr.Textbox
    timer: gr.Timer

    @property
    def outputs(self) -> list[Any]:
        buttons = [self.next, self.stop, self.resume, self.onward]
        told = [self.state, self.warnings, self.failure]
        return [*told, *buttons, self.loss, *self.curves, self.log, self.timer]


def place() -> Train:
    state = gr.HTML(elem_id="run-state")
    warnings = gr.Markdown(elem_id="run-warnings", elem_classes="lab-advice", visible=False)
    failure = gr.Markdown(elem_id="run-failure", elem_classes="lab-failure", visible=False)
    with gr.Row():
        following = gr.Button(visible=False, variant="primary", elem_id="run-next")
        stop = gr.Button(i18n("run_stop_kept"), visible=False, elem_id="run-stop")
        resume = gr.Button(i18n("run_resume"), visible=False, elem_id="run-resume")
        onward = gr.Button(
            i18n("run_to_result"), variant="primary", visible=False, elem_id="run-to-result"
        )
    loss = gr.LinePlot(
        x="step",
        y="loss",
        color="series",
        label=i18n("loss"),
        visible=False,
        height=340,
        elem_id="run-loss",
    )
    with gr.Accordion(i18n("run_curves"), open=False, elem_id="run-curves"):
        gr.Markdown(i18n("run_curves_info"), elem_classes="lab-note")
        with gr.Row(elem_classes="lab-grid"):
            curves = [
                gr.LinePlot(
                    x="step",
                    y=name,
                    label=i18n(f"curve_{name}"),
                    visible=False,
                    height=210,
                    min_width=240,
                    elem_id=f"run-{name}",
                )
                for name in _run_plots.CURVES
            ]
    with gr.Accordion(i18n("run_log"), open=False, elem_id="run-log-part"):
        log = gr.Textbox(
            show_label=False, lines=8, max_lines=14, interactive=False, elem_id="run-log"
        )
    timer = gr.Timer(POLL_SECONDS, active=False)
    return Train(
        state, warnings, failure, following, stop, resume, onward, loss, curves, log, timer
    )


def wire(
    page: Page,
    steps: gr.Walkthrough,
    runs: gr.Dropdown,
    train: Train,
    begun: gr.State,
    listing: Callable[..., list[Any]],
    listed: Sequence[Any],
) -> None:
    """`listing` fills in `listed`: the list of runs, and what the steps show of the chosen one."""
    services = page.services
    seen_now = gr.State(("", -1, ""))  # run, events and status that the page shows

    def watch(
        language: Language, owner: str, run_id: str | None, seen: tuple[str, int, str]
    ) -> dict[Any, Any]:
        """What has changed since the last look; where nothing happened, only the time left."""
        now = _now(services, owner, run_id)
        if run_id and list(now) == list(seen):
            return {train.state: _state(_runs.status(services, run_id, owner), language)}
        return {seen_now: now, **dict(zip(listed, listing(language, owner, run_id), strict=True))}

    page.on(train.timer.tick, watch, [page.owner, runs, seen_now], [seen_now, *listed])
    page.on(train.onward.click, lambda language: _steps.opened(_steps.RESULT), [], [steps])
    _wire_verbs(page, runs, train, begun, listing, listed)


def _wire_verbs(
    page: Page,
    runs: gr.Dropdown,
    train: Train,
    begun: gr.State,
    listing: Callable[..., list[Any]],
    listed: Sequence[Any],
) -> None:
    """Stop, go on, and what the card offers; where no queue launches runs, also the training."""
    services = page.services
    going_on = gr.State("")  # the run that was resumed last

    def stop(language: Language, owner: str, run_id: str) -> list[Any]:
        services.jobs.stop(services.store.for_owner(run_id, owner))
        return listing(language, owner, run_id)

    def resume(language: Language, owner: str, run_id: str) -> list[Any]:
        _runs.resume(services, run_id, owner)
        return [run_id, *listing(language, owner, run_id)]

    def sit(language: Language, owner: str, run_id: str) -> Iterator[list[Any]]:
        """Where no queue launches runs, this request trains it: the visitor's quota is its own.

        The page is told when the run is under way, so that it looks on, and when the sitting ends.
        """
        yield [gr.skip()] * len(listed)  # Gradio empties what a generator never gave a value
        if not run_id:
            return
        began = False
        for _ in begin_or_continue(services, services.store.for_owner(run_id, owner)):
            told = [gr.skip()] * len(listed) if began else listing(language, owner, run_id)
            began = True
            yield told
        if began:
            yield listing(language, owner, run_id)

    def take_next(language: Language, owner: str, run_id: str) -> tuple[Any, ...]:
        """What the card offers: the run goes on, or a new one begins on its rows."""
        found = _next(services, run_id, owner)
        if found is not None and found.verb == "again":
            new = _runs.again(services, run_id, owner, found.changes)
            return ("", new.id, *[gr.skip()] * len(listed))
        if found is not None:
            _runs.resume(services, run_id, owner)
        return (run_id if found else "", gr.skip(), *listing(language, owner, run_id))

    chosen = [page.owner, runs]
    page.on(train.stop.click, stop, chosen, listed)
    resumed = [
        page.on(train.resume.click, resume, chosen, [going_on, *listed]),
        page.on(train.next.click, take_next, chosen, [going_on, begun, *listed]),
    ]
    page.on(begun.change, sit, [page.owner, begun], listed)
    for event in resumed:
        page.on(event.success, sit, [page.owner, going_on], listed)


def _now(services: Services, owner: str, run_id: str | None) -> tuple[str, int, str]:
    try:
        run = services.store.for_owner(run_id or "", owner)
    except RunNotFound:
        return "", 0, ""
    return run.id, len(run.events()), run.status()


def _next(services: Services, run_id: str, owner: str) -> _next_steps.NextStep | None:
    found = _runs.status(services, run_id, owner)
    recipe = services.store.for_owner(run_id, owner).recipe.model_dump()
    return _next_steps.next_step(found["status"], found["events"], recipe)


def contents(services: Services, language: Language, owner: str, run_id: str | None) -> list[Any]:
    """Every part of the step for a run, in the order of `Train.outputs`."""
    try:
        run = services.store.for_owner(run_id or "", owner)
        found = _runs.status(services, run.id, owner)
        recipe = run.recipe.model_dump()
    except RunNotFound:  # none yet, or it was deleted in another window
        none = f"<p>{say('no_runs', language)}</p>"
        plots = [gr.LinePlot(visible=False)] * (1 + len(_run_plots.CURVES))
        hidden = [gr.Button(visible=False)] * 4
        untold = [gr.Markdown(visible=False)] * 2
        return [none, *untold, *hidden, *plots, "", gr.Timer(active=False)]
    standing, happened = found["status"], found["events"]
    following = _next_steps.next_step(standing, happened, recipe)
    return [
        _state(found, language),
        _warnings(found, language),
        _failure(found, language),
        _next_button(following, language),
        gr.Button(visible=standing in ("queued", "running")),
        gr.Button(visible=standing in RESUMABLE and following is None),
        gr.Button(visible=standing in ("finished", "stopped") and found["has_adapter"]),
        _loss(happened, language),
        *(_curve(happened, name, language) for name in _run_plots.CURVES),
        _run_plots.log(happened, language),
        gr.Timer(active=standing in ACTIVE),
    ]


def _next_button(following: _next_steps.NextStep | None, language: Language) -> Any:
    if following is None:
        return gr.Button(visible=False)
    return gr.Button(say(following.key, language), visible=True)


def _loss(events: Sequence[Any], language: Language) -> Any:
    frame = _run_plots.losses(events, language)
    return gr.LinePlot(
        frame,
        x_title=say("step", language),
        y_title=say("loss_axis", language),
        color_title="",
        visible=len(frame) > 1,
    )


def _curve(events: Sequence[Any], name: str, language: Language) -> Any:
    frame = _run_plots.curve(events, name)
    title = say("step", language)  # the label above names the other axis; "" would name a column
    return gr.LinePlot(frame, x_title=title, y_title=" ", visible=len(frame) > 1)


def _state(found: dict[str, Any], language: Language) -> str:
    """Status, step, loss and time left over a bar. Numbers and our own words only: it is HTML."""
    standing, step, total = found["status"], found["step"], found["total_steps"]
    parts = [say(f"status_{standing}", language)]
    reason = found["events"][-1].get("reason") if found["events"] else None
    if standing == "stopped" and reason in ("time_limit", "quota"):
        parts = [say(f"stopped_{reason}", language)]
    if standing == "queued":
        parts += _waiting(found, language)
    if standing == "running" and found["stage"] in ("preparing", "evaluating"):
        parts.append(say(f"stage_{found['stage']}", language))
    if total:
        parts.append(say("step_of", language, step=step, total=total))
    if found["loss"] is not None:
        parts.append(say("loss_now", language, loss=found["loss"]))
    if found["tokens_per_second"] and standing == "running":
        parts.append(say("chat_speed", language, speed=found["tokens_per_second"]))
    if found["eta_seconds"] is not None:
        left = _plots.duration(found["eta_seconds"], language)
        parts.append(say("time_left", language, left=left))
    share = 1 if standing == "finished" else step / total if total else 0
    return _plots.bar(parts, share, standing)


def _waiting(found: dict[str, Any], language: Language) -> list[str]:
    parts = [say("queue_position", language, position=found["queue_position"] or 1)]
    if found["starts_in_seconds"] is not None:
        left = _plots.duration(found["starts_in_seconds"], language)
        parts.append(say("starts_in", language, left=left))
    return parts


def _warnings(found: dict[str, Any], language: Language) -> Any:
    """What the run had to warn of."""
    sentences = told(found["events"], language)
    return gr.Markdown("\n\n".join(map(plain, sentences)), visible=bool(sentences))


def _failure(found: dict[str, Any], language: Language) -> Any:
    """At which stage a run failed, why, and what to do."""
    if found["status"] != "failed":
        return gr.Markdown(visible=False)
    last = next((it for it in reversed(found["events"]) if it["type"] == "failed"), {})
    stage = say("failed_at" if found["step"] else "failed_before", language, step=found["step"])
    sentence = failure_sentence(last, language)
    return gr.Markdown(f"**{stage}**\n\n{plain(sentence)}", visible=True)
