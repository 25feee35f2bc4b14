"""What the collection says of the app and its models is what they are."""

import re

import pytest

from components._sentences import SENTENCES
from finetune.pretrain.cards import parameters
from finetune.pretrain.collection import LANGUAGES, Topic, fallbacks, load_topics
from finetune.pretrain.training import BUILTIN
from inference.catalog import Catalog
from inference.limits import Limits

TABS = ("environment", "chat", "summarization", "sentiment", "finetuning")
TOPICS = {(topic.id, topic.language): topic for topic in load_topics()}


def said(topic: Topic) -> str:
    return f"{topic.answer} {topic.simple}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_tabs_are_called_by_their_names(language):
    names = {SENTENCES[f"tab_{tab}"][LANGUAGES.index(language)] for tab in TABS}
    pattern = r"\bthe ([A-Z][\w-]+) tab\b" if language == "en" else r"“([^”]+)”页"
    text = " ".join(said(topic) for topic in TOPICS.values() if topic.language == language)
    assert set(re.findall(pattern, text, re.I)) == names


LIMITS = Limits()
MEGABYTES, ROWS = LIMITS.upload_bytes // 1_000_000, LIMITS.table_rows


@pytest.mark.parametrize(
    ("topic", "en", "zh"),
    [
        ("limits", f"{MEGABYTES} MB", f"{MEGABYTES}MB"),
        ("limits", f"{ROWS:,} rows", f"{ROWS // 10_000}万行"),
        ("limits", f"{LIMITS.message_characters:,} characters", f"{LIMITS.message_characters}个"),
        ("limits", f"{LIMITS.turns} turns", f"{LIMITS.turns}轮"),
        ("limits", f"{LIMITS.runs_per_visitor} training runs", f"{LIMITS.runs_per_visitor}次训练"),
        ("upload-formats", f"{MEGABYTES} MB", f"{MEGABYTES}MB"),
        ("how-long-runs-are-kept", f"{LIMITS.run_days} days", f"{LIMITS.run_days}天"),
        (
            "summarize-a-document",
            f"{LIMITS.summary_characters:,} characters",
            f"{LIMITS.summary_characters // 10_000}万个字符",
        ),
        (
            "classify-a-file",
            f"{LIMITS.classify_file_rows:,} at a time",
            f"{LIMITS.classify_file_rows // 10_000}万行",
        ),
        ("lora-rank", f"{LIMITS.lora_rank}", f"{LIMITS.lora_rank}"),
    ],
)
def test_limits_are_the_apps(topic, en, zh):
    assert en in TOPICS[topic, "en"].answer
    assert zh in TOPICS[topic, "zh"].answer


def test_every_qwen3_named_is_on_offer_or_a_mixture_of_experts():
    offered = {
        re.search(r"Qwen3-[\d.]+B", model.id).group()
        for model in Catalog.load({}).served("chat")[1:]
    }
    for topic in TOPICS.values():
        named = set(re.findall(r"Qwen3-[\d.]+B", said(topic)))
        if topic.id != "mixture-of-experts":
            assert named <= offered, topic.id


@pytest.mark.parametrize("topic", ["qwen3-0.6b", "qwen3-4b", "qwen3-32b"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_download_is_as_large_as_the_catalogue_says(topic, language):
    size = topic.removeprefix("qwen3-").upper()
    model = next(each for each in Catalog.load({}).served("chat") if f"Qwen3-{size}" in each.id)
    space = " " if language == "en" else ""
    assert f"{model.download_bytes / 1e9:.1f}{space}GB" in TOPICS[topic, language].answer


def test_layers_and_heads_are_those_of_the_catalogue():
    layers = {model.id: model.architecture.layers for model in Catalog.load({}).models}
    for language in LANGUAGES:
        answer = TOPICS["number-of-layers", language].answer
        for size in set(re.findall(r"Qwen3-[\d.]+B", answer)):
            assert str(layers[f"Qwen/{size}"]) in answer


def test_the_demo_is_as_large_as_it_says():
    assert round(parameters(BUILTIN / "chat") / 1e6) == 4
    said_so = [TOPICS["who-are-you", language].answer for language in LANGUAGES]
    said_so += [topic.answer for topic in fallbacks().values()]
    for answer in said_so:
        assert "4 million parameters" in answer or "四百万参数" in answer
