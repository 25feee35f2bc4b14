"""What is told about this machine, to visitors and to programs: the fields listed here, no others.

No environment variable, token, name of a host or a user, or path can pass: they have no field.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from inference import cached, hardware
from inference.catalog import Catalog
from inference.load import Load
from inference.reach import Reach

HELD_SECONDS = 30.0  # the cache may hold a hundred thousand files, on a network's disk
FRESH_SECONDS = 1.0  # facts are told again meanwhile: one visit asks for them several times
CARD = {
    "name": str,
    "memory_total": int,
    "memory_free": int,
    "compute_capability": float,
    "driver": str,
    "use_percent": int,
    "celsius": int,
}
ALLOWED: dict[str, Any] = {
    "python": str,
    "os": str,
    "machine": str,
    "cpu": {"model": str, "flags": [str], "cores": float},
    "memory": {"total": int, "available": int},
    "disk": {"free": int, "total": int},
    "gpus": [CARD],
    "accelerator": str,
    "zero_gpu": bool,
    "cuda": str,
    "rocm": str,
    "cudnn": str,
    "packages": dict.fromkeys(hardware.PACKAGES, str),
    "hub": {"endpoint": str, "offline": bool, "reachable": bool},
    "cache": {"bytes": int, "free": int, "models": [{"id": str, "bytes": int}]},
}


def allowed(found: Any, fields: Any) -> Any:
    """What of `found` has a field; where it is of another type, None."""
    if isinstance(fields, dict):
        return {name: allowed(found.get(name), kind) for name, kind in fields.items()}
    if isinstance(fields, list):
        return [allowed(one, fields[0]) for one in found]
    return found if type(found) is fields else None


class Machine:
    """This machine as it is told; one for all visitors, over the `environ` of the app."""

    def __init__(
        self,
        environ: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._environ, self._clock = environ, clock
        self._lock = threading.Lock()
        self._told: tuple[float, dict[str, Any]] | None = None
        self._held: tuple[float, tuple[int, ...], cached.Cache] | None = None
        self.reach = Reach(environ)
        self.load = Load()

    def facts(self, catalog: Catalog) -> dict[str, Any]:
        """JSON types, sizes in bytes; in less than a second, for the network is not waited for."""
        with self._lock:  # visitors who come together wait for one answer
            told, now = self._told, self._clock()
            if told is None or now - told[0] >= FRESH_SECONDS:
                told = self._told = (now, self._gathered(catalog, now))
        return {**told[1], "hub": allowed(self.reach.seen(), ALLOWED["hub"])}

    def _gathered(self, catalog: Catalog, now: float) -> dict[str, Any]:
        touched = cached.touched(catalog, self._environ)
        before = self._held
        if before is None or before[1] != touched or now - before[0] >= HELD_SECONDS:
            before = self._held = (now, touched, cached.held(catalog, self._environ))
        held = before[2]
        models = [{"id": name, "bytes": size} for name, size in held.models]
        found = {
            **hardware.facts(self._environ),
            "hub": self.reach.seen(),
            "cache": {"bytes": held.total, "free": held.free, "models": models},
        }
        return allowed(found, ALLOWED)

    def delete(self, catalog: Catalog, model_id: str) -> int:
        """Delete what was downloaded of a model of the catalogue; how many bytes that freed.

        Raises:
            ModelUnknown, ModelNotHere
        """
        with self._lock:
            self._told = self._held = None
            return cached.delete(catalog.find(model_id), self._environ)
