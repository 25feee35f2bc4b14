"""What the page offers, shows and says of a model that is to be fetched."""

import re
import shutil
from dataclasses import replace

import pytest

from components import _fetch_panel
from components._downloads import VisitorDownloads
from inference import fit
from inference.catalog import BUILTIN_FOLDER
from inference.errors import ModelGated
from inference.fetch import Downloads
from inference.records import FetchProgress
from tests.inference.stand_in_hub import Fault, StandInHub
from tests.serving import until

MODEL = "textattack/bert-base-uncased-SST-2"
OWNER, STRANGER = "o" * 22, "s" * 22
PARTS = ("state", "failure", "token", "fetch", "cancel", "instead")


@pytest.fixture
def environ(tmp_path):
    return {"HF_HUB_CACHE": str(tmp_path / "cache"), "LAB_HOME": str(tmp_path / "home")}


@pytest.fixture
def look(services, environ):
    """(downloads, value, …) -> what is seen: name of a part -> its text; and whether it polls."""

    def look(downloads=None, value=MODEL, owner=OWNER, language="en", use="run"):
        chosen = replace(services, downloads=downloads or VisitorDownloads(environ))
        *parts, timer = _fetch_panel.contents(chosen, use, language, owner, value)
        names = [*PARTS, *(f"offered {n}" for n in range(len(parts) - len(PARTS)))]
        seen = {name: it.value for name, it in zip(names, parts, strict=True) if it.visible}
        return seen, timer.active

    return look


@pytest.mark.parametrize("value", ["builtin/sentiment", "run:abc", "nobody/nothing", "", None])
def test_for_what_is_here_or_no_model_there_is_nothing(look, value):
    assert look(value=value) == ({}, False)


def test_a_model_that_fits_is_offered_with_its_size_and_nothing_polls(look):
    assert look() == ({"fetch": "Download (438 MB)"}, False)
    assert look(language="zh") == ({"fetch": "下载（438 MB）"}, False)


@pytest.mark.parametrize(
    ("name", "value"), [("LAB_DOWNLOADS", "off"), ("HF_HUB_OFFLINE", "1"), ("LAB_SOURCE", "none")]
)
def test_where_nothing_may_be_fetched_nothing_is_offered(look, environ, name, value):
    assert look(VisitorDownloads(environ | {name: value})) == ({}, False)


def test_what_does_not_fit_is_not_offered(look, monkeypatch):
    """438 MB run in one GB and are not trained in it."""
    monkeypatch.setattr(fit, "available", lambda use="run": 10**9)
    assert look()[0] and look(use="lora") == ({}, False)
    monkeypatch.setattr(fit, "available", lambda use="run": 10**8)
    assert look() == ({}, False)


def test_who_asked_for_it_can_cancel_and_everybody_else_can_join(look, services, environ):
    engine = Downloads(environ, at_once=0)
    downloads = VisitorDownloads(environ, engine)
    downloads.begin(services.catalog.find(MODEL), OWNER)
    seen, polls = look(downloads)
    assert polls and set(seen) == {"state", "cancel"} and "Waiting for its turn" in seen["state"]
    seen, polls = look(downloads, owner=STRANGER)
    assert polls and set(seen) == {"state", "fetch"} and seen["fetch"] == "Wait for it too"
    downloads.leave(MODEL, OWNER)
    assert look(downloads) == ({"fetch": "Download (438 MB)"}, False)


def test_files_that_are_all_here_are_not_the_end_of_a_download(
    look, services, environ, tmp_path, monkeypatch
):
    """They are checked first; a page that stopped looking here would never learn how it ended."""
    downloads = VisitorDownloads(environ, Downloads(environ, at_once=0))
    downloads.begin(services.catalog.find(MODEL), OWNER)
    shutil.copytree(BUILTIN_FOLDER / "sentiment", tmp_path / MODEL)
    monkeypatch.setenv("LAB_MODELS", str(tmp_path))
    seen, polls = look(downloads)
    assert polls and set(seen) == {"state", "cancel"}
    downloads.leave(MODEL, OWNER)
    assert look(downloads) == ({}, False)


def test_a_failure_is_told_to_who_asked_with_a_way_on(look, services, environ, tmp_path):
    for name in (MODEL, f"{MODEL}@refs-pr-2"):
        (tmp_path / "hub" / name).mkdir(parents=True)
    with StandInHub(tmp_path / "hub", {MODEL: Fault("api", status=401)}) as hub:
        downloads = VisitorDownloads(environ | {"HF_ENDPOINT": hub.url})
        downloads.begin(services.catalog.find(MODEL), OWNER)
        ended = lambda: downloads.standing(MODEL, OWNER).progress.ended  # noqa: E731
        until(ended, 30, "the hub has answered")
    assert isinstance(downloads.standing(MODEL, OWNER).progress.error, ModelGated)
    seen, polls = look(downloads)
    assert not polls and set(seen) == {"failure", "token", "fetch", "instead", "offered 0"}
    assert seen["offered 0"] == "builtin/sentiment"
    assert (
        "permission" in seen["failure"] and "许可" in look(downloads, language="zh")[0]["failure"]
    )
    assert look(downloads, owner=STRANGER) == ({"fetch": "Download (438 MB)"}, False)


def test_progress_is_told_in_words_over_a_bar():
    progress = FetchProgress("downloading", 1_200_000_000, 1_500_000_000, 11e6, 27.3)
    shown = _fetch_panel.progress_bar(progress, True, "en")
    words = "Downloading · 1.2 GB of 1.5 GB · 11 MB/s · about 27 s left"
    assert words in shown and "width:80%" in shown
    chinese = _fetch_panel.progress_bar(progress, True, "zh")
    assert re.search(r"下载中 · 1\.2 GB，共 1\.5 GB · 11 MB/s · 大约还需 27 秒", chinese)
    other = _fetch_panel.progress_bar(progress, False, "en")
    assert "Another visitor asked for it · Downloading" in other


def test_what_an_ended_download_left_is_told():
    left = FetchProgress("cancelled", 800_000, 2_300_000)
    shown = _fetch_panel.arrived(left, "en")
    assert "800 kB of 2.3 MB are here already" in shown and "width:35%" in shown
