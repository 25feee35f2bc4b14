"""The page in a real browser, in both languages: every tab, and from a file to a trained model."""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import Page, TimeoutError, expect

from tests.browser import MINUTE, SECOND, TABS, foreign_words, opened_tab, visit
from tests.serving import raised

# Long replies mostly, but how long one is differs from machine to machine: it may end before Stop.
NOISE = {"max_new_tokens": "2000", "temperature": "2", "top_p": "1", "top_k": "0"}
WORDS = {
    "en-US": {
        "rows": "What is the word number {n}?,The word is banana.",
        "question": "What is the word number 7?",
        "answer": "The word is banana.",
        "finished": "Finished",
        "stopped": "Stopped",
        "learned": "It learned",
        "stopped_by_you": "stopped by you",
        "retry": "Retry",
        "empty": "The message is empty",
        "unusable": "This file cannot be used",
    },
    "zh-CN": {
        "rows": "第{n}个词是什么？,这个词是香蕉。",
        "question": "第7个词是什么？",
        "answer": "这个词是香蕉。",
        "finished": "已完成",
        "stopped": "已停止",
        "learned": "学会了",
        "stopped_by_you": "已被你停止",
        "retry": "重试",
        "empty": "消息是空的",
        "unusable": "这个文件无法使用",
    },
}


@pytest.fixture
def words(locale):
    return WORDS[locale]


@pytest.fixture
def table(tmp_path, words):
    path = tmp_path / "table.csv"
    rows = "\n".join(words["rows"].format(n=n) for n in range(20))
    path.write_text(f"instruction,output\n{rows}\n", encoding="utf-8")
    return path


def upload(page: Page, path: object) -> None:
    page.locator("#finetune-file input[type=file]").set_input_files(path)


def to_recipe(page: Page) -> None:
    page.locator("#finetune-next:enabled").click()
    expect(page.locator("#finetune-estimate")).to_contain_text(re.compile(r"\d+ (steps|步)"))


def ask(page: Page, question: str) -> None:
    page.locator("#chat-message textarea").fill(question)
    page.locator("#chat-message textarea").press("Enter")


def test_every_tab_opens_and_speaks_the_visitors_language(page, app, locale):
    visit(page, app, "environment")
    expect(page.locator("#environment-verdict")).to_contain_text("builtin/chat")
    for names in TABS.values():
        name = names[locale == "zh-CN"]
        page.get_by_role("tab", name=name, exact=True).click()
        expect(opened_tab(page)).to_have_text(name)
        assert foreign_words(page, locale) == []


def test_from_a_file_to_a_model_that_answers_as_it_was_taught(page, app, locale, words, table):
    visit(page, app, "chat")
    ask(page, words["question"])
    history = page.locator("#chat-history")
    expect(page.locator("#chat-figures")).to_contain_text(re.compile("finished|已完成"))
    expect(history).not_to_contain_text(words["answer"])

    visit(page, app, "finetuning")
    upload(page, table)
    expect(page.locator("#finetune-summary")).to_contain_text("20")
    to_recipe(page)
    page.locator("#finetune-preset label").first.click()
    page.locator("#finetune-start").click()
    state = page.locator("#run-state")
    expect(state).to_contain_text(words["finished"], timeout=3 * MINUTE)
    page.locator("#run-to-result").click()
    expect(page.locator("#run-learned")).to_contain_text(words["learned"])
    with page.expect_download() as download:
        page.locator("#run-download").click()
    assert download.value.suggested_filename.endswith(".zip")

    page.reload()  # the run is still this visitor's
    page.locator("#runs-show").click()
    page.locator("#run-use").click()
    expect(opened_tab(page)).to_have_text(TABS["chat"][locale == "zh-CN"])
    expect(page.locator("#chat-note")).to_contain_text(words["learned"])  # chosen by now
    ask(page, words["question"])
    expect(history).to_contain_text(words["answer"], timeout=MINUTE)


