"""`python app.py` from outside: the web API, restarts, and what an operator can get wrong."""

import csv
import json
import os
import subprocess
import sys
import zipfile
from urllib.request import urlopen

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from tests.serving import PROJECT, App, app_environment, raised, until

OWNER, STRANGER = "o" * 22, "s" * 22
MINUTES = 60.0

# Names and parameters other people's programs rely on.
API = {
    "/environment": [],
    "/models": [],
    "/chat": [
        *("message", "history", "model", "run_id", "token", "system", "max_new_tokens"),
        *("temperature", "top_p", "top_k", "repetition_penalty", "seed", "thinking"),
    ],
    "/summarize": ["text", "model", "run_id", "token", "length", "fast"],
    "/classify": ["text", "model", "run_id", "token"],
    "/classify_file": [
        *("file", "text_column", "label_column", "model", "run_id", "token"),
    ],
    "/inspect_table": ["file", "encoding", "delimiter", "quotechar", "has_header"],
    "/estimate": ["file", "task", "mapping", "base", "settings", "reading"],
    "/start_run": [
        *("file", "task", "mapping", "base", "settings", "name", "owner_token", "reading"),
    ],
    "/run_status": ["run_id", "owner_token", "since"],
    "/stop_run": ["run_id", "owner_token"],
    "/resume_run": ["run_id", "owner_token"],
    "/delete_run": ["run_id", "owner_token"],
    "/list_runs": ["owner_token"],
    "/run_report": ["run_id", "owner_token"],
    "/download_adapter": ["run_id", "owner_token"],
    "/share_run": ["run_id", "owner_token"],
    "/unshare_run": ["run_id", "owner_token"],
    "/compare": ["prompt", "run_id", "owner_token"],
}


@pytest.fixture(scope="module")
def client(app):
    return Client(app.url, verbose=False)


