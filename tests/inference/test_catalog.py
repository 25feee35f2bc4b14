import json

import pytest

from inference.catalog import Catalog, architecture_of
from inference.errors import ConfigurationRefused, ModelUnknown
from inference.published import PUBLISHED
from inference.remote import needed

DESIGNED = {
    "chat": ["0.6B", "1.7B", "4B-Instruct-2507", "8B", "14B", "32B"],
    "summarization": ["facebook/bart-large-cnn", "sshleifer/distilbart-cnn-12-6"],
    "classification": [
        "textattack/bert-base-uncased-SST-2",
        "uer/roberta-base-finetuned-jd-binary-chinese",
        "nlptown/bert-base-multilingual-uncased-sentiment",
    ],
}
ENTRY = {
    "id": "acme/tiny",
    "title": "Tiny",
    "task": "chat",
    "licence": "MIT",
    "languages": ["en"],
    "download_bytes": 1000,
    "config": {
        "model_type": "qwen3",
        "hidden_size": 8,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 4,
        "vocab_size": 10,
        "max_position_embeddings": 64,
        "tie_word_embeddings": True,
    },
}


@pytest.mark.parametrize("task", DESIGNED)
def test_the_tabs_offer_the_published_models(task):
    offered = [model.id for model in Catalog.load({}).served(task) if not model.demo]
    prefix = "Qwen/Qwen3-" if task == "chat" else ""
    assert offered == [prefix + name for name in DESIGNED[task]]


def test_bases_hold_models_that_are_not_served():
    catalog = Catalog.load({})
    assert "facebook/bart-base" in [model.id for model in catalog.bases("summarization")]
    assert "google-bert/bert-base-chinese" in [it.id for it in catalog.bases("classification")]
    assert not catalog.find("facebook/bart-base").served
    assert len([model for model in catalog.bases("chat") if not model.demo]) == 6


@pytest.mark.parametrize("entry", PUBLISHED, ids=lambda entry: entry["id"])
def test_parameters_are_those_of_the_real_class(entry):
    import torch
    import transformers

    kinds = {"qwen3": "Qwen3ForCausalLM", "bart": "BartForConditionalGeneration"}
    kind = kinds.get(entry["config"]["model_type"], "BertForSequenceClassification")
    config = getattr(transformers, kind).config_class(**entry["config"])
    with torch.device("meta"):
        model = getattr(transformers, kind)(config)
    counted = sum(parameter.numel() for parameter in model.parameters())  # a tied one is one
    assert architecture_of(entry["config"]).parameters == counted


@pytest.mark.parametrize(
    ("model_id", "parameters"),
    [
        # total_size of model.safetensors.index.json, in bytes of bfloat16
        ("Qwen/Qwen3-8B", 16_381_470_720 // 2),
        ("Qwen/Qwen3-14B", 29_536_614_400 // 2),
        ("Qwen/Qwen3-32B", 65_524_246_528 // 2),
        ("facebook/bart-large-cnn", 406_290_432),
    ],
)
def test_parameters_are_those_of_the_published_checkpoints(model_id, parameters):
    assert Catalog.load({}).find(model_id).architecture.parameters == parameters


@pytest.mark.parametrize("entry", PUBLISHED, ids=lambda entry: entry["id"])
def test_what_is_fetched_is_the_weights_and_little_else(entry):
    model = Catalog.load({}).find(entry["id"])
    weights = model.architecture.parameters * model.dtype_bytes
    if model.id in ("Qwen/Qwen3-0.6B", "Qwen/Qwen3-1.7B"):  # embeddings stored twice
        weights += model.architecture.vocabulary * model.architecture.hidden_size * 2
    assert 0 < model.download_bytes - weights < 17_000_000
    assert list(model.files) == needed(model.files)


def test_a_model_that_is_not_on_offer_is_refused_by_name():
    with pytest.raises(ModelUnknown, match="nobody/nothing"):
        Catalog.load({}).find("nobody/nothing")


def test_the_operator_adds_a_model_with_a_file(tmp_path):
    path = tmp_path / "more.json"
    path.write_text(json.dumps([ENTRY]), encoding="utf-8")
    model = Catalog.load({"LAB_CATALOG": str(path)}).find("acme/tiny")

    attention = 8 * 8 + 2 * 8 * 4 + 8 * 8 + 2 * 4
    assert model.architecture.parameters == 10 * 8 + attention + 3 * 8 * 16 + 2 * 8 + 8
    assert model.served and (model.revision, model.files) == ("main", ())


@pytest.mark.parametrize(
    "revision",
    ["main", "v1.0", "release-2", "refs/pr/13", "7d325972e136def7e8382efe6002693636891852"],
)
def test_the_operator_names_a_revision_and_files(tmp_path, revision):
    path = tmp_path / "more.json"
    more = {"revision": revision, "files": ["config.json", "model.safetensors", "vocab.txt"]}
    path.write_text(json.dumps([{**ENTRY, **more}]), encoding="utf-8")
    model = Catalog.load({"LAB_CATALOG": str(path)}).find("acme/tiny")
    assert (model.revision, list(model.files)) == (revision, more["files"])


REVISIONS = ["", "..", "../main", "a/b", "/main", "refs/pr/", "refs/pr/0", "refs/pr/3/..", "a..b"]
REVISIONS += [
    "refs/heads/main",
    "refs%2Fpr%2F3",
    "main\n",
    "-x",
    ".git",
    "x" * 101,
    "版本",
    3,
    None,
]


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_bad_revision_is_refused(tmp_path, revision):
    path = tmp_path / "more.json"
    path.write_text(json.dumps([{**ENTRY, "revision": revision}]), encoding="utf-8")
    with pytest.raises(ConfigurationRefused, match=r"model 1 .*refs/pr/N"):
        Catalog.load({"LAB_CATALOG": str(path)})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "cannot be read as JSON"),
        ("{}", "must hold a list"),
        (json.dumps([{**ENTRY, "id": "../etc"}]), "model 1 .*organisation/name"),
        (json.dumps([{**ENTRY, "id": "builtin/chat"}]), "organisation/name"),
        (json.dumps([ENTRY, {**ENTRY, "task": "poetry"}]), "model 2 .*poetry"),
        (json.dumps([{**ENTRY, "config": {"model_type": "t5"}}]), "t5"),
        (json.dumps([{**ENTRY, "download_bytes": "big"}]), "download_bytes"),
        (json.dumps([{**ENTRY, "colour": "red"}]), "colour"),
        (json.dumps([{**ENTRY, "files": "config.json"}]), "files"),
        (json.dumps([{**ENTRY, "files": ["../config.json"]}]), "files"),
        (json.dumps([{**ENTRY, "files": [7]}]), "files|expected string"),
        (json.dumps([{**ENTRY, "turns": -1}]), "turns"),
        (json.dumps([{**ENTRY, "turns": "2"}]), "turns"),
        (json.dumps([17]), "model 1"),
    ],
)
def test_a_bad_operators_file_is_refused_with_its_reason(tmp_path, content, reason):
    path = tmp_path / "more.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationRefused, match=reason):
        Catalog.load({"LAB_CATALOG": str(path)})


@pytest.mark.parametrize("kind", ["chat", "summary", "classifier"])
def test_counted_parameters_equal_the_real_ones(tmp_path, kind):
    from inference.hub import parameters_on_disk
    from tests.inference import tiny

    folder = getattr(tiny, kind)(tmp_path / kind)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    # BART's final_logits_bias is a buffer that is saved with the parameters.
    saved = parameters_on_disk(folder) - (config["vocab_size"] if kind == "summary" else 0)
    assert architecture_of(config).parameters == saved
