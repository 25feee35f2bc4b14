"""From a catalogue entry to a local folder. Looks on disk only, never at the network.

A folder counts as here when it is complete: config.json, a tokenizer and every safetensors
file its index names. Folder layout of the cache:
https://huggingface.co/docs/huggingface_hub/guides/manage-cache
"""

import hashlib
import json
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from inference.catalog import BUILTIN_FOLDER, MAIN, Model
from inference.errors import ModelNotHere
from inference.home import models_folder
from inference.units import readable_bytes

_TOKENIZERS = (("tokenizer.json",), ("vocab.txt",), ("vocab.json", "merges.txt"))
_INDEX = "model.safetensors.index.json"


def locate(model: Model, environ: Mapping[str, str] = os.environ) -> Path:
    """The complete local folder of `model`: built-in, else `LAB_MODELS/<org>/<name>`, else the
    Hugging Face cache (`HF_HUB_CACHE`, `HF_HOME`, `XDG_CACHE_HOME` as the Hub's client reads
    them), else `LAB_HOME/models/<org>/<name>`, where downloads from ModelScope go.

    Of the snapshots in the cache, that of the model's own revision comes first, then that of main,
    then the newest.

    Raises:
        ModelNotHere: it is nowhere, or only in part.
    """
    for folder in _candidates(model, environ):
        if is_complete(folder):
            return folder
    raise ModelNotHere(model=model.id, size=readable_bytes(model.download_bytes))


def is_here(model: Model, environ: Mapping[str, str] = os.environ) -> bool:
    return any(is_complete(folder) for folder in _candidates(model, environ))


def is_complete(folder: Path) -> bool:
    """Whether config, tokenizer and every weight file are there (dangling links are not)."""
    if not (folder / "config.json").is_file():
        return False
    if not any(all((folder / name).is_file() for name in names) for names in _TOKENIZERS):
        return False
    files = weight_files(folder)
    return bool(files) and all(file.is_file() for file in files)


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files the folder's weights consist of, there or not; sorted."""
    single = folder / "model.safetensors"
    if single.is_file():
        return [single]
    try:
        index = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
        names = set(index["weight_map"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []  # no index, or half of one: incomplete
    # A name out of a downloaded file must not lead out of its folder.
    return sorted(folder / name for name in names if Path(name).name == name)


def repository_folder(model_id: str, environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of this model in the Hugging Face cache, there or not."""
    return cache_folder(environ) / f"models--{model_id.replace('/', '--')}"


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    if environ.get("HF_HUB_CACHE"):
        return Path(environ["HF_HUB_CACHE"]).expanduser()
    if environ.get("HF_HOME"):
        return Path(environ["HF_HOME"]).expanduser() / "hub"
    home = environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home).expanduser() / "huggingface" / "hub"


def parameters_on_disk(folder: Path) -> int:
    """How many numbers the weight files hold, read from the safetensors headers.

    Source: https://github.com/huggingface/safetensors#format

    Raises:
        OSError, ValueError: a file cannot be read or is not safetensors.
    """
    return sum(math.prod(tensor["shape"]) for _, tensor in _weights(folder))


def guesses_masked_words(folder: Path) -> bool:
    """Whether the weight files hold the head that a BERT is pre-trained with.

    Raises:
        OSError, ValueError: as above.
    """
    return any(name.startswith("cls.predictions.transform.") for name, _ in _weights(folder))


def _weights(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and record of each tensor, out of the headers of the weight files."""
    for file in weight_files(folder):
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if length > min(file.stat().st_size, 100_000_000):
                raise ValueError(f"{file.name} has no safetensors header")
            header = json.loads(stream.read(length))
        yield from ((name, it) for name, it in header.items() if name != "__metadata__")


def name_of(folder: Path) -> str:
    """What a visitor knows the folder by: `org/name`; never a path of this machine."""
    if _is_snapshot(folder):
        return folder.parent.parent.name.removeprefix("models--").replace("--", "/")
    if folder.parent == BUILTIN_FOLDER:
        return f"builtin/{folder.name}"
    return folder.name


def revision(folder: Path) -> str:
    """Which version of the weights this is: the commit of a cache snapshot, else a fingerprint.

    The fingerprint reads config.json, and of each weight file the name, the size and the first
    MiB: quick on 60 GB, and different after any retraining.
    """
    if _is_snapshot(folder):
        return folder.name
    digest = hashlib.sha256((folder / "config.json").read_bytes())
    for file in weight_files(folder):
        digest.update(f"{file.name}:{file.stat().st_size}".encode())
        with file.open("rb") as stream:
            digest.update(stream.read(2**20))
    return f"sha256:{digest.hexdigest()[:16]}"


def read_config(folder: Path) -> dict[str, Any]:
    """config.json. Raises OSError, ValueError: it is missing or damaged."""
    found = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise ValueError("config.json holds no object")
    return found


def config_hash(folder: Path) -> str:
    """sha256 of config.json, in hex."""
    return hashlib.sha256((folder / "config.json").read_bytes()).hexdigest()


def _is_snapshot(folder: Path) -> bool:
    return folder.parent.name == "snapshots" and folder.parent.parent.name.startswith("models--")


def _candidates(model: Model, environ: Mapping[str, str]) -> Iterator[Path]:
    organisation, _, name = model.id.partition("/")
    if organisation == "builtin":
        yield BUILTIN_FOLDER / name
        return
    if environ.get("LAB_MODELS"):
        yield Path(environ["LAB_MODELS"]).expanduser().resolve() / organisation / name
    repository = repository_folder(model.id, environ)
    snapshots = repository / "snapshots"
    for wanted in dict.fromkeys((model.revision, MAIN)):
        ref = repository / "refs" / wanted
        # A commit has no reference: it is the name of its snapshot.
        yield snapshots / (ref.read_text(encoding="utf-8").strip() if ref.is_file() else wanted)
    if snapshots.is_dir():
        yield from sorted(snapshots.iterdir(), key=lambda it: it.stat().st_mtime, reverse=True)
    yield models_folder(environ) / organisation / name
