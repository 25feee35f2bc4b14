"""A trained adapter as one zip: weights, JSON, a card, and a snippet that runs as printed.

Nothing of the visitor's rows and no path of this machine goes into it.
"""

import json
import zipfile
from pathlib import Path
from typing import Any

from finetune.errors import NothingToDownload
from finetune.run import Run
from inference.records import ADAPTER_CONFIG, ADAPTER_RECORD, ADAPTER_WEIGHTS

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
tokenizer = AutoTokenizer.from_pretrained(base)
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


def adapter_zip(run: Run, folder: Path) -> Path:
    """Write `adapter-<id>.zip` into `folder` (created) and return its path.

    Raises:
        NothingToDownload: the run has no adapter.
    """
    adapter = run.adapter
    if adapter is None:
        raise NothingToDownload(status=run.status())
    config = json.loads((adapter / ADAPTER_CONFIG).read_text("utf-8"))
    config["base_model_name_or_path"] = run.facts["ran"]["base"]["id"]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"adapter-{run.id}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.write(adapter / ADAPTER_WEIGHTS, ADAPTER_WEIGHTS)
        archive.writestr(ADAPTER_CONFIG, json.dumps(config, indent=1, ensure_ascii=False))
        archive.write(adapter / ADAPTER_RECORD, ADAPTER_RECORD)
        archive.writestr("README.md", card(run))
    return path


def snippet(run: Run) -> str:
    """Python that loads base and adapter and uses them, started in the unpacked folder."""
    facts = run.facts
    task, labels = run.recipe.task, facts["ran"]["labels"]
    head = ", num_labels=len(labels), ignore_mismatched_sizes=True" if labels else ""
    load = _LOAD.format(kind=_KIND[task], base=facts["ran"]["base"]["id"], head=head)
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
    lines = ["| | base | tuned |", "|---|---|---|"]
    lines += [
        f"| {name} | {report['base'][name]:.4f} | {report['tuned'][name]:.4f} |" for name in names
    ]
    return f"{report['rows']} rows.\n\n" + "\n".join(lines)
