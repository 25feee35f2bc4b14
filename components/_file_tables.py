"""A scored file -> sentences, tables and plot data in the visitor's language. Pure: no gradio."""

from collections.abc import Sequence

import pandas as pd

from components import _labels, _pictures, _run_plots
from components._agreement import Agreement
from components._file_report import Judged, sureness
from components._plots import COMMA, DASH, Table, bar, duration, short, table
from components._scored_file import Progress, Scored
from components._texts import plain, say
from components._visitor import Language
from finetune.label_names import stars_of
from inference.records import Scores
from inference.texts import joined

MOST_ROWS = 50  # of a table on the page
MOST_VALUES = 20  # of the labels in the file, the most frequent


def progress(now: Progress, language: Language) -> str:
    """`320 of 1,000 rows · 85 rows a second · 8 s left` over a bar; HTML."""
    words = [say("file_done_of", language, done=now.done, total=now.total)]
    if now.done:
        words.append(say("file_speed", language, rate=now.rows_per_second))
    if now.seconds_left:
        words.append(say("time_left", language, left=duration(now.seconds_left, language)))
    return bar(words, now.done / max(1, now.total), "running")


def told(scored: Scored, model: str, language: Language) -> str:
    """How many rows, by which model, and which are not among them."""
    rows, total = len(scored.scores), len(scored.sheet.rows)
    key = "file_scored" if rows == total else "file_partly"
    parts = [say(key, language, rows=rows, total=total, model=plain(model))]
    if scored.skipped:
        parts.append(say("file_skipped", language, count=scored.skipped))
    if scored.sheet.left_out:
        parts.append(say("file_left_out", language, count=scored.sheet.left_out))
    return joined(parts)


def counts(scored: Scored, language: Language) -> pd.DataFrame:
    """`label`, `rows`: how often each label was given."""
    names = _labels.named(scored.names, language)
    found = {names[label]: count for label, count in scored.counts.items()}
    bars = _pictures.balance(found, say("file_others", language))
    return pd.DataFrame(bars, columns=["label", "rows"])


def rows(scored: Scored, places: Sequence[int], language: Language) -> Table:
    """Row, label, text, the label's probability, and what the file says where it does."""
    names, said = _labels.named(scored.names, language), scored.sheet.labels
    listed = []
    for at in places[:MOST_ROWS]:
        label, probability = _scored(scored, at, names)
        given = [short(said[at])] if said else []
        listed.append((scored.sheet.numbers[at], label, _text(scored, at), probability, *given))
    keys = ("file_row", "label", "sentiment_text", "file_probability", "file_said")
    return table([say(key, language) for key in keys[: 5 if said else 4]], listed)


def _scored(scored: Scored, at: int, names: dict[str, str]) -> tuple[str, str]:
    one = scored.scores[at]
    return (names[one.label], _percent(one)) if one else (DASH, DASH)


def _percent(one: Scores) -> str:
    return f"{sureness(one):.1%}"


def _text(scored: Scored, at: int) -> str:
    return short(scored.sheet.texts[at])


# Checked against the labels of the file


def judgement(found: Judged, scored: Scored, language: Language) -> str:
    """How right the model is and of which rows that is said, or why nothing can be said."""
    if not found.rows:
        return _nothing(found, scored, language)
    figures = {name: found.figures[name] for name in ("accuracy", "macro_f1")}
    parts = [say("file_judged", language, rows=found.rows, **figures)]
    if found.blank:
        parts.append(say("file_blank_labels", language, count=found.blank))
    if unknown := sum(found.unknown.values()):
        parts.append(say("file_unknown_labels", language, count=unknown))
    if any(
        way == "stars" and not stars_of(found.matched.labels[value])
        for value, way in found.matched.ways.items()
    ):
        parts.append(say("file_by_stars", language))
    return joined(parts)


def _nothing(found: Judged, scored: Scored, language: Language) -> str:
    column = plain(short(scored.sheet.label))
    if not found.values:
        return say("file_no_labels", language, column=column)
    names = _labels.named(scored.names, language).values()
    return say(
        "file_no_match",
        language,
        column=column,
        values=_listed(list(found.values), language),
        labels=_listed(list(names), language),
    )


def _listed(values: Sequence[str], language: Language) -> str:
    """The first few, as text."""
    shown = [plain(short(value)) for value in values[:5]]
    return COMMA[language].join([*shown, *(["…"] if len(values) > len(shown) else [])])


def matched(found: Judged, scored: Scored, language: Language) -> Table:
    """A value of the file a row: the label it was taken for, and how often it occurs."""
    names = _labels.named(scored.names, language)
    means = found.matched.labels
    listed = [
        (short(value), names[means[value]] if value in means else DASH, count)
        for value, count in [*found.values.items()][:MOST_VALUES]
    ]
    return table([say(key, language) for key in ("file_said", "file_means", "rows")], listed)


def per_label(found: Judged, scored: Scored, language: Language) -> Table:
    names = _labels.named(scored.names, language)
    named = [{**it, "label": names[it["label"]]} for it in found.figures.get("per_label", [])]
    return _run_plots.label_figures(named, language)


def confusion(found: Judged, scored: Scored, language: Language) -> str:
    """HTML, labels escaped."""
    names = _labels.named(scored.names, language)
    labels = [names[label] for label in found.labels]
    corner = (say("file_said", language), say("confusion_said", language))
    counted = found.figures.get("confusion", [])
    title = say("file_confusion", language)
    return _run_plots.matrix(title, corner, labels, labels, counted, range(len(labels)))


# Two models


def agreed(found: Agreement, language: Language) -> str:
    if not found.compared:
        return say("second_apart", language)
    share = found.agreed / found.compared
    parts = [say("second_agree", language, share=share, rows=found.compared)]
    if found.kappa is not None:
        parts.append(say("second_kappa", language, kappa=found.kappa))
    if found.rows > found.compared:
        parts.append(say("second_left", language, count=found.rows - found.compared))
    return joined(parts)


def agreement(
    found: Agreement, scored: Sequence[Scored], models: Sequence[str], language: Language
) -> str:
    """Rows by what the first model calls them, and the second; HTML, escaped."""
    first, second = (_labels.named(it.names, language) for it in scored)
    title = say("second_table", language, first=models[0], second=models[1])
    down, across = [first[it] for it in found.first], [second[it] for it in found.second]
    return _run_plots.matrix(title, (), down, across, found.counts, found.alike)


def differing(
    found: Agreement, scored: Sequence[Scored], models: Sequence[str], language: Language
) -> Table:
    """A row of the file on which the models differ: what each says, and how surely."""
    names = [_labels.named(it.names, language) for it in scored]
    listed = []
    for at in found.differing[:MOST_ROWS]:
        said = [" ".join(_scored(it, at, of)) for it, of in zip(scored, names, strict=True)]
        listed.append((scored[0].sheet.numbers[at], *said, _text(scored[0], at)))
    headers = (say("file_row", language), *models, say("sentiment_text", language))
    return table(headers, listed)
