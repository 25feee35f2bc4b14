"""`python -m finetune.pretrain chat|sentiment|summary [--out DIR] [--steps N]` builds a built-in
model; `python -m finetune.pretrain measure [name …]` prints the figures of the committed ones."""

import argparse
import importlib
import sys
from pathlib import Path

from finetune.pretrain.training import BUILTIN

NAMES = ("chat", "sentiment", "summary")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when it is done."""
    parser = argparse.ArgumentParser(prog="python -m finetune.pretrain", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in NAMES:
        command = commands.add_parser(name, help=f"build builtin/{name}")
        command.add_argument("--out", type=Path, default=BUILTIN / name)
        command.add_argument("--steps", type=int, help="instead of the fixed number")
    measure = commands.add_parser("measure", help="print the figures of the built-in models")
    measure.add_argument("names", nargs="*", metavar="name", help=", ".join(NAMES))
    measure.add_argument("--write", action="store_true", help="write them into the cards too")
    chosen = parser.parse_args(arguments)
    if chosen.command == "measure":
        if unknown := [name for name in chosen.names if name not in NAMES]:
            measure.error(f"there is no built-in model {unknown[0]!r}")
        from finetune.pretrain.measure import report

        report(chosen.names or NAMES, write=chosen.write)
        return 0
    builder = importlib.import_module(f"finetune.pretrain.{chosen.command}")
    steps = chosen.steps or builder.STEPS
    seconds = builder.build(chosen.out, steps)
    print(f"{chosen.out}: {steps} steps in {seconds:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
