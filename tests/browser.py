"""A real browser on a served app: starting it, opening a page, and what every page must keep."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.serving import App

SECOND = 1_000
MINUTE = 60 * SECOND
TABS = {
    "environment": ("Environment", "运行环境"),
    "chat": ("Chat", "对话"),
    "summarization": ("Summarize", "摘要"),
    "sentiment": ("Sentiment", "情感分析"),
    "finetuning": ("Fine-tune", "微调"),
}
# Latin words that may stand in the Chinese page: names, units and code.
NAMES = re.compile(
    r"python -m inference fetch|builtin/\S+|[\w.-]+/[\w.-]+|[a-z]+_[a-z_]+|[A-Z]+(?:_[A-Z]+)+|"
    r"\b(?:CSV|TSV|JSON|Markdown|Lines|LoRA|DoRA|LLM|Lab|English|"
    r"API|MCP|CLS|SEP|MASK|XLSX|Parquet|Qwen\w*|BERT|BART|GPU|CPU|CUDA|AMD|EPYC|Intel|Xeon|Linux|Tab|UTF|utf|gb18030|seed|"
    r"Hugging|Face|Space|Basic|ZeroGPU|PRO|Google|Colab|Kaggle|PAI|DSW|RTX|NVIDIA|QLoRA|cuDNN|ROCm|"
    r"nvidia-smi|float\d+|bfloat\d+|pip install|huggingface|"
    r"temperature|thinking|avx\w*|amx\w*|asimd|kB|MB|GB|TB|ROUGE|csv|txt|examples?|instruction|output)\b"
)


UNEXPECTED = "unexpected error"  # as the app logs what it has no sentence for
# Gradio 6.31's script looks at the width of a plot once more after it has been hidden. Nothing on
# the page depends on it.
GRADIOS_OWN = "Cannot read properties of null (reading 'offsetWidth')"

expect.set_options(timeout=30 * SECOND)  # a busy machine is not a broken page


@contextmanager
def started() -> Iterator[Browser]:
    """Chromium: the one at `CHROMIUM_PATH`, else on the PATH; a test without is skipped."""
    path = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium")
    if not path:
        pytest.skip("no chromium on the PATH and CHROMIUM_PATH is not set")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=quiet)
        yield found
        found.close()


@contextmanager
def visiting(browser: Browser, app: App, locale: str) -> Iterator[Page]:
    """A page of a visitor of their own, which asks no other host and raises no error, nor does
    what it asks of the app."""
    context = browser.new_context(locale=locale, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    foreign, mishaps = [], []
    page.on("request", lambda it: _is_ours(it.url, app) or foreign.append(it.url))
    page.on("pageerror", lambda error: GRADIOS_OWN in str(error) or mishaps.append(str(error)))
    yield page
    context.close()
    assert foreign == [], "the page asked another host"
    assert mishaps == []
    assert UNEXPECTED not in app.log.read_text(encoding="utf-8")


def _is_ours(url: str, app: App) -> bool:
    return url.startswith((app.url, "data:", "blob:"))


def opened_tab(page: Page) -> Locator:
    """The steps of the Fine-tune tab are tabs too, below it."""
    return page.get_by_role("tab", selected=True).first


def visit(page: Page, app: App, tab: str, **query: str) -> None:
    more = "".join(f"&{name}={value}" for name, value in query.items())
    page.goto(f"{app.url}/?tab={tab}{more}")
    chinese = page.evaluate("navigator.language") == "zh-CN"
    expect(opened_tab(page)).to_have_text(TABS[tab][chinese])


def foreign_words(page: Page, locale: str) -> list[str]:
    """Words of the other language on the open tab, names and code left aside."""
    text = page.locator("main").inner_text()
    if locale == "zh-CN":
        return re.findall(r"[A-Za-z]{3,}", NAMES.sub("", text))
    return re.findall(r"[\u4e00-\u9fff]+", text.replace("中文", ""))


def choose(page: Page, picker: str, model: str) -> None:
    """Take the model of that id from a list of models."""
    page.locator(f"{picker} input").click()
    page.get_by_role("option").filter(has_text=model).click()
