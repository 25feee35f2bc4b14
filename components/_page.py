"""What all tabs share on the page: language, owner, the opened link, and how events are wired."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import gradio as gr
from gradio.events import Dependency

from components._feedback import Handler, answering
from components._services import Services
from components._texts import i18n
from components._visitor import LANGUAGE_JS, owner_of

TABS = ("environment", "chat", "summarization", "sentiment", "finetuning")
CHANGED = "language-changed"

# Tell the server when the visitor chooses another language, so that what it wrote is written anew.
WATCH_LANGUAGE = f"""() => {{
  new MutationObserver(() => document.querySelector('#{CHANGED}')?.click())
    .observe(document.documentElement, {{attributes: true, attributeFilter: ['lang']}});
}}"""
OPEN_SETTINGS = "() => document.querySelector('footer .settings')?.click()"


@dataclass
class Page:
    """Placed once, inside the Blocks, before the tabs.

    `opened` is `{"tab", "model", "run", "share"}`: what a link or another tab asks to be shown.
    Tabs follow it with `on_opened`, and write what the server words with `on_shown`.
    """

    services: Services
    language: gr.Textbox
    owner: gr.BrowserState
    opened: gr.State
    changed: gr.Button
    tabs: gr.Tabs | None = None
    _shown: list[tuple[Handler, list[Any], list[Any]]] = field(default_factory=list)

    def on(
        self,
        trigger: Any,
        handler: Handler | None,
        inputs: Sequence[Any] = (),
        outputs: Sequence[Any] = (),
        **options: Any,
    ) -> Dependency:
        """`trigger(handler)`, the handler being given the language first, and errors told."""
        options = {"show_progress": "hidden", "api_visibility": "private", **options}
        return trigger(
            answering(handler),
            [self.language, *inputs],
            list(outputs),
            js=LANGUAGE_JS,
            **options,
        )

    def on_shown(
        self, handler: Handler, inputs: Sequence[Any] = (), outputs: Sequence[Any] = ()
    ) -> None:
        """Run `handler` when the page is there, and again when its language changes."""
        self._shown.append((handler, list(inputs), list(outputs)))

    def finish(self, blocks: gr.Blocks) -> None:
        """Wire what happens when the page opens; called last, inside the Blocks."""
        first = self.on(blocks.load, _arrive, [self.owner], [self.owner, self.opened, self.tabs])
        blocks.load(None, None, None, js=WATCH_LANGUAGE, api_visibility="private")
        for handler, inputs, outputs in self._shown:
            self.on(first.then, handler, inputs, outputs)
            self.on(self.changed.click, handler, inputs, outputs)


def _arrive(language: str, owner: str, request: gr.Request) -> tuple[str, dict[str, str], Any]:
    """A visit begins: give the visitor a token, and open what the link names."""
    query = request.query_params
    opened = {name: query.get(name, "") for name in ("tab", "model", "run", "share")}
    if opened["tab"] not in TABS:
        opened["tab"] = "chat" if opened["run"] or opened["model"] else TABS[0]
    return owner_of(owner), opened, gr.Tabs(selected=opened["tab"])


def place(services: Services) -> Page:
    """The heading and the hidden parts, placed in the current Blocks."""
    with gr.Row(elem_classes="lab-heading"):
        gr.Markdown(i18n("heading"), elem_classes="lab-title")
        gr.Button("中文 / English", size="sm", scale=0, min_width=130, elem_id="language").click(
            None, js=OPEN_SETTINGS, api_visibility="private"
        )
    return Page(
        services=services,
        language=gr.Textbox(visible=False),
        owner=gr.BrowserState("", storage_key="llm-lab-owner", secret=services.secret),
        opened=gr.State({"tab": "", "model": "", "run": "", "share": ""}),
        changed=gr.Button(visible="hidden", elem_id=CHANGED),
    )
