"""What every test shares: no network, the folder of real files, and when a skip is a failure."""

import os

# Before anything is imported: these are read at import.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.inference.minis import Minis
    from tests.serving import App

NO_DATA = "LAB_TEST_DATA is not set"


@pytest.fixture(scope="session")
def lab_data() -> Path:
    """The folder with `data/` and `tokenizers/`; a test that needs it is skipped without."""
    if not os.environ.get("LAB_TEST_DATA"):
        pytest.skip(NO_DATA)
    return Path(os.environ["LAB_TEST_DATA"])


@pytest.fixture(scope="session")
def minis(tmp_path_factory) -> "Minis":
    """Mini checkpoints of the published models, with their real tokenizers where these are."""
    from tests.inference.minis import Minis

    data = os.environ.get("LAB_TEST_DATA")
    return Minis(tmp_path_factory.mktemp("minis"), Path(data) if data else None)


@pytest.fixture(scope="module")
def app(tmp_path_factory) -> "Iterator[App]":
    """The app as anybody starts it; a module that wants it otherwise has its own."""
    from tests.serving import App

    server = App(tmp_path_factory.mktemp("app")).start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    from tests.browser import started

    with started() as found:
        yield found


@pytest.fixture(params=["en-US", "zh-CN"])
def locale(request) -> str:
    return request.param


@pytest.fixture
def page(browser, app, locale) -> "Iterator[Page]":
    """A page of a visitor of their own, in either language."""
    from tests.browser import visiting

    with visiting(browser, app, locale) as page:
        yield page


def must_not_skip(report: Any, environ: Mapping[str, str] = os.environ) -> bool:
    """With `LAB_NO_SKIPS=1` only files that nobody gave us excuse a skip (an xfail is none)."""
    if environ.get("LAB_NO_SKIPS") != "1" or not report.skipped or hasattr(report, "wasxfail"):
        return False
    excused = not environ.get("LAB_TEST_DATA") and NO_DATA in str(report.longrepr)
    return not excused


def _failing(report: Any) -> Any:
    if must_not_skip(report):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: LAB_NO_SKIPS=1 and yet {reason}"
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    return _failing((yield))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    return _failing((yield))
