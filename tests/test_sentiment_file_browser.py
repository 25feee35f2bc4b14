"""A file in the Sentiment tab, in a real browser: from the upload to the scored CSV."""

import csv
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import MINUTE, foreign_words, visit, visiting
from tests.serving import App

WORDS = {
    "en-US": {
        "part": "A file",
        "good": "The food was wonderful, I love it",
        "bad": "A terrible waste of money, never again",
        "header": "id,review,label",
        "positive": "positive",
        "agree": "The two agree on 100.0%",
        "no_words": "holds no words",
        "no_match": "None of the labels",
        "first_rows": "Score the first 5,000 rows",
        "kept": "these are kept",
        "unusable": "This file cannot be used",
    },
    "zh-CN": {
        "part": "一个文件",
        "good": "菜很好吃，服务员也特别热情",
        "bad": "太差了，电池两天就坏，真是浪费钱",
        "header": "编号,评价,标签",
        "positive": "正面",
        "agree": "100.0%",
        "no_words": "没有文字",
        "no_match": "没有一个对得上",
        "first_rows": "分析前 5,000 行",
        "kept": "这些结果已保留",
        "unusable": "这个文件无法使用",
    },
}
ROWS, MOST = 30, 5_000


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    limits = {"LAB_LIMIT_CLASSIFY_FILE_ROWS": str(MOST)}
    server = App(tmp_path_factory.mktemp("browser"), **limits).start()
    yield server
    server.kill()


@pytest.fixture
def words(locale):
    return WORDS[locale]


@pytest.fixture
def page(browser, app, locale, words):
    with visiting(browser, app, locale) as page:
        visit(page, app, "sentiment")
        page.get_by_role("tab", name=words["part"], exact=True).click()
        yield page


@pytest.fixture
def table(tmp_path, words):
    return written(tmp_path, words, ROWS)


def written(folder, words, rows, times=1, encoding="utf-8"):
    """Half good, half bad, one labelled wrong, one without a label, one without a text; every text
    says so that many times."""
    lines = [words["header"]]
    for n in range(rows):
        mood = "good" if n % 2 else "bad"
        label = {1: "0", 2: ""}.get(n, str(n % 2))
        text = "" if n == 4 else f"{words[mood]} {n} " * times
        lines.append(f'{n},"{text}",{label}')
    path = folder / "reviews.csv"
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def upload(page: Page, path: object) -> None:
    page.locator("#sentiment-file input[type=file]").set_input_files(path)
    expect(page.locator("#sentiment-file-read")).to_contain_text(re.compile(r"\S"))


def score(page: Page) -> None:
    page.locator("#sentiment-file-run:enabled").click()
    expect(page.locator("#sentiment-file-told")).to_contain_text(re.compile(r"\d"), timeout=MINUTE)


def choose(page: Page, part: str, option: str) -> None:
    page.locator(f"{part} input").click()
    page.get_by_role("option").filter(has_text=option).first.click()


def test_from_a_file_to_the_scored_csv(page, locale, words, table, tmp_path):
    upload(page, table)
    expect(page.locator("#sentiment-file-text input")).to_have_value(words["header"].split(",")[1])
    score(page)
    told = page.locator("#sentiment-file-told")
    expect(told).to_contain_text(f"{ROWS}")
    rows = page.locator("#sentiment-file-rows")
    expect(rows).to_contain_text(words["good"])
    choose(page, "#sentiment-file-filter", words["positive"])
    expect(rows).not_to_contain_text(words["bad"])
    page.locator("#sentiment-file-search input, #sentiment-file-search textarea").fill(
        f"{ROWS - 1}"
    )
    expect(page.locator("#sentiment-file-shown")).to_contain_text(re.compile(r"\b1\b"))
    with page.expect_download() as download:
        page.locator("#sentiment-file-download").click()
    assert download.value.suggested_filename == "scored.csv"
    download.value.save_as(tmp_path / "scored.csv")
    with (tmp_path / "scored.csv").open(encoding="utf-8-sig", newline="") as file:
        head, *scored = csv.reader(file)
    assert head[:3] == words["header"].split(",") and head[3] == "predicted_label"
    assert len(scored) == ROWS and scored[4][3] == ""


