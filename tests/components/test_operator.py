import pytest

from components._machine_panel import delete_download
from components._operator import LEAST, Operator
from components._services import Services
from finetune.recipe import Recipe
from inference import hub
from inference.errors import (
    ConfigurationRefused,
    ModelNeeded,
    ModelNotHere,
    ModelUnknown,
    OperatorRefused,
    TooManyRequests,
)

TOKEN = "a-token-of-the-operator"
QWEN = "Qwen/Qwen3-0.6B"


@pytest.fixture
def environ(tmp_path):
    folder = tmp_path / "hub" / "models--Qwen--Qwen3-0.6B" / "blobs"
    folder.mkdir(parents=True)
    (folder / "abc").write_bytes(b"x" * 1_000)
    return {
        "HF_HUB_CACHE": str(tmp_path / "hub"),
        "LAB_HOME": str(tmp_path / "home"),
        "LAB_OPERATOR_TOKEN": TOKEN,
        "HF_HUB_OFFLINE": "1",
    }


def test_the_operator_deletes_a_model_and_a_visitor_does_not(environ, tmp_path):
    services = Services.open(tmp_path / "home", environ)
    folder = hub.repository_folder(QWEN, environ)
    for typed in ("", TOKEN[:-1], TOKEN + "x", None, 5):
        with pytest.raises(OperatorRefused):
            delete_download(services, typed, QWEN, "visitor")
    assert folder.is_dir()
    assert delete_download(services, f" {TOKEN} ", QWEN, "visitor") == 1_000
    assert not folder.exists()
    assert services.machine.facts(services.catalog)["cache"]["models"] == []
    with pytest.raises(ModelNotHere):
        delete_download(services, TOKEN, QWEN, "visitor")


def test_a_model_that_a_run_waits_for_stays(environ, tmp_path):
    services = Services.open(tmp_path / "home", environ)
    services.store.create(Recipe(task="chat", base=QWEN), [], []).enqueue()
    with pytest.raises(ModelNeeded):
        delete_download(services, TOKEN, QWEN, "visitor")
    assert hub.repository_folder(QWEN, environ).is_dir()


@pytest.mark.parametrize("model", ["../..", "me/other", ""])
def test_only_models_of_the_catalogue_have_a_folder(environ, tmp_path, model):
    services = Services.open(tmp_path / "home", environ)
    with pytest.raises(ModelUnknown):
        delete_download(services, TOKEN, model, "visitor")


def test_without_a_token_nobody_is_the_operator(environ, tmp_path):
    services = Services.open(tmp_path / "home", environ | {"LAB_OPERATOR_TOKEN": ""})
    assert not services.operator.known
    with pytest.raises(OperatorRefused):
        delete_download(services, "", QWEN, "visitor")


def test_guessing_is_slow(environ, tmp_path):
    limited = environ | {"LAB_LIMIT_COSTLY_PER_MINUTE": "2"}
    services = Services.open(tmp_path / "home", limited)
    for _ in range(2):
        with pytest.raises(OperatorRefused):
            delete_download(services, "guess", QWEN, "visitor")
    with pytest.raises(TooManyRequests):
        delete_download(services, TOKEN, QWEN, "visitor")


def test_a_line_end_behind_the_token_is_not_part_of_it():
    Operator.from_environment({"LAB_OPERATOR_TOKEN": f"{TOKEN}\r\n"}).check(TOKEN)


@pytest.mark.parametrize("typed", ["\ud800", "口令"])
def test_a_token_of_any_characters_is_answered(typed):
    with pytest.raises(OperatorRefused):
        Operator(TOKEN).check(typed)


def test_a_token_that_could_be_guessed_is_refused_and_not_repeated():
    with pytest.raises(ConfigurationRefused) as caught:
        Operator.from_environment({"LAB_OPERATOR_TOKEN": "x" * (LEAST - 1)})
    assert "xxx" not in str(caught.value)
