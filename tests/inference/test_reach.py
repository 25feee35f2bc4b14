import threading

import pytest

from inference.reach import AGAIN_SECONDS, Reach, address, answers, public_name
from tests.serving import free_port

FAR = "https://huggingface.co"


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_what_is_known_is_told_at_once_and_asked_again_after_a_minute():
    clock, asked, may_answer = Clock(), [], threading.Event()

    def ask(where):
        asked.append(where)
        may_answer.wait(30)
        return len(asked) == 1

    reach = Reach({}, ask, clock)
    for _ in range(3):  # visitors; the first answer is not there yet
        assert reach.seen()["reachable"] is None
    may_answer.set()
    reach.wait(30)
    assert reach.seen() == {"endpoint": "huggingface.co", "offline": False, "reachable": True}
    assert asked == [FAR]
    clock.now = AGAIN_SECONDS
    reach.seen()
    reach.wait(30)
    assert reach.seen()["reachable"] is False and asked == [FAR, FAR]


@pytest.mark.parametrize("name", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_nothing_is_asked_where_downloads_are_off(name):
    reach = Reach({name: "1"}, lambda where: pytest.fail(where))
    assert reach.seen() == {"endpoint": "huggingface.co", "offline": True, "reachable": None}
    reach.wait(1)


@pytest.mark.parametrize(
    ("environ", "where", "name"),
    [
        ({}, FAR, "huggingface.co"),
        ({"HF_ENDPOINT": "https://hf-mirror.com"}, "https://hf-mirror.com", "hf-mirror.com"),
        ({"HF_ENDPOINT": "http://me:pass@hub.corp:8/a"}, "http://hub.corp:8/a", None),
        ({"LAB_SOURCE": "modelscope"}, "https://modelscope.cn", "modelscope.cn"),
        ({"HF_ENDPOINT": "file:///etc/passwd"}, "", None),
        ({"LAB_SOURCE": "nowhere"}, "", None),
    ],
)
def test_the_source_in_use_is_asked_and_only_a_public_one_is_named(environ, where, name):
    assert (address(environ), public_name(address(environ))) == (where, name)


def test_a_server_that_answers_anything_is_there(stand_in):
    assert answers(f"http://127.0.0.1:{stand_in}")
    assert not answers(f"http://127.0.0.1:{free_port()}")
    assert not answers("http://127.0.0.1:no")


@pytest.fixture
def stand_in():
    """The port of a server that knows no address."""
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Refusing(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_error(404)

        def log_message(self, *told):
            return

    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_an_address_that_is_none_is_not_asked():
    assert [address({"HF_ENDPOINT": it}) for it in ("http://[bad", "hf-mirror.com")] == ["", ""]
