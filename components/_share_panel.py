"""Sharing a finished run: a link that lets others use it and read its report, nothing more."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from components._page import TAB_OF_TASK, Page
from components._texts import i18n
from components._visitor import Language
from finetune.run import Run

# The browser's own address: behind a proxy or in a Space's frame only the browser knows it.
WITH_ADDRESS = "(query) => query && location.origin + location.pathname + query"


@dataclass(frozen=True)
class SharePanel:
    part: gr.Accordion
    share: gr.Button
    link: gr.Textbox
    withdraw: gr.Button

    @property
    def outputs(self) -> list[Any]:
        return [self.part, self.share, self.link, self.withdraw]


def place() -> SharePanel:
    with gr.Accordion(i18n("share"), open=False, visible=False, elem_id="run-share-part") as part:
        gr.Markdown(i18n("share_info"), elem_classes="lab-note")
        share = gr.Button(i18n("share_make"), size="sm", elem_id="run-share")
        link = gr.Textbox(
            label=i18n("share_link"),
            interactive=False,
            visible=False,
            buttons=["copy"],
            elem_id="run-share-link",
        )
        withdraw = gr.Button(
            i18n("share_withdraw"), size="sm", visible=False, elem_id="run-unshare"
        )
    return SharePanel(part, share, link, withdraw)


def wire(page: Page, runs: gr.Dropdown, panel: SharePanel) -> None:
    services = page.services

    def make(language: Language, owner: str, run_id: str) -> list[Any]:
        run = services.store.for_owner(run_id, owner)
        return _shared(_query(run, run.share()))

    def withdraw(language: Language, owner: str, run_id: str) -> list[Any]:
        services.store.for_owner(run_id, owner).unshare()
        return _shared("")

    chosen, outputs = [page.owner, runs], panel.outputs[1:]
    made = page.on(panel.share.click, make, chosen, outputs)
    made.success(None, [panel.link], [panel.link], js=WITH_ADDRESS, api_visibility="private")
    page.on(panel.withdraw.click, withdraw, chosen, outputs)


def shown(run: Run, standing: str, language: Language) -> list[Any]:
    """Only a finished run can be shared; the link itself is shown when it is asked for."""
    can = standing == "finished"
    return [
        gr.Accordion(visible=can),
        gr.Button(visible=can),
        gr.Textbox(visible=False),
        gr.Button(visible=can and run.shared),
    ]


def nothing() -> list[Any]:
    return [gr.Accordion(visible=False), gr.Button(), gr.Textbox(visible=False), gr.Button()]


def _shared(query: str) -> list[Any]:
    return [
        gr.Button(visible=not query),
        gr.Textbox(query, visible=bool(query)),
        gr.Button(visible=bool(query)),
    ]


def _query(run: Run, token: str) -> str:
    return f"?tab={TAB_OF_TASK[run.recipe.task]}&run={run.id}&share={token}"
