"""What the door lets in: bodies, addresses, hosts, origins; and what it says of each answer."""

import asyncio
import json

import pytest

from components import _guard
from components._guard import FORM_BYTES, Door, Guard
from components._throttle import Throttle
from inference.errors import ConfigurationRefused
from inference.limits import Limits

LIMITS = Limits(json_bytes=1_000, upload_bytes=2_000, requests_per_minute=3)
LAPTOP = Door.from_environment({}, "127.0.0.1")
SPACE = Door.from_environment({"SPACE_ID": "me/lab", "SPACE_HOST": "me-lab.hf.space"}, "0.0.0.0")
JOIN, UPLOAD = "/gradio_api/queue/join", "/gradio_api/upload"


async def gradio(scope, receive, send):
    """Stands in for everything behind the door: answers with what it was sent."""
    length = 0
    while (message := await receive())["type"] == "http.request":
        length += len(message["body"])
        if not message["more_body"]:
            break
    told = json.dumps({"length": length, "client": scope["client"][0]}).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": told})


class Ask:
    def __init__(self, root, door=LAPTOP, limits=LIMITS, shared=lambda: None):
        self.root, self.taken = root, 0
        self.guard = Guard(gradio, door, Throttle(limits), limits, root / "uploads", shared)

    def __call__(self, path=JOIN, chunks=(b"{}",), method="POST", peer="127.0.0.1", **headers):
        named = {"host": "127.0.0.1:7860"} | {k.replace("_", "-"): v for k, v in headers.items()}
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "headers": [(k.encode(), v.encode()) for k, v in named.items()],
            "client": (peer, 5),
        }
        return asyncio.run(self._answer(scope, list(chunks)))

    async def _answer(self, scope, chunks):
        sent = []

        async def receive():
            self.taken += 1
            if not chunks:
                return {"type": "http.disconnect"}
            chunk = chunks.pop(0)
            if chunk is None:  # a sender that says nothing any more
                await asyncio.sleep(3_600)
            return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

        async def send(message):
            sent.append(message)

        await self.guard(scope, receive, send)
        if not sent:
            return None, {}, {}
        headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], json.loads(sent[1]["body"]), headers


@pytest.fixture
def ask(tmp_path):
    return Ask(tmp_path)


def left(ask):
    return [path for path in ask.root.rglob("*") if path.is_file()]


