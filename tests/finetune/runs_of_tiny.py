"""Small runs on tiny models, for the tests of training."""

import json

from finetune.recipe import Recipe
from finetune.run import Run
from finetune.runs import create_run
from tests.inference import tiny

TEXTS = [f"{'good' if n % 2 else 'bad'} {'word ' * (n % 5)}{n}" for n in range(24)]
CLASSES = [{"text": text, "label": text.split()[0]} for text in TEXTS]
CHATS = [
    {
        "messages": [
            {"role": "user", "content": f"What is {n}?"},
            {"role": "assistant", "content": f"It is {n}."},
        ]
    }
    for n in range(10)
]
SUMMARIES = [{"document": f"A long day {n}. " * 3, "summary": f"Day {n}."} for n in range(10)]
ROWS = {"classification": CLASSES, "chat": CHATS, "summarization": SUMMARIES}


class AtStep(Run):
    """Does something when a step is told."""

    def __init__(self, folder, step, do):
        super().__init__(folder)
        self.step, self.do = step, do

    def append(self, kind, **fields):
        event = super().append(kind, **fields)
        if kind == "step" and fields["step"] == self.step:
            self.do(self)
        return event


def tiny_models(folder):
    return {
        "classification": tiny.classifier(folder / "classifier"),
        "chat": tiny.chat(folder / "chat"),
        "summarization": tiny.summary(folder / "summary"),
    }


def steady_models(folder):
    """The same without dropout: what a step does depends on its rows alone."""
    models = tiny_models(folder)
    for model in models.values():
        config = json.loads((model / "config.json").read_text())
        config |= {name: 0.0 for name in config if "dropout" in name and config[name]}
        (model / "config.json").write_text(json.dumps(config))
    return models


def make(folder, models, task="classification", rows=None, **settings):
    """A run of 14 steps in two passes over 20 rows, four held out."""
    chosen = {
        "num_train_epochs": 2.0,
        "learning_rate": 1e-3,
        "per_device_train_batch_size": 3,
        "save_steps": 3,
        "r": 2,
        "max_length": 64,
    }
    recipe = Recipe(task=task, base=str(models[task]), **{**chosen, **settings})
    rows = rows or ROWS[task]
    return create_run(folder, recipe, rows[4:], rows[:4])


def losses(run):
    found = {}
    for event in run.events():
        if event.type == "step":
            found[event.fields["step"]] = (event.fields["loss"], event.fields["grad_norm"])
    return found


def types(run):
    return [event.type for event in run.events()]


def warnings_of(run):
    return [e.fields["code"] for e in run.events() if e.type == "warning"]


def go_on(run):
    """What resuming a stopped run does before a worker has it."""
    run.enqueue()
    run.take_ticket()
    return run
