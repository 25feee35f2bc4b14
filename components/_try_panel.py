"""Base and tuned model side by side on the visitor's own prompt."""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import gradio as gr

from components import _classifiers, _models, _summarizers
from components._models import Wanted
from components._page import ENGINE_EVENTS, Page
from components._refusals import error_sentence
from components._services import Services
from components._texts import i18n, plain, say
from components._together import together
from components._visitor import Language
from finetune.run import Run
from inference.errors import LabError
from inference.records import ChatSettings, Chunk, Scores, Summary, SummarySettings

SHOWN = 5  # likeliest labels of either side
SAME = {"temperature": 0.0, "seed": 0}  # what differs is what was learnt, not what was drawn


@dataclass(frozen=True)
class TryPanel:
    part: gr.Column
    prompt: gr.Textbox
    run: gr.Button
    base: gr.Markdown
    tuned: gr.Markdown

    @property
    def outputs(self) -> list[Any]:
        return [self.part, self.prompt]


def place() -> TryPanel:
    with gr.Column(visible=False, elem_id="run-try-part") as part:
        with gr.Row():
            prompt = gr.Textbox(
                label=i18n("try_prompt"),
                lines=1,
                max_lines=6,
                scale=4,
                min_width=260,
                elem_id="run-try",
            )
            with gr.Column(scale=1, min_width=120):
                run = gr.Button(i18n("try_run"), elem_id="run-try-go")
        with gr.Row():
            sides = []
            for side in ("base", "tuned"):
                with gr.Column(min_width=260):
                    gr.Markdown(i18n(f"try_{side}"), elem_classes="lab-note")
                    answer = gr.Markdown(container=True, min_height=60, elem_id=f"run-try-{side}")
                    sides.append(answer)
    return TryPanel(part, prompt, run, *sides)


def wire(page: Page, runs: gr.Dropdown, panel: TryPanel) -> None:
    services = page.services

    def compare(language: Language, owner: str, run_id: str, prompt: str) -> Iterator[list[Any]]:
        run = services.store.for_owner(run_id, owner)
        waiting = say("chat_waiting", language)
        sides = [
            Wanted(model=run.recipe.base, visitor=owner),
            Wanted(run_id=run_id, token=owner),
        ]
        yield [waiting, waiting]
        streams = [_answers(services, run, wanted, prompt) for wanted in sides]
        with closing(together(streams)) as pairs:
            for pair in pairs:
                yield [_shown(found, language) for found in pair]

    given, outputs = [page.owner, runs, panel.prompt], [panel.base, panel.tuned]
    for trigger in (panel.run.click, panel.prompt.submit):
        page.on(trigger, compare, given, outputs, **ENGINE_EVENTS)
    page.on(runs.change, lambda language: ["", ""], [], outputs)


def _answers(
    services: Services, run: Run, wanted: Wanted, prompt: str
) -> Generator[Any, None, None]:
    task = run.recipe.task
    if task == "chat":
        yield from _models.chat(services, wanted, prompt, [], "", ChatSettings(**SAME))
    elif task == "summarization":
        yield from _summarizers.summarize(services, wanted, prompt, SummarySettings(fast=True))
    else:
        yield from _classifiers.classify(services, wanted, [prompt])


def _shown(found: Any, language: Language) -> Any:
    if isinstance(found, LabError):
        return plain(error_sentence(found, language))
    if isinstance(found, Chunk | Summary):
        return plain(found.text)
    if isinstance(found, Scores):
        best = sorted(found.probabilities.items(), key=lambda it: -it[1])[:SHOWN]
        return "\n".join(f"- {plain(label)}: {share:.1%}" for label, share in best)
    return gr.skip()


def shown(task: str, trained: bool, language: Language) -> list[Any]:
    placeholder = say(f"try_{task}", language)
    return [gr.Column(visible=trained), gr.Textbox(placeholder=placeholder)]


def nothing() -> list[Any]:
    return [gr.Column(visible=False), gr.skip()]
