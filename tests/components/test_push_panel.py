"""What the page says and does about pushing an adapter, with a hub that stands in."""

import gradio as gr
import pytest

from components import _page, _push_panel
from components._push_panel import contents, default_name, pushed
from finetune.recipe import Recipe
from finetune.trainer import train
from tests.components.sessions import request, sent
from tests.finetune.runs_of_tiny import CLASSES, tiny_models
from tests.finetune.writable_hub import TOKEN, WritableHub

OWNER, STRANGER = "o" * 22, "s" * 22
PARTS = ("token", "start", "cancel", "state", "failure", "done")


@pytest.fixture
def hub(monkeypatch):
    with WritableHub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        yield hub


def made(services, tmp_path, name="My <b>pets</b>, 2"):
    base = tiny_models(tmp_path / "models")["classification"]
    recipe = Recipe(task="classification", base=str(base), max_steps=1, r=2, max_length=64)
    return services.store.create(recipe, CLASSES[4:], CLASSES[:4], OWNER, name)


@pytest.fixture
def run(services, tmp_path, monkeypatch):
    run = made(services, tmp_path)
    hashed = (run.folder / "owner").read_text()
    (run.folder / "owner").unlink()  # of a visitor's run the base must be in the catalogue
    assert train(run).type == "finished"
    (run.folder / "owner").write_text(hashed)
    return run


def grant(scope="openid contribute-repos", token=TOKEN):
    return gr.OAuthToken(token=token, scope=scope, expires_at=2**40)


def seen(updates):
    """Name of a part -> its text, of those that are visible."""
    named = dict(zip(PARTS, updates, strict=True))
    assert named.pop("token") == ""  # at every step
    return {name: it.value for name, it in named.items() if it.visible}


@pytest.fixture
def press(services, run):
    """(name, typed, …) -> what is seen at the beginning and at the end of a push."""

    def press(name="mine", typed=TOKEN, owner=OWNER, language="en", private=True, account=None):
        steps = [
            seen(updates)
            for updates in pushed(services, language, owner, run.id, name, private, typed, account)
        ]
        assert set(steps[0]) == {"cancel"}
        return steps[-1]

    return press


def test_only_the_owner_of_a_run_with_an_adapter_sees_the_panel(services, run, tmp_path):
    for language, words in (("en", "none of your rows"), ("zh", "不含你的数据行")):
        part, info = contents(services, language, OWNER, run.id)
        assert part.visible and words in info.value and "kB" in info.value
    untrained = made(services, tmp_path / "second")
    for owner, run_id in ((STRANGER, run.id), (OWNER, untrained.id), (OWNER, ""), (OWNER, None)):
        assert not contents(services, "en", owner, run_id)[0].visible


def test_the_adapter_is_pushed_and_linked(press, hub):
    link = rf"[me/mine](<{hub.url}/me/mine>)"
    assert press()["done"] == f"It is in your account: {link}"
    assert press(language="zh")["done"] == f"已经放到你的账号里：{link}"
    assert {given for _, given, _ in hub.asked} == {f"Bearer {TOKEN}"}


def test_a_sign_in_that_may_write_needs_no_token(press, hub):
    assert "done" in press(typed="", account=grant())
    for account in (None, grant("openid profile"), grant("openid read-repos")):
        assert "access token" in press(typed="", account=account)["failure"]
    assert "访问令牌" in press(typed="", language="zh")["failure"]


def test_a_typed_token_comes_before_that_of_the_sign_in(press, hub):
    assert "done" in press(account=grant(token="hf_of_the_account"))


def test_errors_are_sentences_in_either_language(press, hub):
    refused = press(name="me/mine", typed="hf_wrong")["failure"]
    assert "does not let this token write" in refused and "hf" not in refused.replace("hf\\_", "")
    assert "不允许用这个令牌" in press(name="me/mine", typed="hf_wrong", language="zh")["failure"]
    bad = press(name="<img src=x>")["failure"]
    assert bad.startswith("“\\<img src=x\\>” is no name of a repository")
    assert "no access token" in press(typed="two words")["failure"]
    hub.about["private"] = False
    assert "everybody can see it" in press()["failure"]


def test_a_stranger_pushes_nothing(press, hub):
    assert set(press(owner=STRANGER)) == {"start", "failure"}
    assert hub.asked == []


def test_the_token_shows_in_no_sentence_log_or_file(press, hub, run, caplog):
    with caplog.at_level(0):
        told = repr([press(), press(typed=TOKEN + "x")])
    assert TOKEN not in told + caplog.text
    for file in run.folder.parent.parent.rglob("*"):
        assert file.is_dir() or TOKEN.encode() not in file.read_bytes(), file


def test_leaving_ends_the_push(services, run, hub):
    hub.answering.clear()
    going = pushed(services, "en", OWNER, run.id, "mine", True, TOKEN, None)
    next(going)
    assert "Pushing for" in seen(next(going))["state"]
    going.close()
    hub.answering.set()
    assert not any("/commit/" in path for path, _, _ in hub.asked)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("My pets, 2", "My-pets-2"), ("宠物", "llm-lab-classification"), ("..a--b__", "a-b")],
)
def test_the_name_of_the_run_becomes_one_of_a_repository(services, tmp_path, name, expected):
    assert default_name(made(services, tmp_path, name)) == expected
    assert default_name(None) == ""


def test_the_button_is_given_the_token_of_the_session(space, loop, monkeypatch):
    given = []

    def pushed(*values):
        given.append(values)
        yield [""] * 6

    monkeypatch.setattr(_push_panel, "pushed", pushed)
    with gr.Blocks() as blocks:
        page = _page.place(space)
        panel = _push_panel.place(page, gr.Dropdown(["r"]))
    assert [it.elem_id for it in panel.outputs] == ["push-part", "push-info"]
    values = ["zh", OWNER, "r", "mine", True, ""]
    sent(blocks, "push", values, request("7"))
    (_, *handed, account) = given[0]
    assert handed == [values[0], space.accounts.owner("7"), *values[2:]]
    assert (account.token, account.scope) == ("t", "openid")
    sent(blocks, "push", values, request())
    assert given[1][-1] is None
