"""Scripts that run before Gradio's: its own `head` comes too late, so they are put into the HTML.

One sets the visitor's language. Gradio takes the browser's when it starts, translates tabs only
then, and forgets what is chosen in its settings.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

KEY = "llm-lab-language"
LANGUAGE = f"""<script>
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


class EarlyScripts:
    """ASGI middleware: `scripts`, as HTML, become the first thing in the head of the page."""

    def __init__(self, app: App, scripts: str) -> None:
        self._app = app
        self._head = f"<head>{scripts}".encode()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        page = scope["type"] == "http" and scope["path"] == "/" and scope["method"] == "GET"
        await self._app(scope, receive, _inserting(send, self._head) if page else send)


def _inserting(send: Send, head: bytes) -> Send:
    held: list[Message] = []  # the start of the answer, until the length of its body is known

    async def pass_on(message: Message) -> None:
        if message["type"] == "http.response.start":
            held.append(message)
            return
        if held:
            body = message.get("body", b"").replace(b"<head>", head, 1)
            message = {**message, "body": body}
            await send(_with_length(held.pop(), None if message.get("more_body") else len(body)))
        await send(message)

    return pass_on


def _with_length(start: Message, length: int | None) -> Message:
    headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
    if length is not None:
        headers.append((b"content-length", str(length).encode()))
    return {**start, "headers": headers}
