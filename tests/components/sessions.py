"""Events of a page as Gradio handles them, sent by visitors who are signed in or not.

Tests that use it ask for the fixture `loop`.
"""

import asyncio

import gradio as gr
from gradio.state_holder import SessionState
from starlette.requests import Request

SPACE = {
    "SYSTEM": "spaces",
    "SPACE_ID": "me/lab",
    "OAUTH_CLIENT_ID": "id",
    "OAUTH_CLIENT_SECRET": "secret",
    "OAUTH_SCOPES": "openid profile contribute-repos",
    "OPENID_PROVIDER_URL": "https://huggingface.co",
}


def request(subject=None, name="ada"):
    """What a page sends along: the session as Gradio's middleware has read it from its cookie."""
    user = {"sub": subject, "name": name, "preferred_username": name, "profile": "", "picture": ""}
    info = {"userinfo": user, "access_token": "t", "scope": "openid", "expires_at": 2**40}
    session = {"oauth_info": info} if subject else {}
    scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b""}
    return gr.Request(Request({**scope, "session": session}))


def sent(blocks, handler, values, request):
    """What the event's handler makes of it, called as Gradio calls it."""
    (event,) = (it for it in blocks.fns.values() if getattr(it.fn, "__name__", "") == handler)
    run = blocks.process_api(event, values, request=request, state=SessionState(blocks))
    return asyncio.get_event_loop().run_until_complete(run)["data"]
