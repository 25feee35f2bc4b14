"""The door of the app as it is started: floods, endless bodies, foreign pages."""

import http.client
import json

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from tests.serving import App

JOIN, UPLOAD = "/gradio_api/queue/join", "/gradio_api/upload"
FORM = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.csv"\r\n\r\n'
PER_MINUTE = 200


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    limits = {"LAB_LIMIT_REQUESTS_PER_MINUTE": str(PER_MINUTE), "LAB_LIMIT_COSTLY_PER_MINUTE": "2"}
    server = App(tmp_path_factory.mktemp("app"), **limits).start()
    yield server
    server.kill()


def ask(app, path, body=None, method="POST", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", app.port, timeout=30)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, body, named)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def sent_without_length(app, path, first, megabytes, **headers):
    """Status of a chunked body, and how many megabytes the server took."""
    connection = http.client.HTTPConnection("127.0.0.1", app.port, timeout=30)
    connection.putrequest("POST", path)
    connection.putheader("Transfer-Encoding", "chunked")
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    taken, chunk = 0, b"x" * 1_000_000
    try:
        for piece in (first, *[chunk] * megabytes):
            connection.send(b"%x\r\n%b\r\n" % (len(piece), piece))
            taken += 1
        connection.send(b"0\r\n\r\n")
    except OSError:  # the server has answered and closed
        pass
    try:
        return connection.getresponse().status, taken
    except OSError:  # its answer was lost with the connection
        return None, taken
    finally:
        connection.close()


def uploads(app):
    return {path for path in (app.home / "uploads").rglob("*") if path.is_file()}


@pytest.mark.parametrize(("path", "most"), [(JOIN, 20), ("/gradio_api/mcp/", 20), (UPLOAD, 55)])
def test_a_hundred_megabytes_are_not_taken(app, path, most):
    before = uploads(app)
    kind = "multipart/form-data; boundary=b" if path == UPLOAD else "application/json"
    status, taken = sent_without_length(app, path, FORM, 100, Content_Type=kind)
    assert status in (413, None) and taken < most
    assert uploads(app) == before
    announced = ask(app, path, b"", Content_Length="100000000", Content_Type=kind)
    assert announced[0] == 413 and "too long" in json.loads(announced[2])["detail"]


def test_a_foreign_page_gets_nothing_and_the_own_page_everything(app):
    for method in ("GET", "OPTIONS"):
        asked = {"Origin": "https://evil.example", "Access_Control_Request_Method": "POST"}
        status, headers, _ = ask(app, "/config", method=method, **asked)
        assert status == 403
        assert not any(name.lower().startswith("access-control") for name in headers)
    assert ask(app, "/config", method="GET", Origin=app.url)[0] == 200
    assert ask(app, "/config", method="GET", Host="evil.example")[0] == 403
    status, headers, page = ask(app, "/?share=secret", method="GET")
    headers = {name.lower(): value for name, value in headers.items()}
    assert (status, headers["referrer-policy"]) == (200, "same-origin") and b"<head>" in page


def test_an_address_in_place_of_a_file_is_not_fetched(app):
    assert ask(app, "/gradio_api/file=http://203.0.113.1/x.png", method="GET")[0] == 404
    client = Client(app.url, verbose=False)
    file = handle_file("http://203.0.113.1/table.csv")
    with pytest.raises(AppError, match="not fetched here"):
        client.predict(file, api_name="/inspect_table")
    assert not [path for path in uploads(app) if path.name == "table.csv"]


def test_a_visitor_who_asks_too_often_is_told_when_to_try_again(app):
    client = Client(app.url, verbose=False)
    for _ in range(2):
        client.predict("很好", api_name="/classify")
    with pytest.raises(AppError, match=r"Try again in \d+ seconds"):
        client.predict("很好", api_name="/classify")
    client.predict(api_name="/models")


def test_a_flood_is_stopped_whatever_it_says_of_its_address(app):
    """Last: it leaves nothing for others from this address."""
    seen = [
        ask(app, JOIN, b"{}", X_Forwarded_For=f"198.51.100.{n}") for n in range(PER_MINUTE + 60)
    ]
    assert seen[-1][0] == 429 and int(seen[-1][1]["retry-after"]) >= 1
    assert 429 not in [status for status, _, _ in seen[:100]]
    assert ask(app, "/", method="GET")[0] == 200
