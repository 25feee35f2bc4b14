"""Language tags and owner tokens as browsers send them."""

import pytest

from components._services import Services
from components._visitor import language_of, owner_of


@pytest.mark.parametrize("tag", ["zh", "zh-CN", "zh-TW", "ZH-hans"])
def test_chinese_is_answered_in_chinese(tag):
    assert language_of(tag) == "zh"


@pytest.mark.parametrize("tag", ["en", "en-US", "fr", "", None, 3])
def test_everything_else_is_answered_in_english(tag):
    assert language_of(tag) == "en"


def test_a_token_is_made_once_and_kept():
    token = owner_of("")
    assert len(token) == 22 and owner_of(token) == token
    assert owner_of("") != token
    assert owner_of(None) and owner_of("short") != "short"


def test_visitors_keep_their_tokens_over_a_restart(tmp_path):
    first = Services.open(tmp_path / "home", {})
    assert first.secret and Services.open(tmp_path / "home", {}).secret == first.secret
