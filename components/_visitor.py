"""Who is asking: the language of the page and the token that owns the visitor's runs.

A visitor without an account owns runs by the random token their browser keeps; one who is signed
in owns them by the account, wherever they sign in.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
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


def has_accounts(environ: Mapping[str, str]) -> bool:
    """Whether this is a Space with OAuth (`hf_oauth: true` in its README).

    Elsewhere Gradio would sign every visitor in as one and the same person, the owner of the
    machine's own Hub token; and without a client secret anybody could sign a session cookie.
    """
    names = ("OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "OAUTH_SCOPES", "OPENID_PROVIDER_URL")
    in_space = environ.get("SYSTEM") == "spaces" and bool(environ.get("SPACE_ID"))
    return in_space and all(environ.get(name) for name in names)


@dataclass(frozen=True)
class Accounts:
    """The owner tokens of accounts, made from a key that never leaves the server.

    Such a token is put in place of the browser's on the server, at each event, from the signed
    session of the request; no page ever holds one. A page that sends another owner is signed in
    all the same as its own account or as nobody, and to name the token of somebody else's account
    it would have to know the key.
    """

    key: str = field(repr=False)

    def owner(self, subject: object) -> str | None:
        """The owner token of the account `subject` (OpenID Connect Core 1.0, 2: `sub`, unlike a
        user name, is never given to another person); None where there is no account.
        """
        if not isinstance(subject, str) or not subject:
            return None
        return hmac.digest(self.key.encode(), f"oauth:{subject}".encode(), "sha256").hex()
