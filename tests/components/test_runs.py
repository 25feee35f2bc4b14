"""Runs as a visitor asks for them: only their own files, only their own runs."""

import os
import time

import pytest

from components import _runs
from components._runs import Plan, Reading
from finetune.errors import (
    NothingToDownload,
    OwnerTokenRefused,
    RecipeRefused,
    RunNotFound,
    TableRefused,
    TooManyRuns,
    UploadMissing,
)
from inference.errors import (
    ModelNotHere,
    SettingChoiceRefused,
    SettingsRefused,
    WrongModelForTask,
)

OWNER, STRANGER = "o" * 22, "s" * 22
PLAN = Plan("chat", {"instruction": "q", "output": "a"}, "builtin/chat", "quick")


@pytest.fixture
def file(services):
    path = services.uploads / "table.csv"
    rows = "".join(f"question {n},answer {n}\n" for n in range(20))
    path.write_text(f"q,a\n{rows}", encoding="utf-8")
    return str(path)


@pytest.fixture
def run(services, file):
    return _runs.start(services, file, Reading(), PLAN, "first", OWNER)


def test_a_started_run_waits_in_the_queue_of_its_owner(services, run):
    found = _runs.status(services, run.id, OWNER)
    assert (found["status"], found["queue_position"], found["name"]) == ("queued", 1, "first")
    assert [it["id"] for it in _runs.listed(services, OWNER)] == [run.id]
    assert _runs.listed(services, STRANGER) == []


@pytest.mark.parametrize("token", [STRANGER, "", None])
def test_a_strangers_question_is_answered_as_for_a_run_that_is_not_there(services, run, token):
    for run_id in (run.id, "A" * 22, "../../etc"):
        with pytest.raises(RunNotFound):
            _runs.status(services, run_id, token)
        with pytest.raises(RunNotFound):
            _runs.download(services, run_id, token)


@pytest.mark.parametrize("token", ["", "short", None, 5])
def test_a_run_needs_an_owner(services, file, token):
    with pytest.raises(OwnerTokenRefused):
        _runs.start(services, file, Reading(), PLAN, "", token)


def test_a_failure_seen_a_moment_early_is_not_an_error(services, run, monkeypatch):
    """Events grow while they are read: a run that ends meanwhile is shown as it stood."""
    monkeypatch.setattr(type(run), "status", lambda self: "running")
    run.append("failed", reason="unexpected", values={"error": "X"})
    assert _runs.status(services, run.id, OWNER)["status"] == "running"


@pytest.mark.parametrize("since", ["abc", None, -1, 1.5])
def test_events_are_counted_with_whole_numbers(services, run, since):
    with pytest.raises(SettingsRefused):
        _runs.status(services, run.id, OWNER, since)


def test_files_come_from_the_uploads_only(services, file, tmp_path):
    assert str(_runs.uploaded(services, file)) == file
    assert str(_runs.uploaded(services, {"path": file, "orig_name": "x"})) == file
    outside = tmp_path / "secret.csv"
    outside.write_text("a,b\n")
    (services.uploads / "link.csv").symlink_to(outside)
    traversal = f"{services.uploads}/../../secret.csv"
    link = str(services.uploads / "link.csv")
    for path in ("/etc/passwd", str(outside), traversal, link, "", "a\0b", None, 7, {}, []):
        with pytest.raises(UploadMissing):
            _runs.uploaded(services, path)


def test_a_bad_table_or_plan_leaves_no_run_behind(services, file):
    refused = {
        TableRefused: Plan("chat", {"instruction": "nope", "output": "a"}, "builtin/chat"),
        RecipeRefused: Plan("chat", PLAN.mapping, "builtin/chat", settings={"r": 9_999}),
        WrongModelForTask: Plan("chat", PLAN.mapping, "builtin/sentiment"),
        ModelNotHere: Plan("chat", PLAN.mapping, "Qwen/Qwen3-0.6B"),
        SettingChoiceRefused: Plan("poetry", {}, "builtin/chat"),
    }
    for error, plan in refused.items():
        with pytest.raises(error):
            _runs.start(services, file, Reading(), plan, "", OWNER)
    assert services.store.all() == []


def test_one_visitor_keeps_a_limited_number_of_runs(services, file):
    for _ in range(services.limits.runs_per_visitor):
        _runs.start(services, file, Reading(), PLAN, "", OWNER)
    with pytest.raises(TooManyRuns):
        _runs.start(services, file, Reading(), PLAN, "", OWNER)


def test_nothing_can_be_downloaded_before_there_is_an_adapter(services, run):
    with pytest.raises(NothingToDownload):
        _runs.download(services, run.id, OWNER)


def test_a_download_has_a_folder_of_its_own_and_old_ones_are_removed(services, run, monkeypatch):
    monkeypatch.setattr(_runs, "adapter_zip", lambda run, folder: folder.mkdir() or folder)
    first, second = (_runs.download(services, run.id, OWNER) for _ in range(2))
    assert first != second and first.parent == services.exports
    long_ago = time.time() - 2 * _runs.EXPORT_SECONDS
    os.utime(first, (long_ago, long_ago))
    _runs.download(services, run.id, OWNER)
    assert not first.exists() and second.exists()


def test_the_reading_that_was_chosen_is_the_one_that_is_trained_on(services):
    path = services.uploads / "table.csv"
    rows = "".join(f"问题{n};回答{n}\n" for n in range(20))
    path.write_bytes(f"q;a\n{rows}".encode("gb18030"))
    reading = Reading(encoding="gb18030", delimiter=";")
    run = _runs.start(services, str(path), reading, PLAN, "", OWNER)
    questions = {row["messages"][0]["content"] for row in run.rows("train")}
    assert questions <= {f"问题{n}" for n in range(20)}


def test_an_estimate_counts_steps_memory_and_time(services):
    found, longer = (
        _runs.estimated(services, PLAN, 100, {"q": tokens, "a": tokens}) for tokens in (10, 40)
    )
    assert found.steps > 0 and found.memory_bytes > 10_000_000
    assert 0 < found.seconds < longer.seconds


@pytest.mark.parametrize(
    ("mapping", "settings"), [("x", {}), ({}, []), ({}, {"preset": "hasty"}), (None, {})]
)
def test_a_plan_that_is_no_plan_is_refused(mapping, settings):
    with pytest.raises(SettingChoiceRefused):
        _runs.plan_from("chat", mapping, "builtin/chat", settings)


def test_a_plan_takes_its_preset_from_the_settings():
    plan = _runs.plan_from("chat", {"output": "a", "input": ""}, "b", {"preset": "quick", "r": 4})
    assert plan == Plan("chat", {"output": "a"}, "b", "quick", {"r": 4})


@pytest.mark.parametrize("values", ["utf-8", {"codec": "utf-8"}, None, {"delimiter": 5}])
def test_a_reading_holds_what_a_file_is_read_by_and_nothing_else(values):
    with pytest.raises(SettingChoiceRefused):
        _runs.reading_from(values)
