"""Who is asking: the language of the page and the token that owns the visitor's runs."""

import secrets
from typing import Literal

Language = Literal["en", "zh"]

# What the page itself says its language is; Gradio's Settings panel changes it without a reload.
LANGUAGE_JS = "(_, ...rest) => [document.documentElement.lang, ...rest]"
TOKEN_BYTES = 16


def language_of(tag: object) -> Language:
    """`zh-CN`, `zh` -> "zh"; anything else is answered in English."""
    return "zh" if isinstance(tag, str) and tag.lower().startswith("zh") else "en"


def owner_of(token: object) -> str:
    """The visitor's own token, or a new one on a first visit: 128 random bits."""
    known = isinstance(token, str) and len(token) >= TOKEN_BYTES
    return token if known else secrets.token_urlsafe(TOKEN_BYTES)
