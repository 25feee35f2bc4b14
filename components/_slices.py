"""Training within a visitor's request, where no queue launches it (ZeroGPU). No Gradio."""

from collections.abc import Generator
from contextlib import closing

from components._services import Services
from finetune.run import Run
from finetune.slices import train_in_slices

IDLE = ("stopped", "failed", "interrupted")


def begin_or_continue(services: Services, run: Run) -> Generator[None, None, None]:
    """Train a run that was just made or resumed, as long as this generator is read; a value about
    every second. Nothing at all where the queue trains, or where the run is under way or done.

    Call it in the request's own handler: the visitor's quota is read from there.
    """
    if services.jobs.launches or run.status() not in IDLE:
        return
    with closing(train_in_slices(run)) as events:
        for _ in events:
            yield
