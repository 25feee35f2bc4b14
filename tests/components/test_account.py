"""Who owns what where visitors can sign in: derived tokens, adopted runs, forged owners."""

import gradio as gr
import pytest

import app
from components import _page
from components._services import Services
from components._visitor import Accounts, has_accounts
from finetune.errors import RunNotFound
from finetune.recipe import Recipe
from tests.components.sessions import SPACE, request, sent

pytestmark = pytest.mark.usefixtures("loop")
BROWSER, STRANGER = "b" * 22, "s" * 22


def page_of(services, handler, inputs=lambda page: [page.owner], outputs=1):
    with gr.Blocks() as blocks:
        page = _page.place(services)
        told = [gr.Textbox() for _ in range(outputs)]
        page.on(gr.Button().click, handler, inputs(page), told)
    return blocks


def make(services, owner):
    recipe = Recipe.plan("chat", "builtin/chat", 24, 4_000_000)
    row = {"messages": []}
    return services.store.create(recipe, [row], [row], owner, "a run")


def test_only_a_space_with_all_settings_of_oauth_has_accounts():
    assert has_accounts(SPACE)
    for name in SPACE:
        assert not has_accounts(SPACE | {name: ""})


def test_an_account_has_one_token_that_only_its_key_can_make():
    accounts = Accounts("key")
    token = accounts.owner("123")
    assert len(token) == 64 and token == Accounts("key").owner("123")
    assert len({token, accounts.owner("124"), Accounts("other").owner("123")}) == 3
    assert [accounts.owner(it) for it in (None, "", 7)] == [None] * 3
    assert "key" not in repr(accounts)


def test_the_key_is_kept_over_a_restart_for_the_server_alone(space, tmp_path):
    again = Services.open(tmp_path / "space", SPACE)
    assert again.accounts.owner("1") == space.accounts.owner("1")
    assert space.accounts.key != space.secret
    assert (tmp_path / "space" / "accounts.key").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "space" / "accounts.key").is_relative_to(space.uploads)
    with gr.Blocks() as blocks:
        _page.place(space)
    assert space.accounts.key not in str(blocks.get_config_file())


@pytest.mark.parametrize("streamed", [False, True])
def test_a_handler_gets_the_account_as_owner_and_a_visitor_stays_a_visitor(space, streamed):
    def hold(language, owner):
        return owner

    def stream(language, owner):
        yield owner

    name, handler = ("stream", stream) if streamed else ("hold", hold)
    blocks = page_of(space, handler)
    account = space.accounts.owner("7")
    assert sent(blocks, name, ["en", BROWSER], request("7")) == [account]
    assert sent(blocks, name, ["en", BROWSER], request()) == [BROWSER]


def test_what_gradio_inserts_does_not_move_the_owner(space):
    def mixed(language, asked: gr.Request, text, *values):
        return [type(asked).__name__, text, *values]

    blocks = page_of(space, mixed, lambda page: [page.changed, page.owner, page.language], 4)
    found = sent(blocks, "mixed", ["en", "text", BROWSER, "zh"], request("7"))
    assert found == ["Request", "text", space.accounts.owner("7"), "zh"]


def test_a_forged_owner_opens_nobodys_account(space):
    """Signed in one is oneself whatever the page sends; else one is what one can name."""

    def hold(language, owner):
        return owner

    blocks = page_of(space, hold)
    victim = space.accounts.owner("victim")
    for forged in ("victim", "oauth:victim", Accounts(space.secret).owner("victim")):
        assert sent(blocks, "hold", ["en", forged], request("7")) == [space.accounts.owner("7")]
        (found,) = sent(blocks, "hold", ["en", forged], request())
        assert found != victim
    run = make(space, victim)
    with pytest.raises(RunNotFound):
        space.store.for_owner(run.id, "victim")


def arrive(services, token, asked):
    with gr.Blocks() as blocks:
        page = _page.place(services)
        with gr.Tabs() as page.tabs:
            gr.Tab("chat", id="chat")
        page.finish(blocks)
    return sent(blocks, "arrive", ["en", token], asked)[0]


def test_signing_in_takes_the_runs_of_this_browser_along_and_no_others(space):
    mine, other = make(space, BROWSER), make(space, STRANGER)
    account = space.accounts.owner("7")
    assert arrive(space, BROWSER, request()) == BROWSER
    assert space.store.owned(BROWSER) and not space.store.owned(account)
    assert arrive(space, BROWSER, request("7")) == BROWSER  # the page never learns the account's
    assert [run.id for run in space.store.owned(account)] == [mine.id]
    assert not space.store.owned(BROWSER)
    assert [run.id for run in space.store.owned(STRANGER)] == [other.id]
    arrive(space, BROWSER, request("8"))
    assert [run.id for run in space.store.owned(account)] == [mine.id]


def test_a_first_visit_signed_in_adopts_nothing(space):
    run = space.store.create(Recipe.plan("chat", "builtin/chat", 24, 4_000_000), [], [], None)
    assert len(arrive(space, "", request("7"))) == 22
    assert not run.owned_by(space.accounts.owner("7"))


def of_kind(blocks, kind):
    return [it for it in blocks.blocks.values() if isinstance(it, kind)]


def test_the_button_is_there_only_where_one_can_sign_in(space, services):
    assert not app.build(services).expects_oauth
    blocks = app.build(space)
    assert len(of_kind(blocks, gr.LoginButton)) == 1 and blocks.expects_oauth
    ids = {getattr(it, "elem_id", None) for it in of_kind(blocks, gr.Button)}
    assert {"sign-in", "sign-out"} <= ids


@pytest.mark.parametrize(("tag", "label"), [("en", "Sign out (ada)"), ("zh", "退出登录（ada）")])
def test_the_buttons_follow_the_session(space, tag, label):
    with gr.Blocks() as blocks:
        page = _page.place(space)
        page.tabs = gr.Tabs()
        (_, shown, inputs, outputs) = page._shown[0]
        page.on(gr.Button().click, shown, inputs, outputs)
    enter, leave = sent(blocks, "shown", [tag], request("7"))
    assert not enter["visible"] and leave["visible"] and leave["value"] == label
    enter, leave = sent(blocks, "shown", [tag], request())
    assert enter["visible"] and not leave["visible"]
