"""The group of the settings that say how much anybody may ask for, as those in `groups.py`."""

from __future__ import annotations

from pydantic import Field

from chalicelib.application.admit import Limits
from chalicelib.domain.admission import Limit
from chalicelib.settings.values import Count, Group

MINUTE_S, HOUR_S = 60.0, 3600.0


class Admission(Group):
    """How much anybody may ask for, before the answer is 429 with `Retry-After`."""

    user_units_per_minute: Count = Field(
        default=6_000,
        gt=0,
        description="What one user may ask for in a minute. Most requests are one unit; [security.md](security.md) has "
        "the others.",
    )
    user_units_at_once: Count = Field(
        default=1_500,
        gt=0,
        description="What of that a user who was quiet may ask for at once; no more than all of it.",
    )
    address_units_per_minute: Count = Field(
        default=12_000, gt=0, description="The same for one address: an IPv4 address, or an IPv6 network of 64 bits."
    )
    requests_at_once: Count = Field(
        default=12,
        gt=0,
        description="Requests that a process answers at once; one user has half of them at most, sign-ins have another "
        "half, a quarter those of one address. A server sets it to its `--threads`; on AWS a process has one.",
    )
    sign_ins_per_minute: Count = Field(default=60, gt=0, description="Tries to sign in from one address.")
    registrations_per_hour: Count = Field(default=100, gt=0, description="Registrations from one address.")
    wrong_passwords: Count = Field(
        default=10,
        gt=0,
        description="Wrong passwords for one account from one address, until it may try one in two minutes.",
    )
    wrong_passwords_of_strangers: Count = Field(
        default=100,
        gt=0,
        description="Wrong passwords for one account from all addresses together that it never signed in from, until "
        "they may try one a minute.",
    )

    @property
    def limits(self) -> Limits:
        """The limits as buckets."""

        def limit(name: str, capacity: int, period_s: float) -> Limit:
            return Limit(name=name, capacity=capacity, period_s=period_s)

        at_once = min(self.user_units_at_once, self.user_units_per_minute)
        few, many = self.wrong_passwords, self.wrong_passwords_of_strangers
        return Limits(
            user=limit("requests", at_once, MINUTE_S * at_once / self.user_units_per_minute),
            address=limit("requests from this address", self.address_units_per_minute, MINUTE_S),
            sign_ins=limit("tries to sign in from this address", self.sign_ins_per_minute, MINUTE_S),
            registrations=limit("registrations from this address", self.registrations_per_hour, HOUR_S),
            guesses=limit("wrong passwords from here", few, few * 2 * MINUTE_S),
            strangers=limit("wrong passwords for this account", many, many * MINUTE_S),
        )
