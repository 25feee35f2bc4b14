"""The Sentiment tab in a real browser: one text and its reasons, several, a chat model, gaps."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import MINUTE, choose, foreign_words, visit, visiting
from tests.inference.minis import Minis
from tests.serving import App

WORDS = {
    "en-US": {
        "text": "The food was wonderful and the staff were very friendly.",
        "label": "positive",
        "word": "wonderful",
        "for": "strongly for it",
        "explained": "Each word was left out once",
        "read": "What the model read",
        "lines": "Several texts",
        "bad": "The battery died after two days. A waste of money.",
        "bad_label": "negative",
        "counted": "2 texts",
        "too_many": "201 texts",
        "empty": "no text to work on",
        "against": "Ask a large model too",
        "memory": "of memory",
        "demo": "cannot do this task",
        "missing": "it wrote none",
        "mask": "Fill the gap",
        "filled": "Every gap is filled",
        "gap": "We will come [MASK] soon.",
        "model": "uer/roberta-base-finetuned-jd-binary-chinese",
        "not_read": "This text is not Chinese",
    },
    "zh-CN": {
        "text": "菜很好吃，服务员也特别热情。",
        "label": "正面",
        "word": "好吃",
        "for": "强烈支持",
        "explained": "每次去掉一个词",
        "read": "模型读到的内容",
        "lines": "多段文本",
        "bad": "电池两天就坏了，真是浪费钱。",
        "bad_label": "负面",
        "counted": "共 2 段文本",
        "too_many": "共有 201 段文本",
        "empty": "还没有可以处理的文本",
        "against": "再问大模型",
        "memory": "约占内存",
        "demo": "做不了这个任务",
        "missing": "没有写出",
        "mask": "完形填空",
        "filled": "所有的空都填好了",
        "gap": "这家店的菜很好[MASK]。",
        "model": "textattack/bert-base-uncased-SST-2",
        "not_read": "这段文字是中文",
    },
}


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """BERTs that guess masked words are here; their weights are random."""
    root = tmp_path_factory.mktemp("app")
    minis = Minis(root / "minis", None)
    for model in ("google-bert/bert-base-uncased", "google-bert/bert-base-chinese"):
        minis.folder(model)
    server = App(root, HF_HUB_CACHE=str(minis.cache)).start()
    yield server
    server.kill()


@pytest.fixture
def words(locale):
    return WORDS[locale]


@pytest.fixture
def page(browser, app, locale):
    with visiting(browser, app, locale) as page:
        visit(page, app, "sentiment")
        yield page


def open_part(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()
    expect(page.get_by_role("tab", name=name, exact=True)).to_have_attribute(
        "aria-selected", "true"
    )


def test_one_text_gets_its_label_and_then_the_words_that_made_it(page, locale, words):
    page.locator("#sentiment-text textarea").fill(words["text"])
    page.locator("#sentiment-run").click()
    expect(page.locator("#sentiment-result")).to_contain_text(words["label"], timeout=MINUTE)
    marked = page.locator("#sentiment-words")
    expect(marked).to_be_visible(timeout=MINUTE)
    shown = re.sub(r"\s", "", marked.inner_text())
    assert re.sub(r"\s", "", words["text"]) in shown
    expect(marked).to_contain_text(words["for"])
    expect(page.locator("#sentiment-words-note")).to_contain_text(words["explained"])
    page.get_by_text(words["read"], exact=True).click()
    expect(page.locator("#sentiment-tokens")).to_contain_text(re.compile(r"\d"))
    expect(page.locator("#sentiment-effects")).to_contain_text(words["word"][0])
    assert foreign_words(page, locale) == []


def test_no_text_is_told_and_leaves_the_last_answer(page, words):
    page.locator("#sentiment-text textarea").fill(words["text"])
    page.locator("#sentiment-run").click()
    expect(page.locator("#sentiment-words")).to_be_visible(timeout=MINUTE)
    page.locator("#sentiment-text textarea").fill(" \n ")
    page.locator("#sentiment-run").click()
    expect(page.locator(".toast-body")).to_contain_text(words["empty"])
    expect(page.locator("#sentiment-result")).to_contain_text(words["label"])
    expect(page.locator("#sentiment-words")).to_be_visible()


def test_a_text_in_a_language_the_model_does_not_read_is_told_and_helped(page, words):
    choose(page, "#sentiment-model", words["model"])
    page.locator("#sentiment-text textarea").fill(words["text"])
    page.locator("#sentiment-text textarea").blur()
    note = page.locator("#sentiment-reading")
    expect(note).to_contain_text(words["not_read"])
    page.locator("#sentiment-reading-take").click()
    expect(page.locator("#sentiment-model input")).to_have_value(re.compile("builtin/sentiment"))
    expect(note).to_be_hidden()
    expect(page.locator("#sentiment-fetch")).to_be_hidden()


def test_several_texts_are_a_table(page, locale, words):
    open_part(page, words["lines"])
    box = page.locator("#sentiment-lines-text textarea")
    box.fill(f"{words['text']}\n\n  \n{words['bad']}\n")
    page.locator("#sentiment-lines-run").click()
    expect(page.locator("#sentiment-lines-told")).to_contain_text(words["counted"], timeout=MINUTE)
    rows = page.locator("#sentiment-lines").get_by_role("row")
    expect(rows.filter(has_text=words["text"])).to_contain_text(words["label"])
    expect(rows.filter(has_text=words["bad"])).to_contain_text(words["bad_label"])
    assert foreign_words(page, locale) == []
    box.fill("a\n" * 201)
    page.locator("#sentiment-lines-run").click()
    expect(page.locator(".toast-body")).to_contain_text(words["too_many"])


def test_a_demo_chat_model_is_asked_too_and_said_to_be_one(page, locale, words):
    page.locator("#sentiment-text textarea").fill(words["bad"])
    open_part(page, words["against"])
    expect(page.locator("#against-text textarea")).to_have_value(words["bad"])
    page.locator("#against-run").click()
    expect(page.locator("#against-scores")).to_contain_text(words["bad_label"], timeout=MINUTE)
    expect(page.locator("#against-left")).to_contain_text(words["memory"])
    right = page.locator("#against-right")
    expect(right).to_contain_text(words["demo"], timeout=MINUTE)
    expect(page.locator("#against-run")).to_be_visible(timeout=MINUTE)
    expect(right).to_contain_text(words["memory"])
    expect(page.locator("#against-answer")).to_contain_text(words["missing"])
    assert foreign_words(page, locale) == []
    page.locator("#against-raw button").first.click()
    expect(page.locator("#against-raw textarea")).not_to_have_value("")


def test_a_gap_is_guessed_and_filled_with_a_click(page, words):
    open_part(page, words["mask"])
    box = page.locator("#mask-text textarea")
    box.fill(words["gap"].replace("[MASK]", "[mask]"))
    page.locator("#mask-run").click()
    chart = page.locator("#mask-1")
    expect(chart).to_be_visible(timeout=MINUTE)
    expect(box).to_have_value(words["gap"])
    expect(page.locator("#mask-2")).to_be_hidden()
    bars = chart.locator("button.confidence-set")
    expect(bars).to_have_count(10)
    bars.first.click()
    expect(page.locator("#mask-told")).to_contain_text(words["filled"])
    expect(box).not_to_have_value(re.compile("MASK"))


def test_an_example_with_two_gaps_has_two_charts(page, words):
    open_part(page, words["mask"])
    page.locator("#mask-examples button").nth(1).click()
    for chart in ("#mask-1", "#mask-2"):
        expect(page.locator(chart)).to_be_visible(timeout=MINUTE)


def test_everything_fits_a_telephone(page, words):
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("#sentiment-text textarea").fill(words["text"])
    page.locator("#sentiment-run").click()
    expect(page.locator("#sentiment-words")).to_be_visible(timeout=MINUTE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for name in (words["lines"], words["against"], words["mask"]):
        part = page.get_by_role("tab", name=name, exact=True)
        if not part.is_visible():
            page.locator("#sentiment-parts .overflow-menu > button").first.click()
            part = page.locator("#sentiment-parts .overflow-dropdown button", has_text=name)
        part.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
