"""What is kept of conversations: in the visitor's own browser, in files, and liked as examples."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from components import _conversation as conversation
from components import _exports
from components._buttons import press
from components._conversation import History
from components._page import Page
from components._texts import i18n, say
from components._visitor import Language
from finetune.spreadsheet import csv_bytes
from inference.errors import ConversationRefused, MessageEmpty, NothingLiked

MOST_KEPT = 20  # conversations in a browser; the longest unused goes first
MOST_CHARACTERS = 400_000  # of all of them: a browser keeps 5 MB for a page
MOST_BYTES = 5_000_000  # of a file that is read in
DOWNLOAD_ID = "chat-parcel"
Kept = dict[str, Any]


@dataclass(frozen=True)
class Tools:
    """`kept` is in the visitor's browser: {"open": id, "all": {id: {history, system, liked}}}."""

    kept: gr.BrowserState
    listed: gr.Dropdown
    forget: gr.Button
    as_markdown: gr.Button
    as_json: gr.Button
    read: gr.UploadButton
    likes: gr.Button
    parcel: gr.DownloadButton


def place(page: Page) -> Tools:
    with gr.Accordion(i18n("chat_kept"), open=False, elem_id="chat-kept"):
        gr.Markdown(i18n("chat_kept_info"), elem_classes="lab-note")
        listed = gr.Dropdown(
            [], label=i18n("chat_conversations"), filterable=False, elem_id="chat-conversations"
        )
        forget = gr.Button(i18n("chat_forget"), size="sm", elem_id="chat-forget")
        with gr.Row(elem_classes="lab-starters"):
            as_markdown = gr.Button(i18n("chat_save_markdown"), size="sm", elem_id="chat-save-md")
            as_json = gr.Button(i18n("chat_save_json"), size="sm", elem_id="chat-save-json")
            read = gr.UploadButton(
                i18n("chat_read"), size="sm", file_types=[".json"], elem_id="chat-read"
            )
        gr.Markdown(i18n("chat_likes_info"), elem_classes="lab-note")
        likes = gr.Button(i18n("chat_save_likes"), size="sm", elem_id="chat-save-likes")
        parcel = gr.DownloadButton(visible="hidden", elem_id=DOWNLOAD_ID)
    return Tools(page.chats, listed, forget, as_markdown, as_json, read, likes, parcel)


def wire(
    page: Page,
    tools: Tools,
    history: gr.Chatbot,
    system: gr.Textbox,
    answering: Any,
    afresh: Sequence[Any],
) -> None:
    """`answering` is the event after whose end a conversation has changed; after those of `afresh`
    a new one begins."""
    _wire_keeping(page, tools, history, system, answering, afresh)
    _wire_files(page, tools, history, system, answering)


def _interrupting(
    page: Page, answering: Any, trigger: Any, handler: Any, inputs: list[Any], outputs: list[Any]
) -> None:
    """Another conversation is shown only once the reply to this one has been ended."""
    halted = trigger(None, cancels=[answering], api_visibility="private")
    page.on(halted.then, handler, inputs, outputs)


def _wire_keeping(
    page: Page,
    tools: Tools,
    history: gr.Chatbot,
    system: gr.Textbox,
    answering: Any,
    afresh: Sequence[Any],
) -> None:
    here = [tools.kept, history, system]

    def keep(language: Language, kept: Kept, past: History, system: str | None) -> tuple[Kept, Any]:
        kept = put(checked(kept), past, system or "")
        return kept, _choices(kept, language)

    def restore(language: Language, kept: Kept | None) -> tuple[Any, Any, Any]:
        kept = checked(kept)
        return _opened(kept, kept.get("open"), language)

    def open_other(language: Language, kept: Kept, chosen: str) -> tuple[Kept, Any, Any, Any]:
        kept = {**checked(kept), "open": chosen}
        return kept, *_opened(kept, chosen, language)

    def forget(language: Language, kept: Kept) -> tuple[Kept, Any, History]:
        kept = without(checked(kept))
        return kept, _choices(kept, language), []

    def like(language: Language, liked: gr.LikeData, kept: Kept, past: History) -> Kept:
        at = liked.index if isinstance(liked.index, int) else liked.index[0]
        return mark(checked(kept), conversation.answer_at(past, at), liked.liked)

    page.on(answering.then, keep, here, [tools.kept, tools.listed])
    for trigger in afresh:
        page.on(trigger, lambda language, kept: leave(checked(kept)), [tools.kept], [tools.kept])
    page.on_shown(restore, [tools.kept], [history, system, tools.listed])
    _interrupting(
        *(page, answering, tools.listed.input, open_other),
        [tools.kept, tools.listed],
        [tools.kept, history, system, tools.listed],
    )
    _interrupting(
        *(page, answering, tools.forget.click, forget),
        [tools.kept],
        [tools.kept, tools.listed, history],
    )
    page.on(history.like, like, [tools.kept, history], [tools.kept])


