import torch

from inference.prefixes import Prefixes, common
from inference.rows import Row


def _row(ids):
    row = Row(1)
    states = torch.tensor(ids, dtype=torch.float32).view(1, 1, -1, 1)
    row.update(states, states, 0)
    return row


def test_a_conversation_goes_on_from_what_it_shares_with_its_last_turn():
    kept = Prefixes(1_000_000)
    kept.keep("a", [1, 2, 3, 4], _row([1, 2, 3, 4]))
    row = kept.take("a", [1, 2, 9, 9, 9])
    assert row.tokens == 2
    assert kept.take("a", [1, 2]) is None  # it was handed over


def test_the_last_token_is_always_left_to_read():
    kept = Prefixes(1_000_000)
    kept.keep("a", [1, 2, 3], _row([1, 2, 3]))
    assert kept.take("a", [1, 2, 3]).tokens == 2


def test_no_conversation_finds_anothers_rows_and_a_nameless_one_leaves_none():
    kept = Prefixes(1_000_000)
    kept.keep("a", [1, 2, 3], _row([1, 2, 3]))
    kept.keep("", [1, 2, 3], _row([1, 2, 3]))
    assert kept.take("b", [1, 2, 3]) is None
    assert kept.take("", [1, 2, 3]) is None


def test_the_longest_unused_go_when_there_are_too_many_bytes():
    size = _row([1]).bytes()
    kept = Prefixes(2 * size)
    for name in "abc":
        kept.keep(name, [1], _row([1]))
    assert kept.take("a", [1, 2]) is None
    assert kept.take("b", [1, 2]).tokens == 1
    assert kept.take("c", [1, 2]).tokens == 1


def test_one_that_is_too_large_alone_is_not_kept_and_drives_nobody_out():
    small, large = _row([1]), _row(list(range(1_000)))
    kept = Prefixes(small.bytes())
    kept.keep("a", [1], small)
    kept.keep("b", list(range(1_000)), large)
    assert kept.take("b", [0, 1]) is None
    assert kept.take("a", [1, 2]).tokens == 1


def test_all_of_it_can_be_given_up():
    kept = Prefixes(1_000_000)
    kept.keep("a", [1], _row([1]))
    kept.clear()
    assert kept.take("a", [1, 2]) is None


def test_common():
    assert common([1, 2, 3], [1, 2, 4]) == 2
    assert common([1, 2], [1, 2, 3]) == 2
    assert common([], [1]) == 0
