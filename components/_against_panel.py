"""The classifier and a chat model on the same text: labels, reason, rewrite, time and memory."""

import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import gradio as gr

from components import _against, _classifiers, _labels, _models, _picker
from components import _reply as shown
from components._against import Cost, Opinion
from components._buttons import run_or_stop
from components._models import Wanted
from components._page import ENGINE_EVENTS, Page
from components._picker import Picker
from components._reading_note import ReadingNote
from components._refusals import error_sentence
from components._services import Services
from components._texts import i18n, plain, say
from components._visitor import Language
from inference.errors import LabError
from inference.records import Chunk, Scores
from inference.texts import check_text, joined
from inference.units import readable_bytes

SHOWN = 5  # likeliest labels
FASTER = 2  # from so many times on it is worth a word


@dataclass(frozen=True)
class _Parts:
    run: gr.Button
    stop: gr.Button
    scores: gr.Label
    left: gr.Markdown
    answer: gr.Markdown
    right: gr.Markdown
    fold: gr.Accordion
    raw: gr.Textbox
    verdict: gr.Markdown

    @property
    def outputs(self) -> list[Any]:
        sides = [self.scores, self.left, self.answer, self.right, self.fold, self.raw]
        return [self.run, self.stop, *sides, self.verdict]


@dataclass
class _Both:
    """How far the two have come; an expected error takes the place of a side's answer."""

    names: dict[str, str]
    scores: Scores | LabError | None = None
    left_cost: Cost | None = None
    left_seconds: float = 0.0
    chunk: Chunk | None = None
    error: LabError | None = None
    right_cost: Cost | None = None
    right_seconds: float = 0.0
    flipped: Scores | LabError | None = None

    @property
    def opinion(self) -> Opinion:
        return _against.parse(self.chunk.text, self.names) if self.chunk else Opinion()


def build(page: Page, picker: Picker, reading: ReadingNote) -> gr.Textbox:
    """Returns the text."""
    gr.Markdown(i18n("against_info"), elem_classes="lab-note")
    with gr.Row():
        with gr.Column(scale=3, min_width=300):
            text = gr.Textbox(
                label=i18n("sentiment_text"),
                placeholder=i18n("sentiment_placeholder"),
                lines=4,
                max_lines=12,
                elem_id="against-text",
            )
        with gr.Column(scale=2, min_width=280):
            gr.Markdown(i18n("against_right"), elem_classes="lab-note")
            chat = _picker.place(page, "chat", "against")
    with gr.Row():
        run = gr.Button(i18n("against_run"), variant="primary", elem_id="against-run")
        stop = gr.Button(i18n("stop"), visible=False, elem_id="against-stop")
    verdict = gr.Markdown(elem_classes="lab-verdict", elem_id="against-verdict")
    with gr.Row():
        with gr.Column(min_width=280):
            gr.Markdown(i18n("against_left"), elem_classes="lab-note")
            scores = gr.Label(show_label=False, num_top_classes=SHOWN, elem_id="against-scores")
            left = gr.Markdown(elem_classes="lab-note", elem_id="against-left")
        with gr.Column(min_width=280):
            gr.Markdown(i18n("against_right"), elem_classes="lab-note")
            answer = gr.Markdown(container=True, min_height=120, elem_id="against-answer")
            right = gr.Markdown(elem_classes="lab-note", elem_id="against-right")
            with gr.Accordion(
                i18n("against_raw"), open=False, visible=False, elem_id="against-raw"
            ) as fold:
                raw = gr.Textbox(show_label=False, lines=4, max_lines=16, interactive=False)
    parts = _Parts(run, stop, scores, left, answer, right, fold, raw, verdict)
    inputs = [text, *picker.inputs, chat.dropdown]
    asking = page.on(run.click, _asker(page.services), inputs, parts.outputs, **ENGINE_EVENTS)
    halted = stop.click(None, cancels=[asking], api_visibility="private")
    page.on(halted.then, _stopped, [], [run, stop, verdict])
    reading.watch(text, [text.blur, run.click])
    return text


def _stopped(language: Language) -> list[Any]:
    return [*run_or_stop(busy=False), say("stopped_here", language)]


def _asker(services: Services) -> Any:
    def ask(
        language: Language, source: str, owner: str, opened: dict[str, str], left: str, right: str
    ) -> Iterator[list[Any]]:
        yield [gr.skip()] * 9
        text = check_text(source, services.limits.classify_characters)
        sides = [_picker.wanted(owner, opened, value) for value in (left, right)]
        waiting = say("against_left_waiting", language)
        nothing = [gr.Label(None), waiting, "", "", gr.Accordion(visible=False), "", ""]
        yield [*run_or_stop(busy=True), *nothing]
        try:
            with closing(_compared(services, text, *sides)) as steps:
                for both in steps:
                    yield [gr.skip(), gr.skip(), *_shown(both, language)]
        except Exception:
            yield [*run_or_stop(busy=False), *[gr.skip()] * 7]
            raise
        yield [*run_or_stop(busy=False), *_shown(both, language)]

    return ask


