"""Change how an area is watched."""

from __future__ import annotations

from chalicelib.application.ports.areas import Areas
from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.jobs import Jobs
from chalicelib.application.ports.sessions import Sessions
from chalicelib.domain.area_changes import LAND_CHANGED, Changes
from chalicelib.domain.areas import Area, Land, check_dated, check_hours, check_worth
from chalicelib.domain.cadences import cadence_of
from chalicelib.domain.errors import Invalid
from chalicelib.domain.scenes import ProviderTerms
from chalicelib.domain.thresholds import Thresholds, smallest_alert_m2


def change_area(
    area: Area,
    changes: Changes,
    *,
    version: int | None,
    terms: ProviderTerms | None,
    is_cadence_left: bool,
    is_smallest_left: bool,
    usual_cadence_hours: int | None,
    areas: Areas,
    sessions: Sessions,
    jobs: Jobs,
    clock: Clock,
    request_id: str,
) -> Area:
    """Change an area from now on; `terms` are its provider's, None where that is not set up here any more.

    What is left to its imagery is as it would be of a new area. Other land is of the version that it was checked with;
    with it the sessions that are open end: from that moment on nothing of them is written, and reconcile ends those
    whose end is not heard of here. Raises Invalid, NotFound, ChangedMeanwhile, and Conflict for land under a hold.
    """
    land = changes.get("land")
    if is_cadence_left:
        cadence = cadence_of(_set_up(terms, area), said=None, usual=usual_cadence_hours)
        changes = Changes(cadence_hours=cadence.hours, looks_on_arrival=cadence.on_arrival, schedule=None) | changes
    gsd_m = area.gsd_m if land is None else land.gsd_m
    if is_smallest_left:
        changes["min_changed_area_m2"] = smallest_alert_m2(None, terms=_set_up(terms, area), gsd_m=gsd_m)
    _check(area, changes, terms)
    if land is not None and version is None:
        version = area.version
    changed = areas.change(area.area_id, user_id=area.user_id, version=version, now=clock(), **changes)
    for session_id in areas.open_sessions(area.area_id) if land is not None else ():
        if not changed.is_of_its_land(session_id):
            jobs.send(sessions.end_open_tiles(session_id, LAND_CHANGED, now=clock(), request_id=request_id))
    return changed


def _set_up(terms: ProviderTerms | None, area: Area) -> ProviderTerms:
    if terms is None:
        raise Invalid(f"{area.plan.provider} is not set up here any more: say the number itself")
    return terms


def _check(area: Area, changes: Changes, terms: ProviderTerms | None) -> None:
    """Raise Invalid for what cannot be of this area."""
    if "cadence_hours" in changes:
        check_hours(changes["cadence_hours"])
    if changes.get("looks_on_arrival") and terms is not None and not (terms.tells_arrivals or terms.shows_arrivals):
        reason = f"{terms.name} does not tell when a scene has come: say cadenceHours or a schedule"
        raise Invalid(reason, pointer="/looksOnArrival")
    if changes.get("compare_since") is not None:
        check_dated(terms)
    of: Area | Land = changes.get("land", area)
    if "min_changed_area_m2" in changes or "land" in changes:
        kept = area.plan.thresholds.min_changed_area_m2
        smallest = Thresholds(min_changed_area_m2=changes.get("min_changed_area_m2", kept)).min_changed_area_m2
        if terms is not None:
            smallest = smallest_alert_m2(smallest, terms=terms, gsd_m=of.gsd_m)
        check_worth(of.m2, min_changed_area_m2=smallest)