def _wire_files(
    page: Page, tools: Tools, history: gr.Chatbot, system: gr.Textbox, answering: Any
) -> None:
    services = page.services

    def save_markdown(language: Language, past: History, system: str | None) -> str:
        names = (say("chat_you", language), say("chat_model", language))
        text = conversation.as_markdown(_not_empty(past), system or "", names)
        return _exports.written(services, "conversation.md", text.encode())

    def save_json(language: Language, past: History, system: str | None) -> str:
        text = conversation.as_json(_not_empty(past), system or "")
        return _exports.written(services, "conversation.json", text.encode())

    def save_likes(language: Language, kept: Kept) -> str:
        rows = [
            row
            for one in checked(kept)["all"].values()
            for row in conversation.liked_rows(one["history"], one["liked"])
        ]
        if not rows:
            raise NothingLiked()
        return _exports.written(services, "liked.csv", csv_bytes(("instruction", "output"), rows))

    def read(language: Language, path: str, kept: Kept) -> tuple[Kept, Any, Any, Any]:
        file = Path(path)
        if file.stat().st_size > MOST_BYTES:
            raise ConversationRefused(reason="it is longer than a conversation may be")
        text = file.read_text("utf-8", errors="replace")
        past, system = conversation.from_json(text, services.limits)
        kept = put(leave(checked(kept)), past, system)
        return kept, *_opened(kept, kept["open"], language)

    for button, save in ((tools.as_markdown, save_markdown), (tools.as_json, save_json)):
        done = page.on(button.click, save, [history, system], [tools.parcel])
        done.success(None, js=press(DOWNLOAD_ID), api_visibility="private")
    done = page.on(tools.likes.click, save_likes, [tools.kept], [tools.parcel])
    done.success(None, js=press(DOWNLOAD_ID), api_visibility="private")
    _interrupting(
        *(page, answering, tools.read.upload, read),
        [tools.read, tools.kept],
        [tools.kept, history, system, tools.listed],
    )


def _not_empty(past: History) -> History:
    if not past:
        raise MessageEmpty()
    return past


def _opened(kept: Kept, chosen: str | None, language: Language) -> tuple[Any, Any, Any]:
    """History and system prompt of a kept conversation, and the list on it."""
    one = kept.get("all", {}).get(chosen or "")
    if one is None:
        return gr.skip(), gr.skip(), _choices(kept, language)
    return one["history"], one.get("system", ""), _choices(kept, language)


def _choices(kept: Kept, language: Language) -> Any:
    newest_first = reversed(list(kept.get("all", {}).items()))
    titles = [
        (conversation.title_of(one["history"]) or say("chat_untitled", language), key)
        for key, one in newest_first
    ]
    return gr.Dropdown(choices=titles, value=kept.get("open") if titles else None)


# What is kept; pure


def checked(kept: object) -> Kept:
    """What of it is as this app writes it: it comes from the browser, where anybody can change it
    and older versions wrote it too."""
    found = kept if isinstance(kept, Mapping) else {}
    everything = found.get("all")
    good = {}
    for key, one in everything.items() if isinstance(everything, Mapping) else ():
        turns = one.get("history") if isinstance(one, Mapping) else None
        if not isinstance(turns, list):
            continue
        if history := [it for turn in turns if (it := conversation.clean(turn))]:
            liked = one.get("liked")
            good[str(key)] = {
                "history": history,
                "system": conversation.printable(str(one.get("system") or "")),
                "liked": [it for it in liked if isinstance(it, str)]
                if isinstance(liked, list)
                else [],
            }
    opened = found.get("open")
    return {"open": opened if opened in good else None, "all": good}


def put(kept: Kept, history: History, system: str) -> Kept:
    """The conversation that is open, as it is now; a new one where none is."""
    if not history:
        return kept
    key = kept.get("open") or secrets.token_urlsafe(6)
    everything = dict(kept.get("all", {}))
    liked = everything.pop(key, {}).get("liked", [])
    everything[key] = {"history": history, "system": system, "liked": liked}
    while len(everything) > 1 and (
        len(everything) > MOST_KEPT or _characters(everything) > MOST_CHARACTERS
    ):
        everything.pop(next(iter(everything)))
    return {"open": key, "all": everything}


def leave(kept: Kept) -> Kept:
    """None is open: what is said next is a new one."""
    return {**kept, "open": None}


def without(kept: Kept) -> Kept:
    """The open conversation is forgotten."""
    everything = {key: one for key, one in kept.get("all", {}).items() if key != kept.get("open")}
    return {"open": None, "all": everything}


def mark(kept: Kept, text: str, liked: bool | str) -> Kept:
    """Note that an answer of the open conversation is liked, or no longer."""
    key = kept.get("open")
    one = kept.get("all", {}).get(key or "")
    if one is None or not text:
        return kept
    known = [it for it in one.get("liked", []) if it != text]
    one = {**one, "liked": [*known, text] if liked is True else known}
    return {**kept, "all": {**kept["all"], key: one}}


def _characters(everything: dict[str, Any]) -> int:
    texts = (
        text
        for one in everything.values()
        for text in (*map(conversation.text_of, one["history"]), one["system"], *one["liked"])
    )
    return sum(map(len, texts))
