"""Putting a run's adapter into the visitor's own account on the Hub.

The access token is the one of their sign-in, or one they type for a single push. It is cleared
from the page with the press of the button and goes to the child process that pushes, nowhere else.
"""

import re
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import gradio as gr

from components import _plots
from components._downloads import access_token
from components._page import Page
from components._refusals import error_sentence
from components._services import Services
from components._texts import i18n, plain, say
from components._throttle import COSTLY
from components._visitor import Language
from finetune.errors import RunNotFound
from finetune.pushing import adapter_bytes, pushing
from finetune.run import Run
from inference.errors import LabError
from inference.units import readable_bytes

# Each of them lets an app make a repository and write to what it has made.
# https://huggingface.co/docs/hub/spaces-oauth
WRITING = {"contribute-repos", "write-repos", "manage-repos"}
NAME_CHARACTERS = 60
# Pushes at a time on this machine: each is a process and a connection.
PUSH_EVENTS = {"concurrency_id": "push", "concurrency_limit": 2}


@dataclass(frozen=True)
class PushPanel:
    """`outputs` is what `shown` fills in; the rest the panel does itself."""

    page: Page
    part: gr.Accordion
    info: gr.Markdown
    name: gr.Textbox
    private: gr.Checkbox
    token: gr.Textbox
    start: gr.Button
    cancel: gr.Button
    state: gr.HTML
    failure: gr.Markdown
    done: gr.Markdown

    @property
    def outputs(self) -> list[Any]:
        return [self.part, self.info]

    def shown(self, language: Language, owner: str, run_id: str | None) -> list[Any]:
        return contents(self.page.services, language, owner, run_id)


def place(page: Page, runs: gr.Dropdown) -> PushPanel:
    """The panel for the run chosen in `runs`, working; hidden until `shown` says otherwise."""
    with gr.Accordion(i18n("push_part"), open=False, visible=False, elem_id="push-part") as part:
        info = gr.Markdown(elem_classes="lab-note", elem_id="push-info")
        name = gr.Textbox(
            label=i18n("push_name"), info=i18n("push_name_info"), max_lines=1, elem_id="push-name"
        )
        private = gr.Checkbox(True, label=i18n("push_private"), elem_id="push-private")
        signed_in = page.services.accounts is not None
        token = gr.Textbox(
            label=i18n("push_token"),
            info=i18n("push_token_account" if signed_in else "push_token_info"),
            type="password",
            max_lines=1,
            html_attributes=gr.InputHTMLAttributes(autocomplete="off", spellcheck=False),
            elem_id="push-token",
        )
        with gr.Row():
            start = gr.Button(i18n("push_start"), variant="primary", elem_id="push-start")
            cancel = gr.Button(i18n("push_cancel"), visible=False, elem_id="push-cancel")
        state = gr.HTML(visible=False, elem_id="push-state")
        failure = gr.Markdown(visible=False, elem_classes="lab-failure", elem_id="push-failure")
        done = gr.Markdown(visible=False, elem_id="push-done")
    parts = (part, info, name, private, token, start, cancel, state, failure, done)
    panel = PushPanel(page, *parts)
    _wire(panel, runs)
    return panel


def _wire(panel: PushPanel, runs: gr.Dropdown) -> None:
    page, services = panel.page, panel.page.services
    told = [panel.start, panel.cancel, panel.state, panel.failure, panel.done]
    outputs = [panel.token, *told]

    def choose(language: Language, owner: str, run_id: str | None) -> list[Any]:
        """Another run: what was said of the last one goes, and so does a token not yet used.

        A push that is on its way goes on, and soon says so again.
        """
        return [default_name(_found(services, owner, run_id)), *_updates()]

    def push(
        language: Language,
        owner: str,
        run_id: str,
        name: str,
        private: bool,
        typed: str,
        grant: gr.OAuthToken | None,
    ) -> Iterator[list[Any]]:
        yield from pushed(services, language, owner, run_id, name, private, typed, grant)

    def give_up(language: Language) -> list[Any]:
        return _updates(state=f"<p>{say('push_cancelled', language)}</p>")

    inputs = [page.owner, runs, panel.name, panel.private, panel.token]
    going = page.on(panel.start.click, push, inputs, outputs, **PUSH_EVENTS)
    panel.cancel.click(None, cancels=[going], api_visibility="private")
    page.on(panel.cancel.click, give_up, [], outputs)
    page.on(runs.change, choose, [page.owner, runs], [panel.name, *outputs])


def contents(services: Services, language: Language, owner: str, run_id: str | None) -> list[Any]:
    """Updates of `PushPanel.outputs`; nothing is seen unless the visitor's run has an adapter."""
    run = _found(services, owner, run_id)
    size = adapter_bytes(run) if run else 0
    info = say("push_info", language, size=readable_bytes(size))
    return [gr.Accordion(visible=size > 0), gr.Markdown(info)]


def pushed(
    services: Services,
    language: Language,
    owner: str,
    run_id: str,
    name: str,
    private: bool,
    typed: str,
    grant: gr.OAuthToken | None,
) -> Iterator[list[Any]]:
    """Updates of the token and what follows it, until the push has ended one way or another."""
    yield _updates(going=True)  # the token leaves the page before anything can go wrong
    try:
        run = services.store.for_owner(run_id or "", owner)
        services.throttle.charge(COSTLY, owner)
        token = access_token(typed or "") or _granted(grant)
        if not token:
            yield _updates(failure=say("push_no_token", language))
            return
        with closing(pushing(run, (name or "").strip(), token, private=bool(private))) as going:
            address = yield from _watched(going, language)
        yield _updates(done=say("push_done", language, link=_link(address)))
    except LabError as error:
        yield _updates(failure=plain(error_sentence(error, language)))


def _watched(
    going: Generator[float, None, str], language: Language
) -> Generator[list[Any], None, str]:
    while True:
        try:
            taken = _plots.duration(next(going), language)
        except StopIteration as end:
            return end.value
        yield _updates(going=True, state=f"<p>{say('push_going', language, time=taken)}</p>")


def default_name(run: Run | None) -> str:
    """The run's name as a repository may be called; by its task where nothing of it may stay."""
    if run is None:
        return ""
    kept = re.sub(r"[^A-Za-z0-9_]+", "-", run.name)[:NAME_CHARACTERS].strip("-_")
    return kept or f"llm-lab-{run.recipe.task}"


def _found(services: Services, owner: str, run_id: str | None) -> Run | None:
    try:
        return services.store.for_owner(run_id or "", owner)
    except RunNotFound:  # none yet, or it was deleted in another window
        return None


def _granted(grant: gr.OAuthToken | None) -> str:
    """The token of the visitor's sign-in, where it lets this app write."""
    return grant.token if grant is not None and WRITING & set(grant.scope.split()) else ""


def _link(address: str) -> str:
    """`pushing` made the address of the endpoint and a checked id."""
    return f"[{plain('/'.join(address.rsplit('/', 2)[1:]))}](<{address}>)"


def _updates(
    *, going: bool = False, state: str = "", failure: str = "", done: str = ""
) -> list[Any]:
    """Updates of token, start, cancel, state, failure and done; what is empty is not seen."""
    return [
        "",
        gr.Button(visible=not going),
        gr.Button(visible=going),
        gr.HTML(state, visible=bool(state)),
        gr.Markdown(failure, visible=bool(failure)),
        gr.Markdown(done, visible=bool(done)),
    ]
