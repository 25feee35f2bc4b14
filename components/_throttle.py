"""How often one address and one visitor may ask. Pure: knows neither the page nor a clock of days.

A token bucket: so many at once, filled up evenly over the period; see Turner, “New directions in
communications”, IEEE Communications Magazine 24 (10), 1986.
"""

import hashlib
import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from inference.errors import TooManyRequests
from inference.limits import Limits

BEHIND_ONE_ADDRESS = 30  # visitors: a class behind its school's router
MOST_BUCKETS = 20_000  # of a kind; those not asked for longest are forgotten, a few MB in all
REQUEST, COSTLY, RUN = "request", "costly", "run"


@dataclass(frozen=True)
class Allowance:
    """`amount` times in `seconds`, also all at once."""

    amount: int
    seconds: int


class Buckets:
    """The buckets of everybody for one allowance; forgotten ones are full. Not thread-safe."""

    def __init__(self, allowance: Allowance, most: int = MOST_BUCKETS) -> None:
        self._allowance, self._most = allowance, most
        self._kept: OrderedDict[str, tuple[float, float]] = OrderedDict()  # what is left, and when

    def __len__(self) -> int:
        return len(self._kept)

    def wait(self, key: str, now: float) -> float:
        """Seconds until one can be taken; 0 if at once."""
        short = 1 - self._left(key, now)
        return max(0.0, short * self._allowance.seconds / self._allowance.amount)

    def take(self, key: str, now: float) -> None:
        self._kept[key] = (self._left(key, now) - 1, now)
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def _left(self, key: str, now: float) -> float:
        amount = self._allowance.amount
        left, then = self._kept.get(key, (float(amount), now))
        return min(amount, left + (now - then) * amount / self._allowance.seconds)


class Throttle:
    """Refuses what comes too often.

    Args:
        asking: the address and the page of who asks now; empty where nobody does.
    """

    def __init__(
        self,
        limits: Limits,
        asking: Callable[[], tuple[str, str]] = lambda: ("", ""),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._asking, self._clock, self._lock = asking, clock, threading.Lock()
        self._requests = Buckets(Allowance(limits.requests_per_minute, 60))
        allowances: Mapping[str, Allowance] = {
            COSTLY: Allowance(limits.costly_per_minute, 60),
            RUN: Allowance(limits.runs_per_hour, 3_600),
        }
        self._visitors = {kind: Buckets(it) for kind, it in allowances.items()}
        self._addresses = {
            kind: Buckets(Allowance(BEHIND_ONE_ADDRESS * it.amount, it.seconds))
            for kind, it in allowances.items()
        }

    def request(self, address: str) -> int:
        """Whole seconds an address has to wait; 0, and one is taken, if it may ask now."""
        return self._taken([(self._requests, network(address))])

    def charge(self, kind: str, visitor: object) -> None:
        """One `COSTLY` call or `RUN` of the visitor with that token, from the address that asks.

        A token costs nothing to make: the address has an allowance of its own, for a class. Who
        shows no token is known by the page, or by the address alone.

        Raises:
            TooManyRequests
        """
        address, page = self._asking()
        known = str(visitor or page or address)
        own = hashlib.sha256(known.encode(errors="replace")).hexdigest() if known else ""
        asked = [(self._visitors[kind], own), (self._addresses[kind], network(address))]
        if wait := self._taken([(buckets, key) for buckets, key in asked if key]):
            raise TooManyRequests(wait=wait)

    def _taken(self, asked: list[tuple[Buckets, str]]) -> int:
        """One from each, or none and the seconds to wait."""
        with self._lock:
            now = self._clock()
            wait = max((buckets.wait(key, now) for buckets, key in asked), default=0.0)
            if wait <= 0:
                for buckets, key in asked:
                    buckets.take(key, now)
        return math.ceil(wait)


def network(address: str) -> str:
    """What one customer is given: an IPv4 address, or the /64 of an IPv6 one (RFC 6177)."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
