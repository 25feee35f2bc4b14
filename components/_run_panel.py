"""The second part of the Fine-tune tab: the visitor's runs, how they go and what they learnt."""

from typing import Any

import gradio as gr

from components import _plots, _runs
from components._page import TAB_OF_TASK, Page, to_open
from components._refusals import failure_sentence
from components._services import Services
from components._texts import i18n, plain, say
from components._visitor import Language
from components._warnings import told
from finetune.errors import RunNotFound
from finetune.run import Run

POLL_SECONDS = 1.5
ACTIVE = ("queued", "running", "stopping")
RESUMABLE = ("interrupted", "stopped", "failed")
DOWNLOAD_ID = "run-zip"


def build(page: Page, begun: gr.State) -> None:
    """`begun` holds the id of the run that was started last."""
    gr.Markdown(i18n("step_run"))
    with gr.Row():
        runs = gr.Dropdown(
            [],
            label=i18n("my_runs"),
            info=i18n("my_runs_info"),
            filterable=False,
            visible=False,
            elem_id="runs",
        )
    state = gr.HTML(elem_id="run-state")
    failure = gr.Markdown(elem_id="run-failure", visible=False)
    with gr.Row():
        stop = gr.Button(i18n("run_stop"), visible=False, elem_id="run-stop")
        resume = gr.Button(i18n("run_resume"), visible=False, elem_id="run-resume")
        use = gr.Button(i18n("run_use"), variant="primary", visible=False, elem_id="run-use")
        fetch = gr.Button(i18n("run_download"), visible=False, elem_id="run-download")
        remove = gr.Button(i18n("run_delete"), visible=False, elem_id="run-delete")
        sure = gr.Button(
            i18n("run_delete_sure"), variant="stop", visible=False, elem_id="run-delete-sure"
        )
        parcel = gr.DownloadButton(visible="hidden", elem_id=DOWNLOAD_ID)
    plot = gr.LinePlot(
        x="step", y="loss", label=i18n("loss"), visible=False, height=300, elem_id="run-loss"
    )
    learned = gr.Markdown(elem_id="run-learned", elem_classes="lab-verdict")
    figures = gr.Dataframe(
        label=i18n("figures"), interactive=False, visible=False, elem_id="run-figures"
    )
    samples = gr.Dataframe(
        label=i18n("samples"),
        interactive=False,
        wrap=True,
        visible=False,
        column_widths=["25%"] * 4,
        elem_id="run-samples",
    )
    timer = gr.Timer(POLL_SECONDS, active=False)
    buttons = [stop, resume, use, fetch, remove]
    panel = [state, failure, *buttons, plot, learned, figures, samples, timer]
    _wire_showing(page, begun, runs, panel, timer)
    _wire_verbs(page, runs, panel, buttons, parcel)
    _wire_deletion(page, runs, panel, remove, sure)


def _wire_showing(
    page: Page, begun: gr.State, runs: gr.Dropdown, panel: list[Any], timer: gr.Timer
) -> None:
    services = page.services

    def show(language: Language, owner: str, run_id: str | None) -> list[Any]:
        return _panel(services, language, owner, run_id)

    def begin(language: Language, owner: str, run_id: str) -> list[Any]:
        return _listing(services, language, owner, run_id)

    def relist(language: Language, owner: str, chosen: str | None) -> list[Any]:
        return _listing(services, language, owner, chosen)

    page.on_shown(relist, [page.owner, runs], [runs, *panel])
    page.on(begun.change, begin, [page.owner, begun], [runs, *panel])
    page.on(runs.focus, relist, [page.owner, runs], [runs, *panel])
    page.on(runs.input, show, [page.owner, runs], panel)
    page.on(timer.tick, show, [page.owner, runs], panel)


def _wire_verbs(
    page: Page, runs: gr.Dropdown, panel: list[Any], buttons: list[gr.Button], parcel: Any
) -> None:
    services = page.services
    stop, resume, use, fetch, _ = buttons

    def do(verb: Any) -> Any:
        def act(language: Language, owner: str, run_id: str) -> list[Any]:
            verb(services.store.for_owner(run_id, owner))
            return _panel(services, language, owner, run_id)

        return act

    def put_to_use(language: Language, owner: str, run_id: str) -> tuple[dict[str, Any], Any]:
        tab = TAB_OF_TASK[services.store.for_owner(run_id, owner).recipe.task]
        return to_open(tab, run=run_id), gr.Tabs(selected=tab)

    def pack(language: Language, owner: str, run_id: str) -> str:
        return str(_runs.download(services, run_id, owner))

    chosen = [page.owner, runs]
    page.on(stop.click, do(services.jobs.stop), chosen, panel)
    page.on(resume.click, do(services.jobs.resume), chosen, panel)
    page.on(use.click, put_to_use, chosen, [page.opened, page.tabs])
    packed = page.on(fetch.click, pack, chosen, [parcel])
    packed.success(
        None,
        js=f"() => document.querySelector('#{DOWNLOAD_ID}').click()",
        api_visibility="private",
    )


