"""The operator's settings of a chat server, and the list of its models."""

import time
from contextlib import closing

import pytest

from inference import chat_server, errors
from inference.chat_server import ChatServer, ServedModel
from inference.errors import ConfigurationRefused
from tests.inference.stand_in_chat_server import KEY, MODEL, Fault, StandInChatServer


@pytest.fixture
def stand_in():
    with StandInChatServer() as server:
        yield server


@pytest.fixture
def server(stand_in):
    with closing(ChatServer(stand_in.url, KEY)) as found:
        yield found


def test_without_an_address_there_is_no_server():
    assert ChatServer.from_environment({"LAB_CHAT_KEY": KEY}) is None


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("http://host:8000", "http://host:8000/v1"),
        ("http://host:8000/", "http://host:8000/v1"),
        ("https://router.huggingface.co/v1", "https://router.huggingface.co/v1"),
        (" http://[::1]:8000/api/v3 ", "http://[::1]:8000/api/v3"),
    ],
)
def test_an_address_without_a_path_means_the_first_version(given, url):
    assert ChatServer.from_environment({"LAB_CHAT_URL": given}).url == url


@pytest.mark.parametrize(
    "environ",
    [
        {"LAB_CHAT_URL": "host:8000"},
        {"LAB_CHAT_URL": "file:///etc/passwd"},
        {"LAB_CHAT_URL": "http://"},
        {"LAB_CHAT_URL": "http://host:99999"},
        {"LAB_CHAT_URL": "http://user:sk-canary@host"},
        {"LAB_CHAT_URL": "http://host/v1?key=sk-canary"},
        {"LAB_CHAT_URL": "http://host", "LAB_CHAT_KEY": "sk-canary with spaces"},
        {"LAB_CHAT_URL": "http://host", "LAB_CHAT_KEY": "sk-canary\r\nX: y"},
        {"LAB_CHAT_URL": "http://host", "LAB_CHAT_KEY": "sk-canary-é"},
    ],
)
def test_what_cannot_be_used_is_refused_without_repeating_it(environ):
    with pytest.raises(ConfigurationRefused) as caught:
        ChatServer.from_environment(environ)
    assert "canary" not in str(caught.value)


def test_a_key_read_from_a_file_may_end_its_line(stand_in):
    environ = {"LAB_CHAT_URL": stand_in.url, "LAB_CHAT_KEY": f"{KEY}\n"}
    with closing(ChatServer.from_environment(environ)) as server:
        assert server.models().error is None


def test_nothing_meant_for_openai_itself_is_sent(stand_in, monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY"):
        monkeypatch.setenv(name, "canary")
    with closing(ChatServer(stand_in.url)) as server:
        headers = str(server.client.default_headers) + str(server.client.auth_headers)
    assert "canary" not in headers


def test_models_are_listed_with_what_the_server_tells_of_them(server, stand_in):
    stand_in.models = [
        {"id": MODEL, "max_model_len": 4096, "root": "/secret/path"},
        {"id": "mine"},
        {"id": "tuned", "parent": MODEL},
        {"id": "mine"},
        {"id": ""},
        {"id": "two\nlines"},
        {"id": 5},
        {},
    ]
    known = server.models()
    assert known.models == (
        ServedModel(MODEL, 4096),
        ServedModel("mine"),
        ServedModel("tuned", None, True),
    )
    assert known.error is None and known.find("mine") and not known.find("other")


def test_the_list_is_asked_for_once_and_again_when_it_is_old(server, stand_in, monkeypatch):
    server.models()
    stand_in.models = [{"id": "new"}]
    assert server.models().find(MODEL) and stand_in.listed == 1
    later = time.monotonic() + chat_server.LIST_KEPT_SECONDS
    monkeypatch.setattr(chat_server.time, "monotonic", lambda: later)
    assert server.models().find("new") and stand_in.listed == 2


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault("status", 401), errors.ChatServerKeyRefused),
        (Fault("status", 404), errors.NotAChatServer),
        (Fault("status", 500), errors.ChatServerFailed),
        (Fault("page"), errors.NotAChatServer),
        (Fault("silent"), errors.ChatServerSilent),
    ],
    ids=lambda it: f"{it.what}-{it.status}" if isinstance(it, Fault) else "",
)
def test_a_list_that_fails_is_told_and_kept_from_being_asked_again(
    server, stand_in, monkeypatch, fault, kind
):
    monkeypatch.setattr(chat_server, "LIST_SECONDS", 0.3)
    stand_in.listing_fault = fault
    assert type(server.models().error) is kind
    assert server.models().models == () and stand_in.listed == 1


def test_a_list_known_before_outlives_a_failure(server, stand_in, monkeypatch):
    server.models()
    stand_in.listing_fault = Fault("status", 500)
    later = time.monotonic() + chat_server.LIST_KEPT_SECONDS
    monkeypatch.setattr(chat_server.time, "monotonic", lambda: later)
    known = server.models()
    assert known.find(MODEL) and type(known.error) is errors.ChatServerFailed
