import math

import pytest

from inference.errors import SettingChoiceRefused, SettingsRefused
from inference.records import ChatSettings, SummarySettings


@pytest.mark.parametrize("name", list(ChatSettings.BOUNDS))
def test_bounds_are_allowed_and_beyond_them_is_not(name):
    low, high = ChatSettings.BOUNDS[name]
    for value in (low, high):
        assert getattr(ChatSettings(**{name: value}), name) == value
    for value in (low - 1, high + 1, math.nan, math.inf, "5", True, [1]):
        with pytest.raises(SettingsRefused, match=name):
            ChatSettings(**{name: value})


def test_a_whole_number_sent_as_a_float_is_whole_and_a_fraction_is_refused():
    assert isinstance(ChatSettings(max_new_tokens=64.0).max_new_tokens, int)
    with pytest.raises(SettingsRefused):
        ChatSettings(top_k=2.5)


def test_no_seed_is_allowed():
    assert ChatSettings(seed=None).seed is None


def test_a_length_that_is_not_on_offer_is_refused():
    with pytest.raises(SettingChoiceRefused, match="tiny"):
        SummarySettings(length="tiny")
