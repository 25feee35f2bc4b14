"""A run's adapter, pushed to a model hub with the caller's own token.

The unmodified huggingface_hub client speaks to `HF_ENDPOINT`. The token is an argument of the
calls and nothing else: not kept, not logged, not in any environment.
"""

import re
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from finetune.errors import PushRefused, RepositoryNameRefused, RepositoryPublic, TokenMissing
from finetune.export import write_files
from finetune.run import Run
from inference.errors import HubFailed, HubUnreachable, LabError, NotAHub

SILENCE_SECONDS = 60.0  # of a hub that is connected and says or takes nothing
_NAME = re.compile(r"(?:[\w.-]{1,96}/)?[\w.-]{1,96}", re.ASCII)
_MADE = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}", re.ASCII)


def check_name(repository: str) -> None:
    """Raises RepositoryNameRefused: it is neither `name` nor `organisation/name`."""
    if not _NAME.fullmatch(repository):
        raise RepositoryNameRefused(repository=repository[:100])


def push(
    run: Run, repository: str, token: str, private: bool = True, silence: float = SILENCE_SECONDS
) -> str:
    """Create `repository` where it is not there yet, commit the adapter to it; its address.

    For a process that does nothing else: it changes how this process's client waits.

    Args:
        repository: `name` or `organisation/name`.
        silence: seconds in which the hub says or takes nothing, until it counts as unreachable.

    Raises:
        TokenMissing, RepositoryNameRefused, NothingToDownload: before anything is sent.
        RepositoryPublic: before the adapter is sent; making a repository that is there already
            does not make it private.
        PushRefused: the hub does not let this token write there.
        HubUnreachable, HubFailed, NotAHub: the hub does not answer, or not as it should.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    if not token:
        raise TokenMissing()
    check_name(repository)
    _wait_at_most(silence)
    api = HfApi(token=token)
    host = urlsplit(api.endpoint).hostname or api.endpoint
    with tempfile.TemporaryDirectory() as folder:
        write_files(run, Path(folder))
        try:
            made = api.create_repo(repository, private=private, exist_ok=True)
            if not _MADE.fullmatch(made.repo_id):
                raise NotAHub(host=host)
            if private and api.model_info(made.repo_id).private is False:
                raise RepositoryPublic(repository=made.repo_id)
            api.upload_folder(
                repo_id=made.repo_id,
                folder_path=folder,
                commit_message="Upload LoRA adapter",
            )
        except HFValidationError as error:
            raise RepositoryNameRefused(repository=repository) from error
        except HfHubHTTPError as error:
            status = error.response.status_code
            if status in (401, 403, 404, 409):
                raise PushRefused(host=host, repository=repository, status=status) from None
            raise HubFailed(host=host, status=status) from None
        except LabError:
            raise
        except Exception as error:
            # By name: httpx or httpx2, as the version of the client is.
            package = type(error).__module__.partition(".")[0]
            if not isinstance(error, OSError) and package not in ("httpx", "httpx2"):
                raise
            raise HubUnreachable(host=host, reason=type(error).__name__) from None
    return f"{api.endpoint}/{made.repo_id}"


def _wait_at_most(seconds: float) -> None:
    """The client waits without end unless told otherwise."""
    from huggingface_hub import set_client_factory
    from huggingface_hub.utils._http import default_client_factory

    def patient() -> Any:
        client = default_client_factory()
        client.timeout = seconds
        return client

    set_client_factory(patient)
