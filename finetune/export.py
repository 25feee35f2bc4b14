"""A trained adapter as files: weights, JSON, tokenizer, a card, and a snippet that runs as printed.

Nothing of the visitor's rows and no path of this machine goes into them.
"""

import json
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from finetune.errors import NothingToDownload
from finetune.run import Run
from inference.records import ADAPTER_CONFIG, ADAPTER_RECORD, ADAPTER_WEIGHTS

TOKENIZER = "tokenizer"  # folder of a run; saved with its adapter
CURVE_POINTS = 12  # of the loss curve in the card
_KIND = {
    "chat": "AutoModelForCausalLM",
    "classification": "AutoModelForSequenceClassification",
    "summarization": "AutoModelForSeq2SeqLM",
}
_PIPELINE = {
    "chat": "text-generation",
    "classification": "text-classification",
    "summarization": "summarization",
}
_LOAD = """\
from peft import PeftModel
from transformers import {kind}, AutoTokenizer

base = "{base}"
tokenizer = AutoTokenizer.from_pretrained({tokenizer})
model = {kind}.from_pretrained(base, dtype="float32"{head})
model = PeftModel.from_pretrained(model, ".").eval()
"""
_USE = {
    "chat": """\
messages = [{"role": "user", "content": "Who are you?"}]
inputs = tokenizer.apply_chat_template(
    messages, add_generation_prompt=True, enable_thinking=False, return_tensors="pt"
)
output = model.generate(**inputs, max_new_tokens=200, do_sample=False)
print(tokenizer.decode(output[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True))
""",
    "classification": """\
inputs = tokenizer("A text to classify.", truncation=True, return_tensors="pt")
scores = model(**inputs).logits.softmax(-1)[0]
print(dict(zip(labels, scores.tolist())))
""",
    "summarization": """\
inputs = tokenizer("A long text to summarise.", truncation=True, return_tensors="pt")
output = model.generate(**inputs, max_new_tokens=128, num_beams=4)
print(tokenizer.decode(output[0], skip_special_tokens=True))
""",
}


def write_files(run: Run, folder: Path) -> None:
    """Everything that is handed out of a run's adapter, into an empty `folder`.

    Raises:
        NothingToDownload: the run has no adapter.
    """
    adapter = run.adapter
    if adapter is None:
        raise NothingToDownload(status=run.status())
    config = json.loads((adapter / ADAPTER_CONFIG).read_text("utf-8"))
    config["base_model_name_or_path"] = run.facts["ran"]["base"]["id"]
    if (run.folder / TOKENIZER).is_dir():
        shutil.copytree(run.folder / TOKENIZER, folder, dirs_exist_ok=True)
    for name in (ADAPTER_WEIGHTS, ADAPTER_RECORD):
        shutil.copyfile(adapter / name, folder / name)
    text = json.dumps(config, indent=1, ensure_ascii=False)
    (folder / ADAPTER_CONFIG).write_text(text, encoding="utf-8")
    (folder / "README.md").write_text(card(run), encoding="utf-8", newline="\n")


