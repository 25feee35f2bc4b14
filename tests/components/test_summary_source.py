"""What is said of a text before it is summarized: what it was read as, and who can read it."""

import pytest

from components import _picker, _summarizers, _summary_settings, _summary_source
from components._models import Wanted
from inference import fit, hub
from inference.documents import Document
from inference.errors import SettingChoiceRefused

CHINESE = "夜班列车回来了，从四月的第一个星期日开始，它每周开行三次。"
QWEN, LARGE = "Qwen/Qwen3-0.6B", "Qwen/Qwen3-1.7B"


@pytest.fixture
def here(monkeypatch):
    """The catalogue's models that are on this machine, beside the built-in ones."""
    found = []
    known = hub.is_here
    monkeypatch.setattr(fit, "is_here", lambda it, *rest: it.id in found or known(it, *rest))
    monkeypatch.setattr(hub, "is_here", lambda it, *rest: it.id in found or known(it, *rest))
    return found


@pytest.mark.parametrize(
    ("found", "english", "chinese"),
    [
        (
            Document("one two three", "pdf", pages=1234),
            "Read as PDF: 1,234 pages, 3 words.",
            "已读取（PDF）：1,234 页，3 个词。",
        ),
        (
            Document("夜车", "text", "gb18030"),
            "Read as plain text in gb18030: 2 characters.",
            "已读取（纯文本，编码 gb18030）：2 个字符。",
        ),
        (Document("one", "docx"), "Read as DOCX: 1 words.", "已读取（DOCX）：1 个词。"),
    ],
)
def test_a_document_is_told_by_kind_encoding_pages_and_length(found, english, chinese):
    assert _summary_source.told(found, "en") == english
    assert _summary_source.told(found, "zh") == chinese


def test_a_table_is_known_by_its_name():
    assert [_summary_source.is_table(it) for it in ("a.CSV", "b.jsonl", "c.txt", "csv")] == [
        *(True, True, False, False)
    ]


def test_the_reader_of_both_languages_is_the_largest_chat_model_that_fits(
    services, here, monkeypatch
):
    assert _summarizers.reader(services, CHINESE) == "builtin/summary"
    here.append(QWEN)
    assert _summarizers.reader(services, CHINESE) == QWEN
    here.append(LARGE)
    assert _summarizers.reader(services, CHINESE) == LARGE
    fits = fit.fits
    small = lambda it, *rest: fit.Fit(2, 1, False, "float32") if it.id == LARGE else fits(it, *rest)  # noqa: E731
    monkeypatch.setattr(fit, "fits", small)
    assert _summarizers.reader(services, CHINESE) == QWEN


def test_chat_models_end_the_list_and_the_demo_is_none_of_them(services, here):
    here.append(QWEN)
    opened = {"run": "", "share": "", "tab": "", "model": ""}
    shown, values = zip(*_picker.choices(services, "summarization", "en", "", opened), strict=True)
    summarizers = [model.id for model in services.catalog.served("summarization")]
    assert set(values[: len(summarizers)]) == set(summarizers)
    assert values[len(summarizers)] == QWEN  # the one that is here comes first
    assert "builtin/chat" not in values and LARGE in values
    assert shown[len(summarizers)] == f"{QWEN} · chat model"
    classifiers = _picker.choices(services, "classification", "en", "", opened)
    assert QWEN not in [value for _, value in classifiers]


def test_lengths_are_shown_in_tokens_of_the_model(services, monkeypatch):
    bounds = {"short": (20, 60), "medium": (30, 1200), "long": (60, 180)}
    monkeypatch.setattr(
        _summary_settings._summarizers,
        "summary_tokens",
        lambda services, wanted, name: bounds[name],
    )
    shown = _summary_settings.lengths(services, Wanted("builtin/summary"), "en")
    assert shown == [
        ("Short: 20–60 tokens", "short"),
        ("Medium: 30–1,200 tokens", "medium"),
        ("Long: 60–180 tokens", "long"),
    ]


def test_lengths_of_a_model_nobody_knows_have_no_tokens(services):
    shown = _summary_settings.lengths(services, Wanted("no/model"), "zh")
    assert shown == [("短", "short"), ("中", "medium"), ("长", "long")]


def test_settings_are_those_of_the_engine():
    assert _summary_settings.chosen("long", "fast").fast
    assert not _summary_settings.chosen("long", "quality").fast
    with pytest.raises(SettingChoiceRefused):
        _summary_settings.chosen("endless", "fast")
