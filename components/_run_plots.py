"""A run's events and report -> what plots and tables show, in the visitor's language. Pure."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from components._plots import DASH, POINTS, Table, duration, table
from components._refusals import failure_sentence
from components._texts import say
from components._visitor import Language
from components._warnings import warning_sentence

Events = Sequence[Mapping[str, Any]]

CURVES = ("learning_rate", "grad_norm", "tokens_per_second", "memory")
LOG_LINES = 200
MOST_LABELS = 20  # of a confusion matrix: more cannot be read


def losses(events: Events, language: Language) -> pd.DataFrame:
    """`step`, `loss`, `series`: training and held-out loss in one table."""
    trained, held_out = say("loss_trained", language), say("loss_held_out", language)
    found = _thinned(events, "loss").assign(series=trained)
    checked = {
        it["step"]: it["held_out_loss"]
        for it in events
        if it["type"] == "evaluated" and it.get("held_out_loss") is not None
    }
    rows = pd.DataFrame(sorted(checked.items()), columns=["step", "loss"]).assign(series=held_out)
    return pd.concat([found, rows.round(4)], ignore_index=True) if len(rows) else found


def curve(events: Events, name: str) -> pd.DataFrame:
    """`step` and one of `CURVES`; memory in GB."""
    if name != "memory":
        return _thinned(events, name)
    found = _thinned(events, "memory_bytes").rename(columns={"memory_bytes": "memory"})
    return found.assign(memory=found["memory"] / 1e9)


def _thinned(events: Events, name: str) -> pd.DataFrame:
    """`step` and `name`, at most `POINTS` rows: means of equally many steps, the last at the end.

    A step that was done twice, after a restart, counts as it was the second time.
    """
    found = {
        it["step"]: it[name] for it in events if it["type"] == "step" and it.get(name) is not None
    }
    frame = pd.DataFrame(sorted(found.items()), columns=["step", name])
    if frame.empty:
        return frame
    every = -(-len(frame) // POINTS)
    group = (frame.index - len(frame) + 1) // every  # counted from the end
    frame = frame.groupby(group).agg({"step": "last", name: "mean"})
    return frame.assign(**{name: [float(f"{value:.4g}") for value in frame[name]]})


def log(events: Events, language: Language) -> str:
    """The last lines of what happened, each with the time since the beginning."""
    begin = events[0]["time"] if events else 0.0
    lines = []
    for it in events[-LOG_LINES:]:
        if sentence := _logged(it, language):
            lines.append(f"{_clock(it['time'] - begin)}  {sentence}")
    return "\n".join(lines)


def _clock(seconds: float) -> str:
    whole = max(0, int(seconds))
    return f"{whole // 3_600:d}:{whole % 3_600 // 60:02d}:{whole % 60:02d}"


def _logged(event: Mapping[str, Any], language: Language) -> str | None:
    kind = event["type"]
    if kind == "step":
        loss = event.get("loss")
        shown = DASH if loss is None else f"{loss:.4f}"
        return say("log_step", language, step=event["step"], loss=shown)
    if kind == "evaluated":
        if event.get("held_out_loss") is None:
            return say("log_compared", language, rows=event.get("rows", 0))
        return say("log_checked", language, step=event["step"], loss=event["held_out_loss"])
    if kind == "warning":
        return warning_sentence(event, language)
    if kind == "failed":
        return failure_sentence(event, language)
    if kind == "started":
        return say("log_started", language, steps=event.get("total_steps", 0))
    if kind == "checkpoint":
        return say("log_checkpoint", language, step=event["step"])
    return say(f"status_{kind}", language)


# A report


def confusion(report: Mapping[str, Any], language: Language) -> str:
    """Rows: what the label is; columns: what the tuned model says. HTML, labels escaped."""
    labels = report.get("labels") or []
    if not labels:
        return ""
    corner = (say("confusion_true", language), say("confusion_said", language))
    counts = report["tuned"]["confusion"]
    return matrix(say("confusion", language), corner, labels, labels, counts, range(len(labels)))


def matrix(
    title: str,
    corner: Sequence[str],
    down: Sequence[str],
    across: Sequence[str],
    counts: Sequence[Sequence[int]],
    alike: Sequence[int | None],
) -> str:
    """`counts[i][j]` as a table, coloured; "" where it is too large to be read. HTML, escaped.

    Args:
        corner: what the labels `down` and those `across` are; empty where the title says it.
        alike: for each label down, where the same one stands across.
    """
    if not counts or max(len(down), len(across)) > MOST_LABELS:
        return ""
    most = max(1, max(map(max, counts)))
    head = "".join(f"<th>{html.escape(label)}</th>" for label in across)
    body = "".join(
        f"<tr><th>{html.escape(label)}</th>"
        + "".join(_cell(count, most, to == same) for to, count in enumerate(row))
        + "</tr>"
        for label, row, same in zip(down, counts, alike, strict=True)
    )
    named = " \\ ".join(map(html.escape, corner))
    return (
        f'<div class="lab-confusion"><p>{html.escape(title)}</p>'
        f"<table><tr><th>{named}</th>{head}</tr>{body}</table></div>"
    )


def _cell(count: int, most: int, right: bool) -> str:
    colour = "13, 148, 136" if right else "220, 38, 38"
    return f'<td style="background: rgba({colour}, {0.75 * count / most:.2f})">{count}</td>'


def per_label(report: Mapping[str, Any], language: Language) -> Table:
    """A label a row: rows, precision and recall of the tuned model, F1 before and after."""
    base, tuned = (report[side].get("per_label", []) for side in ("base", "tuned"))
    return label_figures(tuned, language, base)


def label_figures(
    found: Sequence[Mapping[str, Any]],
    language: Language,
    before: Sequence[Mapping[str, Any]] = (),
) -> Table:
    """A label a row: `per_label` of `classification_metrics`, and the F1 of those `before`."""
    f1 = ("f1_base", "f1_tuned") if before else ("f1",)
    rows = []
    for at, it in enumerate(found):
        values = (it["precision"], it["recall"], *(other["f1"] for other in before[at : at + 1]))
        rows.append((it["label"], it["support"], *(f"{v:.3f}" for v in (*values, it["f1"]))))
    keys = ("label", "rows", "precision", "recall", *f1)
    return table([say(key, language) for key in keys], rows)


def f1_bars(report: Mapping[str, Any]) -> pd.DataFrame:
    """`label` and `f1` of the tuned model, the weakest first."""
    found = report["tuned"].get("per_label", [])
    rows = sorted(((it["label"], round(it["f1"], 3)) for it in found), key=lambda it: it[1])
    return pd.DataFrame(rows[:MOST_LABELS], columns=["label", "f1"])


def kept(until: float, now: float, language: Language) -> str:
    return say("kept_until", language, left=duration(until - now, language))
