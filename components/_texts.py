"""Every sentence of the page in English and Simplified Chinese, and how it gets there.

Labels are translated in the browser and follow its language (`i18n`); what the server words
itself is written in the language a handler was told (`say`). The sentences of errors, problems
and training settings are kept in `_refusals`, those of everything else in `_sentences`.
"""

import re

import gradio as gr
from gradio.i18n import I18nData

from components._refusals import SETTINGS
from components._sentences import SENTENCES
from components._visitor import Language

LANGUAGES: tuple[Language, ...] = ("en", "zh")
_PREFIX = "lab_"  # Gradio's own texts share the table: `file` or `common` would hide ours
_CHINESE = ("zh", "zh-CN", "zh-TW")  # as browsers and Gradio's settings name it
AS_BYTES = re.compile(r"<[0-9A-F]{2}( [0-9A-F]{2})*>")  # a part of a character, as a token is shown
_BLANKS = {" ": "␣", "\n": "⏎", "\t": "⇥"}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~$&:@])")


def _settings() -> dict[str, tuple[str, str]]:
    """`setting_r`, `setting_r_info`, …: the labels of the training form."""
    found = {}
    for name, (english, chinese) in SETTINGS.items():
        found[f"setting_{name}"] = (english[0], chinese[0])
        found[f"setting_{name}_info"] = (english[1], chinese[1])
    return found


TABLE: dict[str, tuple[str, str]] = {**SENTENCES, **_settings()}
TRANSLATIONS = gr.I18n(
    en={_PREFIX + key: pair[0] for key, pair in TABLE.items()},
    **{tag: {_PREFIX + key: pair[1] for key, pair in TABLE.items()} for tag in _CHINESE},
)


def say(key: str, language: Language, **values: object) -> str:
    """The sentence in that language, its places filled."""
    return TABLE[key][LANGUAGES.index(language)].format(**values)


def i18n(key: str) -> I18nData:
    """A reference the browser translates; for labels, buttons and fixed Markdown."""
    if key not in TABLE:
        raise KeyError(key)
    return TRANSLATIONS(_PREFIX + key)


def plain(text: str) -> str:
    """A visitor's own words inside Markdown: shown as typed, never as markup."""
    return _MARKDOWN.sub(r"\\\1", text)


def visible(token: str) -> str:
    """Blanks as signs: a token is often a word with the blank before it."""
    if AS_BYTES.fullmatch(token):
        return token
    return "".join(_BLANKS.get(sign, sign) for sign in token)
