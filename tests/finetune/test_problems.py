import pickle
import string

import pytest

from finetune.errors import RecipeRefused, TableRefused
from finetune.problems import PROBLEMS, SHOWN_CHARACTERS, errors, problem, shorten


@pytest.mark.parametrize("code", PROBLEMS)
def test_every_sentence_is_filled_by_its_details(code):
    severity, what, advice = PROBLEMS[code]
    fields = {name for _, name, _, _ in string.Formatter().parse(what + advice) if name}
    found = problem(code, **dict.fromkeys(fields, 7))
    assert found.severity == severity in ("error", "warning")
    assert "{" not in found.what + found.advice
    assert found.what[-1] in ".”" and found.advice[-1] in ".?"


def test_to_dict_holds_all_that_an_interface_and_a_translation_need():
    found = problem(
        "column_missing", row=3, column="x", value="x", name="x", role="text", columns="a"
    )
    assert found.to_dict() == {
        "severity": "error",
        "row": 3,
        "column": "x",
        "what": "There is no column called “x” for text.",
        "value": "x",
        "advice": "Choose one of: a.",
        "code": "column_missing",
        "details": {"name": "x", "role": "text", "columns": "a"},
    }


def test_a_missing_detail_is_found_where_the_problem_is_made():
    with pytest.raises(KeyError):
        problem("nul")


def test_values_are_shown_short_on_one_line_and_printable():
    assert shorten("a\n b\tc") == "a b c"
    assert shorten("x" * 500) == "x" * (SHOWN_CHARACTERS - 1) + "…"
    assert shorten("a\0b") == "a\ufffdb"
    assert shorten(None) is None


def test_errors_are_those_that_stop_a_run():
    stop, go = problem("one_class"), problem("one_column")
    assert errors([go, stop]) == (stop,)


@pytest.mark.parametrize("kind", [TableRefused, RecipeRefused])
def test_a_refusal_tells_the_first_error_and_survives_pickling(kind):
    refused = kind([problem("one_column"), problem("unclosed_quote", row=4, line=5)])
    assert "line 5" in str(refused) and "(row 4)" in str(refused)
    again = pickle.loads(pickle.dumps(refused))
    assert type(again) is kind and again.problems == refused.problems
    assert str(again) == str(refused) and again.values == refused.values
