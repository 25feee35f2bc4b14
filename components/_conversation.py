"""What is said in the Chat tab: a list of messages as the page holds them, and what is done to it.

Beside questions and answers there are parts shown apart, known by a title in their `metadata`:
what the model thought before an answer, and the figures after it. No model ever reads those.
Pure: no gradio, no files.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from inference.errors import ConversationRefused
from inference.limits import Limits

Turn = dict[str, Any]
History = list[Turn]

FORMAT = "llm-lab-conversation"
ROLES = ("user", "assistant")


def text_of(turn: Mapping[str, Any]) -> str:
    """Content in either of the shapes it comes in: a string, or a list of parts."""
    content = turn.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = (part.get("text") for part in parts if isinstance(part, Mapping))
    return "".join(text for text in texts if isinstance(text, str))


def apart(turn: Mapping[str, Any]) -> bool:
    """Whether it is shown beside what was said: thoughts, figures."""
    metadata = turn.get("metadata")
    return isinstance(metadata, Mapping) and bool(metadata.get("title"))


def said(history: Sequence[Mapping[str, Any]]) -> History:
    """Questions and answers alone, each a role and a text."""
    return [
        {"role": turn["role"], "content": text_of(turn)}
        for turn in history
        if not apart(turn) and turn.get("role") in ROLES
    ]


def clean(turn: object) -> Turn | None:
    """A message as this app makes them; None for anything else. What a browser kept is a
    stranger's: a file named in it would be read out by whoever shows it."""
    if not isinstance(turn, Mapping) or turn.get("role") not in ROLES:
        return None
    found: Turn = {"role": turn["role"], "content": printable(text_of(turn))}
    metadata = turn.get("metadata")
    title = metadata.get("title") if isinstance(metadata, Mapping) else None
    if isinstance(title, str) and title:
        found["metadata"] = {"title": printable(title), "status": "done"}
    return found


def printable(text: str) -> str:
    """Half a surrogate pair is valid JSON and cannot be sent anywhere."""
    return text.encode("utf-8", "replace").decode("utf-8")


def question_at(history: Sequence[Mapping[str, Any]], place: int) -> int | None:
    """Where the last question at or before `place` stands."""
    asked = (at for at in range(min(place, len(history) - 1), -1, -1))
    return next((at for at in asked if history[at].get("role") == "user"), None)


def up_to_question(history: History, place: int) -> tuple[History, str]:
    """What was said before the question at or before `place`, and that question."""
    at = question_at(history, place)
    return (history, "") if at is None else (history[:at], text_of(history[at]))


def last_exchange(history: History) -> tuple[History, str, str] | None:
    """What came before, the last question, and the answer to it; None where there is none."""
    at = question_at(history, len(history) - 1)
    if at is None:
        return None
    answers = [text_of(turn) for turn in history[at + 1 :] if not apart(turn)]
    return (history[:at], text_of(history[at]), answers[-1]) if answers else None


def answer_at(history: Sequence[Mapping[str, Any]], place: int) -> str:
    """The answer in the bubble that begins at `place`: thoughts stand before it."""
    later = (turn for turn in history[max(0, place) :] if turn.get("role") == "assistant")
    return next((text_of(turn) for turn in later if not apart(turn)), "")


def title_of(history: Sequence[Mapping[str, Any]], most: int = 40) -> str:
    """The first question, shortened to one line: what a list of conversations shows."""
    first = next((text_of(turn) for turn in history if turn.get("role") == "user"), "")
    line = " ".join(first.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def as_markdown(history: Sequence[Mapping[str, Any]], system: str, names: tuple[str, str]) -> str:
    """A conversation to read; `names` are those of visitor and model."""
    parts = [f"> {line}" for line in system.strip().splitlines()]
    blocks = ["\n".join(parts)] if parts else []
    for turn in said(history):
        name = names[ROLES.index(turn["role"])]
        blocks.append(f"**{name}**\n\n{turn['content']}")
    return "\n\n".join(blocks) + "\n"


def as_json(history: Sequence[Mapping[str, Any]], system: str) -> str:
    """A conversation to be read in again, its messages in the usual form of chat APIs."""
    first = [{"role": "system", "content": system}] if system.strip() else []
    record = {"format": FORMAT, "version": 1, "messages": [*first, *said(history)]}
    return json.dumps(record, ensure_ascii=False, indent=2) + "\n"


def from_json(text: str, limits: Limits) -> tuple[History, str]:
    """The messages and the system prompt of `as_json`, or of any list of chat messages.

    Raises:
        ConversationRefused: it is none, or longer than a conversation may be.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise ConversationRefused(reason="it is no JSON") from None
    messages = found.get("messages") if isinstance(found, dict) else found
    if not isinstance(messages, list) or not all(_is_message(it) for it in messages):
        raise ConversationRefused(reason="it lists no chat messages")
    system = printable("\n\n".join(text_of(it) for it in messages if it["role"] == "system"))
    history = [turn for it in said(messages) if (turn := clean(it))]
    if not history:
        raise ConversationRefused(reason="it lists no chat messages")
    questions = sum(turn["role"] == "user" for turn in history)
    length = len(system) + sum(len(turn["content"]) for turn in history)
    if questions > limits.turns or length > limits.turns * limits.message_characters:
        raise ConversationRefused(reason="it is longer than a conversation may be")
    return history, system


def _is_message(found: object) -> bool:
    if not isinstance(found, dict) or found.get("role") not in (*ROLES, "system"):
        return False
    return isinstance(found.get("content"), str | list)


def liked_rows(history: Sequence[Mapping[str, Any]], liked: Sequence[str]) -> list[tuple[str, str]]:
    """(question, answer) of each answer whose text was liked: rows to train on."""
    rows, question = [], ""
    for turn in said(history):
        if turn["role"] == "user":
            question = turn["content"]
        elif question and turn["content"] in liked:
            rows.append((question, turn["content"]))
    return rows
