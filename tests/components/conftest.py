"""Services over an empty folder, with nothing launched."""

import pytest

from components._services import Services


@pytest.fixture
def services(tmp_path):
    found = Services.open(tmp_path / "home", {})
    found.uploads.mkdir(parents=True)
    return found
