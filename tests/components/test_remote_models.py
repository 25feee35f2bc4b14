"""The operator's chat server as visitors find it: what is offered, to whom, and who answers."""

import json
from contextlib import closing
from dataclasses import replace

import pytest

from components import _models, _picker, _remote_models, _summarizers
from components._api_models import ModelEndpoints
from components._models import Wanted
from finetune.errors import RunNotFound
from finetune.recipe import Recipe
from inference import errors
from inference.chat_server import ChatServer
from inference.records import ChatSettings, SummarySettings
from tests.inference.stand_in_chat_server import KEY, MODEL, Fault, StandInChatServer

OWNER, STRANGER = "o" * 22, "s" * 22
ROWS = [{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}]
REMOTE = f"remote/{MODEL}"


@pytest.fixture
def stand_in():
    with StandInChatServer() as server:
        yield server


@pytest.fixture
def remote(services, stand_in):
    """Services with a chat server; it is asked for its models at the first use."""
    with closing(ChatServer(stand_in.url, KEY)) as server:
        yield replace(services, chat_server=server)


@pytest.fixture
def run(services):
    return services.store.create(
        Recipe.plan("chat", "builtin/chat", 20, 3_000_000), ROWS, ROWS, OWNER, "mine"
    )


def text(services, wanted, **settings):
    chosen = ChatSettings(**settings)
    return list(_models.chat(services, wanted, "hello", [], "", chosen))[-1].text


def values(services, language="en"):
    return [value for _, value in _picker.choices(services, "chat", language, "", {})]


def test_the_servers_models_come_first_and_the_first_is_the_default(remote, stand_in):
    stand_in.models = [{"id": MODEL}, {"id": "other"}]
    assert values(remote)[:2] == [REMOTE, "remote/other"]
    assert "builtin/chat" in values(remote)
    assert _remote_models.default_model(remote, "chat") == REMOTE
    assert _remote_models.default_model(remote, "classification") == "builtin/sentiment"


def test_the_operator_names_the_default(services, stand_in):
    stand_in.models = [{"id": MODEL}, {"id": "other", "max_model_len": 64}]
    with closing(ChatServer(stand_in.url, KEY, "other")) as server:
        found = replace(services, chat_server=server)
        assert values(found)[:2] == ["remote/other", REMOTE]
        assert text(found, Wanted()) == "Hello."
    assert stand_in.asked[0]["model"] == "other" and stand_in.asked[0]["max_tokens"] == 32


def test_a_model_of_either_kind_can_be_chosen(remote, stand_in):
    assert text(remote, Wanted()) == text(remote, Wanted(REMOTE)) == "Hello."
    assert text(remote, Wanted("builtin/chat"), max_new_tokens=2) != "Hello."
    assert len(stand_in.asked) == 2


def test_a_model_that_the_server_does_not_list_is_refused(remote):
    with pytest.raises(errors.RemoteModelUnknown):
        text(remote, Wanted("remote/none"))


def test_without_a_server_its_names_are_unknown(services):
    with pytest.raises(errors.ModelUnknown):
        text(services, Wanted(REMOTE))
    assert not any(value.startswith("remote/") for value in values(services))


def test_only_models_that_can_think_are_asked_to(remote, stand_in):
    stand_in.models = [{"id": MODEL}, {"id": "Qwen/Qwen3-4B-Instruct-2507"}, {"id": "unheard/of"}]
    for model in stand_in.models:
        text(remote, Wanted(f"remote/{model['id']}"), thinking=True)
    asked = [it["chat_template_kwargs"]["enable_thinking"] for it in stand_in.asked]
    assert asked == [True, False, True]


def test_its_records_have_the_shape_of_the_others_and_take_nothing(remote):
    local, *_, served = ModelEndpoints(remote).models()
    assert set(served) == set(local) and not local["remote"]
    assert served["id"] == REMOTE and served["remote"] and served["here"] and served["runs_here"]
    assert served["memory_to_run"] == served["download_bytes"] == 0 and not served["trains_here"]
    for language in ("en", "zh"):
        assert MODEL in _picker.label(served, language)
        assert _picker.about(remote, language, Wanted(REMOTE))


# Adapters


