"""The visitor's language, set before Gradio reads the browser's.

Gradio takes the browser's language when it starts, translates tabs only then, and forgets what is
chosen in its settings. Its own `head` comes too late, so the script is put into the page's HTML.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

KEY = "llm-lab-language"
SCRIPT = f"""<script>
(() => {{
  const chosen = localStorage.getItem('{KEY}');
  if (!chosen) return;
  Object.defineProperty(navigator, 'language', {{get: () => chosen}});
  Object.defineProperty(navigator, 'languages', {{get: () => [chosen]}});
}})();
</script>"""
OTHER_LANGUAGE = f"""() => {{
  const chinese = document.documentElement.lang.startsWith('zh');
  localStorage.setItem('{KEY}', chinese ? 'en' : 'zh-CN');
  const tab = document.querySelector('[role=tab][aria-selected=true]')?.dataset.tabId;
  const url = new URL(location);
  if (tab) url.searchParams.set('tab', tab);
  location.replace(url);
}}"""


class EarlyLanguage:
    """ASGI middleware: `SCRIPT` becomes the first thing in the head of the page."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        page = scope["type"] == "http" and scope["path"] == "/" and scope["method"] == "GET"
        await self._app(scope, receive, _inserting(send) if page else send)


def _inserting(send: Send) -> Send:
    held: list[Message] = []  # the start of the answer, until the length of its body is known

    async def pass_on(message: Message) -> None:
        if message["type"] == "http.response.start":
            held.append(message)
            return
        if held:
            body = message.get("body", b"").replace(b"<head>", f"<head>{SCRIPT}".encode(), 1)
            message = {**message, "body": body}
            await send(_with_length(held.pop(), None if message.get("more_body") else len(body)))
        await send(message)

    return pass_on


def _with_length(start: Message, length: int | None) -> Message:
    headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
    if length is not None:
        headers.append((b"content-length", str(length).encode()))
    return {**start, "headers": headers}
