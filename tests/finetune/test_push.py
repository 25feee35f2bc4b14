"""Pushing an adapter with the real client of the Hub to a server that stands in for it."""

import base64
import json
import os
import subprocess
import sys

import pytest

from finetune.errors import NothingToDownload, RepositoryNameRefused, TokenMissing
from finetune.jobs import PROJECT
from finetune.push import push
from finetune.trainer import train
from tests.finetune.runs_of_tiny import make, tiny_models
from tests.finetune.writable_hub import TOKEN, WritableHub

SECRET = "good word"  # begins many rows


@pytest.fixture
def hub():
    with WritableHub() as hub:
        yield hub


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("m")
    run = make(folder / "run", tiny_models(folder), max_steps=1)
    assert train(run).type == "finished"
    return run


def pushed(hub, run, *options, token=TOKEN, port=None):
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environ["HF_ENDPOINT"] = f"http://127.0.0.1:{port or hub.port}"
    command = [sys.executable, "-m", "finetune", "export", str(run.folder), "--push", *options]
    return subprocess.run(
        command, cwd=PROJECT, env=environ, input=token + "\n", capture_output=True, text=True
    )


def committed(hub):
    """path -> content of the one commit."""
    (body,) = [body for path, _, body in hub.asked if "/commit/" in path]
    lines = [json.loads(line) for line in body.splitlines()]
    return {
        line["value"]["path"]: base64.b64decode(line["value"]["content"])
        for line in lines
        if line["key"] == "file"
    }


def test_an_adapter_is_committed_to_a_private_repository(hub, run):
    done = pushed(hub, run, "me/mine")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["pushed"].endswith("/me/mine")
    created = next(json.loads(body) for path, _, body in hub.asked if path == "/api/repos/create")
    assert (created["name"], created["organization"]) == ("mine", "me")
    assert created["visibility"] == "private"
    found = committed(hub)
    weights = (run.adapter / "adapter_model.safetensors").read_bytes()
    assert found["adapter_model.safetensors"] == weights
    assert {"adapter_config.json", "lab.json", "README.md", "tokenizer.json"} <= set(found)
    text = b"".join(value for name, value in found.items() if "model." not in name).decode()
    assert str(run.folder.parent) not in text and SECRET not in text and TOKEN not in text
    assert TOKEN not in done.stdout + done.stderr
    without = {path for path, given, _ in hub.asked if given is None}
    assert not any("/me/mine" in path or path == "/api/repos/create" for path in without), without
    assert TOKEN not in json.dumps([path for path, _, _ in hub.asked])


def test_a_public_repository_is_asked_for_by_name(hub, run):
    assert pushed(hub, run, "me/mine", "--public").returncode == 0
    created = next(json.loads(body) for path, _, body in hub.asked if path == "/api/repos/create")
    assert created["visibility"] == "public"


def test_a_wrong_token_is_refused_in_one_sentence(hub, run):
    done = pushed(hub, run, "me/mine", token="hf_wrong")
    assert done.returncode == 2
    assert done.stderr.strip().startswith("127.0.0.1 does not let this token write to me/mine")
    assert "hf_wrong" not in done.stderr


def test_a_hub_that_is_not_there_is_told(hub, run):
    done = pushed(hub, run, "me/mine", port=9)  # discard: nobody listens
    assert done.returncode == 2
    assert "127.0.0.1 cannot be reached" in done.stderr


def test_nothing_is_sent_without_token_name_or_adapter(run, tmp_path):
    with pytest.raises(TokenMissing):
        push(run, "me/mine", "")
    for name in ("", "a/b/c", "../up", "me/ mine", "x" * 97):
        with pytest.raises(RepositoryNameRefused):
            push(run, name, TOKEN)
    with pytest.raises(NothingToDownload):
        push(make(tmp_path / "new", tiny_models(tmp_path)), "me/mine", TOKEN)
