"""A classifier's task put to a chat model in words: label, reason, and the text in another mood.

A chat model answers in sentences: what is asked for is three marked lines, and what comes back is
read as far as it can be. Knows no Gradio.
"""

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components import _labels, _models, _remote_models
from components._models import Wanted
from components._services import Services
from inference.catalog import Task
from inference.errors import ModelUnknown
from inference.records import ChatSettings
from inference.texts import is_chinese, rough_tokens

USUAL = ("positive", "negative")  # where the classifier could not be asked for its labels
LONGEST = 4_096  # tokens of an answer
PROMPTS = {
    False: (
        "Here is a text:\n\n{text}\n\n"
        "Which label fits it: {labels}? Answer in exactly three lines and nothing else:\n"
        "Label: one of {labels}\n"
        "Reason: one sentence on the words that decide it\n"
        "Rewrite: {rewrite}"
    ),
    True: (
        "下面是一段文字：\n\n{text}\n\n"
        "它属于哪个标签：{labels}？请只回答下面三行，不要写别的：\n"
        "标签：从 {labels} 中选一个\n"
        "理由：用一句话说明起决定作用的词\n"
        "改写：{rewrite}"
    ),
}
OTHER = {  # of two labels
    False: "the same text changed so that the other label fits it",
    True: "把整段文字改写一遍，让它符合另一个标签",
}
TARGET = {
    False: "the same text changed so that the label “{target}” fits it",
    True: "把整段文字改写一遍，让它符合标签“{target}”",
}
SEPARATORS = {False: ", ", True: "、"}

_MARKS = {
    "label": "label|sentiment|标签|情感|情绪",
    "reason": "reason|explanation|why|理由|原因",
    "rewrite": "rewrite|rewritten(?: text)?|改写(?:后)?|重写",
}
_ANY = "|".join(f"(?P<{name}>{words})" for name, words in _MARKS.items())
# Possessive: what a model writes, thousands of asterisks too, is read in one go.
_MARK = rf"(?:{_ANY})[ \t]*+[*_`】\]]*+[ \t]*+[:：][ \t]*+[*_`]*+"
# At the beginning of a line, after a list's number and what makes it a heading or bold.
_AT_LINE = re.compile(rf"^[ \t>#*_`\-•【\[\d.、)）]*{_MARK}", re.IGNORECASE | re.MULTILINE)
_ANYWHERE = re.compile(rf"(?<![\w*`])[*_`]*+{_MARK}", re.IGNORECASE)
_AROUND = " \t\r\n*_`\"'“”‘’「」.。,，;；!！"


@dataclass(frozen=True)
class Opinion:
    """What a chat model says of a text; empty is what it did not give. `label` is one of those
    it was asked to choose from."""

    label: str = ""
    reason: str = ""
    rewrite: str = ""


@dataclass(frozen=True)
class Cost:
    """What a model takes: `memory` in bytes, as foreseen; None where it runs elsewhere.

    `loaded`: it is in memory already, so that its time is that of the work alone.
    """

    memory: int | None
    demo: bool
    loaded: bool


def words(labels: Sequence[str], text: str) -> dict[str, str]:
    """label -> what it is called in a question about `text`: in the language of the text."""
    return _labels.named(labels, "zh" if is_chinese(text) else "en")


def question(text: str, names: Mapping[str, str], scores: Mapping[str, float]) -> str:
    """What a chat model is asked about `text`, in its language.

    Args:
        names: label -> its word, as from `words`.
        scores: the classifier's probabilities, where it has them: of more than two labels the text
            is to be rewritten for the one that fits it least.
    """
    chinese = is_chinese(text)
    labels = SEPARATORS[chinese].join(names.values())
    rewrite = OTHER[chinese]
    if len(names) > 2:
        target = min(names, key=lambda label: scores.get(label, 0.0))
        rewrite = TARGET[chinese].format(target=names[target])
    return PROMPTS[chinese].format(text=text, labels=labels, rewrite=rewrite)


def settings(text: str) -> ChatSettings:
    """The likeliest answer, without thinking first, and room for the text once more."""
    room = min(LONGEST, 200 + round(2 * rough_tokens(text)))
    return ChatSettings(max_new_tokens=room, temperature=0.0, seed=0)


