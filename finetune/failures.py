"""What ended a run -> the fields of its failed event."""

import errno
import sys
import traceback
from collections.abc import Iterator
from typing import Any

from finetune.reporter import NotFinite
from inference.accelerator import out_of_memory
from inference.errors import LabError

# What torch and safetensors say, in exceptions of their own, when a file cannot grow.
_UNWRITTEN = ("No space left on device", "inline_container.cc", "PytorchStreamWriter")


def failure(error: Exception) -> dict[str, Any]:
    """The fields of a failed event: `reason` is a code, `values` what its sentence needs.

    What nobody expected is printed whole to the worker's log.
    """
    if isinstance(error, NotFinite):
        return {"reason": "not_finite", "values": {"step": error.step, "what": error.what}}
    if isinstance(error, LabError):
        values = {name: str(value) for name, value in getattr(error, "values", {}).items()}
        return {"reason": error.code(), "values": values, "sentence": str(error)}
    if out_of_memory(error):
        return {"reason": "out_of_memory", "values": {}}
    if any(map(_disk_full, _causes(error))):
        return {"reason": "disk_full", "values": {}}
    traceback.print_exception(error, file=sys.stderr)
    return {"reason": "unexpected", "values": {"error": type(error).__name__}}


def _disk_full(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return any(said in str(error) for said in _UNWRITTEN)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
