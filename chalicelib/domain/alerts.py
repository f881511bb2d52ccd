"""Alerts: what changed on one tile in a session, and what was seen there without alerting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.domain.images import TileImage
from chalicelib.domain.parcels import NamedParcel
from chalicelib.domain.permits import Standing
from chalicelib.domain.tile_runs import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What changed on one tile in a session."""

    alert_id: int
    session_id: int
    image_id: int
    reference_key: str
    reference_captured_at: datetime | None
    reference_attribution: str
    image_key: str
    mask_key: str | None
    overlay_key: str | None
    change_log: dict[str, Any]
    created_at: datetime
    place_ids: tuple[int, ...] = ()  # none before its session has ended
    parcels: tuple[NamedParcel, ...] = ()  # as they were when it was made

    @property
    def parcels_touched(self) -> int | None:
        """The number of parcels that it touches; None where its owner had no layers then."""
        return self.change_log.get("parcels_touched")

    @property
    def is_likely_authorised(self) -> bool:
        """Whether permits allow all of it."""
        return bool(self.change_log.get("permit") == Standing.VALID)

    @property
    def is_told_before(self) -> bool:
        """Whether people were told of all of it before, by this image or another one since its reference."""
        return bool(self.change_log.get("told_before"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """What one tile's comparison saw that is no alert: each region as it is kept, with its reason."""

    image: TileImage
    reference_key: str
    verdict: Verdict
    regions: list[dict[str, Any]]
