"""What all tabs share on the page: language, owner, the opened link, and how events are wired."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import gradio as gr
from gradio.events import Dependency

from components import _account
from components._early import OTHER_LANGUAGE
from components._feedback import Handler, answering
from components._services import Services
from components._texts import i18n, say
from components._visitor import LANGUAGE_JS, Language, owner_of
from inference.errors import ModelUnknown

TABS = ("environment", "chat", "summarization", "sentiment", "finetuning")
TAB_OF_TASK = {"chat": "chat", "classification": "sentiment", "summarization": "summarization"}
CHANGED = "language-changed"
# All events that compute with a model share these places, so that waiting for a model leaves
# threads for the rest of the page.
ENGINE_EVENTS = {"concurrency_id": "engines", "concurrency_limit": 16}

# Tell the server when the visitor chooses another language, so that what it wrote is written anew.
WATCH_LANGUAGE = f"""() => {{
  new MutationObserver(() => document.querySelector('#{CHANGED}')?.click())
    .observe(document.documentElement, {{attributes: true, attributeFilter: ['lang']}});
}}"""


@dataclass
class Page:
    """Placed once, inside the Blocks, before the tabs.

    `opened` is what a link or another tab asks to be shown: see `to_open`. `chats` is what the
    visitor's browser keeps of conversations (`_chat_tools`); in a tab it would be read too late.
    """

    services: Services
    language: gr.Textbox
    owner: gr.BrowserState
    chats: gr.BrowserState
    opened: gr.State
    changed: gr.Button
    tabs: gr.Tabs | None = None
    _shown: list[tuple[bool, Handler, list[Any], list[Any]]] = field(default_factory=list)

    def on(
        self,
        trigger: Any,
        handler: Handler,
        inputs: Sequence[Any] = (),
        outputs: Sequence[Any] = (),
        *,
        as_account: bool = True,
        **options: Any,
    ) -> Dependency:
        """`trigger(handler)`, the handler being given the language first, and errors told.

        Where the visitor is signed in, a handler that asks for `owner` gets their account's token
        instead of the browser's, unless `as_account` is False. See `_visitor.Accounts`.
        """
        called = answering(handler)
        place = next((n for n, it in enumerate(inputs, 1) if it is self.owner), None)
        if as_account and self.services.accounts is not None and place is not None:
            called = _account.acting(called, place, self.services.accounts)
        options = {"show_progress": "hidden", "api_visibility": "private", **options}
        if options["show_progress"] == "hidden":
            # Gradio's script sends the state of every event that ever ran to each of its outputs,
            # after each event, even where none is shown, and looks through the whole page for it.
            options = {"show_progress_on": self.language, **options}
        return trigger(
            called,
            [self.language, *inputs],
            list(outputs),
            js=LANGUAGE_JS,
            **options,
        )

    def on_shown(
        self,
        handler: Handler,
        inputs: Sequence[Any] = (),
        outputs: Sequence[Any] = (),
        *,
        on_arrival: bool = True,
    ) -> None:
        """Run `handler` when the language changes and, unless told otherwise, on arrival."""
        self._shown.append((on_arrival, handler, list(inputs), list(outputs)))

    def offer_example(self, tab: str, field: Any, key: str, example: Handler | None = None) -> None:
        """Fill `field` of `tab` where the guide opens it with the example `key`: with what
        `example` makes in the visitor's language, without it with the sentence of that key."""

        def fill(language: Language, opened: dict[str, Any]) -> Any:
            if (opened["tab"], opened["example"]) != (tab, key):
                return gr.skip()
            return example(language) if example else say(key, language)

        self.on(self.opened.change, fill, [self.opened], [field])

    def on_unfolded(
        self,
        part: gr.Accordion,
        handler: Handler,
        inputs: Sequence[Any] = (),
        outputs: Sequence[Any] = (),
    ) -> None:
        """Run `handler` when a folded part is opened, and when the language changes: not on
        arrival, which every visitor would wait for."""
        self.on(part.expand, handler, inputs, outputs)
        self.on_shown(handler, inputs, outputs, on_arrival=False)

    def finish(self, blocks: gr.Blocks) -> None:
        """Wire what happens when the page opens; called last, inside the Blocks."""
        outputs = [self.owner, self.opened, self.tabs]
        arrive = _arriving(self.services)
        there = self.on(blocks.load, arrive, [self.owner], outputs, as_account=False)
        blocks.load(None, None, None, js=WATCH_LANGUAGE, api_visibility="private")
        for on_arrival, handler, inputs, outputs in self._shown:
            if on_arrival:
                self.on(there.then, handler, inputs, outputs)
            self.on(self.changed.click, handler, inputs, outputs)


def relisted(choices: Sequence[tuple[str, Any]], value: Any, chosen: Any) -> gr.Dropdown:
    """The update of a list with `value` taken, where `chosen` was when it was asked for.

    A value that stays is not sent: the visitor may have chosen another before this arrives.
    """
    if value == chosen:
        return gr.Dropdown(choices=choices)
    return gr.Dropdown(choices=choices, value=value)


def to_open(
    tab: str,
    model: str = "",
    run: str = "",
    share: str = "",
    example: str = "",
    arrival: bool = False,
) -> dict[str, Any]:
    """What `Page.opened` holds; asked for twice, it is followed twice.

    `example` is what `Page.offer_example` fills in, `arrival` marks the beginning of a visit.
    """
    asked = {"tab": tab, "model": model, "run": run, "share": share, "example": example}
    return {**asked, "arrival": arrival, "at": time.time_ns()}


def _arriving(services: Services) -> Handler:
    def arrive(
        language: Language,
        owner: str,
        request: gr.Request,
        profile: gr.OAuthProfile | None,
    ) -> tuple[str, dict, Any]:
        """A visit begins: give the visitor a token, and open what the link names.

        Signed in, they take the runs this browser owns into their account.
        """
        _account.adopt(services, language, owner, profile)
        asked = {name: request.query_params.get(name, "") for name in ("model", "run", "share")}
        tab = request.query_params.get("tab", "")
        if tab not in TABS:
            tab = _tab_of(services, asked["model"]) if asked["model"] or asked["run"] else TABS[0]
        return owner_of(owner), to_open(tab, **asked, arrival=True), gr.Tabs(selected=tab)

    return arrive


def _tab_of(services: Services, model: str) -> str:
    """Where a model is used; a link that names none means the chat."""
    try:
        return TAB_OF_TASK[services.catalog.find(model).task]
    except ModelUnknown:
        return TAB_OF_TASK["chat"]


def place(services: Services) -> Page:
    """The heading and the hidden parts, placed in the current Blocks."""
    language = gr.Textbox(visible=False)  # first: it is looked for most, from the top
    with gr.Row(elem_classes="lab-heading"):
        gr.Markdown(i18n("heading"), elem_classes="lab-title")
        gr.Button("中文 / English", size="sm", scale=0, min_width=130, elem_id="language").click(
            None, js=OTHER_LANGUAGE, api_visibility="private"
        )
        account = _account.place() if services.accounts is not None else None
    page = Page(
        services=services,
        language=language,
        owner=gr.BrowserState("", storage_key="llm-lab-owner", secret=services.secret),
        chats=gr.BrowserState({}, storage_key="llm-lab-chats", secret=services.secret),
        opened=gr.State(to_open("")),
        changed=gr.Button(visible="hidden", elem_id=CHANGED),
    )
    if account is not None:
        page.on_shown(_account.shown, [], account)
    return page