def test_another_visitor_sees_nothing_of_a_run(page, app, words, browser, table):
    visit(page, app, "finetuning")
    upload(page, table)
    to_recipe(page)
    page.locator("#finetune-start").click()
    expect(page.locator("#run-stop")).to_be_visible()
    stranger = browser.new_context().new_page()
    stranger.goto(f"{app.url}/?tab=finetuning")
    expect(stranger.locator("#finetune-file")).to_be_visible()
    expect(stranger.locator("#runs")).to_be_hidden()
    stranger.context.close()
    page.locator("#run-stop").click()
    expect(page.locator("#run-state")).to_contain_text(words["stopped"], timeout=MINUTE)
    page.locator("#run-delete").click()
    page.locator("#run-delete-sure").click()
    expect(page.locator("#runs")).to_be_hidden()


def test_bad_input_is_answered_and_nothing_is_lost(page, app, words, tmp_path):
    visit(page, app, "chat")
    ask(page, "   ")
    expect(page.locator(".toast-body")).to_contain_text(words["empty"])
    visit(page, app, "finetuning")
    (tmp_path / "book.xlsx").write_bytes(b"PK\x03\x04" + b"\0" * 100)
    upload(page, tmp_path / "book.xlsx")
    expect(page.locator("#finetune-summary")).to_contain_text(words["unusable"])
    expect(page.locator("#finetune-file")).to_contain_text("book")
    expect(page.locator("#finetune-next")).to_be_disabled()


def _set(page: Page, name: str, value: str) -> None:
    field = page.locator(f"#chat-{name} input[type=number]")
    field.fill(value)
    field.press("Tab")


def test_a_reply_can_be_stopped_repeated_and_left_behind(page, app, words):
    visit(page, app, "chat")
    box, history = page.locator("#chat-message textarea"), page.locator("#chat-history")
    figures, stop = page.locator("#chat-figures"), page.locator("#chat-message .stop-button")
    page.locator("#chat-settings button").first.click()
    for name, value in NOISE.items():
        _set(page, name, value)
    for seed in range(4, 14):
        _set(page, "seed", str(seed))
        ask(page, words["question"])
        with suppress(AssertionError, TimeoutError):
            expect(stop).to_be_visible(timeout=5 * SECOND)
            box.fill("my draft")
            stop.click(timeout=5 * SECOND)
        expect(page.locator("#chat-message .submit-button")).to_be_visible(timeout=MINUTE)
        if words["stopped_by_you"] in figures.inner_text():
            break
    expect(figures).to_contain_text(words["stopped_by_you"])
    expect(box).to_have_value("my draft")
    _set(page, "max_new_tokens", "50")  # noise seldom ends by itself
    page.locator("#chat-new").click()
    expect(history).not_to_contain_text(words["question"])
    page.locator(".lab-starters button:visible").first.click()
    expect(history).to_contain_text(re.compile("Who are you|你是谁"))
    expect(page.locator("#chat-message .submit-button")).to_be_visible(timeout=MINUTE)
    page.get_by_label(words["retry"]).last.click()
    expect(page.locator("#chat-message .submit-button")).to_be_visible(timeout=MINUTE)
    expect(history.get_by_text(re.compile("Who are you|你是谁"))).to_have_count(1)


def test_thinking_first_is_offered_only_with_a_model_that_can(page, app):
    def choose(name):
        page.locator("#chat-model input").click()
        page.get_by_role("option", name=name).click()

    page.goto(f"{app.url}/?tab=chat&model=Qwen/Qwen3-0.6B")
    page.locator("#chat-settings button").first.click()
    thinking = page.locator("#chat-thinking")
    expect(thinking).to_be_visible()
    choose("Instruct-2507")
    expect(thinking).to_be_hidden()
    choose("builtin/chat")
    expect(thinking).to_be_visible()


def test_texts_are_summarized_and_classified(page, app, locale):
    visit(page, app, "summarization")
    page.locator("#summary-example").click()
    expect(page.locator("#summary-text textarea")).not_to_have_value("")
    page.locator("#summary-run").click()
    expect(page.locator("#summary-figures")).to_contain_text("%", timeout=MINUTE)
    assert page.locator("#summary-result textarea").input_value()
    visit(page, app, "sentiment")
    page.locator(".lab-starters button:visible").first.click()
    label = {"en-US": "positive", "zh-CN": "正面"}[locale]
    expect(page.locator("#sentiment-result")).to_contain_text(label, timeout=MINUTE)


