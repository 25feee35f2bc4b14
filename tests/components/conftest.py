"""Services over an empty folder, with nothing launched."""

import asyncio

import pytest
from gradio import oauth

from components._services import Services
from tests.components.sessions import SPACE


@pytest.fixture
def services(tmp_path):
    found = Services.open(tmp_path / "home", {})
    found.uploads.mkdir(parents=True)
    return found


@pytest.fixture
def space(tmp_path, monkeypatch):
    """The services of a Space where visitors can sign in; no page of it asks the network."""
    for name, value in SPACE.items():
        monkeypatch.setenv(name, value)
        if hasattr(oauth, name):  # read when it was imported
            monkeypatch.setattr(oauth, name, value)
    found = Services.open(tmp_path / "space", SPACE)
    found.uploads.mkdir(parents=True)
    return found


@pytest.fixture
def loop(monkeypatch):
    """The event loop of this thread: Gradio makes new ones with each page, and closes none."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    monkeypatch.setattr(asyncio, "new_event_loop", lambda: loop)
    yield loop
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    asyncio.set_event_loop(None)
