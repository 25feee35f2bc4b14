"""The engine without a page: train, resume, evaluate, inspect, estimate and export.

Exit status: 0 done, 1 the run failed, 2 the input was refused (every problem listed on stderr).
Results are JSON on stdout; progress goes to stderr. `work` is how the app starts its workers.
"""

import argparse
import faulthandler
import json
import math
import os
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from finetune import ranks
from finetune.errors import Refused
from finetune.events import Event, EventType
from finetune.printed import keep_short
from finetune.run import Run
from inference import fit, hardware
from inference.catalog import TASKS
from inference.errors import LabError
from inference.limits import Limits

# To save and to leave after the time limit; a step or a reply under way is finished first.
GRACE_SECONDS = 1_800


class ToldRun(Run):
    """A run whose events are also told on stderr."""

    def append(self, kind: EventType, **fields: Any) -> Event:
        event = super().append(kind, **fields)
        print(line(event), file=sys.stderr, flush=True)
        return event


def line(event: Event) -> str:
    """`step 12 · loss 0.3214 · learning_rate 0.0012`"""
    shown = [
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in event.fields.items()
        if name not in ("values", "step") and not isinstance(value, dict)
    ]
    shown += [
        f"{name} {value:.4g} ({side})"
        for side, figures in event.fields.items()
        if isinstance(figures, dict) and side in ("base", "tuned")
        for name, value in figures.items()
    ]
    step = f" {event.fields['step']}" if "step" in event.fields else ""
    kind = "" if event.type == "step" else f"{event.type} "
    return " · ".join([f"{kind}step{step}" if step else event.type, *shown])


def train(options: argparse.Namespace) -> int:
    from finetune.runs import create_run

    began = time.monotonic()
    folder = options.out.resolve()
    if not ranks.leads():  # the first process makes the folder, and says what is wrong
        ranks.meet()
        return _train(ToldRun(folder), options.budget_seconds, began)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        print(f"{options.out} is not empty. Choose a new folder, or resume it.", file=sys.stderr)
        return 2
    recipe, rows, held_out, _ = _planned(options)
    folder.parent.mkdir(parents=True, exist_ok=True)
    create_run(folder, recipe, rows, held_out, name=options.data.stem)
    ranks.meet()
    return _train(ToldRun(folder), options.budget_seconds, began)


def resume(options: argparse.Namespace) -> int:
    began = time.monotonic()
    run = _run(options)
    if run is None:
        return 2
    if ranks.leads():
        run.withdraw_stop()
    return _train(run, options.budget_seconds, began)


def work(options: argparse.Namespace) -> int:
    """A worker of the app: trains the run if it still waits for its turn, else does nothing."""
    run = Run(options.run)
    with run.lock():
        if not run.take_ticket():
            return 0
        keep_short(run.folder / "worker.log")
        seconds = Limits.from_environment().run_hours * 3_600
        # One that hangs would keep all others waiting; killed, it leaves an interrupted run.
        faulthandler.dump_traceback_later(
            seconds + GRACE_SECONDS, exit=True, file=sys.__stderr__ or sys.stderr
        )
        try:
            from finetune.trainer import train as train_run

            return 1 if train_run(run, seconds).type == "failed" else 0
        except Exception as error:  # a library that cannot be imported, a full disk
            traceback.print_exc()
            run.append("failed", reason="unexpected", values={"error": type(error).__name__})
            return 1
        finally:
            faulthandler.cancel_dump_traceback_later()


def evaluate(options: argparse.Namespace) -> int:
    from finetune.tuned import evaluate_again

    run = _run(options)
    if run is None:
        return 2
    _print(evaluate_again(run))
    return 0


def export(options: argparse.Namespace) -> int:
    from finetune.export import adapter_zip
    from finetune.tuned import save_merged

    run = _run(options)
    if run is None:
        return 2
    if options.push:
        from finetune.push import push

        _print({"pushed": push(run, options.push, _token(), private=not options.public)})
        return 0
    if options.merged:
        path = save_merged(run, options.to or run.folder / "merged")
    else:
        path = adapter_zip(run, options.to or run.folder)
    _print({"written": str(path)})
    return 0


