"""Records as tables and sentences: the right figure, in the right order and language."""

import pytest

from components import _models, _plots
from inference.limits import Limits
from tests.inference.machines import MACHINES

CHAT = {
    "task": "chat",
    "rows": 4,
    "base": {"loss": 2.0, "perplexity": 7.389},
    "tuned": {"loss": 0.5, "perplexity": 1.649},
    "samples": [{"prompt": "q " * 200, "expected": "e", "base": "b", "tuned": "t"}],
}


def classification(base, tuned):
    return {
        "task": "classification",
        "rows": 100,
        "base": {"accuracy": base, "macro_f1": base},
        "tuned": {"accuracy": tuned, "macro_f1": tuned},
        "majority": {"accuracy": 0.5},
        "samples": [],
    }


@pytest.mark.parametrize(
    ("report", "word"),
    [
        (CHAT, "It learned"),
        ({**CHAT, "tuned": {"loss": 2.5}}, "worse"),
        ({**CHAT, "tuned": {"loss": 1.99}}, "Hardly"),
        (classification(0.7, 0.8), "It learned"),
        (classification(0.8, 0.7), "worse"),
        (classification(0.8, 0.805), "Hardly"),
        (classification(1.0, 1.0), "knew it already"),
        ({**CHAT, "rows": 0}, "nothing says"),
    ],
)
def test_whether_it_learned_is_read_from_held_out_rows(report, word):
    assert word in _plots.learned(report, "en")
    assert _plots.learned(report, "zh") != _plots.learned(report, "en")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_difference_that_may_be_chance_is_said_to(language):
    unsure = {"difference": {"verdict": "too_few_to_tell", "interval": [-2.0, 0.5]}}
    clear = {"difference": {"verdict": "too_few_to_tell", "interval": [-2.0, -1.0]}}
    assert "chance" not in _plots.learned({**CHAT, **clear}, "en")
    sure, doubt = (
        _plots.learned({**CHAT, **more}, language)
        for more in ({"difference": {"verdict": "better"}}, unsure)
    )
    assert doubt.startswith(sure) and len(doubt) > len(sure)
    same = {**CHAT, "tuned": {"loss": 1.99}}
    assert _plots.learned({**same, **unsure}, language) == _plots.learned(same, language)


def test_a_figure_is_told_with_its_interval():
    intervals = {"base": {}, "tuned": {"loss": [0.4, 0.6125]}}
    table = _plots.figures({**CHAT, "intervals": intervals}, "en")
    assert table["data"][0][1:] == ["2.000", "0.500 (0.400–0.613)"]


def test_figures_stand_beside_what_a_constant_answer_would_reach():
    table = _plots.figures(classification(0.7, 0.8), "en")
    assert table["data"][0] == ["Accuracy", "0.700", "0.800"]
    assert table["data"][-1][1] == "0.500"


def test_long_cells_are_shortened_where_they_are_shown():
    (row,) = _plots.samples(CHAT, "en")["data"]
    assert len(row[0]) == _plots.PREVIEW_CHARACTERS and row[0].endswith("…")


def test_a_preview_evens_out_ragged_rows():
    found = {"columns": ["a", "b"], "first_rows": [["1"], ["1", "2", "3"], ["x\ny", "z"]]}
    assert _plots.preview(found)["data"] == [["1", ""], ["1", "2"], ["x y", "z"]]


def test_problems_name_errors_first_and_speak_the_visitors_language():
    found = [
        {"severity": "warning", "code": "encoding_guessed", "row": None, "column": None,
         "value": None, "details": {"encoding": "gb18030"}, "what": "w", "advice": "a"},
        {"severity": "error", "code": "empty_file", "row": None, "column": None, "value": None,
         "details": {}, "what": "w", "advice": "a"},
    ]  # fmt: skip
    table = _plots.problems(found, "zh")
    assert [row[0] for row in table["data"]] == ["错误", "提示"]
    assert "gb18030" in table["data"][1][3]


def test_every_limit_has_a_name_in_both_languages():
    for language in ("en", "zh"):
        rows = _plots.limits(Limits(), language)["data"]
        assert len({row[0] for row in rows}) == len(Limits.__dataclass_fields__)


def test_what_a_machine_is_good_for_is_told_for_every_kind_of_machine(services):
    records = [_models.record(model) for model in services.catalog.models]
    for facts in MACHINES.values():
        for language in ("en", "zh"):
            assert "**m**" in _plots.verdict(facts, records, "m", language)


def test_quantities_are_read_easily():
    assert [_plots.readable_count(n) for n in (3_577_344, 596_049_920, 8_190_735_360)] == [
        "3.6 M",
        "596 M",
        "8.2 B",
    ]
    told = [_plots.duration(seconds, "en") for seconds in (9.6, 95, 3_720)]
    assert told == ["10 s", "1 min 35 s", "1 h 2 min"]