def _compared(
    services: Services, text: str, left: Wanted, right: Wanted
) -> Generator[_Both, None, None]:
    """One after the other: the chat model is asked for the classifier's labels, and neither takes
    the other's time. A side that fails leaves the other standing."""
    both = _classified(services, text, left)
    yield both
    started = time.perf_counter()
    scores = both.scores.probabilities if isinstance(both.scores, Scores) else {}
    asked = _against.question(text, both.names, scores)
    try:
        both.right_cost = _against.cost(services, "chat", right)
        pieces = _models.chat(services, right, asked, [], "", _against.settings(text))
        with closing(pieces):
            for both.chunk in pieces:
                both.right_seconds = time.perf_counter() - started
                yield both
    except LabError as error:
        both.error = error
    else:
        both.flipped = _judged(services, left, both.opinion.rewrite) if scores else None
    yield both


def _judged(services: Services, wanted: Wanted, rewrite: str) -> Scores | LabError | None:
    """What the classifier says of the rewritten text, if there is one."""
    if not rewrite:
        return None
    try:
        (found,) = _classifiers.classify(services, wanted, [rewrite])
    except LabError as error:
        return error
    return found


def _classified(services: Services, text: str, wanted: Wanted) -> _Both:
    started = time.perf_counter()
    try:
        cost = _against.cost(services, "classification", wanted)
        (found,) = _classifiers.classify(services, wanted, [text])
    except LabError as error:
        labels = _against.known_labels(services, wanted)
        return _Both(_against.words(labels, text), error)
    seconds = time.perf_counter() - started
    names = _against.words(list(found.probabilities), text)
    return _Both(names, found, cost, seconds)


def _shown(both: _Both, language: Language) -> list[Any]:
    """Updates of `_Parts.outputs`, the buttons left out."""
    raw = both.chunk.text if both.chunk else ""
    return [
        *_left(both, language),
        _answer(both, language),
        _right(both, language),
        gr.Accordion(visible=bool(raw)),
        raw,
        _verdict(both, language),
    ]


def _left(both: _Both, language: Language) -> list[Any]:
    if not isinstance(both.scores, Scores):
        told = plain(error_sentence(both.scores, language)) if both.scores else ""
        return [gr.Label(None), told]
    told = [_cost(both.left_cost, both.left_seconds, language)]
    if isinstance(both.flipped, LabError):
        told.append(plain(error_sentence(both.flipped, language)))
    elif both.flipped is not None:
        label = both.flipped.label
        name = _labels.named(both.flipped.probabilities, language)[label]
        share = both.flipped.probabilities[label]
        told.append(say("against_flipped", language, label=plain(name), share=share))
    return [_labels.shown(both.scores.probabilities, language), "\n\n".join(told)]


def _answer(both: _Both, language: Language) -> str:
    """The parts that have come; once the answer is over, also which have not."""
    if both.chunk is None:
        return "" if both.error else say("chat_waiting", language)
    opinion = both.opinion
    names = _labels.named(both.names, language)
    given = {
        "label": names.get(opinion.label, ""),
        "reason": opinion.reason,
        "rewrite": opinion.rewrite,
    }
    lines = []
    for key, value in given.items():
        if value:
            lines.append(f"**{say(f'against_{key}', language)}** {plain(value)}")
        elif both.chunk.finish_reason:
            missing = say(f"against_no_{key}", language)
            lines.append(f"**{say(f'against_{key}', language)}** *{missing}*")
    return "\n\n".join(lines)


def _right(both: _Both, language: Language) -> str:
    told = []
    if both.error is not None:
        told.append(plain(error_sentence(both.error, language)))
    if both.chunk is not None:
        figures = shown.figures(both.chunk, language)
        told.append(f"{_cost(both.right_cost, both.right_seconds, language)} · {figures}")
    if both.right_cost is not None and both.right_cost.demo:
        told.append(f"**{say('against_demo', language)}**")
    return "\n\n".join(told)


def _cost(cost: Cost | None, seconds: float, language: Language) -> str:
    """`0.21 s · about 640 MB of memory`"""
    if cost is None:
        return ""
    spent = "against_seconds" if cost.loaded else "against_seconds_loaded"
    memory = (
        say("against_no_memory", language)
        if cost.memory is None
        else say("against_memory", language, size=readable_bytes(cost.memory))
    )
    return f"{say(spent, language, seconds=seconds)} · {memory}"


def _verdict(both: _Both, language: Language) -> str:
    """Whether they agree, once both have said a label, and how much longer one took."""
    done = both.chunk is not None and both.chunk.finish_reason
    said = both.opinion.label
    if not done or not said or not isinstance(both.scores, Scores):
        return ""
    names = _labels.named(both.names, language)
    left, right = (plain(names[it]) for it in (both.scores.label, said))
    if both.scores.label == said:
        told = [say("against_agree", language, label=left)]
    else:
        told = [say("against_differ", language, left=left, right=right)]
    costs = (both.left_cost, both.right_cost)
    times = both.right_seconds / both.left_seconds
    if all(it is not None and it.loaded for it in costs) and times >= FASTER:
        told.append(say("against_times", language, times=times))
    return joined(told)