def inspect(options: argparse.Namespace) -> int:
    from finetune.inspect_table import inspect_table

    found = inspect_table(options.data, Limits.from_environment(), **_dialect(options))
    stops = any(problem["severity"] == "error" for problem in found["problems"])
    if options.model and found["task"] and not stops:
        found |= _measured(options, found)
    _print(found)
    return 0 if found["readable"] else 2


def _measured(options: argparse.Namespace, found: Mapping[str, Any]) -> dict[str, Any]:
    """What the guessed examples come to with the tokenizer of the model that was named."""
    from finetune.bases import find_base
    from finetune.dataset import build
    from finetune.recipe import SETTINGS
    from finetune.statistics import length_problems, statistics
    from inference.loading import load_tokenizer

    task = found["task"]
    base = find_base(options.model, task, local=True)
    rows = build(_table(options), task, found["mapping"]).rows
    length = options.max_length or SETTINGS["max_length"].default
    figures = statistics(rows, task, load_tokenizer(base.folder), length)
    told = [problem.to_dict() for problem in length_problems(figures)]
    return {"statistics": figures, "problems": [*found["problems"], *told]}


def estimate(options: argparse.Namespace) -> int:
    from finetune.advice import advice, as_json, make_fit
    from finetune.estimate import estimate as foresee
    from finetune.inspect_table import cell_tokens, row_tokens

    recipe, rows, held_out, base = _planned(options)
    tokens = row_tokens(cell_tokens(_table(options)), recipe.mapping)
    found = foresee(recipe, len(rows), base.architecture, tokens)
    fitting: Any = None
    problems: list[Any] = []
    if base.architecture is not None:
        machine = hardware.trains_on()
        available = fit.available("lora") - fit.RUNTIME_BYTES[machine]
        fitting = make_fit(recipe, base.architecture, available, fit.bitsandbytes(), tokens)
        problems = advice(
            recipe,
            found,
            base.architecture,
            machine,
            row_tokens=tokens,
            available=available,
            longest_seconds=Limits.from_environment().run_hours * 3_600,
            held_out=len(held_out),
            labels=[row["label"] for row in (*rows, *held_out) if "label" in row],
        )
    _print({"rows": len(rows) + len(held_out), **as_json(found, problems, fitting)})
    return 0


def told(problem: Mapping[str, Any]) -> str:
    """`warning · row 12 · column text: What was found. What to do.`"""
    where = [problem["severity"]]
    where += [f"{name} {problem[name]}" for name in ("row", "column") if problem[name] is not None]
    return " · ".join(where) + f": {problem['what']} {problem['advice']}"


def _planned(options: argparse.Namespace) -> tuple[Any, list[Any], list[Any], Any]:
    """The recipe, the rows to train on, those held out, and the base."""
    from finetune.bases import find_base
    from finetune.dataset import build, split
    from finetune.recipe import Recipe, settings_from_text

    table = _table(options)
    mapping = _mapping(options, table)
    examples = build(table, options.task, mapping)
    for problem in examples.problems:
        print(told(problem.to_dict()), file=sys.stderr)
    base = find_base(options.model, options.task, local=True)
    recipe = Recipe.plan(
        options.task,
        str(base.folder) if Path(options.model).is_dir() else base.id,
        examples.kept,
        base.parameters,
        options.preset,
        settings_from_text(options.set),
        mapping=mapping,
        limits=Limits.from_environment(),
        machine=hardware.trains_on(),
    )
    rows, held_out = split(examples.rows, options.task, recipe.held_out_share, recipe.seed)
    return recipe, rows, held_out, base


def _train(run: Run, budget: float | None, began: float) -> int:
    """Train; of the budget, what went by since `began` is used up."""
    _quieten()
    from finetune.trainer import train as train_run

    left = math.inf if budget is None else max(0.0, budget - (time.monotonic() - began))
    event = train_run(run, left)
    if ranks.leads():
        _print({"run": str(run.folder), "status": run.status(), **event.fields})
    status = 1 if event.type == "failed" else 0
    ranks.leave(status)
    return status


def _quieten() -> None:
    """Libraries' warnings are for those who maintain this, not for those who train."""
    import warnings

    warnings.simplefilter("ignore")


