"""A run in a real browser: found again, watched to its end, tried out, helped after a failure."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from finetune import events
from tests.browser import MINUTE, foreign_words, visit
from tests.serving import App

ENDED = re.compile("Stopped|已停止")
FINISHED = re.compile("Finished|已完成")


def begin(page: Page, app: App, task: str) -> None:
    """Train on the example of that task; the run is under way when this returns."""
    visit(page, app, "finetuning")
    page.locator(f"#example-{task}").click()
    expect(page.locator("#finetune-summary")).to_contain_text(re.compile(r"\d+"))
    page.locator("#finetune-next").click()
    page.locator("#finetune-preset label").first.click()
    expect(page.locator("#finetune-estimate")).to_contain_text(re.compile(r"\d+"))
    page.locator("#finetune-start").click()
    expect(page.locator("#run-stop")).to_contain_text(re.compile("Stop|停止"))


def newest_run(app: App):
    folders = [it for it in (app.home / "runs").iterdir() if (it / "recipe.json").is_file()]
    return max(folders, key=lambda it: json.loads((it / "recipe.json").read_text())["created"])


def test_a_run_under_way_is_found_again_and_its_result_tried_out(page, app, locale):
    begin(page, app, "classification")
    page.reload()
    state = page.locator("#run-state")
    expect(page.locator("#run-stop")).to_be_visible()
    expect(state).to_contain_text(FINISHED, timeout=3 * MINUTE)
    page.locator("#run-curves button").first.click()
    for name in ("loss", "learning_rate", "grad_norm", "tokens_per_second", "memory"):
        expect(page.locator(f"#run-{name} .vega-embed")).to_be_visible()
    page.locator("#run-log-part button").first.click()
    log = page.locator("#run-log textarea")
    expect(log).to_have_value(re.compile(r"0:00:\d\d  "))
    page.locator("#run-to-result").click()
    expect(page.locator("#run-confusion table")).to_be_visible()
    expect(page.locator("#run-kept")).to_contain_text(re.compile(r"[67] (days|天)"))
    page.locator("#run-try textarea").fill("Awful, never again.")
    page.locator("#run-try-go").click()
    for side in ("base", "tuned"):
        answer = page.locator(f"#run-try-{side}")
        expect(answer).to_contain_text(re.compile(r"\d%"), timeout=MINUTE)
    visit(page, app, "finetuning", run=newest_run(app).name)  # a link to a run that has a result
    expect(page.locator("#run-learned")).to_be_visible()


def test_a_loss_that_blew_up_is_told_and_tried_again_more_slowly(page, app, locale):
    begin(page, app, "chat")
    page.locator("#run-stop").click()
    expect(page.locator("#run-state")).to_contain_text(ENDED, timeout=MINUTE)
    old = newest_run(app)
    values = {"step": "7", "what": "loss"}
    events.append(old / "events.jsonl", "failed", {"reason": "not_finite", "values": values})
    page.reload()
    page.locator("#runs-show").click()
    card = page.locator("#run-failure")
    expect(card).to_contain_text(re.compile("unstable|不稳定"))
    assert foreign_words(page, locale) == []
    page.locator("#run-next").click()
    expect(page.locator("#run-stop")).to_be_visible()
    new = newest_run(app)
    assert new != old
    was, now = (json.loads((it / "recipe.json").read_text())["recipe"] for it in (old, new))
    assert now["learning_rate"] == pytest.approx(was["learning_rate"] / 3, rel=0.05)
    assert (new / "train.jsonl").read_bytes() == (old / "train.jsonl").read_bytes()
    page.locator("#run-stop").click()
    expect(page.locator("#run-state")).to_contain_text(ENDED, timeout=MINUTE)
