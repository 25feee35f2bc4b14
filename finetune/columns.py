"""What the columns of an example are called, in the files people have: roles and their names.

Read by `tables` (a first row with such names is a header) and by `dataset` (to guess a mapping).
"""

from collections.abc import Mapping

from inference.catalog import Task

# task -> role -> always required
ROLES: dict[Task, dict[str, bool]] = {
    "chat": {
        **{"instruction": False, "input": False, "output": False},
        **{"system": False, "messages": False},
    },
    "classification": {"text": True, "label": True},
    "summarization": {"document": True, "summary": True},
}

# task -> role -> column names, best first; compared without case, spaces, `_` and `-`
NAMES: dict[Task, dict[str, tuple[str, ...]]] = {
    "chat": {
        "instruction": (
            *("instruction", "prompt", "question", "query", "ask", "user", "human", "instruct"),
            *("request", "q", "指令", "提示", "提示词", "问题", "提问", "问", "用户", "问句"),
        ),
        "input": ("input", "context", "输入", "上下文", "补充", "背景"),
        "output": (
            *("output", "response", "answer", "completion", "reply", "assistant", "target", "bot"),
            *("chosen", "a", "输出", "回答", "答案", "回复", "答", "助手", "答复"),
        ),
        "system": ("system", "system_prompt", "系统", "系统提示", "系统提示词"),
        "messages": (
            *("messages", "conversations", "conversation", "dialogue", "dialog", "turns"),
            *("chat", "对话", "多轮对话", "聊天记录"),
        ),
    },
    "classification": {
        "text": (
            *("text", "review", "sentence", "comment", "content", "tweet", "message", "utterance"),
            *("body", "title", "query", "question", "reviewtext", "文本", "评论", "内容", "句子"),
            *("评价", "正文", "标题", "留言"),
        ),
        "label": (
            *("label", "labels", "sentiment", "category", "class", "intent", "target", "rating"),
            *("score", "stars", "polarity", "emotion", "topic", "tag", "标签", "类别", "情感"),
            *("分类", "类型", "情绪", "评分", "意图", "星级"),
        ),
    },
    "summarization": {
        "document": (
            *("document", "article", "abstract", "content", "text", "body", "source", "dialogue"),
            *("transcript", "story", "passage", "正文", "文章", "内容", "原文", "文本", "全文"),
        ),
        "summary": (
            *("summary", "highlights", "headline", "title", "tldr", "abstract", "摘要", "标题"),
            *("总结", "概要", "简介", "references", "reference", "target"),
        ),
    },
}


# Columns that only name their row; compared alike. Their values are no text to learn from.
IDENTIFIERS = frozenset(
    {
        *("id", "uuid", "guid", "key", "index", "idx", "no", "number", "rowid", "unnamed:0"),
        *("编号", "序号", "行号"),
    }
)


def needed(task: Task, mapping: Mapping[str, str]) -> tuple[str, ...]:
    """The roles that must have a column: of a chat, its parts or the whole conversations."""
    if task == "chat":
        return ("messages",) if mapping.get("messages") else ("instruction", "output")
    return tuple(role for role, required in ROLES[task].items() if required)


def plain(name: str) -> str:
    """A column name as it is compared: no case, no spaces, no `_` or `-`."""
    return "".join(name.casefold().split()).replace("_", "").replace("-", "").lstrip("#\ufeff")


KNOWN = frozenset(
    plain(name) for roles in NAMES.values() for names in roles.values() for name in names
)
