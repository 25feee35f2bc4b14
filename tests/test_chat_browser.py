"""The Chat tab in a real browser: what is said is edited, kept, looked into, compared, saved."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import MINUTE, foreign_words, visit

WORDS = {
    "en-US": {
        "first": ("Who are you?", "demo model"),
        "second": ("What is a token?", "small piece of text"),
        "finished": "finished",
    },
    "zh-CN": {
        "first": ("你是谁？", "演示模型"),
        "second": ("什么是词元？", "词元"),
        "finished": "已完成",
    },
}


@pytest.fixture
def words(locale):
    return WORDS[locale]


def ask(page: Page, words, question: str) -> None:
    """Ask, and wait until the answer is over."""
    page.locator("#chat-message textarea").fill(question)
    page.locator("#chat-message textarea").press("Enter")
    expect(page.locator("#chat-figures")).to_contain_text(words["finished"], timeout=MINUTE)


def unfold(page: Page, part: str) -> None:
    page.locator(f"#{part} button").first.click()


def saved(page: Page, button: str) -> str:
    with page.expect_download() as download:
        page.locator(button).click()
    return download.value.path().read_text("utf-8-sig")


def test_a_question_is_changed_and_the_conversation_is_there_after_a_reload(page, app, words):
    visit(page, app, "chat")
    (old, _), (new, answer) = words["first"], words["second"]
    history = page.locator("#chat-history")
    unfold(page, "chat-kept")
    kept = page.locator("#chat-conversations input")
    ask(page, words, old)
    expect(kept).to_have_value(old)
    history.get_by_title(re.compile("Edit|编辑")).first.click()
    history.locator("textarea").fill(new)
    history.get_by_title(re.compile("Submit|发送")).first.click()
    expect(history).to_contain_text(answer, timeout=MINUTE)
    expect(history).not_to_contain_text(old)
    expect(kept).to_have_value(new)
    page.reload()
    expect(history).to_contain_text(answer)
    page.locator("#chat-new").click()
    expect(history).not_to_contain_text(answer)
    unfold(page, "chat-kept")
    kept.click()
    page.get_by_role("option", name=new).click()
    expect(history).to_contain_text(answer)


def test_a_conversation_is_saved_and_read_in_again(page, app, locale, words, tmp_path):
    visit(page, app, "chat")
    question, answer = words["first"]
    ask(page, words, question)
    unfold(page, "chat-kept")
    assert question in saved(page, "#chat-save-md")
    text = saved(page, "#chat-save-json")
    assert [it["role"] for it in json.loads(text)["messages"]] == ["user", "assistant"]
    page.locator("#chat-history").get_by_title(re.compile("^[Ll]ike$|^赞$")).first.click()
    liked = saved(page, "#chat-save-likes")
    assert liked.startswith('"instruction","output"') and question in liked
    page.locator("#chat-new").click()
    expect(page.locator("#chat-history")).not_to_contain_text(answer)
    (tmp_path / "old.json").write_text(text, encoding="utf-8")
    with page.expect_file_chooser() as chooser:
        page.locator("#chat-read").click()
    chooser.value.set_files(tmp_path / "old.json")
    expect(page.locator("#chat-history")).to_contain_text(answer)
    assert foreign_words(page, locale) == []


def test_a_look_inside_tells_what_else_might_have_come_and_goes_on_from_it(page, app, words):
    visit(page, app, "chat")
    ask(page, words, words["first"][0])
    unfold(page, "chat-inside")
    page.locator("#inside-look").click()
    place = page.locator("#inside-answer .token, #inside-answer .textspan").nth(1)
    place.click()
    expect(page.locator("#inside-place")).to_contain_text("%")
    page.locator("#inside-others label").nth(1).click()
    before = page.locator("#chat-history").inner_text()
    page.locator("#inside-go-on").click()
    expect(page.locator("#chat-message .stop-button")).to_be_hidden(timeout=MINUTE)
    expect(page.locator("#chat-history")).not_to_have_text(before, timeout=MINUTE)
    page.locator("#inside-text textarea").fill("Hello, 你好")
    expect(page.locator("#inside-count")).to_contain_text(re.compile(r"9.*\d+"))


def test_two_models_answer_side_by_side(page, app, words):
    visit(page, app, "chat")
    unfold(page, "chat-compare")
    page.locator("#compare-prompt textarea").fill(words["first"][0])
    page.locator("#compare-run").click()
    for side in ("left", "right"):
        note = page.locator(f"#compare-{side}-note")
        expect(note).to_contain_text(words["finished"], timeout=MINUTE)
    left, right = (page.locator(f"#compare-{side}").inner_text() for side in ("left", "right"))
    assert left == right != ""  # one model, one seed
