"""Records -> what tables and plots show, in the visitor's language. Pure: no gradio, no files.

A table is `{"headers": […], "data": [[…]]}`, every cell plain text or a number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from components._refusals import problem_sentences
from components._texts import say
from components._visitor import Language
from inference.limits import Limits
from inference.texts import joined
from inference.units import readable_bytes

Table = dict[str, list[Any]]

POINTS = 100  # of a curve: single batches differ too much to show a trend
PREVIEW_CHARACTERS = 160
DASH = "–"
COMMA: dict[Language, str] = {"en": ", ", "zh": "、"}
BYTES = (
    *("upload_bytes", "json_bytes", "unpacked_bytes"),
    *("runs_bytes", "disk_spare_bytes", "uploads_bytes"),
)


def table(headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    return {"headers": list(headers), "data": [list(row) for row in rows]}


# The Environment tab


def verdict(
    facts: Mapping[str, Any], records: Sequence[Mapping[str, Any]], best: str, language: Language
) -> str:
    """What this machine is good for, in two sentences."""
    device = say(f"device_{facts['accelerator']}", language)
    if facts["zero_gpu"]:
        device = say("device_zero_gpu", language)
    fitting = [it for it in records if it["task"] == "chat" and it["runs_here"] and not it["demo"]]
    largest = max(fitting, key=lambda it: it["parameters"], default=None)
    first = say("verdict_device", language, device=device)
    second = (
        say("verdict_fits", language, model=largest["id"])
        if largest
        else say("verdict_small", language)
    )
    return joined((first, second, say("verdict_default", language, model=best)))


def limits(known: Limits, language: Language) -> Table:
    rows = []
    for field in fields(known):
        value = getattr(known, field.name)
        shown = readable_bytes(value) if field.name in BYTES else f"{value:,}"
        rows.append((say(f"limit_{field.name}", language), shown))
    return table((say("what", language), say("limit", language)), rows)


def readable_count(number: int) -> str:
    """`3_577_344` -> `3.6 M`; the same in every language."""
    if number >= 1e9:
        return f"{number / 1e9:.1f} B"
    return f"{number / 1e6:.0f} M" if number >= 1e8 else f"{number / 1e6:.1f} M"


# The Fine-tune tab: a file


def preview(found: Mapping[str, Any]) -> Table:
    """The first rows as they were read, long cells shortened."""
    width = len(found["columns"])
    rows = [[short(cell) for cell in (*row, *[""] * width)[:width]] for row in found["first_rows"]]
    return table(found["columns"], rows)


def problems(found: Sequence[Mapping[str, Any]], language: Language) -> Table:
    """Errors first; where each stands, what it is, and what to do about it."""
    headers = ("problem_kind", "problem_row", "problem_column", "problem_what", "problem_advice")
    rows = []
    for it in sorted(found, key=lambda it: it["severity"] != "error"):
        what, advice = problem_sentences(it, language)
        if it["value"]:
            what = f"{what} ({it['value']})" if language == "en" else f"{what}（{it['value']}）"
        kind = say(f"severity_{it['severity']}", language)
        rows.append((kind, it["row"] or "", it["column"] or "", what, advice))
    return table([say(key, language) for key in headers], rows)


def short(cell: str) -> str:
    """A cell as one line that is not too long."""
    line = " ".join(cell.split())
    return line if len(line) <= PREVIEW_CHARACTERS else line[: PREVIEW_CHARACTERS - 1] + "…"


# The Fine-tune tab: a run


FIGURES = {
    "chat": ("loss", "perplexity"),
    "classification": ("accuracy", "macro_f1"),
    "summarization": ("rouge1", "rouge2", "rougeL"),
}
KNOWN = 0.9  # of 1: above, a base that stays as good had nothing to learn
LOWER_IS_BETTER = ("loss", "perplexity")


def figures(report: Mapping[str, Any], language: Language) -> Table:
    """Base and tuned model side by side on the rows neither was trained on, each figure with the
    interval it lies in."""
    headers = [say(key, language) for key in ("figure", "base", "tuned")]
    names = FIGURES[report["task"]] if report["rows"] else ()
    rows = [
        (
            say(f"figure_{name}", language),
            _measured(report, "base", name),
            _measured(report, "tuned", name),
        )
        for name in names
    ]
    if report.get("majority") and rows:
        majority = report["majority"]
        rows.append((say("figure_majority", language), _number(majority["accuracy"]), ""))
    return table(headers, rows)


def learned(report: Mapping[str, Any], language: Language) -> str:
    """The answer to “did it learn?”, with the figure it rests on."""
    if not report["rows"]:
        return say("learned_unknown", language)
    name = FIGURES[report["task"]][0 if report["task"] != "classification" else 1]
    base, tuned = report["base"][name], report["tuned"][name]
    gain = base - tuned if name in LOWER_IS_BETTER else tuned - base
    noticeable = 0.02 * abs(base) if name in LOWER_IS_BETTER else 0.01
    key = "learned_same"
    if abs(gain) > noticeable:
        key = "learned_yes" if gain > 0 else "learned_no"
    elif name not in LOWER_IS_BETTER and base > KNOWN:
        key = "learned_already"
    told = say(
        key,
        language,
        figure=say(f"figure_{name}", language),
        base=_number(base),
        tuned=_number(tuned),
        rows=report["rows"],
    )
    found = report.get("difference", {})
    low, high = found.get("interval", (0, 0))
    # Few rows tell little, unless the difference is beyond all doubt.
    unsure = found.get("verdict") == "too_few_to_tell" and low <= 0 <= high
    if key in ("learned_same", "learned_already") or not unsure:
        return told
    return joined((told, say("learned_by_chance", language)))


def samples(report: Mapping[str, Any], language: Language) -> Table:
    """Held-out examples: what was asked, expected, and answered before and after."""
    headers = [say(key, language) for key in ("prompt", "expected", "base", "tuned")]
    rows = [
        [short(it[key]) for key in ("prompt", "expected", "base", "tuned")]
        for it in report["samples"]
    ]
    return table(headers, rows)


def bar(words: Sequence[str], share: float, kind: str) -> str:
    """A line of words over a bar of which `share`, 0 to 1, is filled: HTML, so our own words only.

    `kind` names its look: `lab-failed` and the like.
    """
    percent = min(100, max(0, round(100 * share)))
    return (
        f'<div class="lab-run lab-{kind}"><p>{" · ".join(words)}</p>'
        f'<div class="lab-bar" role="progressbar" aria-valuenow="{percent}">'
        f'<i style="width:{percent}%"></i></div></div>'
    )


def duration(seconds: float, language: Language) -> str:
    """`95` -> `1 min 35 s`; hours without seconds, days without minutes."""
    whole = max(0, round(seconds))
    if whole < 60:
        return say("seconds", language, seconds=whole)
    if whole < 3_600:
        return say("minutes", language, minutes=whole // 60, seconds=whole % 60)
    if whole < 2 * 86_400:
        return say("hours", language, hours=whole // 3_600, minutes=whole % 3_600 // 60)
    return say("days", language, days=whole // 86_400, hours=whole % 86_400 // 3_600)


def _number(value: float | None) -> str:
    return DASH if value is None else f"{value:.3f}"


def _measured(report: Mapping[str, Any], side: str, name: str) -> str:
    """`0.800 (0.712–0.868)`: the figure and its interval, where there is one."""
    interval = report.get("intervals", {}).get(side, {}).get(name)
    value = _number(report[side][name])
    return f"{value} ({_number(interval[0])}–{_number(interval[1])})" if interval else value
