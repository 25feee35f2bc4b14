"""Who waits for a download, and who may not begin one. Most wait in a line without places."""

import pytest

from components._downloads import VisitorDownloads
from inference import errors
from inference.catalog import Catalog
from inference.fetch import Downloads
from tests.inference.stand_in_hub import StandInHub
from tests.serving import until

MODEL = Catalog.load({}).find("textattack/bert-base-uncased-SST-2")
OTHER = Catalog.load({}).find("nlptown/bert-base-multilingual-uncased-sentiment")
ANNA, BEN, EVE = "a" * 22, "b" * 22, "e" * 22


@pytest.fixture
def environ(tmp_path):
    return {"HF_HUB_CACHE": str(tmp_path / "cache"), "LAB_HOME": str(tmp_path / "home")}


@pytest.fixture
def downloads(environ):
    """Each waits for its turn for ever, until it is cancelled."""
    engine = Downloads(environ, at_once=0)
    yield VisitorDownloads(environ, engine)
    for model in (MODEL, OTHER):
        if download := engine.find(model.id):
            download.cancel()
            assert download.wait(10).ended


def state(downloads, model=MODEL):
    return downloads.standing(model.id, EVE).progress.state


def mine(downloads, owner, model=MODEL):
    return downloads.standing(model.id, owner).mine


def test_before_anybody_asked_there_is_nothing(downloads):
    assert downloads.standing(MODEL.id, ANNA) is None
    downloads.leave(MODEL.id, ANNA)
    assert downloads.latest([MODEL], ANNA) is None


def test_a_download_goes_on_while_somebody_waits_for_it(downloads):
    downloads.begin(MODEL, ANNA)
    downloads.begin(MODEL, BEN)
    downloads.leave(MODEL.id, ANNA)
    assert state(downloads) == "waiting"
    assert not mine(downloads, ANNA) and mine(downloads, BEN)
    downloads.leave(MODEL.id, BEN)
    assert state(downloads) == "cancelled"


def test_only_who_asked_for_it_can_cancel(downloads):
    downloads.begin(MODEL, ANNA)
    for stranger in (EVE, "", ANNA + "a"):
        downloads.leave(MODEL.id, stranger)
    assert state(downloads) == "waiting" and mine(downloads, ANNA)


def test_who_comes_after_the_end_of_one_waits_alone(downloads):
    downloads.begin(MODEL, ANNA)
    downloads.leave(MODEL.id, ANNA)
    downloads.begin(MODEL, BEN)
    assert state(downloads) == "waiting"
    downloads.leave(MODEL.id, ANNA)  # her page is an old one
    assert state(downloads) == "waiting" and mine(downloads, BEN)


def test_the_model_asked_for_last_is_known_of_each_visitor(downloads):
    downloads.begin(MODEL, ANNA)
    downloads.begin(OTHER, ANNA)
    downloads.begin(MODEL, BEN)
    assert downloads.latest([OTHER], ANNA) == OTHER.id
    assert downloads.latest([MODEL, OTHER], BEN) == MODEL.id
    downloads.leave(MODEL.id, ANNA)
    assert downloads.latest([MODEL, OTHER], ANNA) == OTHER.id
    assert downloads.latest([], ANNA) is None


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("LAB_DOWNLOADS", "off", errors.DownloadsNotForVisitors),
        ("HF_HUB_OFFLINE", "1", errors.DownloadsOff),
        ("LAB_SOURCE", "elsewhere", errors.SourceUnknown),
    ],
)
def test_what_the_operator_forbids_is_refused_before_it_begins(environ, name, value, error):
    downloads = VisitorDownloads(environ | {name: value})
    for ask in (downloads.check, lambda model: downloads.begin(model, ANNA)):
        with pytest.raises(error):
            ask(MODEL)
    assert downloads.standing(MODEL.id, ANNA) is None


def test_the_switch_knows_on_and_off_only(environ):
    VisitorDownloads(environ | {"LAB_DOWNLOADS": "on"}).check(MODEL)
    with pytest.raises(errors.ConfigurationRefused, match="LAB_DOWNLOADS"):
        VisitorDownloads(environ | {"LAB_DOWNLOADS": "false"})


@pytest.mark.parametrize("token", ["two words", "line\nX-Header: 1", "令牌", "x" * 201])
def test_what_no_header_can_carry_is_no_token(downloads, token):
    with pytest.raises(errors.AccessTokenRefused) as caught:
        downloads.begin(MODEL, ANNA, token)
    assert token not in str(caught.value)
    assert downloads.standing(MODEL.id, ANNA) is None


def test_a_token_goes_to_the_source_without_the_spaces_around_it(environ, tmp_path):
    with StandInHub(tmp_path) as hub:  # it has nothing
        downloads = VisitorDownloads(environ | {"HF_ENDPOINT": hub.url})
        downloads.begin(MODEL, ANNA, " hf_of_the_visitor\n")
        until(lambda: state(downloads) == "failed", 30, "the hub has answered")
        assert hub.asked[0].headers["authorization"] == "Bearer hf_of_the_visitor"
    assert isinstance(downloads.standing(MODEL.id, ANNA).progress.error, errors.ModelMissing)
