"""A run's adapter, pushed to a model hub with the caller's own token.

The unmodified huggingface_hub client speaks to `HF_ENDPOINT`. The token is an argument of the
calls and nothing else: not kept, not logged, not in any environment.
"""

import re
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from finetune.errors import PushRefused, RepositoryNameRefused, TokenMissing
from finetune.export import write_files
from finetune.run import Run
from inference.errors import HubFailed, HubUnreachable

_NAME = re.compile(r"(?:[\w.-]{1,96}/)?[\w.-]{1,96}", re.ASCII)


def push(run: Run, repository: str, token: str, private: bool = True) -> str:
    """Create `repository` where it is not there yet, commit the adapter to it; its address.

    Args:
        repository: `name` or `organisation/name`.

    Raises:
        TokenMissing, RepositoryNameRefused, NothingToDownload: before anything is sent.
        PushRefused: the hub does not let this token write there.
        HubUnreachable, HubFailed: the hub does not answer, or not as it should.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    if not token:
        raise TokenMissing()
    if not _NAME.fullmatch(repository):
        raise RepositoryNameRefused(repository=repository[:100])
    api = HfApi(token=token)
    host = urlsplit(api.endpoint).hostname or api.endpoint
    with tempfile.TemporaryDirectory() as folder:
        write_files(run, Path(folder))
        try:
            made = api.create_repo(repository, private=private, exist_ok=True)
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
        except Exception as error:
            # By name: httpx or httpx2, as the version of the client is.
            package = type(error).__module__.partition(".")[0]
            if not isinstance(error, OSError) and package not in ("httpx", "httpx2"):
                raise
            raise HubUnreachable(host=host, reason=type(error).__name__) from None
    return f"{api.endpoint}/{made.repo_id}"
