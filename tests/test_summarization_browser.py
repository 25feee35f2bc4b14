"""The Summarize tab in a real browser: documents, sections, scores, a table of documents."""

import csv
import io
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import MINUTE, choose, foreign_words, visit
from tests.inference.minis import Minis
from tests.inference.papers import PICTURE, lines, pdf
from tests.serving import App

ENGLISH_ONLY = "facebook/bart-large-cnn"
CHINESE_TEXT = "镇上的老渡船在运行九十年之后停航了。去年秋天上游建起了一座大桥，乘客越来越少。" * 4
WORDS = {
    "en-US": {
        "encoding": "gb18030",
        "scanned": "pictures without a text layer",
        "broken": "damaged or cut off",
        "stopped": "What was written so far stays",
        "unread": "does not read Chinese",
        "took": "It took",
        "empty": "no text to work on",
        "rows": "2 of 2 rows done",
    },
    "zh-CN": {
        "encoding": "gb18030",
        "scanned": "没有文字层",
        "broken": "已损坏或不完整",
        "stopped": "已经写出的内容会保留",
        "unread": "读不懂中文",
        "took": "用时",
        "empty": "没有可以处理的文本",
        "rows": "完成了 2 行",
    },
}


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """BART-CNN is here too, with random weights: it reads English alone."""
    root = tmp_path_factory.mktemp("app")
    minis = Minis(root / "minis", None)
    minis.folder(ENGLISH_ONLY)
    server = App(root, HF_HUB_CACHE=str(minis.cache)).start()
    yield server
    server.kill()


@pytest.fixture
def words(locale):
    return WORDS[locale]


@pytest.fixture(autouse=True)
def tab(page, app):
    visit(page, app, "summarization")
    choose(page, "#summarization-model", "builtin/summary")


def upload(page: Page, path: object) -> None:
    page.locator("#summary-file input[type=file]").set_input_files(path)


def text(page: Page):
    return page.locator("#summary-text textarea")


def result(page: Page):
    return page.locator("#summary-result textarea")


def finished(page: Page, words: dict[str, str]) -> None:
    expect(page.locator("#summary-figures")).to_contain_text(words["took"], timeout=2 * MINUTE)


def test_a_long_text_has_an_outline_whose_rows_lead_into_the_text(page, locale, words):
    page.locator("#summary-example-long").click()
    expect(text(page)).not_to_have_value("")
    page.locator("#summary-run").click()
    cells = page.locator("#summary-outline [role=gridcell]")
    expect(cells.nth(3)).to_be_visible(timeout=MINUTE)  # the places, before any summary
    finished(page, words)
    cells.nth(4).click()
    source = page.locator("#summary-section-source textarea")
    expect(source).not_to_have_value("")
    assert source.input_value() in text(page).input_value()
    summary = page.locator("#summary-section-summary textarea")
    expect(summary).not_to_have_value("")
    # What the model writes is its own: the demo copies a wrong word now and then.
    written = " ".join(page.locator("#summary-outline [role=gridcell]").all_inner_texts())
    assert [word for word in foreign_words(page, locale) if word not in written] == []
    with page.expect_download() as saved:
        page.locator("#summary-save-md").click()
    kept = saved.value.path().read_text(encoding="utf-8")
    assert result(page).input_value() in kept and summary.input_value() in kept


def test_a_reference_is_scored(page, locale, words):
    page.locator("#summary-example").click()
    expect(text(page)).not_to_have_value("")
    page.locator("#summary-run").click()
    finished(page, words)
    page.locator("#summary-reference-part button").first.click()
    page.locator("#summary-reference textarea").fill(result(page).input_value())
    page.locator("#summary-score").click()
    scores = page.locator("#summary-scores")
    expect(scores).to_contain_text("ROUGE-L")
    expect(scores.get_by_text("1.000", exact=True).last).to_be_visible()
    assert foreign_words(page, locale) == []


