"""What the tabs and the web API are given to work with. Knows no Gradio."""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from components._downloads import VisitorDownloads
from components._operator import Operator
from components._throttle import Throttle
from components._visitor import Accounts, has_accounts
from finetune import room
from finetune.files import write_text
from finetune.jobs import Jobs
from finetune.runs import RunStore
from inference import accelerator, fit
from inference.catalog import Catalog
from inference.chat_server import ChatServer
from inference.facts import Machine
from inference.limits import Limits


@dataclass(frozen=True)
class Services:
    """`uploads` is where Gradio keeps what visitors send, and the only place files may come from.

    `exports` lies within it: what is written there can be downloaded by whoever knows its name.
    `secret` is the key visitors' browsers keep their token under. Their page holds it too: it
    protects nothing, but with another key after a restart their runs would be lost to them.
    `chat_server` is the operator's, where there is one.
    `accounts` is None where visitors cannot sign in.
    `machine` tells what this app runs on, `operator` who may delete what was downloaded.
    """

    catalog: Catalog
    limits: Limits
    store: RunStore
    jobs: Jobs
    downloads: VisitorDownloads
    uploads: Path
    secret: str
    throttle: Throttle
    chat_server: ChatServer | None
    accounts: Accounts | None
    machine: Machine
    operator: Operator

    @classmethod
    def open(
        cls,
        home: Path,
        environ: Mapping[str, str],
        make_room: Callable[[], None] = lambda: None,
        asking: Callable[[], tuple[str, str]] = lambda: ("", ""),
    ) -> "Services":
        """The services over the folder `home` (`LAB_HOME`); `make_room` runs before a training.

        `asking` tells the address and the page of the call that is answered now.

        Raises:
            ConfigurationRefused: a limit, the precision, the operator's catalogue or token, a
                setting of the downloads or the chat server's address is not usable.
        """
        limits = Limits.from_environment(environ)
        fit.setting(environ)  # what is wrong with it is said now, not at the first reply
        bounds = (limits.runs_per_visitor, limits.queued_runs)
        store = RunStore(home / "runs", *bounds, limits.runs_bytes, limits.disk_spare_bytes)
        uploads = home / "uploads"
        return cls(
            catalog=Catalog.load(environ),
            limits=limits,
            store=store,
            jobs=Jobs(
                store,
                limits,
                before_launch=make_room,
                tidy=lambda: _bound(uploads, limits),
                launches=not accelerator.ZERO_GPU,
            ),
            downloads=VisitorDownloads(environ),
            uploads=uploads,
            secret=_secret(home / "secret"),
            throttle=Throttle(limits, asking),
            chat_server=ChatServer.from_environment(environ),
            accounts=Accounts(_secret(home / "accounts.key")) if has_accounts(environ) else None,
            machine=Machine(environ),
            operator=Operator.from_environment(environ),
        )

    @property
    def exports(self) -> Path:
        return self.uploads / "exports"

    def bound_uploads(self) -> None:
        """Delete the oldest of what visitors sent and downloaded where it takes too much."""
        _bound(self.uploads, self.limits)


def _bound(uploads: Path, limits: Limits) -> None:
    room.keep_within(uploads, limits.uploads_bytes, time.time())


def _secret(path: Path) -> str:
    """One for all starts of the app, or visitors would lose their runs with each restart."""
    if not path.exists():
        write_text(path, secrets.token_urlsafe(32))
        path.chmod(0o600)
    return path.read_text(encoding="ascii")
