"""Tile runs that are to end, as far as their end depends on them."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Row

from chalicelib.adapters.database.rows import tile_of
from chalicelib.domain.tile_runs import CAPTURE_STATES, CaptureClaim, Claim
from chalicelib.domain.tiles import Tile


class OpenRun(NamedTuple):
    """A tile run that is to end, as far as its end depends on it."""

    run_id: int
    session_id: int
    tile: Tile
    is_comparison: bool  # else it was being captured
    image_id: int | None
    reference_id: int | None
    clear_share: float | None


def open_run_of(row: Row[Any]) -> OpenRun:
    """Return the run of a row that the caller has locked."""
    tile, is_comparison = tile_of(row), row.state not in CAPTURE_STATES
    return OpenRun(row.id, row.session_id, tile, is_comparison, row.image_id, row.reference_id, row.clear_share)


def run_of_claim(claim: Claim, *, image_id: int | None = None) -> OpenRun:
    """Return the run of a claim. While it is captured, `image_id` is the image that it came to."""
    if isinstance(claim, CaptureClaim):
        shown = None if claim.newest is None else claim.newest.clear_share
        return OpenRun(claim.tile_run_id, claim.session_id, claim.view.tile, False, image_id, None, shown)
    images = claim.image.image_id, claim.reference.image_id
    return OpenRun(claim.tile_run_id, claim.session_id, claim.view.tile, True, *images, claim.image.answered_share)
