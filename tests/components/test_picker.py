"""What a list of models says of the one that is chosen."""

import pytest

from components import _models, _picker
from components._models import Wanted

GB = 1_000_000_000
QWEN = "Qwen/Qwen3-0.6B"


@pytest.mark.parametrize(
    ("bandwidth", "english", "chinese"),
    [
        (100 * GB, "Fast here: roughly 50 tokens", "很快：每秒约 50 个"),
        (12 * GB, "Fluent here: roughly 6 tokens", "流畅：每秒约 6 个"),
        (3 * GB, "Slow here: roughly 1.5 tokens", "较慢：每秒约 1.5 个"),
        (1 * GB, "less than a token a second", "每秒不到一个"),
    ],
)
def test_how_fast_a_model_writes_here_is_told_by_what_it_reads(
    services, monkeypatch, bandwidth, english, chinese
):
    record = _models.record(services.catalog.find(QWEN))
    found = {**record, "here": True, "runs_here": True, "precision": "float32"}
    found["memory"] = {"float32": {"run": {"weights": 2 * GB}}}
    monkeypatch.setattr(_models, "record", lambda model: found)
    monkeypatch.setattr("inference.speed.bytes_per_second", lambda: bandwidth)
    assert english in _picker.about(services, "en", Wanted(QWEN))
    assert chinese in _picker.about(services, "zh", Wanted(QWEN))


@pytest.mark.parametrize(
    ("known", "english", "chinese"),
    [
        (["en"], "English", "英文"),
        (["zh"], "Chinese", "中文"),
        (["zh", "en"], "English and Chinese", "中英文"),
        (["en", "nl", "de"], "3 languages", "3 种语言"),
        (["fr"], "fr", "fr"),
        (["en", "fr"], "English, fr", "英文、fr"),
    ],
)
def test_a_classifier_is_listed_with_the_languages_it_reads(known, english, chinese):
    assert _picker.languages(known, "en") == english
    assert _picker.languages(known, "zh") == chinese


def test_every_classifier_of_the_list_names_its_languages(services):
    shown = dict(
        (value, name) for name, value in _picker.choices(services, "classification", "zh", "", {})
    )
    assert shown["builtin/sentiment"].endswith("中英文")
    assert shown["textattack/bert-base-uncased-SST-2"].endswith("英文")
    assert shown["nlptown/bert-base-multilingual-uncased-sentiment"].endswith("6 种语言")
