"""What an alert says of the parcels that its change touches, and how their permits change what it says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chalicelib.domain.parcels import Touched
from chalicelib.domain.permits import short, told_under
from chalicelib.domain.places import Sighting, touch
from chalicelib.domain.severity import raised
from chalicelib.domain.tile_runs import Outcome
from chalicelib.domain.tiles import Outline

_NAMED_IN_TEXT = 2


def regions_of(change_log: dict[str, Any]) -> list[Outline]:
    """Return the outlines of an alert's regions."""
    return [region["outline"]["coordinates"] for region in change_log["regions"]]


def told_on(outcome: Outcome, touched: Touched) -> Outcome:
    """Return the outcome of a comparison that alerts, with the parcels that its change touches."""
    if outcome.change_log is None:
        return outcome
    log = outcome.change_log | {"parcels_touched": touched.total}
    log["message"] += _on(touched)
    against = [
        outline
        for outline, bearing in zip(regions_of(log), touched.bearings, strict=True)
        if bearing is not None and bearing.standing.is_against
    ]
    return replace(
        outcome,
        change_log=told_under(log, touched.bearings),
        sightings=tuple(_graver(sighting, against) for sighting in outcome.sightings),
        parcels=touched.named,
    )


def _on(touched: Touched) -> str:
    """Say on which parcels a change lies, of those that are surely touched."""
    surely = [parcel for parcel in touched.named if parcel.standing is None and not parcel.is_maybe]
    if not surely:
        return ""
    names = ", ".join(short(parcel.name) for parcel in surely[:_NAMED_IN_TEXT])
    more = len(surely) - _NAMED_IN_TEXT
    return f"; on {names}" + (f" and {more} more" if more > 0 else "")


def _graver(sighting: Sighting, against: list[Outline]) -> Sighting:
    if not (sighting.is_told and sighting.severity and against and touch(sighting.outlines, against)):
        return sighting
    return replace(sighting, severity=raised(sighting.severity))