@pytest.mark.parametrize("name", ["{run}", "builtin/chat:{run}"])
def test_a_run_that_the_server_has_is_answered_there_for_its_readers_only(
    remote, stand_in, run, name
):
    served = name.format(run=run.id)
    stand_in.models = [{"id": served}]
    assert text(remote, Wanted(run_id=run.id, token=OWNER)) == "Hello."
    assert stand_in.asked[0]["model"] == served
    with pytest.raises(RunNotFound):
        text(remote, Wanted(run_id=run.id, token=STRANGER))
    with pytest.raises(errors.RemoteModelUnknown):
        text(remote, Wanted(f"remote/{served}"))
    assert len(stand_in.asked) == 1


def test_the_id_of_a_run_is_shown_to_nobody(remote, stand_in, run):
    deleted = "x" * 22
    stand_in.models = [
        {"id": MODEL},
        {"id": run.id},
        {"id": f"{MODEL}:{run.id}"},
        {"id": deleted, "parent": MODEL},
        {"id": "a-team-adapter", "parent": MODEL},
    ]
    shown = [model["id"] for model in _remote_models.records(remote)]
    assert shown == [REMOTE, "remote/a-team-adapter"]


def test_a_visitor_is_told_that_the_server_answers_for_a_run(remote, stand_in, run):
    alone = _picker.about(remote, "en", Wanted(run_id="y" * 22, token=OWNER))
    stand_in.models = [{"id": run.id}]
    remote.chat_server._asked_again_at = 0.0
    assert "sent to it" in _picker.about(remote, "en", Wanted(run_id=run.id, token=OWNER))
    assert "sent to it" not in alone


def test_a_run_is_answered_here_where_the_server_lacks_it_or_is_away(remote, stand_in, run):
    wanted = Wanted(run_id=run.id, token=OWNER)
    assert _remote_models.chosen(remote, wanted) is None
    stand_in.listing_fault, stand_in.models = Fault("status", 500), [{"id": run.id}]
    remote.chat_server._asked_again_at = 0.0
    assert _remote_models.chosen(remote, wanted) is None


def test_a_model_of_the_server_summarises_where_it_is_chosen(remote, stand_in):
    long = "The mill by the river stood empty for years. " * 400
    wanted = Wanted(REMOTE)
    last = list(_summarizers.summarize(remote, wanted, long, SummarySettings()))[-1]
    assert [it.summary for it in last.outline] == ["Hello."] * len(last.outline)
    assert len(stand_in.asked) >= len(last.outline) > 1
    assert _models.reads(remote, wanted, "今天天气很好。")
    assert (
        _summarizers.summary_tokens(remote, wanted, "short")[1]
        == stand_in.asked[0]["max_tokens"] / 2
    )
    with pytest.raises(errors.RemoteModelUnknown):
        _summarizers.summarize(remote, Wanted("remote/nobody"), long, SummarySettings())


def test_without_a_choice_a_text_is_summarised_here(remote, stand_in):
    """The server's first model is the default of the chat alone."""
    assert list(
        _summarizers.summarize(remote, Wanted(), "The mill stood.", SummarySettings(fast=True))
    )
    assert not stand_in.asked


# A server that does not answer


def test_a_server_that_is_away_leaves_the_models_of_this_machine(remote, stand_in):
    stand_in.listing_fault = Fault("status", 500)
    assert "builtin/chat" in values(remote)
    assert not _remote_models.default_model(remote, "chat").startswith("remote/")
    assert isinstance(_remote_models.trouble(remote), errors.ChatServerFailed)
    with pytest.raises(errors.ChatServerFailed):
        text(remote, Wanted(REMOTE))


def test_a_server_without_a_list_answers_with_the_model_the_operator_names(services, stand_in):
    stand_in.listing_fault = Fault("status", 404)
    with closing(ChatServer(stand_in.url, KEY, MODEL)) as server:
        found = replace(services, chat_server=server)
        assert values(found)[0] == REMOTE
        assert text(found, Wanted()) == "Hello."


def test_the_key_is_told_to_nobody(remote):
    told = json.dumps([ModelEndpoints(remote).environment(), ModelEndpoints(remote).models()])
    assert KEY not in told + repr(remote)


def test_nobody_looks_into_a_model_of_another_server(remote):
    with pytest.raises(errors.ModelElsewhere):
        _models.look_inside(remote, Wanted(REMOTE), "hi", [], "", "hello")
    with pytest.raises(errors.ModelElsewhere):
        _models.tokens(remote, Wanted(REMOTE), "hi")
