"""The Environment tab in a real browser: facts, load, what fits, the calculator, the doctor."""

import re
import time

import pytest
from playwright.sync_api import Page, Request, expect
from playwright.sync_api import TimeoutError as Late

from components._machine_panel import TICK_SECONDS
from tests.browser import (
    MINUTE,
    SECOND,
    TABS,
    foreign_words,
    opened_tab,
    visit,
    visiting,
)
from tests.serving import App

TOKEN = "the-operators-own-token"
CACHED = "google-bert/bert-base-chinese"
WORDS = {
    "en-US": {
        "offline": "Downloads are switched off",
        "none": "No model chosen",
        "open": "Open builtin/chat in Chat",
        "train": "Open google-bert/bert-base-uncased in Fine-tune",
        "weights": "weights 350 GB",
        "refused": "not the operator's token",
        "empty": "Nothing has been downloaded",
        "billions": "must lie between",
    },
    "zh-CN": {
        "offline": "下载已关闭",
        "none": "还没有选择模型",
        "open": "在“对话”页打开 builtin/chat",
        "train": "在“微调”页打开 google-bert/bert-base-uncased",
        "weights": "权重 350 GB",
        "refused": "这不是维护者令牌",
        "empty": "还没有下载任何模型",
        "billions": "必须在",
    },
}


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    root = tmp_path_factory.mktemp("environment-browser")
    canaries = {"HF_TOKEN": "hf_canary", "LAB_CHAT_KEY": "canary-key", "CANARY": "canary"}
    cache = {"HF_HUB_CACHE": str(root / "hub"), "LAB_OPERATOR_TOKEN": TOKEN}
    server = App(root, **canaries, **cache).start()
    yield server
    server.kill()


@pytest.fixture
def words(locale):
    return WORDS[locale]


@pytest.fixture
def page(browser, app, locale):
    with visiting(browser, app, locale) as page:
        visit(page, app, "environment")
        expect(page.locator("#environment-machine")).to_contain_text("GB")
        yield page


def unfold(page: Page, part: str) -> None:
    page.locator(f"#environment-{part} > button").click()


def row(page: Page, model: str):
    return page.locator("#environment-models [role=gridcell]").get_by_text(model).last


def fill(page: Page, field: str, value: str) -> None:
    box = page.locator(f"#calculator-{field} input")
    box.fill(value)
    box.press("Enter")


def test_the_whole_tab_speaks_the_visitors_language_and_tells_nothing_private(page, locale, words):
    for part in ("calculator", "places-part", "cache-part", "report-part"):
        unfold(page, part)
    expect(page.locator("#environment-places")).to_contain_text("Qwen/Qwen3-14B")
    expect(page.locator("#calculator-plot canvas, #calculator-plot svg").first).to_be_visible()
    expect(page.locator("#environment-load canvas, #environment-load svg").first).to_be_visible()
    expect(page.locator("#environment-doctor")).to_contain_text(words["offline"])
    report = page.locator("#environment-report textarea")
    expect(report).to_have_value(re.compile(r"\| transformers \| 5"))
    assert foreign_words(page, locale) == []
    assert "canary" not in (page.content() + report.input_value()).lower()


def test_a_model_that_fits_is_one_click_away(page, locale, words):
    go = page.locator("#environment-go")
    expect(go).to_contain_text(words["none"])
    expect(go).to_be_disabled()
    row(page, "builtin/chat").click()
    expect(go).to_have_text(words["open"])
    go.click()
    expect(opened_tab(page)).to_have_text(TABS["chat"][locale == "zh-CN"])
    expect(page.locator("#chat-model input")).to_have_value(
        {"en-US": "builtin/chat · demo", "zh-CN": "builtin/chat · 演示"}[locale]
    )


def test_the_speed_is_measured_by_itself(page):
    expect(page.locator("#environment-models-note")).to_contain_text("GB", timeout=MINUTE)


def test_a_base_to_train_waits_in_the_fine_tune_tab(page, app, locale, words):
    page.locator("#environment-use label").nth(3).click()
    row(page, "google-bert/bert-base-uncased").click()
    go = page.locator("#environment-go")
    expect(go).to_have_text(words["train"])
    go.click()
    expect(opened_tab(page)).to_have_text(TABS["finetuning"][locale == "zh-CN"])
    page.locator("#example-classification").click()
    page.locator("#finetune-next:enabled").click()
    expect(page.locator("#finetune-base input")).to_have_value(
        re.compile("^google-bert/bert-base-uncased")
    )


def test_the_calculator_follows_its_fields(page, words):
    unfold(page, "calculator")
    told = page.locator("#calculator-told")
    expect(told).to_contain_text("GB")
    fill(page, "parameters", "175")
    expect(told).to_contain_text(words["weights"])
    page.locator("#calculator-purpose label").nth(1).click()
    expect(told).to_contain_text("2.1 TB")  # 12 bytes a weight for the optimizer
    fill(page, "parameters", "0")
    expect(page.get_by_text(words["billions"]).first).to_be_visible()


def test_only_the_operator_deletes_a_downloaded_model(page, app, words):
    folder = app.home.parent / "hub" / f"models--{CACHED.replace('/', '--')}" / "blobs"
    folder.mkdir(parents=True)
    (folder / "abc").write_bytes(b"x" * 5_000)
    page.reload()
    expect(page.locator("#environment-machine")).to_contain_text("5.0 kB")
    unfold(page, "cache-part")
    expect(page.locator("#environment-cache")).to_contain_text(CACHED)
    page.locator("#environment-cache-model input").click()
    page.get_by_role("option").filter(has_text=CACHED).click()
    token, delete = (page.locator(f"#environment-cache-{it}") for it in ("token", "delete"))
    token.locator("input").fill("somebody-elses-token")
    delete.click()
    expect(page.get_by_text(words["refused"]).first).to_be_visible()
    assert folder.is_dir()
    token.locator("input").fill(TOKEN)
    delete.click()
    expect(page.get_by_text(words["empty"])).to_be_visible()
    assert not folder.exists()
    expect(token.locator("input")).to_have_value("")


def asks(request: Request) -> bool:
    return request.url.partition("?")[0].endswith("/queue/join")


def falls_silent(page: Page, within: float) -> bool:
    """Whether the page stops asking, for longer than a tick, within so many seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            page.wait_for_event("request", asks, timeout=2.5 * TICK_SECONDS * SECOND)
        except Late:
            return True
    return False


def test_the_load_is_asked_for_only_while_the_tab_is_shown(browser, app):
    with visiting(browser, app, "en-US") as page:
        visit(page, app, "environment")
        expect(page.locator("#environment-load")).to_be_visible()  # a second sample is there
        assert not falls_silent(page, 4 * TICK_SECONDS)
        page.get_by_role("tab", name="Chat", exact=True).click()
        assert falls_silent(page, 30)
        page.get_by_role("tab", name="Environment", exact=True).click()
        page.wait_for_event("request", asks, timeout=10 * SECOND)
        assert not falls_silent(page, 4 * TICK_SECONDS)
        visit(page, app, "chat")  # a visit that begins elsewhere
        assert falls_silent(page, 30)


def test_on_a_phone_nothing_is_wider_than_the_screen(browser, app, locale):
    context = browser.new_context(locale=locale, viewport={"width": 390, "height": 800})
    page = context.new_page()
    visit(page, app, "environment")
    expect(page.locator("#environment-machine")).to_contain_text("GB")
    for part in ("calculator", "places-part", "report-part"):
        unfold(page, part)
    expect(page.locator("#environment-places")).to_contain_text("Qwen/Qwen3-14B")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    context.close()
