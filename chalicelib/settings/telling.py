"""The group of the settings that say what people are told, as those in `groups.py`."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from chalicelib.domain.state_notices import Periods
from chalicelib.settings.values import PREFIX, Days, Group, split


class Pushes(Group):
    """Pushes to people's phones."""

    push_service: Literal["log", "fcm"] = Field(default="log", description="Where pushes go.")
    fcm_default_targets: str = Field(
        default="", description="Device tokens or `/topics/NAME`, with commas, that get every push."
    )
    fcm_secret: str = Field(
        default="firebase-service-account", description="The name of the secret with the Firebase service account."
    )

    blind_days: Days = Field(
        default=14, description="How long an area has to be blind, or partly, until its owner is told."
    )
    monsoon_blind_days: Days = Field(
        default=30, description="The same while it is monsoon; no less than `BLIND_DAYS` counts."
    )
    monsoon_months: str = Field(
        default="6,7,8,9", description="The months of the monsoon, 1 to 12, with commas; empty is none."
    )
    failing_days: Days = Field(
        default=2,
        description="How long looking at an area has to fail until its owner is told, and how long it has to be seen "
        "again.",
    )

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        if not all(month.isdecimal() and 1 <= int(month) <= 12 for month in split(self.monsoon_months)):
            raise ValueError(f"{PREFIX}MONSOON_MONTHS must be months from 1 to 12 with commas, as 6,7,8,9")
        return self

    @property
    def default_targets(self) -> tuple[str, ...]:
        """The operator's push targets."""
        return split(self.fcm_default_targets)

    @property
    def periods(self) -> Periods:
        """How long a state has to hold until it is told."""
        return Periods(
            blind=timedelta(days=self.blind_days),
            blind_in_monsoon=timedelta(days=self.monsoon_blind_days),
            monsoon_months=frozenset(int(month) for month in split(self.monsoon_months)),
            failing=timedelta(days=self.failing_days),
        )
