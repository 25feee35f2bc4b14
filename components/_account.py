"""Signing in with a Hugging Face account, where the Space offers it (`Services.accounts`).

Whether a visitor is signed in is read from the session of each request, which Gradio keeps in a
signed cookie and hands to parameters annotated with `gr.OAuthProfile`.
"""

import functools
import inspect
from collections.abc import Iterator
from typing import Any

import gradio as gr
from gradio.utils import get_type_hints, is_special_typed_parameter

from components._feedback import Handler
from components._services import Services
from components._texts import i18n, say
from components._visitor import Accounts, Language

# As Gradio's own button goes there, with the whole of the page's address to come back to.
_GO = """() => {{
  window.parent?.postMessage({{type: 'SET_SCROLLING', enabled: true}}, '*');
  window.location.assign('{path}?_target_url=' + encodeURIComponent('/' + window.location.search));
}}"""


def place() -> list[gr.Button]:
    """Sign in and sign out, in the current row; see `shown`."""
    # Gradio serves the addresses below where it finds a LoginButton. That button tells by its
    # English label which of them to open, so it cannot be translated: ours are shown instead.
    gr.LoginButton(visible=False)
    enter = gr.Button(i18n("sign_in"), size="sm", scale=0, min_width=200, elem_id="sign-in")
    leave = gr.Button(size="sm", scale=0, min_width=130, visible=False, elem_id="sign-out")
    for button, path in ((enter, "/login/huggingface"), (leave, "/logout")):
        button.click(None, js=_GO.format(path=path), api_visibility="private")
    return [enter, leave]


def shown(language: Language, profile: gr.OAuthProfile | None) -> list[Any]:
    """Updates of `place`'s buttons."""
    if profile is None:
        return [gr.Button(visible=True), gr.Button(visible=False)]
    label = say("sign_out", language, name=profile.username)
    return [gr.Button(visible=False), gr.Button(label, visible=True)]


def adopt(
    services: Services, language: Language, token: object, profile: gr.OAuthProfile | None
) -> None:
    """Take the runs begun with this browser's `token` into the account, and say so."""
    heir = _owner(services.accounts, profile)
    if heir is None or not isinstance(token, str) or not token:
        return
    if count := services.store.adopt(token, heir):
        gr.Info(say("runs_adopted", language, count=count), title=say("signed_in", language))


def acting(handler: Handler, place: int, accounts: Accounts) -> Handler:
    """The handler, given an account's owner token in place of the browser's in its sessions.

    Args:
        place: which of the event's inputs is the owner.
    """
    place = _position(handler, place)

    def resolved(profile: gr.OAuthProfile | None, values: tuple[Any, ...]) -> list[Any]:
        owner = _owner(accounts, profile)
        return [owner if n == place and owner else value for n, value in enumerate(values)]

    if inspect.isgeneratorfunction(handler):

        @functools.wraps(handler)
        def call(account: gr.OAuthProfile | None, *values: Any) -> Iterator[Any]:
            yield from handler(*resolved(account, values))

    else:

        @functools.wraps(handler)
        def call(account: gr.OAuthProfile | None, *values: Any) -> Any:
            return handler(*resolved(account, values))

    return _asking_for_account(call)


def _owner(accounts: Accounts | None, profile: gr.OAuthProfile | None) -> str | None:
    return accounts.owner(profile.get("sub")) if accounts and profile is not None else None


def _position(handler: Handler, place: int) -> int:
    """Where the input `place` arrives: Gradio inserts what is annotated, say a `gr.Request`."""
    hints = get_type_hints(handler)
    for n, name in enumerate(inspect.signature(handler).parameters):
        if n <= place and is_special_typed_parameter(name, hints):
            place += 1
    return place


def _asking_for_account(call: Handler) -> Handler:
    """Gradio looks at signature and annotations, which `wraps` took from the handler: there the
    profile comes first, as what follows `*values` would not be seen.
    """
    name = "account_of_session"  # no handler's own
    profile = inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY)
    own = inspect.signature(call)
    places = [it.replace(kind=it.kind) for it in own.parameters.values()]
    call.__signature__ = own.replace(parameters=[profile, *places])
    call.__annotations__ = {name: gr.OAuthProfile | None, **call.__annotations__}
    return call
