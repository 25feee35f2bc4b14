"""What is wrong with this machine, told from its facts. Pure: looks at nothing else.

The sentences, and what to do about each finding, belong to the page: `doctor_<code>`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from packaging.markers import UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from inference.catalog import Model
from inference.fetch import SPARE_BYTES

REQUIREMENTS = Path(__file__).parent.parent / "requirements.txt"
# https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html
DRIVERS = {11: 450, 12: 525, 13: 580}  # major version of CUDA -> of the oldest driver
Severity = Literal["error", "warning", "note"]
# code -> how bad: an error keeps something from working, a warning costs time, a note explains.
CODES: dict[str, Severity] = {
    "gpu_with_cpu_torch": "error",
    "driver_too_old": "error",
    "disk_too_small": "error",
    "disk_full": "error",
    "package_missing": "error",
    "version_outside": "warning",
    "hub_unreachable": "warning",
    "token_needed": "warning",
    "cuda_without_gpu": "note",
    "hub_offline": "note",
}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong; `details` are the values its sentences name."""

    code: str
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        return CODES[self.code]


def examine(
    facts: Mapping[str, Any],
    tested: Mapping[str, str],
    model: Model | None = None,
    here: bool = False,
    gated: bool = False,
) -> list[Finding]:
    """The findings, the worst first.

    Args:
        facts: as `facts.Machine.facts` tells them.
        tested: package -> the versions this app is tested with, as `ranges` reads them.
        model: the one somebody wants to use; `here` where it is on the disk, `gated` where its
            source asked for an access token.
    """
    found = [
        *_torch(facts),
        *_packages(facts, tested),
        *_disk(facts, None if here else model),
        *_hub(facts),
    ]
    if model is not None and gated and not here:
        found.append(Finding("token_needed", {"model": model.id}))
    order = list(CODES)
    return sorted(found, key=lambda it: order.index(it.code))


def ranges(requirements: Path = REQUIREMENTS) -> dict[str, str]:
    """Package -> version specifier (PEP 440) of those that this platform needs; one that may have
    any version is left out. Empty where the file is not there: a package was made of the app."""
    try:
        lines = requirements.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    found = {}
    for line in lines:
        try:
            one = Requirement(line.partition("#")[0].strip())
            applies = one.marker is None or one.marker.evaluate()
        except (InvalidRequirement, UndefinedEnvironmentName):
            continue  # an empty line or a comment
        if applies and one.specifier:
            found[one.name] = str(one.specifier)
    return found


def _torch(facts: Mapping[str, Any]) -> list[Finding]:
    """Whether torch and the graphics card go together; ZeroGPU sees to that itself."""
    cards, cuda = facts["gpus"], facts["cuda"]
    if facts["zero_gpu"] or facts["packages"].get("torch") is None:
        return []
    if cards and not cuda:
        return [Finding("gpu_with_cpu_torch", {"gpu": cards[0]["name"]})]
    if cuda and not cards:
        return [Finding("cuda_without_gpu", {"cuda": cuda})]
    if not cards:
        return []
    needed = DRIVERS.get(_major(cuda))
    driver = str(cards[0]["driver"] or "")
    if needed is None or not driver or _major(driver) >= needed:
        return []
    return [Finding("driver_too_old", {"driver": driver, "cuda": cuda, "needed": needed})]


def _packages(facts: Mapping[str, Any], tested: Mapping[str, str]) -> list[Finding]:
    found = []
    for name, version in facts["packages"].items():
        if name not in tested:
            continue
        details = {"package": name, "version": version, "tested": tested[name]}
        if version is None:
            found.append(Finding("package_missing", details))
        elif not _within(version, tested[name]):
            found.append(Finding("version_outside", details))
    return found


def _within(version: str, tested: str) -> bool:
    """`2.13.0+cpu` counts as 2.13.0; what is no version at all is another's business."""
    try:
        return Requirement(f"it{tested}").specifier.contains(
            Version(version).public, prereleases=True
        )
    except InvalidVersion:
        return True


def _disk(facts: Mapping[str, Any], model: Model | None) -> list[Finding]:
    """Where the app writes, and where downloads go."""
    if facts["disk"]["free"] < SPARE_BYTES:
        return [Finding("disk_full", {"free": facts["disk"]["free"]})]
    free = facts["cache"]["free"]
    if model is None or model.demo:
        return []
    here = sum(it["bytes"] for it in facts["cache"]["models"] if it["id"] == model.id)
    needed = max(0, model.download_bytes - here) + SPARE_BYTES
    if needed <= free:
        return []
    return [Finding("disk_too_small", {"model": model.id, "needed": needed, "free": free})]


def _hub(facts: Mapping[str, Any]) -> list[Finding]:
    hub = facts["hub"]
    if hub["offline"]:
        return [Finding("hub_offline")]
    if hub["reachable"] is False:
        return [Finding("hub_unreachable", {"endpoint": hub["endpoint"]})]
    return []


def _major(version: str | None) -> int:
    found = re.match(r"\d+", version or "")
    return int(found.group()) if found else 0
