"""From a model that is not here to one that answers, in a real browser and both languages.

The hub is a stand-in on this machine, the model a small real one under the name of a large one.
"""

import re
import shutil

import pytest
from playwright.sync_api import Page, expect

from inference.catalog import BUILTIN_FOLDER
from tests.browser import (
    MINUTE,
    SECOND,
    choose,
    foreign_words,
    visit,
    visiting,
)
from tests.inference.stand_in_hub import Fault, StandInHub
from tests.serving import App, free_port, raised

MODEL = "textattack/bert-base-uncased-SST-2"
BASE = "google-bert/bert-base-uncased"
STALL = Fault("file", "stall", after=700_000)  # of 2.3 MB
TOKEN = "hf_of_the_visitor"
WORDS = {
    "en-US": {
        "fetch": "Download (438 MB)",
        "join": "Wait for it too",
        "kept": "are here already",
        "fits": "Fits this machine",
        "unreachable": "cannot be reached",
        "silent": "did not answer",
        "gated": "without permission",
        "missing": "is not on this machine yet",
        "positive": "positive",
        "here": f"{MODEL} · English",
    },
    "zh-CN": {
        "fetch": "下载（438 MB）",
        "join": "我也要用它",
        "kept": "会接着下载",
        "fits": "这台机器可以运行",
        "unreachable": "无法连接",
        "silent": "没有应答",
        "gated": "未经许可",
        "missing": "这台机器上还没有",
        "positive": "正面",
        "here": f"{MODEL} · 英文",
    },
}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def hub_server(root):
    for name in (MODEL, BASE):
        shutil.copytree(BUILTIN_FOLDER / "sentiment", root / "hub" / name)
    # As on the Hub: on main there are pickles, the safetensors are in a pull request.
    main, proposed = root / "hub" / MODEL, root / "hub" / f"{MODEL}@refs-pr-2"
    main.rename(proposed)
    main.mkdir()
    (main / "pytorch_model.bin").write_bytes(b"never fetched")
    with StandInHub(root / "hub") as server:
        yield server


def start(root, endpoint):
    """An app that may download, whose cache is `root/cache`."""
    root.mkdir(exist_ok=True)
    return App(
        root,
        HF_ENDPOINT=endpoint,
        HF_HUB_CACHE=str(root / "cache"),
        HF_HUB_OFFLINE="",
        TRANSFORMERS_OFFLINE="",
        LAB_STALL_SECONDS="60",  # the tests hold the hub back for as long as they look
    ).start()


@pytest.fixture(scope="module")
def app_server(root, hub_server):
    server = start(root, hub_server.url)
    yield server
    server.kill()


@pytest.fixture
def hub(hub_server):
    """Without faults, and asked nothing yet."""
    hub_server.faults.clear()
    hub_server.asked.clear()
    hub_server.go_on.clear()
    yield hub_server
    hub_server.go_on.set()


@pytest.fixture
def app(app_server, root, hub):
    """Nothing has been downloaded."""
    shutil.rmtree(root / "cache", ignore_errors=True)
    return app_server


@pytest.fixture
def words(locale):
    return WORDS[locale]


def chosen(page: Page) -> str:
    return page.locator("#sentiment-model input").input_value()


def away(page: Page, app: App) -> None:
    """The sentiment tab with a model chosen that is not here."""
    visit(page, app, "sentiment")
    choose(page, "#sentiment-model", MODEL)
    expect(page.locator("#sentiment-fetch")).to_be_visible()


def press(page: Page) -> None:
    page.locator("#sentiment-fetch").click()


def classify(page: Page, words: dict[str, str]) -> None:
    page.locator(".lab-starters button:visible").first.click()
    result = page.locator("#sentiment-result")
    expect(result).to_contain_text(words["positive"], timeout=MINUTE)


def arriving(page: Page) -> None:
    """What the hub sent before it stalled, and the small files, are here."""
    expect(page.locator("#sentiment-fetching")).to_contain_text("803 kB")


def test_a_model_is_downloaded_with_moving_progress_and_used_at_once(page, app, hub, locale, words):
    hub.faults[MODEL] = Fault("file", "slow", seconds=12)
    away(page, app)
    expect(page.locator("#sentiment-fetch")).to_have_text(words["fetch"])
    assert foreign_words(page, locale) == []
    press(page)
    bar = page.locator("#sentiment-fetching .lab-bar i")
    expect(bar).to_have_attribute("style", re.compile(r"width:[1-9]\d?%"))
    first = bar.get_attribute("style")
    expect(bar).not_to_have_attribute("style", first)
    expect(page.locator("#sentiment-note")).to_contain_text(words["fits"])
    expect(page.locator("#sentiment-fetching")).to_be_hidden()
    assert chosen(page) == words["here"]
    classify(page, words)
    assert raised(app) == []


