"""Sentences of news, papers and transcripts, whose punctuation is not that of novels.

`corpus.sentences` cuts the training text of the other models and is left as it is. Chinese papers
also end a sentence with a half-width stop right before the next character, and English news in
lower case has a space before the stop.
"""

import re

from transformers import PreTrainedTokenizerBase

_CLOSING_QUOTES = "”’」』"
_CLOSING = rf"[{_CLOSING_QUOTES}\"'）)\]]*"
_SENTENCE = re.compile(
    r".+?(?:(?<!\bMr)(?<!\bMrs)(?<!\bDr)(?<!\bSt)[.!?](?=[\s”’\"')\]\u3400-\u9fff]|$)"
    r"|;(?=\s*[\u3400-\u9fff])|．(?!\d)|[。！？…；])" + _CLOSING + r"\s*|.+$",
    re.S,
)
_ENDED = re.compile(r"[.!?。！？．…；;]" + _CLOSING + "$")


def sentences(text: str) -> list[str]:
    """The sentences of `text`, white space at their ends kept: joined they are `text` again."""
    return _SENTENCE.findall(text)


def is_ended(sentence: str) -> bool:
    """Whether a sentence ends in a mark, rather than where its text was cut off."""
    return _ENDED.search(sentence.rstrip()) is not None


def ending_tokens(tokenizer: PreTrainedTokenizerBase) -> set[int]:
    """Ids of tokens that end a sentence, and of the quotation marks that close one."""
    texts = (tokenizer.decode([i]) for i in range(len(tokenizer)))
    return {i for i, text in enumerate(texts) if is_ended(text) or text in _CLOSING_QUOTES}
