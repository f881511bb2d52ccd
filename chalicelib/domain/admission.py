"""Token buckets, as values: how much may be asked for at once and over time, and by whom."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

SECOND_US = 1_000_000
NOWHERE = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What one bucket holds, in units, and in how many seconds an empty one is full again."""

    name: str
    capacity: int
    period_s: float

    def __post_init__(self) -> None:
        if self.capacity < 1 or self.period_s <= 0:
            raise ValueError(f"a limit holds at least one unit and fills in time, not {self}")

    @property
    def unit_us(self) -> int:
        """How long one unit takes to come back, in microseconds."""
        return max(1, round(self.period_s * SECOND_US / self.capacity))

    @property
    def period_us(self) -> int:
        """How long an empty bucket takes to be full, in microseconds: a whole number of units."""
        return self.unit_us * self.capacity

    def cost(self, units: int) -> int:
        """Return what that many units take, in microseconds; never more than the bucket holds."""
        return self.unit_us * min(units, self.capacity)


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket: when it will be full, in microseconds since 1970. One that is full is as good as none.

    >>> limit = Limit(name="tries", capacity=2, period_s=60)
    >>> bucket, wait_s = Bucket(0).taken(2, limit, now_us=1_000_000)
    >>> wait_s, bucket.taken(1, limit, now_us=1_000_000)[1], bucket.taken(1, limit, now_us=31_000_000)[1]
    (0.0, 30.0, 0.0)
    """

    full_at_us: int

    def taken(self, units: int, limit: Limit, *, now_us: int) -> tuple[Bucket, float]:
        """Take units; return the bucket then, and 0 s; or the bucket as it is, and how long to wait for them.

        A bucket that is emptier than empty was written by a clock that was put back since: it counts as empty.
        """
        most_us = now_us + limit.period_us
        after_us = min(max(self.full_at_us, now_us), most_us) + limit.cost(units)
        if after_us <= most_us:
            return Bucket(after_us), 0.0
        return self, (after_us - most_us) / SECOND_US


def network_of(address: str) -> str:
    """Return whom an address counts as: an IPv4 address for itself, an IPv6 one for its /64, which is one customer's.

    >>> network_of("192.0.2.7"), network_of("::ffff:192.0.2.7"), network_of("2001:db8:1:2:3:4:5:6")
    ('192.0.2.7', '192.0.2.7', '2001:db8:1:2::/64')
    """
    try:
        found = ip_address(address.strip().partition("%")[0])
    except ValueError:
        return NOWHERE  # all of them share one bucket
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return f"{IPv6Address(int(found) >> 64 << 64)}/64"
