"""Look inside: how likely each token of the last answer was, and what else might have come."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from components import _chat_settings, _models, _picker
from components import _conversation as conversation
from components._conversation import History
from components._page import ENGINE_EVENTS, Page
from components._picker import Picker
from components._refusals import error_sentence
from components._texts import AS_BYTES, i18n, plain, say, visible
from components._visitor import Language
from inference.errors import AnswerGone, LabError, NoAnswerYet, NothingChosen
from inference.records import Position

# question, answer, and of each place: text, probability, [(text, probability) …]
Looked = dict[str, Any]
# How sure a model was of a token: from this probability on.
BANDS = {
    "sure": (0.9, "#5eead4"),
    "likely": (0.5, "#a5f3fc"),
    "open": (0.1, "#fde68a"),
    "surprising": (0.0, "#fdba74"),
}


@dataclass(frozen=True)
class Inside:
    look: gr.Button
    answer: gr.HighlightedText
    place: gr.Markdown
    chart: gr.Label
    others: gr.Radio
    go_on: gr.Button
    text: gr.Textbox
    tokens: gr.HighlightedText
    count: gr.Markdown
    looked: gr.State
    chosen: gr.State


def place(page: Page) -> Inside:
    with gr.Accordion(i18n("inside"), open=False, elem_id="chat-inside"):
        gr.Markdown(i18n("inside_info"), elem_classes="lab-note")
        look = gr.Button(i18n("inside_look"), size="sm", elem_id="inside-look")
        answer = gr.HighlightedText(
            label=i18n("inside_answer"), visible=False, elem_id="inside-answer"
        )
        with gr.Row():
            with gr.Column():
                where = gr.Markdown(elem_id="inside-place")
                chart = gr.Label(
                    label=i18n("inside_likeliest"), visible=False, elem_id="inside-chart"
                )
            with gr.Column():
                others = gr.Radio(
                    [], label=i18n("inside_others"), visible=False, elem_id="inside-others"
                )
                go_on = gr.Button(
                    i18n("inside_go_on"), size="sm", visible=False, elem_id="inside-go-on"
                )
        gr.Markdown(i18n("inside_tokens_info"), elem_classes="lab-note")
        text = gr.Textbox(label=i18n("inside_text"), lines=2, max_lines=8, elem_id="inside-text")
        count = gr.Markdown(elem_classes="lab-note", elem_id="inside-count")
        tokens = gr.HighlightedText(
            label=i18n("inside_tokens"), visible=False, elem_id="inside-tokens"
        )
    parts = (look, answer, where, chart, others, go_on, text, tokens, count)
    return Inside(*parts, gr.State({}), gr.State(-1))


def wire(
    page: Page,
    inside: Inside,
    picker: Picker,
    history: gr.Chatbot,
    settings: Sequence[Any],
    message: gr.Textbox,
    begun: gr.State,
    press_send: str,
) -> None:
    _wire_looking(page, inside, picker, history, settings)
    _wire_going_on(page, inside, history, message, begun, press_send)

    def split(language: Language, text: str, *picked: Any) -> tuple[Any, str]:
        if not text:
            return gr.HighlightedText(visible=False), ""
        try:
            found = _models.tokens(page.services, _picker.wanted(*picked), text)
        except LabError as error:  # said here: every key that is pressed would raise it anew
            return gr.HighlightedText(visible=False), plain(error_sentence(error, language))
        shown = [(visible(it.text), str(it.id)) for it in found]
        told = say("inside_count", language, tokens=len(found), characters=len(text))
        return gr.HighlightedText(shown, visible=True, show_legend=False), told

    page.on(
        inside.text.change,
        split,
        [inside.text, *picker.inputs],
        [inside.tokens, inside.count],
        trigger_mode="always_last",
    )


def _wire_looking(
    page: Page, inside: Inside, picker: Picker, history: gr.Chatbot, settings: Sequence[Any]
) -> None:
    def look(language: Language, past: History, *values: Any) -> tuple[Any, ...]:
        last = conversation.last_exchange(past)
        if last is None:
            raise NoAnswerYet()
        before, question, answer = last
        system, _ = _chat_settings.chosen(values[3:])
        wanted = _picker.wanted(*values[:3])
        found = _models.look_inside(page.services, wanted, question, before, system, answer)
        bands = {name: say(f"inside_{name}", language) for name in BANDS}
        shown = [(visible(it.token.text), bands[_band(it)]) for it in found]
        colours = {bands[name]: colour for name, (_, colour) in BANDS.items()}
        looked = {"question": question, "answer": answer, "places": [_kept(it) for it in found]}
        shown = gr.HighlightedText(shown, color_map=colours, show_legend=True, visible=True)
        hidden = [gr.Label(visible=False), gr.Radio(value=None, visible=False)]
        return looked, shown, -1, "", *hidden, gr.Button(visible=False)

    def pick(language: Language, looked: Looked, chosen: gr.SelectData) -> tuple[Any, ...]:
        at = int(chosen.index if not isinstance(chosen.index, list) else chosen.index[0])
        if not 0 <= at < len(looked.get("places", ())):
            return (gr.skip(),) * 5
        place = looked["places"][at]
        shares = {_numbered(n, text): share for n, (text, share) in enumerate(place["others"])}
        told = say(
            "inside_place", language, token=f"`{visible(place['text'])}`", share=place["share"]
        )
        choices = [(visible(text), n) for n, (text, _) in enumerate(place["others"])]
        return (
            at,
            told,
            gr.Label(shares, num_top_classes=len(shares), visible=True),
            gr.Radio(choices=choices, value=None, visible=True),
            gr.Button(visible=True),
        )

    outputs = [inside.chosen, inside.place, inside.chart, inside.others, inside.go_on]
    page.on(
        inside.look.click,
        look,
        [history, *picker.inputs, *settings],
        [inside.looked, inside.answer, *outputs],
        **ENGINE_EVENTS,
    )
    page.on(inside.answer.select, pick, [inside.looked], outputs)


def _wire_going_on(
    page: Page,
    inside: Inside,
    history: gr.Chatbot,
    message: gr.Textbox,
    begun: gr.State,
    press_send: str,
) -> None:
    def go_on(
        language: Language, past: History, looked: Looked, at: int, other: int | None
    ) -> tuple[Any, Any, str]:
        """The last question is asked again, its answer beginning with the other token."""
        places, last = looked.get("places", []), conversation.last_exchange(past)
        if other is None or not 0 <= at < len(places):
            raise NothingChosen()
        if last is None or last[1:] != (looked["question"], looked["answer"]):
            raise AnswerGone()
        said = [place["text"] for place in places[:at]]
        return last[1], last[0], joined_text([*said, places[at]["others"][other][0]])

    ready = page.on(
        inside.go_on.click,
        go_on,
        [history, inside.looked, inside.chosen, inside.others],
        [message, history, begun],
    )
    ready.success(None, js=press_send, api_visibility="private")


def _band(place: Position) -> str:
    share = place.token.probability or 0.0
    return next(name for name, (least, _) in BANDS.items() if share >= least)


def _kept(place: Position) -> dict[str, Any]:
    return {
        "text": place.token.text,
        "share": place.token.probability,
        "others": [(it.text, it.probability) for it in place.candidates],
    }


def joined_text(tokens: Sequence[str]) -> str:
    """Tokens as they are shown -> the text they make; parts of characters are shown as bytes."""
    parts = (
        bytes.fromhex(text[1:-1]) if AS_BYTES.fullmatch(text) else text.encode() for text in tokens
    )
    return b"".join(parts).decode(errors="ignore")


def _numbered(number: int, text: str) -> str:
    """Two tokens may look alike; a chart has one bar a name."""
    return f"{number + 1}. {visible(text)}"
