"""The models on offer: typed records, read from published configurations.

Facts only. Whether a model is on this machine is known by `hub`, whether it fits by `fit`.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from inference.errors import ConfigurationRefused, ModelUnknown
from inference.published import PUBLISHED

Task = Literal["chat", "classification", "summarization"]
TASKS: tuple[Task, ...] = get_args(Task)
# What weights are loaded for: a task, or to guess masked words, as a BERT learns to before any.
Head = Task | Literal["fill-mask"]
BUILTIN_FOLDER = Path(__file__).parent / "builtin"
BUILTIN_TASKS: dict[str, Task] = {
    "builtin/chat": "chat",
    "builtin/summary": "summarization",
    "builtin/sentiment": "classification",
}
MAIN = "main"
_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_REVISION = re.compile(r"refs/pr/[1-9]\d{0,8}|(?=.{1,100}\Z)\w[\w-]*(\.[\w-]+)*", re.ASCII)
_FILE = re.compile(r"\w[\w-]*(\.[\w-]+)*", re.ASCII)


@dataclass(frozen=True)
class Architecture:
    """The numbers memory is computed from.

    `layers` counts every transformer layer, encoder and decoder together. `cached_layers` is how
    many attentions keep keys and values while the model writes (0: it does not write), and
    `crossed_layers` how many of the layers look at an encoder too. `gated` says that the
    feed-forward network has a gate, `attention_dropout` that training drops attention weights,
    `tied` that input and output embeddings are one matrix. `context` is the longest input in
    tokens.
    """

    parameters: int
    layers: int
    hidden_size: int
    intermediate_size: int
    attention_heads: int
    kv_heads: int
    head_size: int
    vocabulary: int
    context: int
    tied: bool
    cached_layers: int = 0
    crossed_layers: int = 0
    gated: bool = False
    attention_dropout: bool = False


@dataclass(frozen=True)
class Model:
    """One model on offer.

    `revision` says where on the Hub its files are: a branch, a commit or `refs/pr/N`, a pull
    request (some models have safetensors only there). `files` are the names of those needed, as
    far as known, `download_bytes` the bytes of all of them as published, `dtype_bytes` those of
    one published weight.
    `demo` marks the built-in ones, `served` those listed in their task's tab, `trainable` those
    offered as a base for fine-tuning. `labels` are the class names by the model's card, in the
    order of its outputs; empty where its own config has good names (or it classifies nothing).
    `turns` is how many turns, the question's included, a chat model can follow: earlier ones would
    confuse it. 0: as many as fit into its context.
    """

    id: str
    title: str
    task: Task
    architecture: Architecture
    licence: str
    languages: tuple[str, ...]
    download_bytes: int
    dtype_bytes: int = 2
    demo: bool = False
    thinking: bool = False
    served: bool = True
    trainable: bool = False
    labels: tuple[str, ...] = ()
    turns: int = 0
    revision: str = MAIN
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Catalog:
    models: tuple[Model, ...]

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ) -> "Catalog":
        """The built-in list and, after it, the records of the JSON file named by `LAB_CATALOG`.

        That file holds a list of objects: `id`, `title`, `task`, `config` (the contents of the
        model's own config.json: qwen3, bart or bert), `licence`, `languages`, `download_bytes`,
        and optionally `dtype_bytes`, `thinking`, `served`, `trainable`, `labels`, `turns`,
        `revision` (a branch, a commit or `refs/pr/N`; "main" by default), `files`.
        A record with a known id replaces it.

        Raises:
            ConfigurationRefused: the file cannot be read, or a record in it is not usable.
        """
        records = [*_builtin(), *(_record(entry) for entry in PUBLISHED)]
        path = environ.get("LAB_CATALOG")
        if path:
            records += _operators(path)
        return cls(tuple({model.id: model for model in records}.values()))

    def find(self, model_id: str) -> Model:
        """Raises ModelUnknown: it is not on offer."""
        for model in self.models:
            if model.id == model_id:
                return model
        raise ModelUnknown(model=str(model_id)[:80])

    def served(self, task: Task) -> tuple[Model, ...]:
        return tuple(model for model in self.models if model.served and model.task == task)

    def bases(self, task: Task) -> tuple[Model, ...]:
        return tuple(model for model in self.models if model.trainable and model.task == task)


def architecture_of(config: Mapping[str, Any]) -> Architecture:
    """The architecture a `config.json` describes; the parameters are counted, not guessed.

    Raises:
        KeyError, TypeError: a number is missing or not a number.
        ValueError: another model type than qwen3, bart and bert.
    """
    kinds = {"qwen3": _qwen3, "bart": _bart, "bert": _bert}
    kind = config.get("model_type")
    if kind not in kinds:
        raise ValueError(f"model type {kind!r} is not one of {', '.join(kinds)}")
    return kinds[kind](config)


def _qwen3(config: Mapping[str, Any]) -> Architecture:
    hidden, layers, inner = (
        config[name] for name in ("hidden_size", "num_hidden_layers", "intermediate_size")
    )
    heads, kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
    head = config.get("head_dim") or hidden // heads
    tied = bool(config.get("tie_word_embeddings", False))
    attention = 2 * hidden * heads * head + 2 * hidden * kv_heads * head + 2 * head
    layer = attention + 3 * hidden * inner + 2 * hidden
    embeddings = config["vocab_size"] * hidden * (1 if tied else 2)
    return Architecture(
        parameters=embeddings + layers * layer + hidden,
        layers=layers,
        hidden_size=hidden,
        intermediate_size=inner,
        attention_heads=heads,
        kv_heads=kv_heads,
        head_size=head,
        vocabulary=config["vocab_size"],
        context=config["max_position_embeddings"],
        tied=tied,
        cached_layers=layers,
        gated=True,
        attention_dropout=config.get("attention_dropout", 0.0) > 0,
    )


def _bart(config: Mapping[str, Any]) -> Architecture:
    hidden, inner = config["d_model"], config["encoder_ffn_dim"]
    heads, positions = config["encoder_attention_heads"], config["max_position_embeddings"]
    encoders, decoders = config["encoder_layers"], config["decoder_layers"]
    attention = 4 * (hidden * hidden + hidden)
    encoder = attention + _two_layers(hidden, inner) + 4 * hidden
    decoder = 2 * attention + _two_layers(hidden, config["decoder_ffn_dim"]) + 6 * hidden
    # Learned positions start at 2 in BART, and each side normalises its embeddings.
    embeddings = config["vocab_size"] * hidden + 2 * ((positions + 2) * hidden + 2 * hidden)
    return Architecture(
        parameters=embeddings + encoders * encoder + decoders * decoder,
        layers=encoders + decoders,
        hidden_size=hidden,
        intermediate_size=inner,
        attention_heads=heads,
        kv_heads=heads,
        head_size=hidden // heads,
        vocabulary=config["vocab_size"],
        context=positions,
        tied=True,
        cached_layers=2 * decoders,
        crossed_layers=decoders,
        attention_dropout=config.get("attention_dropout", 0.0) > 0,
    )


def _bert(config: Mapping[str, Any]) -> Architecture:
    hidden, layers, inner = (
        config[name] for name in ("hidden_size", "num_hidden_layers", "intermediate_size")
    )
    heads, positions = config["num_attention_heads"], config["max_position_embeddings"]
    layer = 4 * (hidden * hidden + hidden) + _two_layers(hidden, inner) + 4 * hidden
    rows = config["vocab_size"] + positions + config.get("type_vocab_size", 2)
    labels = len(config.get("id2label") or (0, 1))
    heads_on_top = hidden * hidden + hidden + labels * (hidden + 1)
    return Architecture(
        parameters=rows * hidden + 2 * hidden + layers * layer + heads_on_top,
        layers=layers,
        hidden_size=hidden,
        intermediate_size=inner,
        attention_heads=heads,
        kv_heads=heads,
        head_size=hidden // heads,
        vocabulary=config["vocab_size"],
        context=positions,
        tied=True,
        attention_dropout=config.get("attention_probs_dropout_prob", 0.1) > 0,
    )


def _two_layers(hidden: int, inner: int) -> int:
    return 2 * hidden * inner + inner + hidden


def _builtin() -> list[Model]:
    """The models that ship with the app, as they lie on disk."""
    found = []
    for model_id, task in BUILTIN_TASKS.items():
        folder = BUILTIN_FOLDER / model_id.partition("/")[2]
        if not (folder / "config.json").is_file():
            continue
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        found.append(
            Model(
                id=model_id,
                title=f"{folder.name} (demo)",
                task=task,
                architecture=architecture_of(config),
                licence="Apache-2.0",
                languages=("en", "zh"),
                download_bytes=sum(file.stat().st_size for file in folder.glob("*.safetensors")),
                demo=True,
                thinking=task == "chat",
                trainable=True,
                turns=2 if task == "chat" else 0,
            )
        )
    return found


def _record(entry: Mapping[str, Any]) -> Model:
    values = {**entry, "architecture": architecture_of(entry["config"])}
    del values["config"]
    for name in ("languages", "labels", "files"):
        values[name] = tuple(values.get(name, ()))
    return Model(**values)


def _operators(path: str) -> list[Model]:
    def refused(reason: str) -> ConfigurationRefused:
        return ConfigurationRefused(name="LAB_CATALOG", value=path, reason=reason)

    try:
        entries = json.loads(Path(path).expanduser().read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise refused(f"the file cannot be read as JSON ({type(error).__name__})") from error
    if not isinstance(entries, list):
        raise refused("the file must hold a list of models")
    models = []
    for number, entry in enumerate(entries, start=1):
        try:
            models.append(_checked(entry))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise refused(f"model {number} is not usable ({error})") from error
    return models


def _checked(entry: Mapping[str, Any]) -> Model:
    model = replace(_record(entry), demo=False)
    if not _ID.fullmatch(model.id) or ".." in model.id or model.id.startswith("builtin/"):
        raise ValueError(f"id {model.id!r} is not of the form organisation/name")
    if model.task not in TASKS:
        raise ValueError(f"task {model.task!r} is not one of {', '.join(TASKS)}")
    for name in ("title", "licence"):
        if not isinstance(getattr(model, name), str):
            raise ValueError(f"{name} must be text")
    for name in ("download_bytes", "dtype_bytes"):
        number = getattr(model, name)
        if not isinstance(number, int) or number <= 0:
            raise ValueError(f"{name} must be a positive whole number")
    if type(model.turns) is not int or model.turns < 0:
        raise ValueError("turns must be a whole number, 0 or more")
    if not isinstance(model.revision, str) or not _REVISION.fullmatch(model.revision):
        raise ValueError("revision must be a branch, a commit or refs/pr/N")
    if not isinstance(entry.get("files", []), list) or not all(map(_FILE.fullmatch, model.files)):
        raise ValueError("files must be a list of file names")
    return model
