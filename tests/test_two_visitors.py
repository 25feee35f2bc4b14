"""Two strangers on one server, in a browser each: neither can touch what is the other's, and what
one of them trains outlives the server."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from playwright.sync_api import Page, expect

from tests.browser import MINUTE, visit, visiting
from tests.serving import App

PASSES = "77"  # enough for the other visitor to queue up behind, on a slow machine too
STRANGER = "a stranger's own token"
NOWHERE = "A" * 22


@pytest.fixture
def app(tmp_path):
    server = App(tmp_path).start()
    yield server
    server.kill()


def begin(page: Page, app: App, passes: str) -> None:
    visit(page, app, "finetuning")
    page.locator("#example-chat").click()
    expect(page.locator("#finetune-summary")).to_contain_text(re.compile(r"\d+"))
    page.locator("#finetune-next").click()
    field = page.locator("#setting-num_train_epochs textarea, #setting-num_train_epochs input")
    field.fill(passes)
    field.press("Tab")
    expect(page.locator("#finetune-estimate")).to_contain_text(re.compile(r"\d+"))
    page.locator("#finetune-start").click()
    expect(page.locator("#run-stop")).to_be_visible()


def runs_of(app: App) -> list[str]:
    folders = [it for it in (app.home / "runs").iterdir() if (it / "recipe.json").is_file()]
    return [it.name for it in sorted(folders, key=lambda it: it.stat().st_ctime)]


def refusal(client: Client, name: str, *values: object) -> str:
    with pytest.raises(AppError) as caught:
        client.predict(*values, api_name=name)
    return str(caught.value)


def ask(page: Page, question: str) -> None:
    page.locator("#chat-message textarea").fill(question)
    page.locator("#chat-message textarea").press("Enter")


def test_two_strangers_train_and_share_beside_each_other(browser, app):
    with visiting(browser, app, "en-US") as ann, visiting(browser, app, "zh-CN") as bo:
        begin(ann, app, PASSES)
        (run_id,) = runs_of(app)
        state = ann.locator("#run-state")
        expect(state).to_contain_text("step", timeout=MINUTE)
        ann.reload()  # found again, and it goes on
        expect(state).to_contain_text(re.compile(r"step \d+"))

        begin(bo, app, "1")
        expect(bo.locator("#run-state")).to_contain_text("排在第 1 位")
        _the_other_is_told_nothing(app, bo, run_id)

        app.kill()  # the worker lives on
        app.start()
        ann.goto(f"{app.url}/?tab=finetuning")
        finished = re.compile("Finished")
        expect(state).to_contain_text(re.compile("Training|Finished"), timeout=MINUTE)
        expect(state).to_contain_text(finished, timeout=5 * MINUTE)
        visit(bo, app, "finetuning")
        expect(bo.locator("#run-state")).to_contain_text("已完成", timeout=2 * MINUTE)

        query = _shared(ann)
        visit(bo, app, "chat", **query)
        expect(bo.locator("#chat-note")).to_contain_text("学会了")
        ask(bo, "Who are you?")
        figures = bo.locator("#chat-figures")
        expect(figures).to_contain_text("已完成", timeout=MINUTE)
        ann.locator("#run-unshare").click()
        expect(ann.locator("#run-share")).to_be_visible()
        ask(bo, "Hello")
        expect(bo.locator(".toast-body")).to_be_visible()
        visit(bo, app, "chat", **query)
        expect(bo.locator("#chat-model input")).to_have_value(re.compile("builtin/chat"))


def _the_other_is_told_nothing(app: App, bo: Page, run_id: str) -> None:
    """A foreign run answers exactly as one that does not exist, to the page and to programs."""
    client = Client(app.url, verbose=False)
    for name in ("/run_status", "/stop_run", "/resume_run", "/delete_run", "/download_adapter"):
        told = refusal(client, name, run_id, STRANGER)
        assert told == refusal(client, name, NOWHERE, STRANGER), name
    for name in ("/share_run", "/unshare_run", "/run_report"):
        told = refusal(client, name, run_id, STRANGER)
        assert told == refusal(client, name, NOWHERE, STRANGER), name
    chats = [refusal(client, "/chat", "Hello", [], "", it, STRANGER) for it in (run_id, NOWHERE)]
    assert chats[0] == chats[1]
    assert client.predict(STRANGER, api_name="/list_runs") == []
    bo.goto(f"{app.url}/?tab=finetuning&run={run_id}")
    expect(bo.locator("#run-state")).to_contain_text("排在第 1 位")  # still the visitor's own
    assert PASSES not in bo.locator("#run-state").inner_text()


def _shared(ann: Page) -> dict[str, str]:
    """The link the page offers, as the parts of its query."""
    ann.locator("#run-to-result").click()
    ann.locator("#run-share-part button").first.click()
    ann.locator("#run-share").click()
    link = ann.locator("#run-share-link textarea, #run-share-link input")
    expect(link).to_have_value(re.compile(r"^http://127\.0\.0\.1:\d+/\?tab=chat&run="))
    query = parse_qs(urlsplit(link.input_value()).query)
    return {name: query[name][0] for name in ("run", "share")}
