"""Where the app writes: one folder, `LAB_HOME`, private to the user who runs it."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from inference.errors import ConfigurationRefused


def lab_home(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder everything is written under, created with mode 0700.

    It may not lie under the working or the temp directory: Gradio serves any file found there.

    Raises:
        ConfigurationRefused: `LAB_HOME` points under one of those two.
    """
    home = _home(environ)
    for served in (Path.cwd().resolve(), Path(tempfile.gettempdir()).resolve()):
        if home.is_relative_to(served):
            raise ConfigurationRefused(
                name="LAB_HOME", value=str(home), reason=f"files under {served} can be served"
            )
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return home


def models_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where models from ModelScope lie, as `<organisation>/<name>`. Only named, not created."""
    return _home(environ) / "models"


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("LAB_HOME") or Path.home() / ".llm-lab").expanduser().resolve()
