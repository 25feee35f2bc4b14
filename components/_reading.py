"""How an uploaded table is read: what was found out, told, and the fields to change it with."""

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from components._plans import Reading
from components._plots import DASH
from components._refusals import problem_sentences
from components._texts import i18n, plain, say
from components._visitor import Language

ENCODINGS = ("utf-8", "utf-16", "gb18030", "big5", "shift_jis", "euc-kr", "windows-1252")
DELIMITERS = ((",", ","), (";", ";"), ("Tab", "\t"), ("|", "|"), (":", ":"))
QUOTES = ('"', "'")
HEADERS = {"": None, "yes": True, "no": False}
UNSURE = ("encoding", "delimiter", "header", "quote")  # in the code of a problem about the reading


def place_reading(elem_id: str) -> tuple[gr.Accordion, list[Any]]:
    """How the file is read: what `Reading` holds, in its order, in a part that can be unfolded."""
    found = (i18n("find_out"), "")
    with gr.Accordion(i18n("reading"), open=False, elem_id=elem_id) as accordion:
        gr.Markdown(i18n("reading_info"), elem_classes="lab-note")
        return accordion, [
            gr.Dropdown([found, *((it, it) for it in ENCODINGS)], value="", label=i18n("encoding")),
            gr.Dropdown([found, *DELIMITERS], value="", label=i18n("delimiter")),
            gr.Dropdown([found, *((it, it) for it in QUOTES)], value="", label=i18n("quotechar")),
            gr.Radio(
                [found, (i18n("yes"), "yes"), (i18n("no"), "no")], value="", label=i18n("header")
            ),
        ]


def reading_shown(found: Mapping[str, Any], values: Sequence[str], language: Language) -> list[Any]:
    """The fields of `place_reading` on `values`; what was left to find out says what was found.

    Args:
        found: as `inspect_table` gives it.
    """
    header = say("yes" if found["header"] else "no", language) if found["readable"] else None
    delimiter = {"\t": "Tab"}.get(found["delimiter"], found["delimiter"])
    parts = (found["encoding"], delimiter, found["quotechar"], header)
    yes_no = [(say(key, language), key) for key in ("yes", "no")]
    choices = ([(it, it) for it in ENCODINGS], DELIMITERS, [(it, it) for it in QUOTES], yes_no)
    shown = []
    for part, options, value in zip(parts, choices, values, strict=True):
        told = say("found_out", language, value=part) if part and not value else ""
        first = (told or say("find_out", language), "")
        kind = gr.Radio if options is yes_no else gr.Dropdown
        shown.append(kind(choices=[first, *options], value=value))
    return shown


def reading_of(values: Sequence[Any]) -> Reading:
    encoding, delimiter, quotechar, header = values
    return Reading(encoding or None, delimiter or None, quotechar or None, HEADERS[header or ""])


def told_reading(found: Mapping[str, Any], language: Language) -> str:
    """A sentence: how large the table is and how it was read, or why it cannot be used.

    Args:
        found: as `inspect_table` gives it.
    """
    if not found["readable"]:
        error = next(it for it in found["problems"] if it["severity"] == "error")
        what, advice = problem_sentences(error, language)
        return f"**{say('not_readable', language)}** {plain(what)} {plain(advice)}"
    delimiter = {"\t": "Tab", "": DASH}.get(found["delimiter"] or "", found["delimiter"])
    return say(
        "read_as",
        language,
        rows=found["row_count"],
        columns=len(found["columns"]),
        encoding=found["encoding"],
        delimiter=plain(str(delimiter)),
    )


def unsure(found: Mapping[str, Any]) -> bool:
    """Whether the visitor should look at how the file was read."""
    return any(word in it["code"] for it in found["problems"] for word in UNSURE)


def widths(columns: int) -> list[str]:
    """A few columns share the width; many can be scrolled."""
    return [f"{100 // max(1, columns)}%" if columns <= 4 else "200px"] * columns