def test_visitors_share_a_download_and_one_who_cancels_leaves_it_to_the_other(
    page, browser, app, hub, locale, words
):
    hub.faults[MODEL] = STALL
    away(page, app)
    press(page)
    arriving(page)
    assert foreign_words(page, locale) == []
    page.reload()  # a page opened again goes on with it
    arriving(page)
    assert chosen(page).startswith(MODEL)
    with visiting(browser, app, locale) as other:
        visit(other, app, "sentiment", model=MODEL)
        arriving(other)
        expect(other.locator("#sentiment-cancel")).to_be_hidden()
        expect(other.locator("#sentiment-fetch")).to_have_text(words["join"])
        press(other)
        expect(other.locator("#sentiment-cancel")).to_be_visible()
        page.locator("#sentiment-cancel").click()
        expect(page.locator("#sentiment-fetch")).to_have_text(words["join"])
        hub.go_on.set()
        for it in (other, page):
            expect(it.locator("#sentiment-note")).to_contain_text(words["fits"])
        classify(other, words)
    assert len(hub.bodies("model.safetensors")) == 1


def test_a_cancelled_download_goes_on_from_what_is_here(page, app, hub, words):
    hub.faults[MODEL] = STALL
    away(page, app)
    press(page)
    arriving(page)
    page.locator("#sentiment-cancel").click()
    expect(page.locator("#sentiment-fetching")).to_contain_text(words["kept"])
    expect(page.locator("#sentiment-cancel")).to_be_hidden()
    hub.faults.clear()
    press(page)
    expect(page.locator("#sentiment-note")).to_contain_text(words["fits"])
    begun = hub.bodies("model.safetensors")[-1].headers["range"]
    assert re.fullmatch(r"bytes=700000-", begun)


def test_a_token_goes_to_the_hub_and_is_kept_nowhere(page, app, hub, locale, words):
    hub.faults[MODEL] = Fault("api", status=401)
    away(page, app)
    press(page)
    field = page.locator("#sentiment-token input")
    expect(field).to_be_visible()
    expect(page.locator("#sentiment-failure")).to_contain_text(words["gated"])
    assert foreign_words(page, locale) == [] and field.get_attribute("type") == "password"
    field.fill(TOKEN)
    press(page)
    expect(field).to_have_value("")
    expect(page.locator("#sentiment-failure")).to_contain_text(words["gated"])
    assert hub.asked[-1].headers["authorization"] == f"Bearer {TOKEN}"
    hub.faults.clear()
    press(page)
    expect(page.locator("#sentiment-note")).to_contain_text(words["fits"])
    assert "authorization" not in hub.asked[-1].headers
    stored = page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")
    assert TOKEN not in stored and TOKEN not in app.log.read_text(encoding="utf-8")
    assert page.evaluate("indexedDB.databases()") == []
    kept = [it for it in app.home.rglob("*") if it.is_file() and TOKEN.encode() in it.read_bytes()]
    assert kept == []


def failing(page: Page, app: App, locale: str, words: dict[str, str], sentence: str) -> None:
    """Within ten seconds it is told what failed; one click later something else answers."""
    away(page, app)
    press(page)
    failure = page.locator("#sentiment-failure")
    expect(failure).to_contain_text(words[sentence], timeout=10 * SECOND)
    expect(page.locator("#sentiment-fetch")).to_be_visible()
    assert foreign_words(page, locale) == []
    page.locator("#sentiment-instead button").get_by_text("builtin/sentiment").click()
    expect(failure).to_be_hidden()
    expect(page.locator("#sentiment-model input")).to_have_value(re.compile("builtin/sentiment"))
    classify(page, words)


def test_a_hub_that_never_answers_is_told_soon_and_another_model_is_offered(
    page, app, hub, locale, words
):
    hub.faults[MODEL] = Fault("api", "silent")
    failing(page, app, locale, words, "silent")


@pytest.fixture(scope="module")
def cut_off(root):
    server = start(root / "cut off", f"http://127.0.0.1:{free_port()}")
    yield server
    server.kill()


def test_a_hub_that_cannot_be_reached_is_told_soon_and_another_model_is_offered(
    browser, cut_off, locale, words
):
    with visiting(browser, cut_off, locale) as page:
        failing(page, cut_off, locale, words, "unreachable")


def test_a_model_that_is_not_here_says_so_when_it_is_used(page, app, words):
    away(page, app)
    page.locator(".lab-starters button:visible").first.click()
    toast = page.locator(".toast-body")
    expect(toast).to_contain_text(words["missing"], timeout=10 * SECOND)
    expect(toast).to_contain_text(re.compile("Download|“下载”"))


def test_a_base_is_downloaded_in_the_fine_tune_tab(page, app, hub, locale):
    visit(page, app, "finetuning")
    page.locator("#example-classification").click()
    expect(page.locator("#finetune-summary")).to_contain_text(re.compile(r"\d+"))
    page.locator("#finetune-next").click()
    estimate = page.locator("#finetune-estimate")
    expect(estimate).to_contain_text(re.compile(r"\d+ (steps|步)"))
    choose(page, "#finetune-base", BASE)
    expect(page.locator("#finetune-fetch")).to_be_visible()
    page.locator("#finetune-fetch").click()
    expect(estimate).to_contain_text(re.compile(r"\d+ (steps|步)"))
    expect(page.locator("#finetune-fetch")).to_be_hidden()
    expect(page.locator("#finetune-fetching")).to_be_hidden(timeout=MINUTE)
    expect(page.locator("#finetune-failure")).to_be_hidden()
