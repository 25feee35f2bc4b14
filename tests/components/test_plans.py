"""Plans as a visitor makes them: looked at before they start, and only of what is a plan."""

import json

import pytest

from components import _plans
from components._plans import Plan, Reading
from inference.errors import SettingChoiceRefused

PLAN = Plan("chat", {"instruction": "q", "output": "a"}, "builtin/chat", "quick")


def test_an_estimate_counts_steps_memory_and_time(services):
    found, longer = (
        _plans.foreseen(services, PLAN, 100, {"q": tokens, "a": tokens}).estimate
        for tokens in (10, 40)
    )
    assert found.steps > 0 and found.memory_bytes > 10_000_000
    assert 0 < found.seconds < longer.seconds


@pytest.mark.parametrize(
    ("mapping", "settings"), [("x", {}), ({}, []), ({}, {"preset": "hasty"}), (None, {})]
)
def test_a_plan_that_is_no_plan_is_refused(mapping, settings):
    with pytest.raises(SettingChoiceRefused):
        _plans.plan_from("chat", mapping, "builtin/chat", settings)


def test_a_plan_takes_its_preset_from_the_settings():
    plan = _plans.plan_from("chat", {"output": "a", "input": ""}, "b", {"preset": "quick", "r": 4})
    assert plan == Plan("chat", {"output": "a"}, "b", "quick", {"r": 4})


@pytest.mark.parametrize("values", ["utf-8", {"codec": "utf-8"}, None, {"delimiter": 5}])
def test_a_reading_holds_what_a_file_is_read_by_and_nothing_else(values):
    with pytest.raises(SettingChoiceRefused):
        _plans.reading_from(values)


def test_a_base_that_does_not_fit_is_foreseen_all_the_same(services, monkeypatch):
    monkeypatch.setattr("inference.fit.available", lambda use="run": 3_000_000_000)
    plan = Plan("chat", PLAN.mapping, "Qwen/Qwen3-0.6B")
    found = _plans.foreseen(services, plan, 100, {"q": 10, "a": 10})
    assert "plan_too_large" in [it.code for it in found.advice]
    assert found.fitting
    large = Plan("chat", PLAN.mapping, "Qwen/Qwen3-32B")
    found = _plans.foreseen(services, large, 100, {"q": 10, "a": 10})
    assert (found.fitting, found.smaller) == (None, "builtin/chat")


def test_the_length_that_is_kept_is_the_one_chosen_or_the_presets(services):
    labelled = Plan("classification", {"text": "q", "label": "a"}, "builtin/sentiment")
    assert _plans.max_length(services, labelled, 100) == 256
    chosen = Plan("chat", PLAN.mapping, PLAN.base, settings={"max_length": 64})
    assert _plans.max_length(services, chosen, 100) == 64


def test_what_the_api_tells_of_a_plan_goes_by_the_rows_of_the_file(services):
    path = services.uploads / "table.csv"
    rows = "".join(f"question {n},answer {n}\n" for n in range(20))
    path.write_text(f"q,a\n{rows}", encoding="utf-8")
    found = _plans.estimated(services, str(path), Reading(), PLAN)
    assert json.dumps(found)
    assert (found["fits"], found["make_fit"], found["smaller_base"]) == (True, None, None)
    told = {it["code"]: it["details"] for it in found["problems"]}
    assert told["plan_checks_on_few"]["held_out"] == 2
