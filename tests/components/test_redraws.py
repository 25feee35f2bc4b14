"""How often a growing table is drawn."""

import pytest

from components._redraws import Redraws


@pytest.mark.parametrize(("rows", "wait"), [(1, 1.5), (30, 1.5), (500, 25)])
def test_the_longer_a_table_the_rarer_it_is_drawn(rows, wait):
    now = 100.0
    redraws = Redraws(clock=lambda: now)
    assert redraws.due(rows)
    now += wait - 0.01
    assert not redraws.due(rows)
    now += 0.01
    assert redraws.due(rows)
    assert not redraws.due(rows)
