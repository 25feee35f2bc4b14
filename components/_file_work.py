"""Scoring under way on the page: one button to begin, one to stop, and a bar between them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.events import Dependency

from components import _file_tables
from components._buttons import run_or_stop
from components._page import ENGINE_EVENTS, Page
from components._plots import bar
from components._scored_file import Progress, Scored
from components._texts import i18n, say
from components._visitor import Language


@dataclass(frozen=True)
class Work:
    """`scored` is what the rows done so far came to, None before; it stays on the server."""

    run: gr.Button
    stop: gr.Button
    progress: gr.HTML
    scored: gr.State

    @property
    def outputs(self) -> list[Any]:
        return [self.scored, self.run, self.stop, self.progress]


KEPT_SECONDS = 3_600  # in memory, of a page that stays open


def place(key: str, elem_id: str, **options: Any) -> Work:
    with gr.Row():
        run = gr.Button(i18n(key), elem_id=f"{elem_id}-run", **options)
        stop = gr.Button(i18n("stop"), visible=False, elem_id=f"{elem_id}-stop")
    progress = gr.HTML(elem_id=f"{elem_id}-progress")
    return Work(run, stop, progress, gr.State(None, time_to_live=KEPT_SECONDS))


def wire(
    page: Page, work: Work, begin: Callable[..., Iterator[Progress]], inputs: Sequence[Any]
) -> list[Dependency]:
    """Returns the events after which the rows that are done can be shown: the scoring, and a stop.

    Args:
        begin: begins with the visitor's language and `inputs`.
    """

    def score(language: Language, *values: Any) -> Iterator[list[Any]]:
        yield [
            gr.skip(),
            *run_or_stop(busy=True),
            bar([say("file_waiting", language)], 0, "running"),
        ]
        try:
            with closing(begin(language, *values)) as found:
                kept_at = -KEPT_SECONDS
                for now in found:
                    # What came of an earlier file stays until there is a row of this one; then it
                    # grows by itself, and is given again before it would be forgotten.
                    due = now.done == now.total or now.seconds - kept_at > KEPT_SECONDS / 4
                    scored = now.scored if now.done and due else gr.skip()
                    kept_at = now.seconds if now.done and due else kept_at
                    yield [scored, gr.skip(), gr.skip(), _file_tables.progress(now, language)]
        except Exception:
            yield [gr.skip(), *run_or_stop(busy=False), ""]
            raise
        yield [gr.skip(), *run_or_stop(busy=False), ""]

    def stopped(language: Language, scored: Scored | None) -> list[Any]:
        return [scored.still() if scored else None, *run_or_stop(busy=False), ""]

    running = page.on(work.run.click, score, inputs, work.outputs, **ENGINE_EVENTS)
    # Cancelled first: what is on its way would overwrite the buttons.
    halted = work.stop.click(None, cancels=[running], api_visibility="private")
    return [running, page.on(halted.then, stopped, [work.scored], work.outputs)]


def wire_end(page: Page, cancelled: Dependency, works: Sequence[Work]) -> Dependency:
    """The buttons and bars of `works`, once an event has cancelled them."""
    outputs = [part for work in works for part in (work.run, work.stop, work.progress)]

    def idle(language: Language) -> list[Any]:
        return [*run_or_stop(busy=False), ""] * len(works)

    return page.on(cancelled.then, idle, [], outputs)
