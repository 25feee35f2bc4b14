"""What the columns of an example are called, in the files people have: roles and their names.

Read by `tables` (a first row with such names is a header) and by `dataset` (to guess a mapping).
"""

from inference.catalog import Task

# task -> role -> required
ROLES: dict[Task, dict[str, bool]] = {
    "chat": {"instruction": True, "input": False, "output": True},
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
            *("总结", "概要", "简介"),
        ),
    },
}


def plain(name: str) -> str:
    """A column name as it is compared: no case, no spaces, no `_` or `-`."""
    return "".join(name.casefold().split()).replace("_", "").replace("-", "").lstrip("#\ufeff")


KNOWN = frozenset(
    plain(name) for roles in NAMES.values() for names in roles.values() for name in names
)