def parse(answer: str, names: Mapping[str, str]) -> Opinion:
    """An answer, whole or as far as it is written, read as three marked parts.

    Marks may be bold, numbered, in either language or in one line; the label may stand alone in
    front. A part that is named twice is its first.
    """
    marks = list(_AT_LINE.finditer(answer))
    if len({mark.lastgroup for mark in marks}) < len(_MARKS):
        marks = _in_one_line(answer, marks)
    parts: dict[str, str] = {}
    for mark, end in _firsts(marks, len(answer)):
        parts[str(mark.lastgroup)] = answer[mark.end() : end].strip(" \t\r\n*_`")
    before = answer[: marks[0].start()] if marks else answer
    label = _label(parts["label"], names) if "label" in parts else _alone(before, names)
    return Opinion(label, parts.get("reason", ""), _unquoted(parts.get("rewrite", "")))


def _in_one_line(answer: str, marks: list[re.Match[str]]) -> list[re.Match[str]]:
    """Marks in the middle of a line too, up to the rewritten text: its words are not marks."""
    found = []
    for mark in _ANYWHERE.finditer(answer):
        found.append(mark)
        if mark.lastgroup == "rewrite":
            break
    return (
        found
        if len({it.lastgroup for it in found}) > len({it.lastgroup for it in marks})
        else marks
    )


def _firsts(marks: list[re.Match[str]], end: int) -> list[tuple[re.Match[str], int]]:
    """The first mark of each kind, and where its part ends: some models say everything twice."""
    ends = [*(mark.start() for mark in marks), end][1:]
    firsts: dict[str | None, tuple[re.Match[str], int]] = {}
    for mark, its_end in zip(marks, ends, strict=False):
        firsts.setdefault(mark.lastgroup, (mark, its_end))
    return list(firsts.values())


def _label(said: str, names: Mapping[str, str]) -> str:
    """The label that is said: alone, or the only one that is named."""
    first = said.strip().partition("\n")[0]
    return _alone(first, names) or _only(first, names) or _only(said, names)


def _alone(said: str, names: Mapping[str, str]) -> str:
    bare = said.strip(_AROUND).casefold()
    return next(
        (label for label, word in names.items() if bare in (label.casefold(), word.casefold())), ""
    )


def _only(said: str, names: Mapping[str, str]) -> str:
    """The longest first, so that “very positive” is not read as “positive”."""
    rest, found = said.casefold(), set()
    spelled = [(spelling, label) for label, word in names.items() for spelling in {label, word}]
    for spelling, label in sorted(spelled, key=lambda it: -len(it[0])):
        pattern = re.escape(spelling.casefold())
        if spelling.isascii():
            pattern = rf"(?<!\w)(?<!not ){pattern}(?!\w)"
        else:
            pattern = rf"(?<![不非没未]){pattern}"
        rest, times = re.subn(pattern, "\0", rest)
        if times:
            found.add(label)
    return found.pop() if len(found) == 1 else ""


def _unquoted(text: str) -> str:
    for opening, closing in ('""', "“”", "「」", "''", "‘’"):
        if len(text) > 1 and text.startswith(opening) and text.endswith(closing):
            return text[1:-1].strip()
    return text


def known_labels(services: Services, wanted: Wanted) -> tuple[str, ...]:
    """The labels to ask for where the classifier itself has failed."""
    try:
        return services.catalog.find(wanted.model).labels or USUAL
    except ModelUnknown:
        return USUAL


def cost(services: Services, task: Task, wanted: Wanted) -> Cost:
    """What the model takes, before it is used.

    Raises:
        As `_models.find` and `_remote_models.chosen`.
    """
    if task == "chat" and _remote_models.chosen(services, wanted) is not None:
        return Cost(None, demo=False, loaded=True)
    found = _models.find(services, task, wanted)
    memory = _models.record(found.model)["memory_to_run"]
    loaded = False
    if "inference.pool" in sys.modules:  # else nothing has been loaded
        from inference.pool import shared

        loaded = (found.choice, task) in shared().sizes()
    return Cost(memory, found.model.demo, loaded)
