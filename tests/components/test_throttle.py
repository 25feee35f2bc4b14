"""Who may ask how often: bursts, refills, a class behind one address, bounded memory."""

import pytest

from components._throttle import BEHIND_ONE_ADDRESS, COSTLY, RUN, Allowance, Buckets, Throttle
from inference.errors import TooManyRequests
from inference.limits import Limits

LIMITS = Limits(requests_per_minute=60, costly_per_minute=6, runs_per_hour=2)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def throttle(address="203.0.113.7", page=""):
    clock = Clock()
    return Throttle(LIMITS, lambda: (address, page), clock), clock


def test_an_address_may_ask_its_allowance_at_once_and_then_as_it_fills_up():
    made, clock = throttle()
    assert [made.request("203.0.113.7") for _ in range(61)] == [0] * 60 + [1]
    assert made.request("203.0.113.8") == 0
    clock.now += 1
    assert [made.request("203.0.113.7") for _ in range(2)] == [0, 1]


def test_one_customer_of_ipv6_is_one_address():
    made, _ = throttle()
    assert sum(made.request(f"2001:db8::{n:x}") == 0 for n in range(100)) == 60
    assert made.request("::ffff:203.0.113.7") == 0


def test_normal_use_of_a_class_passes_and_a_flood_does_not():
    clock = Clock()
    made = Throttle(Limits(), clock=clock)
    for _ in range(10 * 60):  # seconds; 30 tabs poll, and each types a letter
        assert [made.request("203.0.113.7") for _ in range(30)] == [0] * 30
        clock.now += 1
    assert max(made.request("203.0.113.7") for _ in range(3_500)) > 0


def test_a_visitor_is_told_when_to_try_again():
    made, clock = throttle()
    for _ in range(6):
        made.charge(COSTLY, "o" * 22)
    with pytest.raises(TooManyRequests) as caught:
        made.charge(COSTLY, "o" * 22)
    assert caught.value.values == {"wait": 10}
    made.charge(COSTLY, "s" * 22)
    made.charge(RUN, "o" * 22)
    clock.now += 10
    made.charge(COSTLY, "o" * 22)


def test_new_tokens_do_not_help_an_address_for_ever():
    made, _ = throttle()
    for n in range(6 * BEHIND_ONE_ADDRESS):
        made.charge(COSTLY, f"token {n}")
    with pytest.raises(TooManyRequests):
        made.charge(COSTLY, "another token")


def test_who_shows_no_token_is_known_by_page_or_address():
    for made, _ in (throttle(page="a page"), throttle()):
        for _ in range(6):
            made.charge(COSTLY, "")
        with pytest.raises(TooManyRequests):
            made.charge(COSTLY, None)
    nobody, _ = throttle(address="")  # as on the command line
    for _ in range(20):
        nobody.charge(COSTLY, "")


def test_buckets_are_forgotten_by_age():
    buckets = Buckets(Allowance(2, 60), most=3)
    for key in "abcd":
        buckets.take(key, 0.0)
    assert len(buckets) == 3
    buckets.take("d", 0.0)
    assert buckets.wait("d", 0.0) == 30
