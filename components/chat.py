"""The Chat tab: a conversation with a Qwen of the catalogue, or with a trained adapter."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import gradio as gr

from components import _chat_settings, _chat_tools, _compare_panel, _inside_panel, _models, _picker
from components import _conversation as conversation
from components import _reply as shown
from components._conversation import History
from components._feedback import Handler
from components._page import ENGINE_EVENTS, Page
from components._picker import Picker
from components._texts import i18n, say
from components._visitor import Language

# Nothing is pressed while a reply is written: then the box has a stop button instead.
PRESS_SEND = "() => document.querySelector('#chat-message .submit-button')?.click()"
STARTERS = ("starter_1", "starter_2", "starter_3", "starter_4")
LATEX = [
    {"left": "$$", "right": "$$", "display": True},
    {"left": "\\[", "right": "\\]", "display": True},
    {"left": "\\(", "right": "\\)", "display": False},
]


def build(page: Page) -> None:
    gr.Markdown(i18n("chat_intro"), elem_classes="lab-intro")
    begun = gr.State("")  # how the next answer is to begin
    with gr.Row():
        with gr.Column(scale=3, min_width=320):
            history = _place_history()
            message = gr.Textbox(
                label=i18n("chat_message"),
                show_label=False,
                placeholder=i18n("chat_placeholder"),
                submit_btn=True,
                max_lines=8,
                autofocus=False,
                elem_id="chat-message",
            )
            with gr.Row(elem_classes="lab-starters"):
                starters = [gr.Button(i18n(key), size="sm") for key in STARTERS]
            figures = gr.Markdown(elem_classes="lab-note", elem_id="chat-figures")
        with gr.Column(scale=1, min_width=280):
            picker = _picker.place(page, "chat", "chat")
            clear = gr.Button(i18n("chat_new"), elem_id="chat-new")
            settings = _chat_settings.place(page, picker)
            tools = _chat_tools.place(page)
    page.offer_example("chat", message, "guide_question")
    inside = _inside_panel.place(page)
    _compare_panel.build(page, picker, settings)
    answering = _wire(page, picker, history, message, figures, settings, starters, clear, begun)
    afresh = (clear.click, history.clear)
    _chat_tools.wire(page, tools, history, settings[0], answering, afresh)
    _inside_panel.wire(page, inside, picker, history, settings, message, begun, PRESS_SEND)


def _place_history() -> gr.Chatbot:
    return gr.Chatbot(
        label=i18n("tab_chat"),
        show_label=False,
        height=460,
        elem_id="chat-history",
        buttons=["copy"],
        layout="bubble",
        editable="user",
        latex_delimiters=LATEX,
    )


def _wire(
    page: Page,
    picker: Picker,
    history: gr.Chatbot,
    message: gr.Textbox,
    figures: gr.Markdown,
    settings: list[Any],
    starters: list[gr.Button],
    clear: gr.Button,
    begun: gr.State,
) -> Any:
    """One event answers, `message.submit`, so that no two replies are ever under way in one page.

    Starters, Retry and an edited question fill the box and press its button; what interrupts a
    reply cancels first and acts afterwards, or the last chunks on their way would overwrite it.
    """

    def stopped(language: Language, told: str) -> tuple[Any, str]:
        return _box(), f"{told} · {say('reason_cancelled', language)}"

    def afresh(language: Language) -> tuple[Any, History, str]:
        return _box(), [], ""

    answering = page.on(
        message.submit,
        _answerer(page),
        [message, history, begun, *picker.inputs, *settings],
        [message, history, figures, begun],
        show_progress_on=history,  # while it grows, a reply has no buttons
        **ENGINE_EVENTS,
    )

    def interrupting(trigger: Any, handler: Any, inputs: list[Any], outputs: list[Any]) -> Any:
        halted = trigger(None, cancels=[answering], api_visibility="private")
        return page.on(halted.then, handler, inputs, outputs)

    interrupting(message.stop, stopped, [figures], [message, figures])
    interrupting(clear.click, afresh, [], [message, history, figures])
    interrupting(history.clear, afresh, [], [message, history, figures])
    interrupting(history.undo, _undone, [history], [message, history])
    again = interrupting(history.retry, _undone, [history], [message, history])
    edited = page.on(history.edit, _edited, [history], [message, history], cancels=[answering])
    for ready in (again, edited):
        ready.then(None, js=PRESS_SEND, api_visibility="private")
    for key, starter in zip(STARTERS, starters, strict=True):
        filled = page.on(starter.click, _saying(key), [], [message])
        filled.then(None, js=PRESS_SEND, api_visibility="private")
    page.on_shown(
        lambda language: gr.Chatbot(placeholder=say("chat_hello", language)), [], [history]
    )
    return answering


def _answerer(page: Page) -> Handler:
    def answer(
        language: Language,
        request: gr.Request,
        question: str,
        past: History,
        begun: str,
        *values: Any,
    ) -> Iterator[tuple[Any, Any, str, str]]:
        """The conversation with the reply as far as it is written; on an error, as it was.

        What is typed into the box meanwhile stays there.
        """
        owner, opened, value, *rest = values
        system, settings = _chat_settings.chosen(rest)
        wanted = _picker.wanted(owner, opened, value)
        replies = _models.chat(
            page.services,
            wanted,
            question,
            past,
            system,
            settings,
            conversation=request.session_hash or "",
            begun=begun,
        )
        asked = [*past, {"role": "user", "content": question.strip()}]
        yield _box("", busy=True), asked, say("chat_waiting", language), ""
        try:
            with closing(replies):  # a reader who leaves or presses Stop ends the model's work
                for chunk in replies:
                    asked[len(past) + 1 :] = shown.turns(chunk, language)
                    yield gr.skip(), asked, shown.figures(chunk, language), ""
        except Exception:
            yield _box(question), past, "", ""
            raise
        yield _box(), gr.skip(), shown.figures(chunk, language), ""

    return answer


def _saying(key: str) -> Handler:
    return lambda language: say(key, language)


def _undone(language: Language, past: History) -> tuple[Any, History]:
    """Take the last question back into the box."""
    before, question = conversation.up_to_question(past, len(past) - 1)
    return _box(question or None), before


def _edited(language: Language, change: gr.EditData, past: History) -> tuple[Any, History]:
    """Go on from a question that was changed: what followed it is gone."""
    at = change.index if isinstance(change.index, int) else change.index[0]
    before, _ = conversation.up_to_question(past, at)
    return _box(str(change.value)), before


def _box(text: str | None = None, busy: bool = False) -> Any:
    """The message box: with a stop button while a reply is written. None keeps its text."""
    value = {} if text is None else {"value": text}
    return gr.Textbox(**value, submit_btn=not busy, stop_btn=busy)
