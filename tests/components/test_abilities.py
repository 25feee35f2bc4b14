import pytest

from components import _abilities, _models
from components._abilities import USES, abilities, offered
from components._abilities_panel import _use
from inference.errors import SettingChoiceRefused


@pytest.fixture
def qwen(services):
    return _models.record(services.catalog.find("Qwen/Qwen3-8B"))


@pytest.mark.parametrize(
    ("use", "changes", "quantises", "told"),
    [
        ("chat", {"runs_here": True, "precision": "bfloat16"}, True, "fits"),
        ("summarize", {"runs_here": True, "precision": "int8"}, True, "fits in 8 bits"),
        ("chat", {"runs_here": True, "precision": "int4"}, True, "fits in 4 bits"),
        ("chat", {"runs_here": False, "precision": "int4"}, True, "does not fit"),
        ("lora", {"trains_here": True, "trains_quantised_here": True}, True, "fits"),
        ("lora", {"trains_here": False, "trains_quantised_here": True}, True, "fits in 4 bits"),
        ("lora", {"trains_here": False, "trains_quantised_here": False}, True, "does not fit"),
        ("qlora", {"trains_quantised_here": True}, True, "fits"),
        ("qlora", {"trains_quantised_here": False}, True, "does not fit"),
        ("qlora", {"trains_quantised_here": False}, False, "needs an NVIDIA GPU"),
    ],
)
def test_whether_a_model_fits_is_told_for_each_use(qwen, use, changes, quantises, told):
    (row,) = abilities([qwen | changes], use, None, quantises, "en")["data"]
    assert row[1] == told
    (chinese,) = abilities([qwen | changes], use, None, quantises, "zh")["data"]
    assert set("0123456789") & set(told) <= set(chinese[1])


def test_the_memory_is_that_of_the_use(qwen):
    sizes = {"memory_to_run": 1, "memory_to_train": 2, "memory_to_train_quantised": 3}
    shown = {
        use: abilities([qwen | sizes], use, None, True, "en")["data"][0][2]
        for use in ("chat", "lora", "qlora")
    }
    assert shown == {"chat": "1 B", "lora": "2 B", "qlora": "3 B"}


def test_the_speed_is_told_once_it_is_measured_and_only_where_something_is_written(qwen):
    runs = qwen | {"runs_here": True, "trains_here": True}

    def speed(use, speeds, record=runs):
        return abilities([record], use, speeds, True, "en")["data"][0][3]

    assert speed("chat", None) == "measuring…"
    assert speed("chat", {qwen["id"]: 1.26}) == "1.3"
    assert speed("summarize", {qwen["id"]: 1_234.5}) in ("1,234", "1,235")
    assert speed("lora", {qwen["id"]: 5}) == "–"
    assert speed("chat", {qwen["id"]: 5}, runs | {"runs_here": False}) == "–"


def test_every_model_of_the_catalogue_is_listed_for_what_it_is_meant_for(services):
    records = [_models.record(model) for model in services.catalog.models]
    listed = {use: {it["id"] for it in records if offered(it, use)} for use in USES}
    assert "Qwen/Qwen3-8B" in listed["chat"] & listed["summarize"] & listed["qlora"]
    assert "builtin/chat" in listed["chat"] - listed["summarize"]
    assert "facebook/bart-large-cnn" in listed["summarize"] - listed["chat"]
    assert "facebook/bart-base" in listed["lora"] - listed["summarize"]  # a base, in no tab
    assert set.union(*listed.values()) == {it["id"] for it in records}


def test_a_use_that_is_none_is_refused():
    with pytest.raises(SettingChoiceRefused):
        _use("train")
    assert set(_abilities.TABS) == set(USES)
