import pytest

from components._calculator_panel import TYPICAL, bars, reckon, told_of
from inference.calculator import CARDS
from inference.catalog import Catalog
from inference.errors import ModelUnknown, SettingChoiceRefused, SettingsRefused

CATALOG = Catalog.load({})
GPT_3 = (TYPICAL, 175, "run", "float16", 2_048, 1, False)


def test_175_billion_in_half_precision_need_five_of_the_largest_cards():
    found = reckon(CATALOG, *GPT_3)
    told = told_of(found, "en")
    assert found.weights == 350 * 10**9
    assert "weights 350 GB" in told and "4 of RTX PRO 6000 at least" in told
    assert "权重 350 GB" in told_of(found, "zh")


def test_a_small_model_fits_on_each_card():
    told = told_of(
        reckon(CATALOG, "Qwen/Qwen3-0.6B", None, "run", "bfloat16", 2_048, 1, False), "en"
    )
    assert all(name in told for name in CARDS)


def test_the_bars_are_the_parts_and_the_cards_beside_them():
    found = reckon(CATALOG, TYPICAL, 1.5, "full", "float16", 128, 1, True)
    frame = bars(found, "en")
    needed = frame[frame["card"] == "needed"]
    assert list(needed["part"]) == ["weights", "gradients", "optimizer", "activations"]
    assert needed["gigabytes"].sum() == pytest.approx(found.total / 1e9)
    assert set(frame["card"]) == {"needed", *CARDS}


@pytest.mark.parametrize(
    ("place", "value", "error"),
    [
        (0, "nobody/nothing", ModelUnknown),
        (1, None, SettingsRefused),
        (1, True, SettingsRefused),
        (1, float("nan"), SettingsRefused),
        (1, 1e9, SettingsRefused),
        (1, "175", SettingsRefused),
        (2, "pretrain", SettingChoiceRefused),
        (3, ["float16"], SettingChoiceRefused),
        (4, 0, SettingsRefused),
        (5, 10**9, SettingsRefused),
    ],
)
def test_what_cannot_be_reckoned_is_refused(place, value, error):
    values = list(GPT_3)
    values[place] = value
    with pytest.raises(error):
        reckon(CATALOG, *values)
