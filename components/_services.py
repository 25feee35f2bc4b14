"""What the tabs and the web API are given to work with. Knows no Gradio."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from components._downloads import VisitorDownloads
from finetune.files import write_text
from finetune.jobs import Jobs
from finetune.runs import RunStore
from inference import fit
from inference.catalog import Catalog
from inference.limits import Limits


@dataclass(frozen=True)
class Services:
    """`uploads` is where Gradio keeps what visitors send, and the only place files may come from.

    `exports` lies within it: what is written there can be downloaded by whoever knows its name.
    `secret` is the key visitors' browsers keep their token under. Their page holds it too: it
    protects nothing, but with another key after a restart their runs would be lost to them.
    """

    catalog: Catalog
    limits: Limits
    store: RunStore
    jobs: Jobs
    downloads: VisitorDownloads
    uploads: Path
    secret: str

    @classmethod
    def open(
        cls, home: Path, environ: Mapping[str, str], make_room: Callable[[], None] = lambda: None
    ) -> "Services":
        """The services over the folder `home` (`LAB_HOME`); `make_room` runs before a training.

        Raises:
            ConfigurationRefused: a limit, the precision, the operator's catalogue or a setting of
                the downloads is not usable.
        """
        limits = Limits.from_environment(environ)
        fit.setting(environ)  # what is wrong with it is said now, not at the first reply
        store = RunStore(home / "runs", limits.runs_per_visitor, limits.queued_runs)
        return cls(
            catalog=Catalog.load(environ),
            limits=limits,
            store=store,
            jobs=Jobs(store, limits, before_launch=make_room),
            downloads=VisitorDownloads(environ),
            uploads=home / "uploads",
            secret=_secret(home / "secret"),
        )

    @property
    def exports(self) -> Path:
        return self.uploads / "exports"


def _secret(path: Path) -> str:
    """One for all starts of the app, or visitors would lose their runs with each restart."""
    if not path.exists():
        write_text(path, secrets.token_urlsafe(32))
    return path.read_text(encoding="ascii")