def adapter_zip(run: Run, folder: Path) -> Path:
    """Write `adapter-<id>.zip` into `folder` (created) and return its path. Raises as above."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"adapter-{run.id}.zip"
    with tempfile.TemporaryDirectory() as aside:
        write_files(run, Path(aside))
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for file in sorted(Path(aside).iterdir()):
                archive.write(file, file.name)
    return path


def snippet(run: Run) -> str:
    """Python that loads base and adapter and uses them, started in the unpacked folder."""
    facts = run.facts
    task, labels = run.recipe.task, facts["ran"]["labels"]
    head = ", num_labels=len(labels), ignore_mismatched_sizes=True" if labels else ""
    load = _LOAD.format(
        kind=_KIND[task],
        base=facts["ran"]["base"]["id"],
        head=head,
        tokenizer='"."' if (run.folder / TOKENIZER).is_dir() else "base",
    )
    names = f"labels = {json.dumps(labels, ensure_ascii=False)}\n" if labels else ""
    return load.replace("base = ", names + "base = ", 1) + _USE[task]


def card(run: Run) -> str:
    """README.md of the adapter: base, recipe, data digest and columns (no rows), figures."""
    facts, recipe, base = run.facts, run.recipe, run.facts["ran"]["base"]
    front = [
        "---",
        f"base_model: {base['id']}",
        "library_name: peft",
        f"pipeline_tag: {_PIPELINE[recipe.task]}",
        "tags: [lora, llm-lab]",
        "---",
    ]
    data = facts["data"]
    columns = ", ".join(f"{role} = {json.dumps(c)}" for role, c in recipe.mapping.items())
    parts = [
        "\n".join(front),
        f"# LoRA adapter for {base['id']}",
        f"Task: {recipe.task}. Base revision: {base['revision']}.",
        _where(base["id"]),
        f"```python\n{snippet(run)}```",
        "## Figures on held-out rows",
        _figures(run.report()),
        "## Loss",
        _losses(run),
        "## Data",
        f"{data['train_rows']} rows trained, {data['held_out_rows']} held out"
        + (f"; columns: {columns}" if columns else "")
        + f". sha256 of the training rows: `{data['train_sha256']}`.",
        "## Recipe",
        f"```json\n{recipe.model_dump_json(indent=1, exclude={'base', 'mapping'})}\n```",
        "Versions: "
        + ", ".join(f"{name} {number}" for name, number in facts["ran"]["versions"].items())
        + ".",
    ]
    return "\n\n".join(parts) + "\n"


def _where(base: str) -> str:
    start = "Unpack this archive, go into its folder and run:"
    if not base.startswith("builtin/"):
        return start
    name = base.removeprefix("builtin/")
    return (
        f"The base is a model that ships with LLM Lab: copy its folder `inference/builtin/{name}` "
        f"to `{base}` in the folder this archive was unpacked into. Then run there:"
    )


def _figures(report: dict[str, Any] | None) -> str:
    if not report or not report["rows"]:
        return "None were measured."
    names = [name for name, value in report["tuned"].items() if isinstance(value, float)]
    lines = ["| | base | tuned | 95 % interval, tuned |", "|---|---|---|---|"]
    for name in names:
        low, high = report.get("intervals", {}).get("tuned", {}).get(name, (None, None))
        between = "" if low is None else f"{low:.4f} to {high:.4f}"
        sides = f"{report['base'][name]:.4f} | {report['tuned'][name]:.4f}"
        lines.append(f"| {name} | {sides} | {between} |")
    verdict = report.get("difference", {}).get("verdict")
    told = {
        "better": "The tuned model is better by more than chance.",
        "worse": "The tuned model is worse by more than chance.",
        "too_few_to_tell": "These are too few rows to tell the two apart.",
    }
    parts = [f"{report['rows']} rows.", "\n".join(lines), told.get(verdict, "")]
    return "\n\n".join(part for part in parts if part)


def _losses(run: Run) -> str:
    """The loss curve as a table of a few points: trained on, and held out where it was checked."""
    events = run.events()
    steps = {e.fields["step"]: e.fields["loss"] for e in events if e.type == "step"}
    checks = {
        e.fields["step"]: e.fields["held_out_loss"] for e in events if "held_out_loss" in e.fields
    }
    numbers = sorted(steps)
    if not numbers:
        return "None was recorded."
    last = len(numbers) - 1
    shown = {numbers[last * point // (CURVE_POINTS - 1)] for point in range(CURVE_POINTS)}
    lines = ["| step | training loss | held-out loss |", "|---|---|---|"]
    for step in sorted(shown | set(list(checks)[-CURVE_POINTS:])):
        trained, held_out = steps.get(step), checks.get(step)
        cells = (f"{loss:.4f}" if loss is not None else "" for loss in (trained, held_out))
        lines.append(f"| {step} | {' | '.join(cells)} |")
    return "\n".join(lines)
