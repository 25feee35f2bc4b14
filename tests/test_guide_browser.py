"""The guide and the look inside in a real browser, in both languages and on a narrow screen."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import MINUTE, TABS, foreign_words, opened_tab, visit, visiting

FIELDS = {
    "chat": ("#chat-message textarea", ("What is a token?", "什么是词元？")),
    "summarization": ("#summary-text textarea", ("The old ferry", "运行了九十年")),
    "sentiment": ("#sentiment-text textarea", ("The food was wonderful", "菜很好吃")),
}
# Signs of the vocabulary and names that the look inside needs in either language.
TERMS = {"CLS", "SEP", "MASK", "UNK", "RoBERTa", "softmax", "QLoRA"}


@pytest.fixture(params=[1280, 390])
def page(browser, app, locale, request):
    with visiting(browser, app, locale) as page:
        page.set_viewport_size({"width": request.param, "height": 900})
        yield page


def no_wider_than_the_screen(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def strangers(page: Page, locale: str) -> set[str]:
    return set(foreign_words(page, locale)) - TERMS


def test_every_step_of_the_guide_opens_its_tab_with_its_example(page, app, locale):
    chinese = locale == "zh-CN"
    visit(page, app, "environment")
    expect(page.locator("#environment-verdict")).to_contain_text("builtin/chat", timeout=MINUTE)
    for tab, (field, texts) in FIELDS.items():
        page.locator(f"#guide-{tab}").click()
        expect(opened_tab(page)).to_have_text(TABS[tab][chinese])
        expect(page.locator(field)).to_have_value(re.compile(re.escape(texts[chinese])))
        page.get_by_role("tab", name=TABS["environment"][chinese], exact=True).click()
    assert foreign_words(page, locale) == []
    assert no_wider_than_the_screen(page)
    page.locator("#guide-finetuning").click()
    expect(opened_tab(page)).to_have_text(TABS["finetuning"][chinese])
    expect(page.locator("#finetune-summary")).to_contain_text("120", timeout=MINUTE)
    expect(page.locator("#finetune-next")).to_be_enabled(timeout=MINUTE)


@pytest.mark.parametrize(("locale", "page"), [("en-US", 1280), ("zh-CN", 390)], indirect=True)
def test_the_look_inside_shows_tokens_attention_training_and_lora(page, app, locale):
    visit(page, app, "environment")
    inside = page.locator("#look-inside")
    inside.locator("button").first.click()
    tabs = inside.get_by_role("tab")
    expect(page.locator("#look-chat-pieces")).to_be_visible(timeout=MINUTE)
    expect(page.locator("#look-steps .lab-new").first).to_be_visible(timeout=MINUTE)
    page.locator("#look-text textarea").fill("hi")
    expect(page.locator("#look-classification-count")).to_contain_text("2 ")

    tabs.nth(1).click()
    squares = page.locator("#look-heat td[data-query]")
    expect(squares.first).to_be_visible(timeout=MINUTE)
    page.locator("#look-heat td[data-query='2'][data-key='1']").click()
    chosen = page.locator("#look-heat .lab-chosen")
    expect(chosen).to_have_attribute("data-query", "2")
    tokens = page.locator("#look-heat tr:first-child th").all_inner_texts()
    told = page.locator("#look-pair strong")  # may be drawn after the picture
    expect(told.first).to_have_text(tokens[2])
    expect(told.nth(1)).to_have_text(tokens[1])
    share = told.last.inner_text()
    assert abs(float(share.rstrip("%")) - float(chosen.inner_text())) <= 0.5
    assert strangers(page, locale) == set()
    before = squares.all_inner_texts()
    page.locator("#look-head label").nth(3).click()
    page.wait_for_function(
        "(old) => [...document.querySelectorAll('#look-heat td[data-query]')]"
        ".map((it) => it.innerText).join() !== old",
        arg=",".join(before),
    )

    tabs.nth(2).click()
    asked = re.compile("it was|it is there|原来是|没盖住")
    expect(page.locator("#look-shown")).to_contain_text(asked, timeout=MINUTE)
    expect(page.locator("#look-next")).to_contain_text("[CLS]")
    drawn = page.locator("#look-shown").inner_text()  # any token may stand for another
    assert [it for it in strangers(page, locale) if it not in drawn] == []

    tabs.nth(3).click()
    told = page.locator("#look-lora-told")
    expect(told).to_contain_text("10,092,544", timeout=MINUTE)
    page.locator("#look-layers label").nth(2).click()
    expect(told).to_contain_text("2,293,760")
    expect(told).to_contain_text("q_proj,v_proj")
    assert strangers(page, locale) == set()
    assert no_wider_than_the_screen(page)