def _run(options: argparse.Namespace) -> Run | None:
    run = ToldRun(options.run.resolve())
    if (run.folder / "recipe.json").is_file():
        return run
    print(f"{options.run} holds no run. Name the folder given to --out.", file=sys.stderr)
    return None


def _table(options: argparse.Namespace) -> Any:
    from finetune.tables import read_table

    return read_table(options.data, Limits.from_environment(), **_dialect(options))


def _dialect(options: argparse.Namespace) -> dict[str, Any]:
    header = {None: None, "yes": True, "no": False}[options.has_header]
    return {
        "encoding": options.encoding,
        "delimiter": options.delimiter,
        "quotechar": options.quotechar,
        "has_header": header,
    }


def _mapping(options: argparse.Namespace, table: Any) -> dict[str, str]:
    """The columns named with --column, else the guessed ones."""
    from finetune.dataset import guess

    named = dict(pair.partition("=")[::2] for pair in options.column)
    if named:
        return named
    found = guess(table, options.task)
    return found.mapping if found else {}


def _token() -> str:
    """From the environment or standard input, never from an argument: those show in `ps`."""
    return os.environ.get("HF_TOKEN", "").strip() or sys.stdin.readline().strip()


def _print(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1))


def parser() -> argparse.ArgumentParser:
    whole = argparse.ArgumentParser(prog="python -m finetune", description=__doc__)
    commands = whole.add_subparsers(required=True, metavar="COMMAND")

    one = commands.add_parser("train", help="train an adapter on a table")
    _add_table(one)
    _add_plan(one)
    one.add_argument("--out", required=True, type=Path, metavar="DIR", help="a new run folder")
    _add_budget(one)
    one.set_defaults(do=train)

    one = commands.add_parser("estimate", help="steps and memory of such a training, as JSON")
    _add_table(one)
    _add_plan(one)
    one.set_defaults(do=estimate)

    one = commands.add_parser("inspect", help="what a table holds, as JSON")
    _add_table(one)
    one.add_argument("--model", metavar="ID_OR_DIR", help="also lengths in its tokens")
    one.add_argument("--max-length", type=int, metavar="TOKENS", help="at which rows are cut")
    one.set_defaults(do=inspect)

    for do, text in (
        (resume, "go on with a run; a finished one stays as it is"),
        (evaluate, "measure base and tuned model again"),
        (export, "write the adapter as a zip, or the merged model"),
        (work, "train a queued run (used by the app)"),
    ):
        one = commands.add_parser(do.__name__, help=text)
        one.add_argument("run", type=Path, metavar="DIR")
        one.set_defaults(do=do)
        if do is resume:
            _add_budget(one)
        if do is export:
            one.add_argument("--merged", action="store_true")
            one.add_argument(
                "--push",
                metavar="ORG/NAME",
                help="to a hub; the token comes from HF_TOKEN or standard input",
            )
            one.add_argument("--public", action="store_true", help="a repository all can see")
            one.add_argument("--to", type=Path, metavar="DIR")
    return whole


def _add_table(command: argparse.ArgumentParser) -> None:
    command.add_argument("data", type=Path, metavar="DATA")
    command.add_argument("--encoding")
    command.add_argument("--delimiter")
    command.add_argument("--quotechar")
    command.add_argument("--has-header", choices=("yes", "no"))


def _add_plan(command: argparse.ArgumentParser) -> None:
    command.add_argument("--task", required=True, choices=TASKS)
    command.add_argument("--model", required=True, metavar="ID_OR_DIR")
    command.add_argument("--preset", default="balanced", choices=_presets())
    command.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    command.add_argument("--column", action="append", default=[], metavar="ROLE=COLUMN")


def _add_budget(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--budget-seconds",
        type=_seconds,
        metavar="SECONDS",
        help="save and stop before this much time has passed; resume goes on",
    )


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < math.inf:  # NaN too
        raise ValueError(text)
    return seconds


def _presets() -> tuple[str, ...]:
    from finetune.recipe import Preset

    return get_args(Preset)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        return options.do(options)
    except Refused as refused:
        for problem in refused.problems:
            print(told(problem.to_dict()), file=sys.stderr)
    except LabError as error:
        print(error, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
