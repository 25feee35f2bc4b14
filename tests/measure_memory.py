"""Predicted against measured memory: python -m tests.measure_memory FOLDER [MODEL …]

FOLDER holds `organisation/name` for each model, as `python -m tests.random_qwen` writes one of
random weights. Each use runs in a process of its own; what counts is the rise over its memory
after the imports, at the highest: anonymous pages on a CPU (the pages of the weights' file are the
system's to take back), what torch has reserved on a GPU. Prints a Markdown table.
"""

import argparse
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inference import fit, memory
from inference.catalog import Catalog

USES = {
    "load": "loaded",
    "chat": "a chat of 2,000 tokens",
    "lora": "a LoRA step of 2 × 512 tokens",
}
CHAT = (1_900, 100)  # tokens read, tokens written
ROWS, LENGTH = 2, 512
LOOK_SECONDS = 0.005


def predicted(model_id: str, use: str) -> int:
    architecture = Catalog.load().find(model_id).architecture
    full = fit.number_format(architecture.parameters)
    if use == "load":
        return memory.weights(architecture, full)
    if use == "chat":
        return memory.to_run(architecture, full, full, tokens=sum(CHAT)).total
    training = fit.training_format()
    return memory.to_train(architecture, training, rows=ROWS, length=LENGTH).total


def measured(folder: Path, use: str) -> int:
    command = [sys.executable, "-m", "tests.measure_memory", "--use", use, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("models", nargs="*", default=["Qwen/Qwen3-0.6B"])
    parser.add_argument("--use", choices=USES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.use:
        print(rise(options.folder, options.use))
        return
    print("| Model | Use | Predicted | Measured | Off by |\n|---|---|---|---|---|", flush=True)
    for model_id in options.models:
        for use, words in USES.items():
            told, found = predicted(model_id, use), measured(options.folder / model_id, use)
            off = f"{told / found - 1:+.0%}"
            print(f"| {model_id} | {words} | {told / 1e9:.2f} GB | {found / 1e9:.2f} GB | {off} |")


# In a process of its own


def rise(folder: Path, use: str) -> int:
    import torch

    from finetune import bases
    from inference import loading  # noqa: F401  (imported before the measurement begins)
    from inference.allocation import give_large_blocks_back

    if use == "lora":
        give_large_blocks_back()  # as a training does
    run = {"load": load, "chat": chat, "lora": lora_step}[use]
    if torch.cuda.is_available():
        run(folder)
        return torch.cuda.max_memory_reserved()
    with highest() as found:
        run(folder)
    del bases
    return found[0]


@contextmanager
def highest() -> Iterator[list[int]]:
    """The most anonymous memory that was held at a time, above that of the beginning."""
    before, found, ended = anonymous(), [0], threading.Event()

    def look() -> None:
        while not ended.wait(LOOK_SECONDS):
            found[0] = max(found[0], anonymous() - before)

    looker = threading.Thread(target=look, daemon=True)
    looker.start()
    yield found
    found[0] = max(found[0], anonymous() - before)
    ended.set()
    looker.join()


def anonymous() -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(it.split()[1]) for it in lines if it.startswith("RssAnon")) * 1_024


def load(folder: Path):
    from inference.loading import load
    from inference.records import Choice

    return load(Choice(folder), "chat")


def chat(folder: Path) -> None:
    import torch
    from transformers import GenerationConfig

    model = load(folder).model
    read, written = CHAT
    ids = torch.randint(0, 100_000, (1, read), device=model.device)
    config = GenerationConfig(max_new_tokens=written, min_new_tokens=written, do_sample=False)
    with torch.inference_mode():
        model.generate(ids, attention_mask=torch.ones_like(ids), generation_config=config)


def lora_step(folder: Path) -> None:
    import torch

    from finetune.bases import attach, load_base
    from finetune.recipe import Recipe

    base, _, fresh = load_base(folder, "chat")
    model = attach(base, Recipe(task="chat", base="measured", r=memory.RANK), fresh)
    if torch.cuda.is_available():
        model.to("cuda")
    model.train()
    optimizer = torch.optim.AdamW(it for it in model.parameters() if it.requires_grad)
    ids = torch.randint(0, 100_000, (ROWS, LENGTH), device=model.device)
    model(input_ids=ids, attention_mask=torch.ones_like(ids), labels=ids).loss.backward()
    optimizer.step()


if __name__ == "__main__":
    main()
