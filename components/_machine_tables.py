"""Facts about the machine -> what the Environment tab shows, in the visitor's language. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from components._plots import COMMA, DASH, Table, table
from components._texts import plain, say
from components._visitor import Language
from inference.doctor import Finding
from inference.load import Sample
from inference.units import readable_bytes

Facts = Mapping[str, Any]
SIZES = ("needed", "free")  # details of a finding that are bytes


def machine(facts: Facts, language: Language) -> Table:
    """`facts` as `inference.facts` tells them."""
    cpu, memory, disk = facts["cpu"], facts["memory"], facts["disk"]
    rows = [
        ("machine_cpu", say("machine_cores", language, model=cpu["model"], cores=cpu["cores"])),
        ("machine_flags", ", ".join(cpu["flags"]) or DASH),
        ("machine_memory", _free_of(memory["available"], memory["total"], language)),
        ("machine_disk", _free_of(disk["free"], disk["total"], language)),
        ("machine_gpus", _cards(facts, language)),
        ("machine_system", f"{facts['os']} · {facts['machine']}"),
        ("machine_hub", _hub(facts["hub"], language)),
        ("machine_cache", _cached(facts["cache"], language)),
    ]
    return _things([(say(key, language), value) for key, value in rows], language)


def _things(rows: Sequence[tuple[str, str]], language: Language) -> Table:
    return table((say("what", language), say("value", language)), rows)


def _free_of(free: int, total: int, language: Language) -> str:
    told = {"free": readable_bytes(free), "total": readable_bytes(total)}
    return say("machine_free_of", language, **told)


def _cards(facts: Facts, language: Language) -> str:
    if facts["zero_gpu"]:
        return say("machine_zero_gpu", language)
    if facts["accelerator"] == "mps":
        return say("machine_mps", language)
    cards = [_card(it, language) for it in facts["gpus"]]
    return "\n".join(cards) or say("machine_no_gpu", language)


def _card(card: Mapping[str, Any], language: Language) -> str:
    """Memory, use, temperature and driver, as far as the card tells them."""
    free, total = readable_bytes(card["memory_free"]), readable_bytes(card["memory_total"])
    parts = [say("machine_gpu", language, name=card["name"], free=free, total=total)]
    if card["use_percent"] is not None:
        parts.append(say("machine_gpu_use", language, percent=card["use_percent"]))
    if card["celsius"] is not None:
        parts.append(f"{card['celsius']} °C")
    if card["driver"]:
        parts.append(say("machine_gpu_driver", language, driver=card["driver"]))
    return COMMA[language].join(parts)


def _hub(hub: Mapping[str, Any], language: Language) -> str:
    name = hub["endpoint"] or say("machine_hub_other", language)
    if hub["offline"]:
        return say("machine_hub_offline", language, name=name)
    keys = {True: "machine_hub_reached", False: "machine_hub_lost", None: "machine_hub_asked"}
    return say(keys[hub["reachable"]], language, name=name)


def _cached(cache: Mapping[str, Any], language: Language) -> str:
    count, size = len(cache["models"]), readable_bytes(cache["bytes"])
    return say("machine_cached", language, count=count, size=size)


def versions(facts: Facts, language: Language) -> Table:
    """Python, what torch was built for, and the packages."""
    rows = [("python", facts["python"])]
    builds = (("CUDA", "cuda"), ("cuDNN", "cudnn"), ("ROCm", "rocm"))
    rows += [(name, facts[key] or DASH) for name, key in builds]
    rows += [(name, version or DASH) for name, version in facts["packages"].items()]
    return table((say("package", language), say("version", language)), rows)


def cache(facts: Facts, language: Language) -> Table:
    rows = [(it["id"], readable_bytes(it["bytes"])) for it in facts["cache"]["models"]]
    return table((say("model", language), say("cache_size", language)), rows)


def report(facts: Facts, findings: Sequence[Finding], language: Language) -> str:
    """What a bug report should say of the machine, as Markdown."""
    tables = (machine(facts, language), versions(facts, language))
    parts = ["\n".join(_markdown(it)) for it in tables]
    told = "\n".join(f"- {sentence(it, language)[0]}" for it in findings)
    return "\n\n".join([*parts, told or say("doctor_well", language)]) + "\n"


def _markdown(found: Table) -> list[str]:
    rows = [found["headers"], ["---"] * len(found["headers"]), *found["data"]]
    return ["| " + " | ".join(_cell(str(it)) for it in row) + " |" for row in rows]


def _cell(text: str) -> str:
    """Within one cell of a Markdown table."""
    return text.replace("|", r"\|").replace("\n", "; ")


# The doctor


def sentence(finding: Finding, language: Language) -> tuple[str, str]:
    """What was found, and what to do about it."""
    details = {
        name: readable_bytes(value) if name in SIZES and isinstance(value, int) else value
        for name, value in finding.details.items()
    }
    if "endpoint" in details:
        details["endpoint"] = details["endpoint"] or say("machine_hub_other", language)
    if finding.code == "driver_too_old":  # a version, not a size
        details["needed"] = finding.details["needed"]
    what = say(f"doctor_{finding.code}", language, **details)
    return what, say(f"doctor_{finding.code}_fix", language)


def findings(found: Sequence[Finding], model: str, language: Language) -> str:
    """All of them as Markdown, each with its fix; or that there is nothing."""
    if not found:
        key = "doctor_well_model" if model else "doctor_well"
        return say(key, language, **({"model": plain(model)} if model else {}))
    return "\n".join(_finding(it, language) for it in found)


def _finding(finding: Finding, language: Language) -> str:
    what, fix = sentence(finding, language)
    kind = say(f"doctor_{finding.severity}", language)
    colon = ": " if language == "en" else "："
    return f"- **{kind}**{colon}{plain(what)}\n  {fix}"


# Load


def load(samples: Sequence[Sample], language: Language) -> pd.DataFrame:
    """`minutes` before now, `percent` and `series`; a series nobody measures has no rows."""
    series = ("cpu", "memory", "gpu", "gpu_memory")
    names = ("load_cpu", "load_memory", "load_card", "load_card_memory")
    now = samples[-1].time
    rows = [
        (round((it.time - now) / 60, 3), round(100 * getattr(it, key), 1), say(name, language))
        for key, name in zip(series, names, strict=True)
        for it in samples
        if getattr(it, key) is not None
    ]
    return pd.DataFrame(rows, columns=["minutes", "percent", "series"])


def load_now(sample: Sample, language: Language) -> str:
    gpu = "" if sample.gpu is None else say("load_gpu", language, gpu=sample.gpu)
    return say("load_now", language, cpu=sample.cpu, memory=sample.memory, gpu=gpu)