def test_stop_keeps_what_is_written(page, app, words):
    page.locator("#summary-example-long").click()
    expect(text(page)).not_to_have_value("")
    long = text(page).input_value()
    text(page).fill("\n\n".join([long] * 8))
    page.locator("#summary-run").click()
    page.wait_for_function(
        "document.querySelector('#summary-result textarea').value.length > 40", timeout=2 * MINUTE
    )
    page.locator("#summary-stop").click()
    expect(page.locator("#summary-figures")).to_contain_text(words["stopped"], timeout=MINUTE)
    expect(page.locator("#summary-run")).to_be_visible()
    expect(page.locator("#summary-outline")).to_be_visible()
    assert len(result(page).input_value()) > 40


def test_documents_are_read_and_bad_ones_leave_the_text(page, tmp_path, locale, words):
    told = page.locator("#summary-read")
    chinese = tmp_path / "中文.txt"
    chinese.write_bytes(CHINESE_TEXT.encode("gb18030"))
    upload(page, chinese)
    expect(told).to_contain_text(words["encoding"])
    expect(text(page)).to_have_value(CHINESE_TEXT)
    assert foreign_words(page, locale) == []
    for name, content, sentence in (
        ("scan.pdf", pdf(PICTURE), "scanned"),
        ("torn.docx", b"PK\x03\x04 no more of it", "broken"),
    ):
        page.locator("#summary-file button[aria-label]").first.click()  # take the last one away
        (tmp_path / name).write_bytes(content)
        upload(page, tmp_path / name)
        expect(told).to_contain_text(words[sentence])
        expect(text(page)).to_have_value(CHINESE_TEXT)
    page.locator("#summary-file button[aria-label]").first.click()
    (tmp_path / "one.pdf").write_bytes(pdf(lines("The bridge was opened on Monday.")))
    upload(page, tmp_path / "one.pdf")
    expect(text(page)).to_have_value("The bridge was opened on Monday.")


def test_an_english_model_is_not_given_a_chinese_text(page, words):
    choose(page, "#summarization-model", ENGLISH_ONLY)
    text(page).fill(CHINESE_TEXT)
    expect(page.locator("#summary-reading")).to_contain_text(words["unread"])
    page.locator("#summary-run").click()
    page.locator("#summary-reading-take").click()
    expect(page.locator("#summary-reading")).to_be_hidden()
    chosen = page.locator("#summarization-model input")
    expect(chosen).to_have_value(re.compile("builtin/summary"))
    expect(result(page)).to_have_value("")
    page.locator("#summary-run").click()
    finished(page, words)


def test_nothing_but_space_is_told(page, words):
    text(page).fill("  ")
    page.locator("#summary-run").click()
    expect(page.locator(".toast-body")).to_contain_text(words["empty"])


def test_a_table_of_documents_becomes_a_table_of_summaries(page, tmp_path, locale, words):
    table = tmp_path / "table.csv"
    rows = [
        ("id", "article", "summary"),
        ("=1+1", "The council met. It will build a bridge over the river.", "A bridge."),
        ("b", "The weather was fine. People went to the park.", "People went to the park."),
    ]
    with table.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    upload(page, table)
    expect(page.locator("#documents-text input")).to_have_value("article")
    expect(page.locator("#documents-reference input")).to_have_value("summary")
    page.locator("#documents-run").click()
    expect(page.locator("#documents-figures")).to_contain_text(words["rows"], timeout=2 * MINUTE)
    with page.expect_download() as saved:
        page.locator("#documents-save").click()
    kept = list(csv.DictReader(io.StringIO(saved.value.path().read_text(encoding="utf-8-sig"))))
    assert [row["id"] for row in kept] == ["'=1+1", "b"]
    assert all(row["summary (2)"] and 0 <= float(row["rougeL"]) <= 1 for row in kept)


def test_the_tab_fits_a_telephone(page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("#summary-example").click()
    expect(text(page)).not_to_have_value("")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
