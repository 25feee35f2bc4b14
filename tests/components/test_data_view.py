"""What the visitor's data look like, drawn."""

from components import _data_view
from components._pictures import Lengths

LENGTHS = Lengths(bars=[(5, 6, 1), (7, 8, 9)], longest=8, cut=0.0, max_length=64, tokens_of="m")


def test_bars_of_equal_or_little_height_can_be_seen():
    balance, lengths, _ = _data_view._drawn({"good": 30, "bad": 30}, LENGTHS, "en")
    for plot, highest in ((balance, 30), (lengths, 9)):
        low, high = plot.y_lim
        assert low == 0 and high > highest
