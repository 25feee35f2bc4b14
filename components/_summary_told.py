"""A summary and how far it is -> words for the page and the files a visitor saves. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components import _plots
from components._plots import Table
from components._texts import say
from components._visitor import Language
from finetune.metrics import compression, length, novelty, rouge_of_each
from inference.records import Section, Summary
from inference.texts import is_chinese

OPENING_CHARACTERS = 60
MEASURES = ("rouge1", "rouge2", "rougeL", "compression", "novelty")
SHARES = ("compression", "novelty")  # told in per cent


@dataclass(frozen=True)
class Written:
    """What there is of the summary of `source`, as it was given, after `seconds`."""

    source: str
    summary: Summary
    seconds: float = 0.0

    @property
    def several(self) -> bool:
        """Whether an outline says more than the summary."""
        return len(self.summary.outline) > 1


def progress(written: Written, language: Language) -> str:
    """`Section 12 of 310` over a bar, with the time left: HTML of our own words."""
    done, total = written.summary.sections_done, written.summary.sections_total
    words = [say("summary_section", language, number=min(done + 1, total), total=total)]
    if left := time_left(done, total, written.seconds, language):
        words.append(left)
    return _plots.bar(words, done / max(1, total), "running")


def waiting(language: Language) -> str:
    return _plots.bar([say("summary_waiting", language)], 0, "running")


def time_left(done: float, total: int, seconds: float, language: Language) -> str:
    """As long for each of what is left as for each of what is done; "" before there is any."""
    if not done or done >= total:
        return ""
    left = _plots.duration(seconds / done * (total - done), language)
    return say("time_left", language, left=left)


def figures(written: Written, language: Language) -> str:
    """Length, compression and novelty in a sentence; while sections are missing, how many."""
    summary = written.summary
    if not summary.text:
        return ""
    done = say(
        "summary_done",
        language,
        length=counted(summary.text, language),
        share=compression(summary.text, written.source),
        novelty=novelty(summary.text, written.source),
    )
    if summary.sections_done < summary.sections_total:
        return done
    time = _plots.duration(written.seconds, language)
    return _after(done, say("summary_took", language, time=time), language)


def stopped(written: Written | None, language: Language) -> str:
    """That it was stopped, and what there is."""
    if written is None:
        return say("stopped_here", language)
    done, total = written.summary.sections_done, written.summary.sections_total
    told = say("summary_stopped", language, done=done, total=total)
    return _after(told, figures(written, language), language)


def counted(text: str, language: Language) -> str:
    """`1,234 words`; characters where most are Chinese."""
    unit = "count_characters" if is_chinese(text) else "count_words"
    return say(unit, language, count=length(text))


def _after(first: str, second: str, language: Language) -> str:
    return first + (" " if language == "en" else "") + second if second else first


# The outline


def outline(written: Written, language: Language) -> Table:
    """Number, place and summary of each section."""
    headers = [say(f"outline_{name}", language) for name in ("number", "place", "summary")]
    total = max(1, len(written.source))
    rows = [
        (number, f"{it.start / total:.0%} · {opening(written.source, it)}", it.summary)
        for number, it in enumerate(written.summary.outline, start=1)
    ]
    return _plots.table(headers, rows)


def opening(source: str, section: Section) -> str:
    """Its first words on one line."""
    line = " ".join(source[section.start : section.end][: 4 * OPENING_CHARACTERS].split())
    return line if len(line) <= OPENING_CHARACTERS else line[: OPENING_CHARACTERS - 1] + "…"


def section(written: Written, number: int, language: Language) -> tuple[str, str, str]:
    """Where section `number` stands, its text, its summary. Raises IndexError."""
    sections, total = written.summary.outline, max(1, len(written.source))
    if number < 1:
        raise IndexError(number)
    it = sections[number - 1]
    told = say(
        "outline_section",
        language,
        number=number,
        total=len(sections),
        start=it.start / total,
        end=it.end / total,
    )
    return told, written.source[it.start : it.end], it.summary


# Files


def as_text(written: Written, language: Language) -> str:
    """The summary and below it the outline, if there is one."""
    return _file(written, language, "", "")


def as_markdown(written: Written, language: Language) -> str:
    return _file(written, language, "# ", "## ")


def _file(written: Written, language: Language, title: str, subtitle: str) -> str:
    parts = [title + say("summary_result", language), written.summary.text]
    total = max(1, len(written.source))
    if written.several:
        for number, it in enumerate(written.summary.outline, start=1):
            place = f"{it.start / total:.0%}"
            parts.append(f"{subtitle}{number} · {place} · {opening(written.source, it)}")
            parts.append(it.summary)
    return "\n\n".join(part for part in parts if part) + "\n"


# Scores


def measured(summary: str, source: str, reference: str) -> dict[str, float]:
    """`MEASURES` of a summary; those of ROUGE only where there is a reference."""
    found = {"compression": compression(summary, source), "novelty": novelty(summary, source)}
    return {**rouge_of_each([(reference, summary)])[0], **found} if reference else found


def measure(name: str, value: float) -> str:
    return f"{value:.0%}" if name in SHARES else f"{value:.3f}"


def measure_name(name: str, language: Language) -> str:
    return say(f"measure_{name}" if name in SHARES else f"figure_{name}", language)


def scores(found: Mapping[str, float], language: Language) -> Table:
    """Each measure, its value and what it means."""
    headers = [say(key, language) for key in ("figure", "value", "measure_meaning")]
    rows: list[tuple[Any, ...]] = [
        (measure_name(name, language), measure(name, found[name]), say(f"meaning_{name}", language))
        for name in MEASURES
        if name in found
    ]
    return _plots.table(headers, rows)