def test_the_language_can_be_changed_on_the_page(browser, app):
    page = browser.new_context(locale="en-US").new_page()
    page.goto(f"{app.url}/?tab=environment")
    verdict = page.locator("#environment-verdict")
    expect(verdict).to_contain_text("Models run on")
    page.locator("#language").click()
    expect(opened_tab(page)).to_have_text("运行环境")
    expect(verdict).to_contain_text("在这里，模型运行在")
    page.reload()  # remembered
    expect(verdict).to_contain_text("在这里，模型运行在")
    page.locator("#language").click()
    expect(verdict).to_contain_text("Models run on")
    page.context.close()


def test_what_the_server_words_follows_gradios_own_language_setting(browser, app):
    page = browser.new_context(locale="en-US").new_page()
    page.goto(f"{app.url}/?tab=environment")
    verdict = page.locator("#environment-verdict")
    expect(verdict).to_contain_text("Models run on")
    page.locator("footer .settings").click()
    page.get_by_label("Language", exact=True).click()
    page.get_by_role("option", name="简体中文").click()
    expect(verdict).to_contain_text("在这里，模型运行在")
    page.context.close()


def test_advanced_settings_left_alone_change_nothing_and_wrong_ones_are_named(page, app, words):
    visit(page, app, "finetuning")
    page.locator("#example-chat").click()
    to_recipe(page)
    estimate = page.locator("#finetune-estimate")
    expect(estimate).to_contain_text("450")
    page.locator("#finetune-settings button").first.click()
    page.locator("#finetune-preset label").first.click()
    expect(estimate).to_contain_text("90")
    rank = page.locator("#setting-r textarea, #setting-r input")
    rank.fill("9999")
    rank.press("Tab")
    expect(estimate).to_contain_text("r ≤ 256")
    page.locator("#finetune-start").click()
    expect(page.locator("#finetune-refused")).to_contain_text("9999")


def test_another_file_or_task_fills_the_form_in_anew(page, app):
    visit(page, app, "finetuning")
    for task, columns in {
        "chat": ("instruction", "output"),
        "classification": ("text", "label"),
        "summarization": ("article", "summary"),
    }.items():
        page.locator(f"#example-{task}").click()
        last = page.locator(
            "#finetune-role-2 input" if task == "chat" else "#finetune-role-1 input"
        )
        expect(last).to_have_value(columns[1])
        expect(page.locator("#data-seen")).to_be_visible()
    to_recipe(page)
    expect(page.locator(".toast-body")).to_have_count(0)
    assert raised(app) == []


def test_columns_that_cannot_be_trained_on_are_told_and_keep_one_from_going_on(page, app, table):
    visit(page, app, "finetuning")
    onward = page.locator("#finetune-next")
    expect(onward).to_be_disabled()
    upload(page, table)
    expect(onward).to_be_enabled()
    page.locator("#finetune-role-2 input").click()
    page.get_by_role("option", name="instruction").click()
    expect(onward).to_be_disabled()
    expect(page.locator("#finetune-reason")).to_contain_text("instruction")
    page.locator("#finetune-role-2 input").click()
    page.get_by_role("option", name="output").click()
    expect(onward).to_be_enabled()


def test_what_was_chosen_is_still_there_on_the_way_back(page, app, table):
    visit(page, app, "finetuning")
    upload(page, table)
    to_recipe(page)
    page.locator("#setting-max_length textarea, #setting-max_length input").fill("20")
    page.locator("#setting-max_length textarea, #setting-max_length input").press("Tab")
    page.locator("#finetune-steps").get_by_role("tab").first.click()
    expect(page.locator("#finetune-file")).to_contain_text("table")
    expect(page.locator("#data-note")).to_contain_text("20")
    to_recipe(page)
    expect(page.locator("#setting-max_length textarea, #setting-max_length input")).to_have_value(
        "20"
    )
