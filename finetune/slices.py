"""`train_in_slices(run)`: training where a GPU is lent for a minute at a time (ZeroGPU).

    here, no GPU   1 the run is held   2 rows encoded   4 the final event, and what it needs
    in a worker    3 train, adapter/, report.json, as far as a call gets; then the next call

Runs within the visitor's request, whose quota the calls take. When the visitor leaves or the
process dies the run is let go and is interrupted; the next sitting goes on.
ZeroGPU: https://huggingface.co/docs/hub/spaces-zerogpu
"""

from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from finetune import checkpoints
from finetune.errors import SliceTooShort
from finetune.events import Event
from finetune.run import Run
from inference import accelerator
from inference.errors import (
    AcceleratorBusy,
    AcceleratorFailed,
    CallTooLong,
    LabError,
    QuotaExceeded,
)

SECONDS = 60  # of one call, as asked for: the platform holds it against what the quota has left
SHARE = 0.8  # of it until a slice ends by itself; the rest is for saving and for starting late

Ended = Literal["done", "time_limit", "request", "left", "failed"]


@dataclass(frozen=True)
class Outcome:
    """How a slice ended at optimizer step `step`; only after `time_limit` there is a next one."""

    ended: Ended
    step: int


def train_in_slices(run: Run, seconds: int = SECONDS) -> Generator[Event | None, None, None]:
    """Train a run to its end, or as far as the visitor's quota goes; a finished one is left alone.

    Yields the newest event about once a second. Closing it saves a checkpoint and leaves the run
    interrupted; `stop.request`, the end of the quota and the like leave it stopped.

    Args:
        seconds: of each GPU call.

    Raises:
        RunBusy: the run is under way.
    """
    with run.lock():
        last = run.last_event
        if last and last.type == "finished":
            return
        run.take_ticket()
        run.withdraw_stop()
        try:
            yield from _sit(run, seconds)
        except (QuotaExceeded, CallTooLong, AcceleratorBusy, AcceleratorFailed) as error:
            reason = "quota" if isinstance(error, QuotaExceeded) else error.code()
            _stopped(run, reason, wait_seconds=accelerator.wait_told(error))
        except (LabError, OSError, MemoryError) as error:
            from finetune.failures import failure

            fields = failure(error)
            _kept_all_the_same(run)
            run.append("failed", **fields)
    yield run.last_event  # the run is let go: its status is the last event's


def _sit(run: Run, seconds: int) -> Iterator[Event | None]:
    # Imported before the first call, not in it: a worker is a fork of this process.
    from finetune.measure import figures
    from finetune.slice_worker import encode_ahead  # with it all that a slice imports

    yield run.last_event
    encode_ahead(run)
    outcome, first = Outcome("time_limit", run.progress_step()), True
    while outcome.ended == "time_limit":
        before = _reached(run)
        outcome = yield from _one_slice(run, seconds, first)
        first = False
        if outcome.ended == "time_limit" and _reached(run) == before:
            raise SliceTooShort(seconds=seconds)
    if outcome.ended == "request":
        _stopped(run, "request")
    elif outcome.ended == "done":
        report = run.report()
        assert report is not None  # the slice has written it
        run.append("finished", step=outcome.step, metrics=figures(report))


def _one_slice(run: Run, seconds: int, first: bool) -> Generator[Event | None, None, Outcome]:
    if run.stop_requested:
        return Outcome("request", run.progress_step())
    with closing(_slice(str(run.folder), seconds, first)) as ticks:
        for tick in ticks:
            if tick is not None:
                outcome = tick
            yield run.last_event
    return outcome


def _asked(folder: str, seconds: int, *args: Any, **kwargs: Any) -> int:
    return seconds


@accelerator.gpu(duration=_asked)
def _slice(folder: str, seconds: int, first: bool) -> Iterator[Outcome | None]:
    from finetune.slice_worker import work

    yield from work(Path(folder), SHARE * seconds, first)


def _reached(run: Run) -> tuple[Any, ...]:
    """What a slice that got anywhere has changed: checkpoint, adapter, answers of the report."""
    newest = next(checkpoints.newest_first(run.folder / "checkpoints"), None)
    with suppress(FileNotFoundError):
        return newest, trained_step(run), (run.folder / "measured.jsonl").stat().st_size
    return newest, trained_step(run), 0


def trained_step(run: Run) -> int | None:
    """The step of the adapter to measure, once training is over; None before."""
    return run.facts.get("ran", {}).get("trained_step")


def _stopped(run: Run, reason: str, **fields: Any) -> None:
    """The final event of a sitting that ended early, with the adapter as far as it was trained."""
    step = _kept_all_the_same(run) or run.progress_step()
    run.append("stopped", step=step, reason=reason, **fields)


def _kept_all_the_same(run: Run) -> int | None:
    """`_keep_adapter`, where it can be: the sitting ends for a reason that matters more."""
    from finetune.failures import failure

    try:
        return _keep_adapter(run)
    except Exception as error:
        failure(error)
        return None


def _keep_adapter(run: Run) -> int | None:
    """adapter/ of the newest checkpoint, unless a slice has written it; the checkpoint's step."""
    from finetune.adapter import TAKES, adapter_from
    from finetune.export import card
    from finetune.files import write_text

    done = trained_step(run)
    good, _ = checkpoints.newest_good(run.folder / "checkpoints")
    if done is None and good is not None:
        if run.recipe.init_lora_weights not in TAKES:
            adapter_from(run, good)
        done = good.step
    if run.adapter is not None:
        write_text(run.adapter / "README.md", card(run))
    return done
