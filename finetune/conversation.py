"""A cell that holds a whole conversation -> its messages, in the roles a chat template knows.

Read are the shapes people have: OpenAI's `messages` (role, content) and ShareGPT's `conversations`
(from, value), as JSON or as Python prints it. Knows nothing of tables or tokens.
"""

import ast
import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

Message = dict[str, str]
Fault = Literal["unreadable", "tools", "unanswered"]

_ROLES = {
    "user": ("user", "human", "prompter", "question", "用户", "人类", "问"),
    "assistant": ("assistant", "gpt", "bot", "chatgpt", "model", "ai", "answer", "助手", "答"),
    "system": ("system", "developer", "系统"),
    "tool": (
        *("tool", "function", "function_call", "observation", "tool_call", "tool_calls"),
        *("assistant_tool_call", "tool_response", "tool_result", "ipython", "environment"),
    ),
}
ROLE = {name: role for role, names in _ROLES.items() for name in names}
_WHO = ("role", "from", "speaker")
_WHAT = ("content", "value", "text", "message")
_MOST_DEEP = 50  # brackets open at once; a conversation needs about five


def is_conversation(cell: str) -> bool:
    """Whether the cell is a list of turns, each with a role that is known and something said."""
    turns = _turns(cell)
    return bool(turns) and all(_role(turn) in ROLE and _said(turn) is not None for turn in turns)


def read_conversation(cell: str) -> tuple[list[Message], bool] | Fault:
    """(messages, whether turns were left out), or what makes it useless.

    Neighbours of one role become one message. Turns before the first question and after the last
    answer are left out: nothing can be learnt from them. A conversation in which tools are called
    is not used at all: what the tools answered is part of what the assistant knew.
    """
    turns = _turns(cell)
    if not turns:
        return "unreadable"
    messages: list[Message] = []
    for turn in turns:
        role, said = ROLE.get(_role(turn), ""), _said(turn)
        if role == "tool" or turn.get("tool_calls") or turn.get("function_call"):
            return "tools"
        if not role or said is None or (role == "system" and messages):
            return "unreadable"
        if not said.strip():
            continue
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"] += f"\n\n{said.strip()}"
        else:
            messages.append({"role": role, "content": said.strip()})
    system = [message for message in messages[:1] if message["role"] == "system"]
    talk = messages[len(system) :]
    whole = len(talk)
    while talk and talk[0]["role"] != "user":
        talk.pop(0)
    while talk and talk[-1]["role"] != "assistant":
        talk.pop()
    return (system + talk, len(talk) < whole) if talk else "unanswered"


def _turns(cell: str) -> Sequence[Mapping[str, Any]]:
    """The objects in the list that the cell is; empty if it is none."""
    text = cell.strip()
    if not (text.startswith("[") and text.endswith("]") and "{" in text[:20]):
        return ()
    if max(text.count("["), text.count("{")) > _MOST_DEEP and _too_deep(text):
        return ()
    try:
        turns = json.loads(text)
    except ValueError:
        turns = _printed(text)
    if isinstance(turns, list) and all(isinstance(turn, dict) for turn in turns):
        return turns
    return ()


def _printed(text: str) -> Any:
    """A list as Python prints it, which is what a data frame writes into a CSV file."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None


def _too_deep(text: str) -> bool:
    """A parser of Python's own may end the process on what is nested thousands deep."""
    depth = 0
    for character in text:
        depth += (character in "[{(") - (character in "]})")
        if depth > _MOST_DEEP:
            return True
    return False


def _role(turn: Mapping[str, Any]) -> str:
    who = next((turn[name] for name in _WHO if name in turn), "")
    return who.strip().lower() if isinstance(who, str) else ""


def _said(turn: Mapping[str, Any]) -> str | None:
    """A turn's text; None if it has none, or holds pictures or sounds."""
    said = next((turn[name] for name in _WHAT if name in turn), None)
    if isinstance(said, list):
        parts = [part.get("text") if isinstance(part, dict) else part for part in said]
        return "\n".join(parts) if all(isinstance(part, str) for part in parts) else None
    return "" if said is None and "content" in turn else said if isinstance(said, str) else None
