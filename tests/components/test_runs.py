"""Runs as a visitor asks for them: only their own files, only their own runs."""

import os
import time
from pathlib import Path

import pytest

from components import _exports, _plans, _runs
from components._plans import Plan, Reading
from components._services import Services
from components._throttle import RUN
from finetune.errors import (
    NothingToDownload,
    OwnerTokenRefused,
    RecipeRefused,
    RunNotFound,
    TableRefused,
    TooManyRuns,
    UploadMissing,
)
from finetune.files import write_json
from finetune.recipe import Recipe
from inference.errors import (
    ModelNotHere,
    SettingChoiceRefused,
    SettingsRefused,
    TooManyRequests,
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


def test_a_run_is_kept_for_some_days_from_its_last_activity(services, run):
    run.append("started")
    os.utime(run.folder / "events.jsonl", (1_000, 1_000))
    found = _runs.status(services, run.id, OWNER)
    assert found["kept_until"] == 1_000 + services.limits.run_days * 86_400


def test_a_waiting_run_tells_when_it_starts_by_what_was_estimated(services, file, run):
    behind = _runs.start(services, file, Reading(), PLAN, "", STRANGER)
    seconds = run.facts["estimated_seconds"]
    assert seconds > 0
    assert _runs.status(services, run.id, OWNER)["starts_in_seconds"] == 0
    assert _runs.status(services, behind.id, STRANGER)["starts_in_seconds"] == seconds
    run.take_ticket()
    run.append("finished")
    ended = _runs.status(services, run.id, OWNER)
    assert (ended["queue_position"], ended["starts_in_seconds"]) == (None, None)


@pytest.mark.parametrize("token", [STRANGER, "", None])
def test_a_strangers_question_is_answered_as_for_a_run_that_is_not_there(services, run, token):
    odd = (f"../runs/{run.id}", f"{run.id}/", "a\0b", "\ud83d", "x" * 100_000)
    for run_id in (run.id, "A" * 22, "../../etc", *odd):
        for verb in (_runs.status, _runs.download, _runs.resume, _runs.comparison_csv):
            with pytest.raises(RunNotFound):
                verb(services, run_id, token)


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
    assert str(_plans.uploaded(services, file)) == file
    assert str(_plans.uploaded(services, {"path": file, "orig_name": "x"})) == file
    outside = tmp_path / "secret.csv"
    outside.write_text("a,b\n")
    (services.uploads / "link.csv").symlink_to(outside)
    traversal = f"{services.uploads}/../../secret.csv"
    link = str(services.uploads / "link.csv")
    long, half = f"{services.uploads}/{'x' * 5_000}", f"{services.uploads}/\ud83d"
    url = "http://127.0.0.1/table.csv"
    odd = (long, half, url, {"url": url}, {"path": [file]}, {"path": url, "url": file}, [file])
    for path in ("/etc/passwd", str(outside), traversal, link, "", "a\0b", None, 7, {}, [], *odd):
        with pytest.raises(UploadMissing):
            _plans.uploaded(services, path)


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
    long_ago = time.time() - 2 * _exports.KEPT_SECONDS
    os.utime(first, (long_ago, long_ago))
    _runs.download(services, run.id, OWNER)
    assert not first.exists() and second.exists()


def test_what_visitors_sent_makes_room_for_a_download_and_once_an_hour(tmp_path, monkeypatch):
    services = Services.open(tmp_path / "home", {"LAB_LIMIT_UPLOADS_BYTES": "100"})
    services.uploads.mkdir(parents=True)
    run = services.store.create(Recipe(task="chat", base="x"), [], [], OWNER)
    monkeypatch.setattr(_runs, "adapter_zip", lambda run, folder: folder)
    long_ago = time.time() - 7_200
    for free_room in (lambda: _runs.download(services, run.id, OWNER), services.jobs._tidy):
        old, young = services.uploads / "old", services.uploads / "young"
        for path in (old, young):
            path.write_bytes(b"x" * 60)
        os.utime(old, (long_ago, long_ago))
        free_room()
        assert (old.exists(), young.exists()) == (False, True)


def test_the_bounds_of_the_disk_are_the_operators(tmp_path):
    chosen = {"LAB_LIMIT_RUNS_BYTES": "5", "LAB_LIMIT_DISK_SPARE_BYTES": "6"}
    store = Services.open(tmp_path / "home", chosen).store
    assert (store.runs_bytes, store.disk_spare_bytes) == (5, 6)


def test_the_reading_that_was_chosen_is_the_one_that_is_trained_on(services):
    path = services.uploads / "table.csv"
    rows = "".join(f"问题{n};回答{n}\n" for n in range(20))
    path.write_bytes(f"q;a\n{rows}".encode("gb18030"))
    reading = Reading(encoding="gb18030", delimiter=";")
    run = _runs.start(services, str(path), reading, PLAN, "", OWNER)
    questions = {row["messages"][0]["content"] for row in run.rows("train")}
    assert questions <= {f"问题{n}" for n in range(20)}


def test_a_run_that_failed_is_begun_again_with_other_settings(services, run):
    new = _runs.again(services, run.id, OWNER, {"learning_rate": 1e-5})
    assert new.id != run.id
    assert (new.recipe.learning_rate, new.recipe.r) == (1e-5, run.recipe.r)
    assert new.rows("train") == run.rows("train")
    assert new.rows("held_out") == run.rows("held_out")
    assert new.status() == "queued"
    with pytest.raises(RunNotFound):
        _runs.again(services, run.id, STRANGER, {})


def test_what_both_answered_is_written_as_a_table_no_spreadsheet_runs(services, run):
    with pytest.raises(NothingToDownload):
        _runs.comparison_csv(services, run.id, OWNER)
    sample = {"prompt": "=1+1", "expected": "two", "base": "b", "tuned": "t"}
    write_json(run.folder / "report.json", {"samples": [sample]})
    path = _runs.comparison_csv(services, run.id, OWNER)
    assert Path(path).is_relative_to(services.exports)
    assert '"\'=1+1","two","b","t"' in Path(path).read_text("utf-8-sig")
    with pytest.raises(RunNotFound):
        _runs.comparison_csv(services, run.id, STRANGER)


@pytest.mark.parametrize("run_id", [["a"], {"path": "a"}, None, 7, True])
def test_what_is_no_text_is_no_run(services, run, run_id):
    for verb in (_runs.status, _runs.download, _runs.resume, _runs.comparison_csv):
        with pytest.raises(RunNotFound):
            verb(services, run_id, OWNER)


def test_a_visitor_starts_and_resumes_so_many_runs_an_hour(services, run):
    for _ in range(services.limits.runs_per_hour - 1):
        services.throttle.charge(RUN, OWNER)
    with pytest.raises(TooManyRequests):
        _runs.resume(services, run.id, OWNER)
    with pytest.raises(RunNotFound):  # a stranger does not use up the owner's
        _runs.resume(services, run.id, STRANGER)
