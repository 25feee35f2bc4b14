"""`python app.py` beside a chat server: replies come from there, and its key stays with the app."""

import json

import pytest
from gradio_client import Client

from tests.inference.stand_in_chat_server import KEY, MODEL, StandInChatServer, delta
from tests.serving import App

WORDS = [delta(f"w{n} ") for n in range(40)]


@pytest.fixture(scope="module")
def stand_in():
    with StandInChatServer([*WORDS, delta(ended="stop")]) as server:
        yield server


@pytest.fixture(scope="module")
def app(tmp_path_factory, stand_in):
    root = tmp_path_factory.mktemp("app")
    server = App(root, LAB_CHAT_URL=stand_in.url, LAB_CHAT_KEY=KEY).start()
    yield server
    server.kill()


def test_a_reply_of_the_server_is_streamed_and_its_key_is_nowhere(app, stand_in):
    client = Client(app.url, verbose=False)
    told = list(client.submit("hello", api_name="/chat"))
    assert told[-1].split() == [f"w{n}" for n in range(40)]
    assert stand_in.asked[-1]["model"] == MODEL
    models = client.predict(api_name="/models")
    assert [it["id"] for it in models if it["remote"]] == [f"remote/{MODEL}"]
    facts = client.predict(api_name="/environment")
    shown = json.dumps([told, models, facts, client.config], default=str)
    assert KEY not in shown + app.log.read_text()
