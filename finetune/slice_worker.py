"""What one slice does in the worker that has the GPU: train on, then measure, until its time is up.

The work is done in a thread, so that whoever waits hears something every second and can leave.
Everything it reaches is in the run folder; the parent holds the run and writes the final event.
"""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from finetune.adapter import TAKES
from finetune.events import Event, EventType
from finetune.export import card
from finetune.failures import failure
from finetune.files import write_text
from finetune.measure import measure
from finetune.rescue import clear
from finetune.run import Run
from finetune.slices import Outcome, trained_step
from finetune.stopping import StopSwitch
from finetune.trainer import Training, encode_ahead
from finetune.tuned import load_tuned
from inference import accelerator

__all__ = ["encode_ahead", "work"]

TICK_SECONDS = 1.0


class Entrusted(Run):
    """A run that the parent process holds for this one; that it goes on is told once a sitting."""

    def __init__(self, folder: Path, first: bool) -> None:
        super().__init__(folder)
        self._held = True
        self._first = first

    def append(self, kind: EventType, **fields: Any) -> Event:
        if kind == "started" and not self._first:
            return Event(kind, round(time.time(), 3), fields)
        return super().append(kind, **fields)


def work(folder: Path, seconds: float, first: bool) -> Iterator[Outcome | None]:
    """None every second, at last the outcome. Closed, it saves what there is and then returns.

    Args:
        seconds: until it ends by itself.
        first: of this sitting.
    """
    run = Entrusted(folder, first)
    switch = StopSwitch(lambda: run.stop_requested, seconds)
    outcomes: list[Outcome | BaseException] = []

    def slice_of_it() -> None:
        try:
            outcomes.append(_worked(run, switch))
        except BaseException as error:  # a full disk, for one; raised below
            outcomes.append(error)

    thread = threading.Thread(target=slice_of_it, name="slice", daemon=True)
    parent = os.getppid()
    thread.start()
    try:
        while thread.is_alive():
            thread.join(TICK_SECONDS)
            if accelerator.ZERO_GPU and os.getppid() != parent:
                os._exit(1)  # nobody holds the run any more: another sitting may begin
            yield None
        outcome = outcomes[0]
        if isinstance(outcome, BaseException):
            raise outcome
        yield outcome
    finally:
        switch.press("left")
        thread.join()


def _worked(run: Run, switch: StopSwitch) -> Outcome:
    training = Training(run, switch)
    try:
        return _go_on(run, switch, training)
    except Exception as error:
        fields = failure(error)
        training.keep_what_there_is()
        run.append("failed", **fields)
        return Outcome("failed", run.progress_step())
    finally:
        clear()  # the worker stays for the next call


def _go_on(run: Run, switch: StopSwitch, training: Training) -> Outcome:
    step = trained_step(run)
    if step is None:
        step = training.fit()
        over = not switch.pressed()
        # What these took from their base is known only here; others are copied from a checkpoint.
        if over or run.recipe.init_lora_weights in TAKES:
            training.save_adapter()
        if not over:
            return Outcome(switch.reason, step)
        run.record(trained_step=step)
        tuned = training.to_measure()
    else:
        tuned = load_tuned(run)
    if measure(run, tuned, switch.pressed, step) is None:
        return Outcome(switch.reason, step)
    write_text(run.folder / "adapter" / "README.md", card(run))
    return Outcome("done", step)
