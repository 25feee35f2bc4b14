"""Every published model in the page: downloaded from a hub, loaded, and answering in its tab.

The hub is a stand-in on this machine with mini checkpoints under the real names. A machine that
holds a Qwen3-32B is not at hand: the operator's catalogue tells the sizes of the minis.
"""

import json
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from inference import hub
from inference.catalog import Catalog, Model
from inference.published import PUBLISHED
from tests.browser import MINUTE, choose, started, visit, visiting
from tests.inference.stand_in_hub import StandInHub
from tests.serving import App, raised

MODELS = [model for model in Catalog.load({}).models if not model.demo]
TAB = {"chat": "chat", "summarization": "summarization", "classification": "sentiment"}


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("published")


@pytest.fixture(scope="module")
def source(root, minis):
    for model in MODELS:
        main, wanted = root / "hub" / model.id, root / "hub" / model.id
        if model.revision != "main":  # main holds nothing that is ever fetched
            main.mkdir(parents=True)
            wanted = main.with_name(f"{main.name}@{model.revision.replace('/', '-')}")
        shutil.copytree(minis.folder(model.id), wanted)
    with StandInHub(root / "hub") as server:
        yield server


@pytest.fixture(scope="module")
def app(root, source, minis):
    entries = [
        {**entry, "config": hub.read_config(minis.folder(entry["id"]))} for entry in PUBLISHED
    ]
    catalog = root / "catalog.json"
    catalog.write_text(json.dumps(entries), encoding="utf-8")
    server = App(
        root,
        HF_ENDPOINT=source.url,
        HF_HUB_CACHE=str(root / "cache"),
        HF_HUB_OFFLINE="",
        TRANSFORMERS_OFFLINE="",
        LAB_CATALOG=str(catalog),
    ).start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def page(app):
    with started() as browser, visiting(browser, app, "en-US") as page:
        yield page


def download(page: Page, panel: str, picker: str, model: Model) -> None:
    choose(page, picker, model.id)
    fetch = page.locator(f"#{panel}-fetch")
    expect(fetch).to_be_visible()
    fetch.click()
    expect(fetch).to_be_hidden(timeout=MINUTE)
    expect(page.locator(f"#{panel}-fetching")).to_be_hidden(timeout=MINUTE)
    expect(page.locator(f"#{panel}-failure")).to_be_hidden()


@pytest.mark.parametrize("model", [it for it in MODELS if it.served], ids=lambda it: it.id)
def test_it_is_downloaded_and_answers_in_its_tab(page, app, model):
    tab = TAB[model.task]
    visit(page, app, tab)
    download(page, tab, f"#{tab}-model", model)
    ANSWERED[model.task](page)
    assert raised(app) == []


def replied(page: Page) -> None:
    page.locator("#chat-settings button").first.click()
    longest = page.locator("#chat-max_new_tokens input[type=number]")
    longest.fill("8")
    longest.press("Tab")
    page.locator("#chat-message textarea").fill("Who are you?")
    page.locator("#chat-message textarea").press("Enter")
    figures = page.locator("#chat-figures")
    expect(figures).to_contain_text(re.compile("finished|cut at the longest"), timeout=MINUTE)


def summarized(page: Page) -> None:
    page.locator("#summary-example").click()
    expect(page.locator("#summary-text textarea")).not_to_have_value("")
    page.locator("#summary-run").click()
    expect(page.locator("#summary-figures")).to_contain_text("%", timeout=MINUTE)


def classified(page: Page) -> None:
    page.locator(".lab-starters button:visible").first.click()
    result = page.locator("#sentiment-result")
    expect(result).to_contain_text(re.compile("positive|stars?"), timeout=MINUTE)
    expect(result).not_to_contain_text("LABEL_")


ANSWERED = {"chat": replied, "summarization": summarized, "classification": classified}


@pytest.mark.parametrize("model", [it for it in MODELS if not it.served], ids=lambda it: it.id)
def test_a_base_is_downloaded_and_trained_in_the_fine_tune_tab(page, app, model):
    visit(page, app, "finetuning")
    page.locator(f"#example-{model.task}").click()
    expect(page.locator("#finetune-summary")).to_contain_text(re.compile(r"\d+"))
    page.locator("#finetune-next").click()
    estimate = page.locator("#finetune-estimate")
    expect(estimate).to_contain_text(re.compile(r"\d+ steps"))
    download(page, "finetune", "#finetune-base", model)
    page.locator("#finetune-settings button").first.click()
    for name, value in {"max_steps": "2", "max_length": "32"}.items():
        field = page.locator(f"#setting-{name} textarea, #setting-{name} input")
        field.fill(value)
        field.press("Tab")
    expect(estimate).to_contain_text("about 2 steps")
    page.locator("#finetune-start").click()
    expect(page.locator("#run-state")).to_contain_text("Finished", timeout=3 * MINUTE)
    assert raised(app) == []
