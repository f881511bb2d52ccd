"""Alerts: what changed on one tile in a session, and what was seen there without alerting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.domain.images import TileImage
from chalicelib.domain.tile_runs import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What changed on one tile in a session."""

    alert_id: int
    session_id: int
    image_id: int
    reference_key: str
    image_key: str
    mask_key: str | None
    overlay_key: str | None
    change_log: dict[str, Any]
    created_at: datetime
    place_ids: tuple[int, ...] = ()  # none before its session has ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """What one tile's comparison saw that is no alert: each region as it is kept, with its reason."""

    image: TileImage
    reference_key: str
    verdict: Verdict
    regions: list[dict[str, Any]]
