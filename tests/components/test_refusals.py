"""Refusals in two languages: complete, alike, and rendered from real records."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from components import _refusals
from components._refusals import (
    ERRORS_ZH,
    FAILURES,
    PROBLEMS_ZH,
    ROLES_ZH,
    SETTINGS,
    error_sentence,
    failure_sentence,
    problem_sentences,
    role_name,
)
from finetune import columns, events, recipe
from finetune.errors import Refused, RunBusy, RunNotFinished, TableRefused
from finetune.failures import failure
from finetune.problems import PROBLEMS, Problem, problem
from finetune.recipe import Recipe, RecipeRefused
from finetune.run import Run
from inference import catalog, errors
from inference.errors import LabError, ModelBroken, ModelNotHere, OutOfMemory, WrongModelForTask
from inference.limits import Limits

PROJECT = Path(_refusals.__file__).parent.parent
HAN = re.compile(r"[\u4e00-\u9fff]")
LANGUAGES = ("en", "zh")


def kinds(kind=LabError):
    """Every error of the product that has a sentence, by code."""
    found = {}
    for sub in kind.__subclasses__():
        if sub.sentence and sub.__module__.partition(".")[0] in ("inference", "finetune"):
            found[sub.code()] = sub
        found |= kinds(sub)
    return found


KINDS = kinds()


def places(template):
    """Its placeholders with their formats; how often each appears is free."""
    return {(name, spec) for _, name, spec, _ in Formatter().parse(template) if name is not None}


def values_of(*templates):
    """A value for each placeholder: a number where it is formatted as one."""
    found = {}
    for name, spec in sorted(set().union(*map(places, templates))):
        found[name] = 1234 if spec else found.get(name, "val")
    return found


def check(sentence, language):
    assert sentence and not re.search(r"[{}]", sentence)
    assert bool(HAN.search(sentence)) == (language == "zh")


# Complete and alike


def test_every_error_is_translated_and_no_stale_one_is_left():
    assert set(ERRORS_ZH) == set(KINDS)


@pytest.mark.parametrize("code", KINDS)
def test_an_error_says_the_same_in_both_languages(code):
    assert places(KINDS[code].sentence) == places(ERRORS_ZH[code])
    assert HAN.search(ERRORS_ZH[code])


def test_every_problem_is_translated_and_no_stale_one_is_left():
    assert set(PROBLEMS_ZH) == set(PROBLEMS)


@pytest.mark.parametrize("code", PROBLEMS)
def test_a_problem_says_the_same_in_both_languages(code):
    for english, chinese in zip(PROBLEMS[code][1:], PROBLEMS_ZH[code], strict=True):
        assert places(english) == places(chinese)
        assert HAN.search(chinese)


def test_every_setting_is_explained_and_no_stale_one_is_left():
    assert list(SETTINGS) == list(recipe.SETTINGS)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_keeps_its_technical_name_in_both_languages(name):
    english, chinese = SETTINGS[name]
    assert english[0].endswith(f"({name})") and chinese[0].endswith(f"（{name}）")
    assert all(english) and not any(HAN.search(text) for text in english)
    assert all(HAN.search(text) for text in chinese)


def test_every_role_has_a_chinese_name():
    assert set(ROLES_ZH) == {role for roles in columns.ROLES.values() for role in roles}
    assert role_name("output", "zh") == "回答" and "output" in role_name("output", "en")
    assert role_name("unheard of", "zh") == "unheard of"


def test_chinese_is_punctuated_in_full_width_and_spaced_beside_latin():
    pairs = [text for pair in PROBLEMS_ZH.values() for text in pair]
    settings = [text for _, chinese in SETTINGS.values() for text in chinese]
    texts = [*ERRORS_ZH.values(), *pairs, *settings, *(zh for _, zh in FAILURES.values())]
    for text in texts:
        shown = re.sub(r"\{[^}]*\}", "", text)
        assert not re.search(r"[\u4e00-\u9fff] ?[,.;:!?()]|[A-Za-z0-9][\u4e00-\u9fff]", shown), text
        assert not re.search(r"[\u4e00-\u9fff][A-Za-z0-9]", shown), text


# Errors


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", [code for code in KINDS if not issubclass(KINDS[code], Refused)])
def test_an_error_is_told_in_either_language(code, language):
    error = KINDS[code](**values_of(KINDS[code].sentence))
    check(error_sentence(error, language), language)


def test_english_is_the_sentence_of_the_error_itself():
    error = ModelNotHere(model="a/b", size="1.5 GB")
    assert error_sentence(error, "en") == str(error)


def test_a_refused_file_is_told_with_its_first_error_and_row():
    warning, error = problem("encoding_guessed", encoding="big5"), problem("one_class", row=3)
    many = problem("too_many_columns", row=1234, columns=2000, limit=1000)
    refused = TableRefused([warning, error, many])
    assert error_sentence(refused, "en") == str(refused)
    assert error_sentence(refused, "zh") == (
        "这个表格无法使用，发现 2 个问题。每一行的标签都相同，没有什么可以区分的（第 3 行）。"
        "请提供至少有两种标签的数据。"
    )
    assert "（第 1234 行）。" in error_sentence(TableRefused([many]), "zh")


def test_a_refused_recipe_is_told_without_a_row():
    with pytest.raises(RecipeRefused) as caught:
        Recipe.plan("chat", "builtin/chat", 100, 4_000_000, settings={"seed": -1})
    assert error_sentence(caught.value, "zh") == (
        "这些设置无法使用，发现 1 个问题。“随机种子（seed）”超出了范围：0 ≤ seed ≤ 4,294,967,295。"
        "请改正，或者留空，由训练强度决定。"
    )
    english = error_sentence(caught.value, "en")
    assert english == str(caught.value).replace(" seed is", " Seed (seed) is")


@pytest.mark.parametrize("status", Run.status.__annotations__["return"].__args__)
def test_every_status_of_a_run_has_words(status):
    chinese = error_sentence(RunNotFinished(status=status), "zh")
    assert status not in chinese
    assert "{" not in error_sentence(RunNotFinished(status=status), "en")


def test_states_and_tasks_read_naturally():
    assert "“正在停止”" in error_sentence(RunBusy(status="stopping"), "zh")
    assert "is being stopped" in error_sentence(RunBusy(status="stopping"), "en")
    for task in catalog.TASKS:
        assert task not in error_sentence(WrongModelForTask(model="m", task=task), "zh")


def reasons():
    """The `reason` of every error and problem as the sources write it, its places filled in."""
    folders = ("inference", "finetune", "components")
    files = [PROJECT / "app.py", *(it for name in folders for it in PROJECT.glob(f"{name}/*.py"))]
    for node in (node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8")))):
        if not isinstance(node, ast.Call):
            continue
        called = getattr(node.func, "id", getattr(node.func, "attr", ""))
        given = [it.value for it in node.keywords if it.arg == "reason"]
        given += node.args[:1] if called == "refused" else []
        if called == "refused" or called in {kind.__name__ for kind in KINDS.values()}:
            yield from (_filled(it) for it in given)


def _filled(node):
    parts = getattr(node, "values", [node])
    return "".join(getattr(part, "value", "") if _is_text(part) else "7" for part in parts)


def _is_text(node):
    return isinstance(node, ast.Constant)


def test_the_reasons_inside_errors_are_translated():
    worded = {reason for reason in reasons() if re.search(r"[a-z]{2}", reason)}
    assert {"no weights", "7 is missing", "it must be a port number"} <= worded
    for reason in worded:
        sentence = error_sentence(ModelBroken(model="m", reason=reason), "zh")
        assert HAN.search(sentence.partition("（")[2].partition("）。")[0]), reason


@pytest.mark.parametrize(
    "reason",
    [
        "[Errno 111] Connection refused",
        "[Errno -2] Name or service not known",
        "[Errno 101] Network is unreachable",
        "Server disconnected without sending a response.",
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed",
        "Permission denied",
    ],
)
def test_what_the_network_and_the_disk_say_is_translated(reason):
    sentence = error_sentence(errors.HubUnreachable(host="example.org", reason=reason), "zh")
    assert re.findall("[A-Za-z]{3,}", sentence) == ["example", "org", "ENDPOINT"]


def test_a_class_name_or_a_setting_of_the_operator_is_told_as_it_is():
    assert "（OSError）" in error_sentence(ModelBroken(model="m", reason="OSError"), "zh")
    with pytest.raises(errors.ConfigurationRefused) as caught:
        Limits.from_environment({"LAB_LIMIT_TURNS": "many"})
    assert error_sentence(caught.value, "zh") == (
        "LAB_LIMIT_TURNS 设置成了“many”：必须是正整数。请修改后重新启动。"
    )


# Problems


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", PROBLEMS)
def test_a_problem_is_told_in_either_language(code, language):
    found = problem(code, **values_of(*PROBLEMS[code][1:]))
    for sentence in problem_sentences(found.to_dict(), language):
        check(sentence, language)


def test_numbers_that_became_text_are_numbers_again():
    record = Problem("error", "too_many_rows", details={"limit": 200000}).to_dict()
    record["details"]["limit"] = "200000"
    assert "200,000" in problem_sentences(record, "zh")[0]
    record["details"]["limit"] = "many"
    assert "many" in problem_sentences(record, "en")[0]


def test_visitors_braces_are_no_places():
    found = problem("duplicate_column_name", name="{limit}", used="{0} 2")
    assert "“{0} 2”" in problem_sentences(found.to_dict(), "zh")[0]


def test_roles_and_kinds_are_told_in_the_visitors_words():
    twice = problem("column_used_twice", name="q", role="instruction", other="output").to_dict()
    assert problem_sentences(twice, "zh")[0] == "“q”这一列同时选作了“问题”和“回答”。"
    unknown = problem("role_unknown", role="label", task="chat", roles="instruction, output")
    assert problem_sentences(unknown.to_dict(), "zh") == (
        "“label”不是对话样本的一部分。",
        "请使用：问题、回答。",
    )
    assert problem_sentences(unknown.to_dict(), "en") == (
        "“label” is not a part of a chat example.",
        "Use: question (instruction), answer (output).",
    )
    for kind in ("an object", "an array", "a string", "true or false", "null or a number"):
        flat = problem("json_not_flat", found=kind).to_dict()
        assert not re.search("an? |true|number", problem_sentences(flat, "zh")[0])


def test_choices_are_listed_in_chinese_punctuation():
    found = problem("setting_not_a_choice", name="lr_scheduler_type", choices="linear, cosine")
    assert "linear、cosine。" in problem_sentences(found.to_dict(), "zh")[0]


@pytest.mark.parametrize("wrong", [{"base": ""}, {"base": "a" * 501}, {"base": None}])
def test_a_refused_field_of_a_recipe_is_told_in_chinese(wrong):
    with pytest.raises(RecipeRefused) as caught:
        Recipe.plan("chat", wrong["base"], 100, 4_000_000)
    what, _ = problem_sentences(caught.value.problems[0].to_dict(), "zh")
    assert not re.search(r"[Ss]hould|string|character", what)


# Failed trainings

# Everything `finetune` writes into a failed event.
FAILED = {
    "out_of_memory": {"reason": "out_of_memory", "values": {}},
    "disk_full": {"reason": "disk_full", "values": {}},
    "loss not finite": {"reason": "not_finite", "values": {"step": 12, "what": "loss"}},
    "gradient not finite": {"reason": "not_finite", "values": {"step": 0, "what": "gradient"}},
    "lost_worker": {"reason": "lost_worker", "exit_code": None},
    "unexpected": {"reason": "unexpected", "values": {"error": "ValueError"}},
    **{
        code: failure(kind(**values_of(kind.sentence)))
        for code, kind in KINDS.items()
        if not issubclass(kind, Refused)
    },
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", FAILED)
def test_a_failure_is_told_in_either_language(name, language):
    sentence = failure_sentence({"type": "failed", "time": 1.0, **FAILED[name]}, language)
    check(sentence, language)


def test_every_reason_that_finetune_writes_is_known():
    sources = "".join(file.read_text("utf-8") for file in PROJECT.glob("finetune/*.py"))
    written = set(re.findall(r'"reason": "(\w+)"|"failed", reason="(\w+)"', sources))
    assert {one or other for one, other in written} == set(FAILURES)


def test_running_out_of_memory_in_training_asks_for_a_smaller_batch():
    fields = failure(OutOfMemory())
    for language in LANGUAGES:
        assert "per_device_train_batch_size" in failure_sentence(fields, language)


def test_a_failure_read_back_from_the_log_has_its_numbers(tmp_path):
    error = errors.MessageTooLongForModel(tokens=12345, limit=2048)
    events.append(tmp_path / "events.jsonl", "failed", failure(error))
    fields = events.read(tmp_path / "events.jsonl")[-1].to_dict()
    assert failure_sentence(fields, "en") == str(error)
    assert "12,345 个词元" in failure_sentence(fields, "zh")


def test_what_is_unstable_is_named():
    assert "第 0 步之后，梯度不再" in failure_sentence(FAILED["gradient not finite"], "zh")
    assert "after step 12 the loss" in failure_sentence(FAILED["loss not finite"], "en")


@pytest.mark.parametrize("reason", ["model_not_here", "from_the_future"])
def test_a_failure_without_its_values_is_told_in_its_own_sentence(reason):
    assert failure_sentence({"reason": reason, "sentence": "It broke."}, "zh") == "It broke."


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("fields", [{}, {"reason": "unexpected"}, {"reason": "from_the_future"}])
def test_a_failure_that_says_nothing_is_an_unexpected_one(fields, language):
    check(failure_sentence(fields, language), language)
