import json
import os
import re
import subprocess
import sys
import zipfile

import pytest
import torch

from finetune.errors import NothingToDownload
from finetune.export import adapter_zip, card, snippet
from finetune.recipe import Recipe
from finetune.runs import create_run
from finetune.trainer import train
from finetune.tuned import evaluate_again, load_tuned, save_merged
from tests.inference import tiny

SECRET = "secretword"
CHATS = [
    {
        "messages": [
            {"role": "user", "content": f"{SECRET} {n}?"},
            {"role": "assistant", "content": f"{SECRET} is {n}."},
        ]
    }
    for n in range(6)
]
CLASSES = [{"text": f"{SECRET} {n}", "label": "坏好"[n % 2]} for n in range(8)]
MAPPING = {"instruction": "q", "output": "a"}


def trained(folder, base, task, rows, **settings):
    recipe = Recipe(task=task, base=str(base), max_steps=2, max_length=64, r=2, **settings)
    run = create_run(folder, recipe, rows[2:], rows[:2])
    assert train(run).type == "finished"
    return run


@pytest.fixture(scope="module", autouse=True)
def short_answers():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("finetune.answers.ANSWER_TOKENS", 4)  # an untrained model never ends
        yield


@pytest.fixture(scope="module")
def chat(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chat")
    return trained(folder / "run", tiny.chat(folder / "base"), "chat", CHATS, mapping=MAPPING)


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("classes")
    return trained(folder / "run", tiny.classifier(folder / "base"), "classification", CLASSES)


def test_the_zip_holds_safe_files_and_no_path_of_this_machine(tmp_path, chat):
    path = adapter_zip(chat, tmp_path / "out")
    with zipfile.ZipFile(path) as archive:
        assert sorted(archive.namelist()) == [
            "README.md",
            "adapter_config.json",
            "adapter_model.safetensors",
            "chat_template.jinja",
            "lab.json",
            "tokenizer.json",
            "tokenizer_config.json",
        ]
        config = json.loads(archive.read("adapter_config.json"))
        texts = [archive.read(name).decode() for name in archive.namelist() if "model." not in name]
    assert config["base_model_name_or_path"] == "base"
    assert not any(str(chat.folder.parent) in text for text in texts)


def test_the_card_tells_figures_columns_and_digest_but_no_row(chat):
    text = card(chat)
    assert text.startswith("---\nbase_model: base\nlibrary_name: peft\n")
    assert "| perplexity |" in text
    assert "too few rows to tell" in text
    assert "| 2 | " in text.partition("## Loss")[2]  # the curve, as far as it goes
    assert 'instruction = "q"' in text
    assert chat.facts["data"]["train_sha256"] in text
    assert SECRET not in text
    assert str(chat.folder.parent) not in text


@pytest.mark.parametrize("kind", ["chat", "classes"])
def test_the_printed_snippet_runs_as_it_is(tmp_path, kind, request):
    run = request.getfixturevalue(kind)
    with zipfile.ZipFile(adapter_zip(run, tmp_path)) as archive:
        archive.extractall(tmp_path / "unpacked")
    readme = (tmp_path / "unpacked" / "README.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    assert code == snippet(run)
    (tmp_path / "unpacked" / "base").symlink_to(run.folder.parent / "base")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=tmp_path / "unpacked",
        env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    if kind == "classes":
        assert done.stdout.startswith("{'坏': 0.")


def test_a_built_in_base_is_named_by_its_id_with_a_word_where_it_is(chat, monkeypatch):
    facts = chat.facts
    facts["ran"]["base"]["id"] = "builtin/chat"
    monkeypatch.setattr(type(chat), "facts", property(lambda self: facts))
    assert 'base = "builtin/chat"' in snippet(chat)
    assert "inference/builtin/chat" in card(chat)


def test_a_run_from_before_tokenizers_were_saved_takes_the_bases(tmp_path, chat, monkeypatch):
    import shutil

    from finetune.run import Run

    old = Run(shutil.copytree(chat.folder, tmp_path / "run"))
    shutil.rmtree(old.folder / "tokenizer")
    assert "AutoTokenizer.from_pretrained(base)" in snippet(old)
    with zipfile.ZipFile(adapter_zip(old, tmp_path / "out")) as archive:
        assert "tokenizer.json" not in archive.namelist()
    assert 'AutoTokenizer.from_pretrained(".")' in snippet(chat)


def test_merged_weights_answer_as_base_and_adapter(tmp_path, chat):
    from finetune.bases import load_base

    folder = save_merged(chat, tmp_path / "merged")
    merged, _, _ = load_base(folder, "chat")
    tuned = load_tuned(chat).model.eval()
    ids = torch.arange(10, 30)[None]
    with torch.no_grad():
        expected = tuned(input_ids=ids).logits
        assert torch.allclose(merged.eval()(input_ids=ids).logits, expected, atol=1e-4)


def test_measured_again_the_figures_are_the_same(chat, classes):
    for run in (chat, classes):
        before = run.report()
        assert evaluate_again(run) == before


def test_a_run_without_adapter_has_nothing_to_download(tmp_path):
    run = create_run(tmp_path / "run", Recipe(task="chat", base="x"), CHATS, [])
    with pytest.raises(NothingToDownload):
        adapter_zip(run, tmp_path)