@pytest.fixture
def call(client):
    return lambda name, *values, **named: client.predict(*values, api_name=name, **named)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Twenty ways to ask one thing: what a tiny model learns in seconds."""
    path = tmp_path_factory.mktemp("data") / "表格.csv"
    rows = "".join(f"What is the word number {n}?,The word is banana.\n" for n in range(20))
    path.write_text(f"instruction,output\n{rows}", encoding="utf-8")
    return path


def start(call, table, **settings):
    mapping = {"instruction": "instruction", "output": "output"}
    plan = ("chat", mapping, "builtin/chat", {"preset": "quick", **settings}, "words", OWNER)
    return call("/start_run", handle_file(table), *plan)


def standing(call, run_id):
    return call("/run_status", run_id, OWNER)["status"]


def wait(call, run_id, *states):
    return until(lambda: standing(call, run_id) in states, 3 * MINUTES, f"{run_id} is {states}")


@pytest.fixture(scope="module")
def finished(client, table):
    def call(name, *values):
        return client.predict(*values, api_name=name)

    run_id = start(call, table, max_steps=40)
    wait(call, run_id, "finished", "failed")
    return run_id


def test_the_names_and_parameters_of_the_api_are_those_promised(client):
    found = client.view_api(return_format="dict")["named_endpoints"]
    assert {
        name: [p["parameter_name"] for p in it["parameters"]] for name, it in found.items()
    } == (API)
    assert all(it["description"] for it in found.values())


def test_every_endpoint_is_an_mcp_tool_with_its_parameters_described(app):
    with urlopen(f"{app.url}/gradio_api/mcp/schema", timeout=20) as answer:
        tools = {tool["name"]: tool for tool in json.load(answer)}
    assert {f"/{name}" for name in tools} == set(API)
    described = tools["chat"]["inputSchema"]["properties"]
    assert described["message"]["description"]
    assert described["repetition_penalty"]["default"] == 1.0


def test_the_machine_and_the_models_are_told_as_json(call):
    facts = call("/environment")
    assert facts["memory"]["total"] > 0 and facts["limits"]["turns"] == 40
    models = {model["id"]: model for model in call("/models")}
    assert models["builtin/chat"]["here"] and models["builtin/chat"]["demo"]
    assert not models["Qwen/Qwen3-32B"]["here"]


@pytest.mark.parametrize("question", ["What is LoRA?", "什么是 LoRA？"])
def test_a_reply_is_streamed_and_repeatable(client, question):
    job = client.submit(question, api_name="/chat", temperature=0)
    assert "LoRA" in job.result()
    assert job.outputs()[-1].startswith(job.outputs()[0])
    assert client.predict(question, api_name="/chat", temperature=0) == job.result()


def test_a_text_is_summarized_and_classified(call):
    text = (PROJECT / "README.md").read_text(encoding="utf-8")[1_000:3_000]
    summary = call("/summarize", text, length="short", fast=True)
    assert 0 < len(summary) < len(text) / 2
    scores = call("/classify", "菜很好吃，服务员也特别热情。")
    assert sum(scores.values()) == pytest.approx(1) and scores["positive"] > 0.5


def test_a_table_is_classified_row_by_row_and_checked_against_its_labels(client, tmp_path):
    path = tmp_path / "评价.csv"
    path.write_text("评价,星级\n菜很好吃,5\n=太差了,1\n,5\n服务很热情,\n", encoding="gb18030")
    job = client.submit(handle_file(path), label_column="星级", api_name="/classify_file")
    told, scored = job.result()
    assert (told["rows"], told["skipped"], told["text_column"]) == (4, 1, "评价")
    assert sum(told["labels"].values()) == 3 and told["figures"]["rows"] == 2
    assert told["matched"] == {"5": "positive", "1": "negative"}
    assert job.outputs()[0] == ({"rows": 0, "rows_to_score": 4}, None)
    with open(scored, encoding="utf-8-sig", newline="") as file:
        head, _, formula, *_ = csv.reader(file)
    assert head == [
        *("评价", "星级", "predicted_label", "probability_negative", "probability_positive")
    ]
    assert formula[0] == "'=太差了"


def test_a_table_is_read_as_it_is(call, table):
    found = call("/inspect_table", handle_file(table))
    assert (found["row_count"], found["task"], found["readable"]) == (20, "chat", True)
    assert found["mapping"] == {"instruction": "instruction", "output": "output"}
    other = call("/inspect_table", handle_file(table), delimiter=";")
    assert other["columns"] == ["instruction,output"]


def test_what_was_learned_can_be_asked_and_downloaded(call, finished, tmp_path):
    found = call("/run_status", finished, OWNER)
    assert (found["status"], found["step"]) == ("finished", 40)
    assert call("/run_status", finished, OWNER, len(found["events"]))["events"] == []
    report = call("/run_report", finished, OWNER)
    assert report["tuned"]["loss"] < report["base"]["loss"]
    answers = call("/compare", "What is the word number 50?", finished, OWNER)
    assert answers["tuned"] == "The word is banana." != answers["base"]
    with zipfile.ZipFile(call("/download_adapter", finished, OWNER)) as archive:
        assert {"adapter_model.safetensors", "README.md"} <= set(archive.namelist())


def test_a_share_lets_others_chat_and_read_and_nothing_more(call, finished):
    share = call("/share_run", finished, OWNER)
    asked = {"run_id": finished, "token": share, "temperature": 0}
    assert call("/chat", "What is the word number 7?", **asked) == "The word is banana."
    assert call("/run_report", finished, share)
    for verb in ("/run_status", "/stop_run", "/delete_run", "/download_adapter", "/unshare_run"):
        with pytest.raises(AppError, match="no such run"):
            call(verb, finished, share)
    call("/unshare_run", finished, OWNER)
    with pytest.raises(AppError, match="no such run"):
        call("/chat", "What is the word number 7?", **asked)


def test_strangers_find_nothing(call, finished, table):
    verbs = ("/run_status", "/run_report", "/download_adapter", "/stop_run", "/resume_run")
    for verb in (*verbs, "/delete_run", "/share_run", "/unshare_run"):
        for run_id in (finished, "A" * 22):
            with pytest.raises(AppError, match="no such run"):
                call(verb, run_id, STRANGER)
    for name in ("/chat", "/summarize", "/classify"):
        with pytest.raises(AppError, match="no such run"):
            call(name, "hello", run_id=finished, token=STRANGER)
    with pytest.raises(AppError, match="no such run"):
        call("/compare", "hello", finished, STRANGER)
    with pytest.raises(AppError, match="no such run"):
        call("/classify_file", handle_file(table), run_id=finished, token=STRANGER)
    assert call("/list_runs", STRANGER) == []
    assert standing(call, finished) == "finished"


def test_a_path_of_this_machine_is_not_an_upload(call):
    for path in ("/etc/passwd", str(PROJECT / "assets" / "examples-chat-en.csv")):
        for name in ("/inspect_table", "/classify_file"):
            with pytest.raises(AppError, match="no such upload"):
                call(name, {"path": path, "meta": {"_type": "not.a.file"}})


@pytest.mark.parametrize(
    ("name", "values", "sentence"),
    [
        ("/chat", ["  "], "message is empty"),
        ("/chat", ["x" * 8_001], "8,001 characters"),
        ("/chat", ["hi", [], "nobody/nothing"], "no model called"),
        ("/chat", ["hi", [], "Qwen/Qwen3-0.6B"], "not on this machine"),
        ("/chat", ["hi", [], "", "", "", "", 10, 9.0], "must lie between"),
        ("/chat", ["hi", "history"], "must be a list"),
        ("/classify", ["x" * 5_001], "limit here is 5,000"),
        ("/run_status", ["A" * 22, 5], "must be text"),
        ("/run_status", ["A" * 22, OWNER, -1], "must lie between"),
        ("/list_runs", [{}], "must be text"),
        ("/summarize", [""], "no text"),
        ("/summarize", ["text", "", "", "", "endless"], "must be one of"),
    ],
)
def test_what_is_refused_is_told_in_one_sentence(call, name, values, sentence):
    with pytest.raises(AppError, match=sentence):
        call(name, *values)


BOMB = b"PK\x03\x04" + b"\0" * 200
REFUSED = {
    "book.xlsx": (BOMB, "workbook"),
    "empty.csv": (b"", "empty"),
    "photo.csv": (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "PNG"),
    "poem.txt": (
        b"Rain, again.\nThe wind\nis still, and the sea, too,\nsleeps.\n" * 5,
        "running text",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_no_table_is_refused_in_one_sentence(call, name, tmp_path):
    content, word = REFUSED[name]
    (tmp_path / name).write_bytes(content)
    found = call("/inspect_table", handle_file(tmp_path / name))
    errors = [it for it in found["problems"] if it["severity"] == "error"]
    assert not found["readable"] and errors[0]["advice"] and word in errors[0]["what"]


def test_refusals_leave_nothing_in_the_log(app):
    """Runs after the refusals above: they are answers, not incidents."""
    assert raised(app) == []


def test_a_run_survives_the_end_of_its_server(tmp_path, table):
    server = App(tmp_path).start()

    def call(name, *values):
        return Client(server.url, verbose=False).predict(*values, api_name=name)

    try:
        run_id = start(call, table, max_steps=400, save_steps=5)
        running = until(
            lambda: (found := call("/run_status", run_id, OWNER))["step"] >= 5 and found,
            2 * MINUTES,
            "it trains",
        )
        server.kill()
        server.start()
        found = call("/run_status", run_id, OWNER)
        assert found["status"] in ("running", "finished") and found["step"] >= running["step"]
        call("/stop_run", run_id, OWNER)
        wait(call, run_id, "stopped", "finished")
    finally:
        server.kill()


def refused(tmp_path, **environ):
    (tmp_path / "tmp").mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "app.py"],
        cwd=PROJECT,
        env=app_environment(tmp_path, **{"LAB_HOME": str(tmp_path / "home"), **environ}),
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GRADIO_SERVER_PORT", "eighty"),
        ("LAB_HOME", str(PROJECT / "home")),
        ("LAB_LIMIT_TURNS", "many"),
        ("LAB_CATALOG", "/nowhere/catalog.json"),
        ("LAB_DOWNLOADS", "false"),
    ],
)
def test_a_wrong_setting_ends_the_start_with_one_sentence(tmp_path, name, value):
    found = refused(tmp_path, **{name: value})
    assert found.returncode == 1
    assert len(found.stderr.strip().splitlines()) == 1 and name in found.stderr


def test_a_port_in_use_is_told_in_one_sentence(app, tmp_path):
    found = refused(tmp_path, GRADIO_SERVER_PORT=str(app.port))
    assert found.returncode == 1
    assert found.stderr.strip().splitlines()[-1].startswith(f"Port {app.port} is in use")
    assert "Traceback" not in found.stderr


def test_everything_the_app_writes_is_under_its_home(app, finished):
    root = app.home.parent
    written = {path.relative_to(root).parts[0] for path in root.rglob("*") if path.is_file()}
    assert written <= {"home", "app.log"}
    assert set(os.listdir(app.home)) <= {"runs", "uploads", "secret"}
