"""What a scored file shows: which rows, how often each label, how right the model is. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from components._scored_file import Scored
from finetune.label_names import Matched, match
from finetune.metrics import classification_metrics
from inference.records import Scores

Order = Literal["sure", "unsure", "file"]
ORDERS: tuple[Order, ...] = ("sure", "unsure", "file")
WRONG = "\0wrong"  # a filter beside the labels: no label begins like this


@dataclass(frozen=True)
class Judged:
    """The model's labels beside those of the file, of the rows where both are known.

    `figures` are those of `classification_metrics` over `labels`, which occur on either side;
    `wrong` are places in the sheet, the surest mistake first; `unknown` counts the values that
    mean none of the model's labels. Without a row to compare `figures` is empty.
    """

    matched: Matched
    labels: tuple[str, ...]
    figures: Mapping[str, Any]
    rows: int
    wrong: Sequence[int]
    values: Mapping[str, int]
    blank: int

    @property
    def unknown(self) -> dict[str, int]:
        return {it: rows for it, rows in self.values.items() if it not in self.matched.labels}


def judged(scored: Scored) -> Judged | None:
    """How right the model is; None where no column says what is right, or nothing is scored."""
    said, names = scored.sheet.labels, scored.names
    if not said or not names:
        return None
    pairs = [(at, said[at].strip(), one) for at, one in enumerate(scored.scores) if one is not None]
    values = Counter(value for _, value, _ in pairs if value)
    # By all that the file says: 1 to 5 are read otherwise than the ones it may begin with.
    matched = match((value.strip() for value in said), names, scored.sheet.label)
    known = [
        (at, matched.labels[value], one) for at, value, one in pairs if value in matched.labels
    ]
    seen = {label for _, label, _ in known} | {one.label for _, _, one in known}
    labels = tuple(name for name in names if name in seen)
    place = {name: number for number, name in enumerate(labels)}
    expected = [place[label] for _, label, _ in known]
    predicted = [place[one.label] for _, _, one in known]
    wrong = [(at, one) for at, label, one in known if one.label != label]
    wrong.sort(key=lambda it: -sureness(it[1]))
    return Judged(
        matched,
        labels,
        classification_metrics(expected, predicted, labels) if known else {},
        len(known),
        [at for at, _ in wrong],
        dict(values.most_common()),
        len(pairs) - values.total(),
    )


def chosen(scored: Scored, label: str = "", search: str = "", order: Order = "sure") -> list[int]:
    """Places of the scored rows with that label (`WRONG`: those the file says are wrong) whose
    text contains `search`, the surest first unless told otherwise."""
    wanted = search.strip().casefold()
    places: Sequence[int] = range(len(scored.scores))
    if label == WRONG:
        found = judged(scored)
        places = sorted(found.wrong) if found else ()
    kept = [
        (at, one)
        for at in places
        if (one := scored.scores[at]) is not None
        and (label in ("", WRONG) or one.label == label)
        and (not wanted or wanted in scored.sheet.texts[at].casefold())
    ]
    if order != "file":
        sign = -1 if order == "sure" else 1
        kept.sort(key=lambda it: sign * sureness(it[1]))
    return [at for at, _ in kept]


def summary(scored: Scored) -> dict[str, Any]:
    """What was found, as JSON types."""
    sheet, found = scored.sheet, judged(scored)
    told: dict[str, Any] = {
        "rows": len(scored.scores),
        "skipped": scored.skipped,
        "labels": scored.counts,
        "text_column": sheet.text,
        "label_column": sheet.label,
        "figures": None,
    }
    if found is not None:
        told["matched"] = dict(found.matched.labels)
        told["not_matched"] = found.unknown
    if found is not None and found.rows:
        told["figures"] = {"rows": found.rows, "labels": list(found.labels), **found.figures}
    return told


def sureness(one: Scores) -> float:
    """The probability of the label it was given."""
    return one.probabilities[one.label]
