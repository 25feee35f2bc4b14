"""Records of models -> what this machine can do with them, in the visitor's language. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from components._plots import DASH, Table, readable_count, table
from components._texts import say
from components._visitor import Language
from inference.units import readable_bytes

Record = Mapping[str, Any]
Use = Literal["chat", "summarize", "classify", "lora", "qlora"]
USES: tuple[Use, ...] = get_args(Use)
TASKS = {"chat": "chat", "summarize": "summarization", "classify": "classification"}
TABS: dict[Use, str] = {
    "chat": "chat",
    "summarize": "summarization",
    "classify": "sentiment",
    "lora": "finetuning",
    "qlora": "finetuning",
}
BITS = {"int8": 8, "int4": 4}


def offered(record: Record, use: Use) -> bool:
    """Whether a model is meant for that use: chat models but the demo summarize too."""
    if use in ("lora", "qlora"):
        return record["trainable"]
    if use == "summarize" and record["task"] == "chat":
        return record["served"] and not record["demo"]
    return record["served"] and record["task"] == TASKS[use]


def abilities(
    records: Sequence[Record],
    use: Use,
    speeds: Mapping[str, float] | None,
    quantises: bool,
    language: Language,
) -> Table:
    """One row a model that is meant for `use`.

    Args:
        speeds: model id -> tokens it writes a second; None while that is being measured.
        quantises: whether a model can be trained in 4 bits here at all.
    """
    headers = ["model", "fits", "fit_needs", "fit_tokens", "parameters", "on_disk"]
    rows = [
        (
            name(it, language),
            _fit(it, use, quantises, language),
            readable_bytes(_needs(it, use)),
            _speed(it, use, speeds, language),
            readable_count(it["parameters"]),
            say("here", language)
            if it["here"]
            else say("to_fetch", language, size=readable_bytes(it["download_bytes"])),
        )
        for it in records
        if offered(it, use)
    ]
    return table([say(key, language) for key in headers], rows)


def name(record: Record, language: Language) -> str:
    """As the first column shows it."""
    model = record["id"]
    return say("picker_demo", language, model=model) if record["demo"] else model


def _needs(record: Record, use: Use) -> int:
    if use == "lora":
        return record["memory_to_train"]
    return record["memory_to_train_quantised"] if use == "qlora" else record["memory_to_run"]


def _fit(record: Record, use: Use, quantises: bool, language: Language) -> str:
    if use == "qlora" and not quantises:
        return say("fit_cuda", language)
    if use == "qlora":
        return say("fit_yes" if record["trains_quantised_here"] else "fit_no", language)
    if use == "lora":
        if not record["trains_here"] and record["trains_quantised_here"]:
            return say("fit_yes_bits", language, bits=4)
        return say("fit_yes" if record["trains_here"] else "fit_no", language)
    if not record["runs_here"]:
        return say("fit_no", language)
    bits = BITS.get(record["precision"])
    return say("fit_yes_bits", language, bits=bits) if bits else say("fit_yes", language)


def _speed(record: Record, use: Use, speeds: Mapping[str, float] | None, language: Language) -> str:
    if use not in ("chat", "summarize") or not record["runs_here"]:
        return DASH
    if speeds is None:
        return say("fit_measuring", language)
    found = speeds.get(record["id"])
    if found is None:
        return DASH
    return f"{found:,.0f}" if found >= 10 else f"{found:.1f}"