def test_known_labels_are_reported_on_and_the_mapping_is_shown(page, locale, words, table):
    upload(page, table)
    score(page)
    expect(page.locator("#sentiment-file-judged")).to_contain_text(f"{ROWS - 2}")
    expect(page.locator("#sentiment-file-matched")).to_contain_text(words["positive"])
    expect(page.locator("#sentiment-file-confusion td")).to_have_count(4)
    expect(page.locator("#sentiment-file-mistakes")).to_contain_text(f"{words['good']} 1")
    assert set(foreign_words(page, locale)) <= {"reviews"}  # the name of the file


def test_two_models_are_compared_on_one_file(page, words, table):
    upload(page, table)
    score(page)
    choose(page, "#sentiment-second-model", "builtin/sentiment")
    page.locator("#sentiment-second-run").click()
    expect(page.locator("#sentiment-second-told")).to_contain_text(words["agree"], timeout=MINUTE)
    expect(page.locator("#sentiment-second-table td")).to_have_count(4)
    expect(page.locator("#sentiment-second-differing")).to_be_hidden()


def test_a_column_without_words_is_refused_in_a_sentence(page, words, table):
    upload(page, table)
    choose(page, "#sentiment-file-text", words["header"].split(",")[0])
    page.locator("#sentiment-file-run:enabled").click()
    expect(page.locator(".toast-body")).to_contain_text(words["no_words"])
    expect(page.locator("#sentiment-file-results")).to_be_hidden()


def test_a_file_that_is_no_table_cannot_be_scored(page, words, tmp_path):
    (tmp_path / "book.xlsx").write_bytes(b"PK\x03\x04" + b"\0" * 100)
    upload(page, tmp_path / "book.xlsx")
    expect(page.locator("#sentiment-file-read")).to_contain_text(words["unusable"])
    expect(page.locator("#sentiment-file-run")).to_be_disabled()


def test_a_stop_keeps_the_rows_that_are_done(page, words, tmp_path):
    upload(page, written(tmp_path, words, MOST + 1, times=20, encoding="utf-16"))
    run = page.locator("#sentiment-file-run")
    expect(run).to_have_text(words["first_rows"])
    run.click()
    progress = page.locator("#sentiment-file-progress .lab-bar")
    expect(progress).to_have_attribute("aria-valuenow", re.compile(r"[1-9]\d?"), timeout=MINUTE)
    page.locator("#sentiment-file-stop").click()
    expect(page.locator("#sentiment-file-told")).to_contain_text(words["kept"])
    expect(page.locator("#sentiment-file-rows")).to_contain_text(words["good"])
    expect(run).to_be_visible()
    expect(progress).to_be_hidden()


def test_labels_the_model_does_not_have_leave_scores_without_a_check(page, words, tmp_path):
    path = tmp_path / "colours.csv"
    path.write_text(f"text,label\n{words['good']},red\n{words['bad']},blue\n" * 5, "utf-8")
    upload(page, path)
    choose(page, "#sentiment-file-label", "label")
    score(page)
    expect(page.locator("#sentiment-file-judged")).to_contain_text(words["no_match"])
    expect(page.locator("#sentiment-file-confusion")).to_be_hidden()


def test_the_results_follow_the_language_and_fit_a_telephone(page, locale, words, table):
    page.set_viewport_size({"width": 390, "height": 844})
    upload(page, table)
    score(page)
    expect(page.locator("#sentiment-file-rows")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    other = "en-US" if locale == "zh-CN" else "zh-CN"
    page.evaluate(f"document.documentElement.lang = '{other}'")  # as Gradio's settings do
    # Everything that is written on the server is written anew, on every tab.
    matched = page.locator("#sentiment-file-matched")
    expect(matched).to_contain_text(WORDS[other]["positive"], timeout=MINUTE)
    expect(page.locator("#sentiment-file-told")).to_contain_text(str(ROWS))