def test_a_body_within_its_limit_arrives_whole(ask):
    assert ask(chunks=[b"x" * 400, b"x" * 600])[:2] == (
        200,
        {"length": 1_000, "client": "127.0.0.1"},
    )
    longest = 2 * LIMITS.upload_bytes + FORM_BYTES  # part of it lies in the file
    status, told, _ = ask(UPLOAD, [b"x" * (longest // 2)] * 2)
    assert (status, told["length"]) == (200, longest // 2 * 2) and not left(ask)


@pytest.mark.parametrize("path", [JOIN, "/gradio_api/mcp/", "/gradio_api/run/chat", "/login"])
@pytest.mark.parametrize("announced", [{}, {"content_length": "2"}, {"content_length": "9" * 30}])
def test_a_longer_body_is_refused_while_it_comes(ask, path, announced):
    status, told, headers = ask(path, [b"x" * 600] * 100, **announced)
    assert status == 413 and "1,000 bytes" in told["detail"]
    assert ask.taken == 2 and headers["connection"] == "close"


def test_what_announces_too_much_is_refused_unread(ask):
    assert ask(chunks=[b"x"], content_length="1001")[0] == 413 and ask.taken == 0


def test_an_upload_has_a_limit_too_and_leaves_nothing(ask):
    status, _, _ = ask(UPLOAD, [b"x" * FORM_BYTES] * 9)
    assert status == 413 and ask.taken == 2 and not left(ask)


def test_half_a_body_never_reaches_gradio(ask):
    assert ask(UPLOAD, []) == (None, {}, {}) and not left(ask)


def test_a_body_that_does_not_end_is_given_up(ask, monkeypatch):
    monkeypatch.setattr(_guard, "BODY_SECONDS", 0.01)
    assert ask(chunks=[b"{", None])[0] == 408


def test_the_longest_text_to_summarize_passes_however_it_is_written():
    limits = Limits()
    text = json.dumps({"data": ["字" * limits.summary_characters]})
    assert len(text) < limits.json_bytes


def test_an_address_that_floods_is_told_to_wait(ask):
    assert [ask()[0] for _ in range(3)] == [200] * 3
    status, told, headers = ask(x_forwarded_for="203.0.113.9")  # believed of a proxy only
    assert status == 429 and headers["retry-after"] == "20" and "20 seconds" in told["detail"]
    assert ask(method="GET")[0] == 200


def test_behind_a_proxy_the_address_is_what_the_proxy_saw(tmp_path):
    ask = Ask(tmp_path, SPACE)
    for forged in range(3):
        seen = f"198.51.100.{forged}, 203.0.113.9"
        assert ask(peer="10.0.0.1", x_forwarded_for=seen)[1]["client"] == "203.0.113.9"
    assert ask(peer="10.0.0.1", x_forwarded_for="198.51.100.99,203.0.113.9")[0] == 429
    assert ask(peer="10.0.0.1", x_forwarded_for="203.0.113.10")[0] == 200
    assert Door(proxies=2).address("10.0.0.1", ["forged, 203.0.113.9", "10.0.0.2"]) == "203.0.113.9"


FOREIGN = (
    "https://evil.example",
    "null",
    "http://127.0.0.1:9",
    "https://x.gradio.live",
    "file://",
    "",
)


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_pages_of_other_sites_are_refused(ask, origin, method):
    status, told, headers = ask(method=method, origin=origin)
    assert status == 403 and "other sites" in told["detail"]
    assert not any(name.startswith("access-control") for name in headers)


def test_own_pages_those_of_the_hub_and_listed_ones_pass(tmp_path):
    assert Ask(tmp_path)(origin="http://127.0.0.1:7860")[0] == 200
    assert Ask(tmp_path, SPACE)(host="10.0.0.9", origin="https://me-lab.hf.space")[0] == 200
    assert Ask(tmp_path, SPACE)(origin="https://huggingface.co")[0] == 200
    assert Ask(tmp_path, SPACE)(origin="https://other.hf.space")[0] == 403
    listed = Door.from_environment({"LAB_ORIGINS": "https://a.example, http://b.example:8"}, "::1")
    assert Ask(tmp_path, listed)(origin="http://b.example:8")[0] == 200
    forwarded = {"x_forwarded_host": "lab.example", "origin": "https://lab.example"}
    assert Ask(tmp_path, Door(proxies=1))(**forwarded)[0] == 200
    assert Ask(tmp_path)(**forwarded)[0] == 403


def test_only_the_public_link_of_this_app_passes(tmp_path):
    ask = Ask(tmp_path, shared=lambda: "https://ours.gradio.live")
    assert ask(host="ours.gradio.live", origin="https://ours.gradio.live")[0] == 200
    assert ask(host="theirs.gradio.live", origin="https://theirs.gradio.live")[0] == 403


@pytest.mark.parametrize(
    "host", ["evil.example:7860", "localhost.evil.example", "127.0.0.1.nip.io"]
)
def test_a_foreign_name_that_leads_to_a_laptop_is_refused(ask, host):
    assert ask(host=host, origin=f"http://{host}", method="GET")[0] == 403
    assert ask(host=host)[0] == 403


@pytest.mark.parametrize("name", ["file=", "file/", "proxy=", "file=/"])
def test_the_server_is_no_proxy(ask, name):
    for address in ("https://evil.example/x", "HTTP://evil.example/", "https:/evil.example"):
        assert ask(f"/gradio_api/{name}{address}", method="GET")[0] == 404
    assert ask("/gradio_api/file=/home/uploads/http.csv", method="GET")[0] == 200


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "[::1]:7860", "192.168.1.4"])
def test_the_names_of_a_laptop_are_known(ask, host):
    assert ask(host=host, origin=f"http://{host}")[0] == 200


def test_a_server_for_a_network_has_any_name(tmp_path):
    door = Door.from_environment({}, "0.0.0.0")
    assert Ask(tmp_path, door)(host="lab.school.example")[0] == 200


@pytest.mark.parametrize(
    "environ", [{"LAB_ORIGINS": "example.org"}, {"LAB_ORIGINS": "*"}, {"LAB_PROXIES": "yes"}]
)
def test_a_wrong_setting_is_refused(environ):
    with pytest.raises(ConfigurationRefused):
        Door.from_environment(environ, "127.0.0.1")


def test_answers_name_no_page_and_fetch_no_picture_elsewhere(ask):
    for headers in (ask(method="GET")[2], ask(origin="https://evil.example")[2]):
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "img-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors" not in headers["content-security-policy"]  # a Space is a frame
        assert "x-frame-options" not in headers