def _wire_deletion(
    page: Page, runs: gr.Dropdown, panel: list[Any], remove: gr.Button, sure: gr.Button
) -> None:
    """Delete asks once more; choosing another run takes the question back."""

    def delete(language: Language, owner: str, run_id: str) -> list[Any]:
        page.services.store.for_owner(run_id, owner).delete()
        return [gr.Button(visible=False), *_listing(page.services, language, owner, None)]

    page.on(remove.click, lambda language: gr.Button(visible=True), [], [sure])
    page.on(runs.input, lambda language: gr.Button(visible=False), [], [sure])
    page.on(sure.click, delete, [page.owner, runs], [sure, runs, *panel])


def _listing(services: Services, language: Language, owner: str, chosen: str | None) -> list[Any]:
    """The list of runs, on the chosen one if it is there, else on the newest; and its panel."""
    listed = _runs.listed(services, owner)
    numbered = zip(range(len(listed), 0, -1), listed, strict=True)
    choices = [(_run_label(number, run, language), run["id"]) for number, run in numbered]
    ids = [run_id for _, run_id in choices]
    value = next((it for it in (chosen, *ids[:1]) if it in ids), None)
    return [
        gr.Dropdown(choices=choices, value=value, visible=bool(choices)),
        *_panel(services, language, owner, value),
    ]


def _panel(services: Services, language: Language, owner: str, run_id: str | None) -> list[Any]:
    """Every part of the panel for a run, in the order of `build`'s `panel`."""
    try:
        run = services.store.for_owner(run_id or "", owner)
        found = _runs.status(services, run.id, owner)
    except RunNotFound:  # none yet, or it was deleted in another window
        none = f"<p>{say('no_runs', language)}</p>"
        return [none, gr.Markdown(visible=False), *_buttons(""), *_nothing_learned()]
    standing = found["status"]
    curve = _plots.curve(found["events"])
    return [
        _state(found, language),
        _failure(found, language),
        *_buttons(standing, has_adapter=found["has_adapter"]),
        gr.LinePlot(
            curve,
            x_title=say("step", language),
            y_title=say("loss_axis", language),
            visible=len(curve) > 1,
        ),
        *_learned(run, language),
        gr.Timer(active=standing in ACTIVE),
    ]


def _nothing_learned() -> list[Any]:
    hidden = [gr.LinePlot(visible=False), "", *(gr.Dataframe(visible=False) for _ in range(2))]
    return [*hidden, gr.Timer(active=False)]


def _buttons(standing: str, has_adapter: bool = False) -> list[Any]:
    """Stop, resume, use, download, delete."""
    visible = (
        standing in ("queued", "running"),
        standing in RESUMABLE,
        has_adapter,
        has_adapter,
        bool(standing) and standing not in ("running", "stopping"),
    )
    return [gr.Button(visible=it) for it in visible]


def _state(found: dict[str, Any], language: Language) -> str:
    """Status, step, loss and time left over a bar. Numbers and our own words only: it is HTML."""
    standing, step, total = found["status"], found["step"], found["total_steps"]
    parts = [say(f"status_{standing}", language)]
    if standing == "stopped" and found["events"][-1].get("reason") == "time_limit":
        parts = [say("stopped_time_limit", language)]
    if standing == "queued":
        parts.append(say("queue_position", language, position=found["queue_position"] or 1))
    if standing == "running" and found["stage"] in ("preparing", "evaluating"):
        parts.append(say(f"stage_{found['stage']}", language))
    if total:
        parts.append(say("step_of", language, step=step, total=total))
    if found["loss"] is not None:
        parts.append(say("loss_now", language, loss=found["loss"]))
    if found["tokens_per_second"]:
        parts.append(say("chat_speed", language, speed=found["tokens_per_second"]))
    if found["eta_seconds"] is not None:
        left = _plots.duration(found["eta_seconds"], language)
        parts.append(say("time_left", language, left=left))
    share = 1 if standing == "finished" else step / total if total else 0
    return _plots.bar(parts, share, standing)


def _failure(found: dict[str, Any], language: Language) -> Any:
    """What the run had to warn of and, of a failed one, why it failed and what to do next."""
    sentences = told(found["events"], language)
    if found["status"] == "failed":
        last = next((it for it in reversed(found["events"]) if it["type"] == "failed"), {})
        sentences.append(failure_sentence(last, language))
    return gr.Markdown("\n\n".join(map(plain, sentences)), visible=bool(sentences))


def _learned(run: Run, language: Language) -> list[Any]:
    """Whether it learned, by which figures, and what it answers now."""
    report = run.report()
    if report is None:
        return ["", gr.Dataframe(visible=False), gr.Dataframe(visible=False)]
    return [
        _plots.learned(report, language),
        gr.Dataframe(_plots.figures(report, language), visible=bool(report["rows"])),
        gr.Dataframe(_plots.samples(report, language), visible=bool(report["samples"])),
    ]


def _run_label(number: int, run: dict[str, Any], language: Language) -> str:
    task = say("task_" + run["task"], language)
    return f"{number} · {run['name']} · {task} · {run['base']}"
