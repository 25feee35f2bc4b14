"""A chat server on this machine that speaks the protocol of OpenAI's, as vLLM does.

It checks the key, lists `models`, and streams `events` as server-sent events; `fault` makes it
misbehave. What was asked is kept in `asked`, and `left` is set once a client has hung up.
"""

import json
import select
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

KEY = "sk-canary-0123456789"
MODEL = "Qwen/Qwen3-8B"
LEAVE_SECONDS = 20  # longer than any test waits


def delta(text: str = "", ended: str | None = None, **fields: Any) -> dict[str, Any]:
    """One event: a piece of the reply."""
    said = {"content": text, **fields} if text else fields
    return {"choices": [{"index": 0, "delta": said, "finish_reason": ended}]}


def usage(tokens: int) -> dict[str, Any]:
    counts = {"prompt_tokens": 9, "completion_tokens": tokens, "total_tokens": 9 + tokens}
    return {"choices": [], "usage": counts}


ANSWER = [delta("Hel"), delta("lo."), delta(ended="stop"), usage(7)]


@dataclass(frozen=True)
class Fault:
    """`status` with `body` and `headers`; `silent` says nothing at all, `page` is a web page; after
    the events, `stall` sends nothing more, `cut` breaks a piece off, `end` ends as if all were
    said, and `garbled` is no JSON. Only as often as `times`.
    """

    what: Literal["status", "silent", "page", "stall", "cut", "end", "garbled"]
    status: int = 0
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1_000


@dataclass
class StandInChatServer:
    events: list[dict[str, Any]] = field(default_factory=lambda: list(ANSWER))
    models: list[dict[str, Any]] = field(default_factory=lambda: [{"id": MODEL}])
    fault: Fault | None = None
    listing_fault: Fault | None = None
    most_turns: int = 1_000  # a longer conversation is "too long"
    strict: bool = False  # refuses what is not OpenAI's own
    echo: bool = False  # says what it was asked first, word by word
    asked: list[dict[str, Any]] = field(default_factory=list)
    listed: int = 0
    left: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "StandInChatServer":
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.stand_in = self
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"


class _Server(ThreadingHTTPServer):
    request_queue_size = 64
    stand_in: StandInChatServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def do_GET(self) -> None:
        stand_in = self.server.stand_in
        stand_in.listed += 1
        if self._refused(stand_in.listing_fault):
            return
        entries = [{"object": "model", **model} for model in stand_in.models]
        self._json(200, {"object": "list", "data": entries})

    def do_POST(self) -> None:
        stand_in = self.server.stand_in
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        stand_in.asked.append(asked)
        fault = stand_in.fault
        if fault and len(stand_in.asked) > fault.times:
            fault = None
        if self._refused(fault) or self._unfit(asked):
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            said = asked["messages"][-1]["content"].split() if stand_in.echo else []
            for event in [*(delta(f"{word} ") for word in said), *stand_in.events]:
                self._send(f"data: {json.dumps(event)}\n\n")
            self._finish(fault)
        except (BrokenPipeError, ConnectionResetError):
            stand_in.left.set()
            self.close_connection = True

    def _finish(self, fault: Fault | None) -> None:
        what = fault.what if fault else None
        if what == "stall":
            self._wait()
        elif what == "cut":
            self.wfile.write(b'ff\r\ndata: {"cho')
            self.close_connection = True
        else:
            if what == "garbled":
                self._send('data: {"choices": [{"del\n\n')
            elif what is None:
                self._send("data: [DONE]\n\n")
            self.wfile.write(b"0\r\n\r\n")

    def _refused(self, fault: Fault | None) -> bool:
        if self.headers["Authorization"] != f"Bearer {KEY}":
            self._json(401, {"error": {"message": f"Incorrect key: {KEY}", "code": None}})
        elif not fault or fault.what not in ("status", "silent", "page"):
            return False
        elif fault.what == "silent":
            self._wait()
        elif fault.what == "page":
            self._answer(200, b"<html>Sign in</html>", {"Content-Type": "text/html"})
        else:
            self._json(fault.status, fault.body, fault.headers)
        return True

    def _unfit(self, asked: dict[str, Any]) -> bool:
        """Refused as vLLM (an unknown model, a context too short) and OpenAI (extras) do."""
        stand_in = self.server.stand_in
        extras = {"top_k", "repetition_penalty", "chat_template_kwargs"} & set(asked)
        if asked["model"] not in [model["id"] for model in stand_in.models]:
            said, status = f"The model `{asked['model']}` does not exist.", 404
        elif len(asked["messages"]) > stand_in.most_turns:
            said, status = "This model's maximum context length is 64 tokens.", 400
        elif stand_in.strict and extras:
            said, status = f"Unrecognized request arguments: {sorted(extras)}", 400
        else:
            return False
        self._json(status, {"error": {"message": said, "type": "Error", "code": status}})
        return True

    def _wait(self) -> None:
        """Until the test goes on, or the client hangs up: then its end becomes readable."""
        stand_in = self.server.stand_in
        for _ in range(LEAVE_SECONDS * 20):
            if stand_in.go_on.is_set():
                break
            if select.select([self.connection], [], [], 0.05)[0]:
                stand_in.left.set()
                break
        self.close_connection = True

    def _json(self, status: int, body: dict[str, Any], headers: dict[str, str] = {}) -> None:  # noqa: B006
        self._answer(
            status, json.dumps(body).encode(), {"Content-Type": "application/json", **headers}
        )

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _send(self, text: str) -> None:
        body = text.encode()
        self.wfile.write(f"{len(body):x}\r\n".encode() + body + b"\r\n")
        self.wfile.flush()

    def log_message(self, *values: object) -> None:
        """Quiet."""
