"""The labels of a classifier in the visitor's words. Pure: no gradio, no files."""

from collections.abc import Iterable

from components._texts import say
from components._visitor import Language

# What the catalogue's models and their Chinese relatives answer -> the sentence for it.
LABELS = {
    "positive": "label_positive",
    "negative": "label_negative",
    "positive (stars 4 and 5)": "label_positive",
    "negative (stars 1, 2 and 3)": "label_negative",
    "1 star": "label_1_star",
    "2 stars": "label_2_stars",
    "3 stars": "label_3_stars",
    "4 stars": "label_4_stars",
    "5 stars": "label_5_stars",
}


def named(labels: Iterable[str], language: Language) -> dict[str, str]:
    """label -> its name: known ones in that language, others, an adapter's own, as they were typed.

    Somebody's "正面" beside "positive" must not become one label: then all stay as they are.
    """
    labels = list(labels)
    names = {it: say(LABELS[it], language) if it in LABELS else it for it in labels}
    return names if len({*names.values()}) == len(names) else {it: it for it in labels}


def shown(probabilities: dict[str, float], language: Language) -> dict[str, float]:
    """The probabilities by the labels' names."""
    names = named(probabilities, language)
    return {names[label]: share for label, share in probabilities.items()}
