"""What only whoever runs the page may do: shown by the token they set, and by nothing else.

An address proves nothing: a tunnel, a proxy on the same machine and Gradio's public link all call
from this one.
"""

import hmac
from collections.abc import Mapping

from inference.errors import ConfigurationRefused, OperatorRefused

SETTING = "LAB_OPERATOR_TOKEN"
LEAST = 16  # characters


class Operator:
    """`known` where the operator set a token; without one nobody is the operator."""

    def __init__(self, token: str = "") -> None:
        self._token = token.encode()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Operator":
        """Raises ConfigurationRefused: the token could be guessed. Its value is told nowhere."""
        token = environ.get(SETTING, "").strip()
        if token and len(token) < LEAST:
            reason = f"it must have {LEAST} characters or more"
            raise ConfigurationRefused(name=SETTING, value="***", reason=reason)
        return cls(token)

    @property
    def known(self) -> bool:
        return bool(self._token)

    def check(self, typed: object) -> None:
        """Raises OperatorRefused: that is not the token, or there is none."""
        given = typed.strip().encode(errors="replace") if isinstance(typed, str) else b""
        if not self._token or not hmac.compare_digest(given, self._token):
            raise OperatorRefused()
