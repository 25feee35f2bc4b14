"""The Chat tab: a conversation with a Qwen of the catalogue, or with a trained adapter."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import gradio as gr

from components import _models, _picker
from components._feedback import Handler
from components._models import Wanted
from components._page import ENGINE_EVENTS, Page
from components._picker import Picker
from components._texts import i18n, say
from components._visitor import Language
from inference.records import ChatSettings, Chunk

SETTINGS = ("max_new_tokens", "temperature", "top_p", "top_k", "repetition_penalty", "seed")
STEPS = {"temperature": 0.05, "top_p": 0.01, "repetition_penalty": 0.01}
# Nothing is pressed while a reply is written: then the box has a stop button instead.
PRESS_SEND = "() => document.querySelector('#chat-message .submit-button')?.click()"
STARTERS = ("starter_1", "starter_2", "starter_3", "starter_4")
History = list[dict[str, Any]]


def build(page: Page) -> None:
    gr.Markdown(i18n("chat_intro"), elem_classes="lab-intro")
    with gr.Row():
        with gr.Column(scale=3, min_width=320):
            history = gr.Chatbot(
                label=i18n("tab_chat"),
                show_label=False,
                height=420,
                elem_id="chat-history",
                buttons=["copy"],
                layout="bubble",
            )
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
            settings = _place_settings()
            _follow_thinking(page, picker, settings[1])
    _wire(page, picker, history, message, figures, settings, starters, clear)


def _place_settings() -> list[Any]:
    """System prompt, thinking, then the sampling settings in the order of `SETTINGS`."""
    defaults = ChatSettings()
    with gr.Accordion(i18n("chat_settings"), open=False, elem_id="chat-settings"):
        system = gr.Textbox(label=i18n("chat_system"), info=i18n("chat_system_info"), lines=2)
        thinking = gr.Checkbox(
            defaults.thinking,
            label=i18n("chat_thinking"),
            info=i18n("chat_thinking_info"),
            elem_id="chat-thinking",
        )
        numbers = []
        for name in SETTINGS:
            low, high = ChatSettings.BOUNDS[name]
            shared = {
                "label": i18n(f"chat_{name}"),
                "info": i18n(f"chat_{name}_info"),
                "elem_id": f"chat-{name}",
            }
            value = getattr(defaults, name)
            if name == "seed":
                numbers.append(gr.Number(value, precision=0, **shared))
                continue
            numbers.append(
                gr.Slider(low, min(high, 4096), value, step=STEPS.get(name, 1), **shared)
            )
    return [system, thinking, *numbers]


def _follow_thinking(page: Page, picker: Picker, thinking: gr.Checkbox) -> None:
    """Offer to think first only where the chosen model, or the base of an adapter, can."""

    thinking.visible = _models.can_think(page.services, Wanted(picker.dropdown.value))

    def show(language: Language, *picked: Any) -> Any:
        return gr.Checkbox(visible=_models.can_think(page.services, _picker.wanted(*picked)))

    page.on(picker.dropdown.change, show, picker.inputs, [thinking])


def _wire(
    page: Page,
    picker: Picker,
    history: gr.Chatbot,
    message: gr.Textbox,
    figures: gr.Markdown,
    settings: list[Any],
    starters: list[gr.Button],
    clear: gr.Button,
) -> None:
    """One event answers, `message.submit`, so that no two replies are ever under way in one page.

    Starters and Retry fill the box and press its button; what interrupts a reply cancels first
    and acts afterwards, or the last chunks on their way would overwrite what it did.
    """

    def stopped(language: Language, told: str) -> tuple[Any, str]:
        return _box(), f"{told} · {say('reason_cancelled', language)}"

    def afresh(language: Language) -> tuple[Any, History, str]:
        return _box(), [], ""

    answering = page.on(
        message.submit,
        _answerer(page),
        [message, history, *picker.inputs, *settings],
        [message, history, figures],
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
    again.then(None, js=PRESS_SEND, api_visibility="private")
    for key, starter in zip(STARTERS, starters, strict=True):
        filled = page.on(starter.click, _saying(key), [], [message])
        filled.then(None, js=PRESS_SEND, api_visibility="private")
    page.on_shown(
        lambda language: gr.Chatbot(placeholder=say("chat_hello", language)), [], [history]
    )


def _answerer(page: Page) -> Handler:
    def answer(
        language: Language, question: str, past: History, *values: Any
    ) -> Iterator[tuple[Any, Any, str]]:
        """The conversation with the reply as far as it is written; on an error, as it was.

        What is typed into the box meanwhile stays there.
        """
        owner, opened, value, system, thinking, *numbers = values
        chosen = ChatSettings(**dict(zip(SETTINGS, numbers, strict=True)), thinking=bool(thinking))
        wanted = _picker.wanted(owner, opened, value)
        replies = _models.chat(page.services, wanted, question, past, system, chosen)
        asked = [*past, {"role": "user", "content": question.strip()}]
        yield _box("", busy=True), asked, say("chat_waiting", language)
        try:
            with closing(replies):  # a reader who leaves or presses Stop ends the model's work
                for chunk in replies:
                    asked[len(past) + 1 :] = _reply(chunk, language)
                    yield gr.skip(), asked, _told(chunk, language)
        except Exception:
            yield _box(question), past, ""
            raise
        yield _box(), gr.skip(), _told(chunk, language)

    return answer


def _saying(key: str) -> Handler:
    return lambda language: say(key, language)


def _undone(language: Language, past: History) -> tuple[Any, History]:
    """Take the last question back into the box."""
    last = max((n for n, turn in enumerate(past) if turn["role"] == "user"), default=None)
    return (_box(), past) if last is None else (_box(_text(past[last])), past[:last])


def _box(text: str | None = None, busy: bool = False) -> Any:
    """The message box: with a stop button while a reply is written. None keeps its text."""
    value = {} if text is None else {"value": text}
    return gr.Textbox(**value, submit_btn=not busy, stop_btn=busy)


def _text(turn: dict[str, Any]) -> str:
    content = turn["content"]
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content if isinstance(part, dict))


def _reply(chunk: Chunk, language: Language) -> History:
    """The assistant's part: its reasoning apart from its answer, where there is any."""
    thought = {
        "role": "assistant",
        "content": chunk.reasoning,
        "metadata": {"title": say("chat_thought", language)},
    }
    answer = {"role": "assistant", "content": chunk.text}
    if not chunk.reasoning:
        return [answer]
    return [thought, answer] if chunk.text else [thought]


def _told(chunk: Chunk, language: Language) -> str:
    """`23 tokens · first after 0.2 s · 45 tokens/s · finished`"""
    parts = [say("chat_tokens", language, tokens=chunk.tokens)]
    if chunk.seconds_to_first_token is not None:
        parts.append(say("chat_first", language, seconds=chunk.seconds_to_first_token))
    if chunk.tokens_per_second:
        parts.append(say("chat_speed", language, speed=chunk.tokens_per_second))
    if chunk.finish_reason:
        parts.append(say(f"reason_{chunk.finish_reason}", language))
    if chunk.dropped_turns:
        parts.append(say("chat_dropped", language, turns=chunk.dropped_turns))
    return " · ".join(parts)
