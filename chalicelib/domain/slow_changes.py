"""Slow changes: what a tile's two comparisons, with the image before and with the baseline, say together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from chalicelib.domain.changes import Change, Reason, Region
from chalicelib.domain.places import KnownPart, Sighting, lies_on, step_m2, touch
from chalicelib.domain.severity import highest, severity_of
from chalicelib.domain.thresholds import Thresholds

_STILL_SHOWN = frozenset({None, Reason.NOT_YET_SURE, Reason.COMES_BACK, Reason.KIND_NOT_ASKED_FOR})
"""The reasons under which a region of the baseline's comparison still shows a place that is known."""
NUISANCES = frozenset(
    {Reason.SHADOW_LIKE, Reason.SEASON_LIKE, Reason.HAZE, Reason.NO_DATA_EDGE, Reason.VEIL, Reason.COMES_BACK}
)
"""What the comparison with the image before sees in this ground speaks against a slow change there."""


class Judged(NamedTuple):
    """What a tile's comparison with its baseline comes to, beside the one with the image before."""

    slow: Change | None  # its regions are those that are told; None where there is no baseline to compare with
    sightings: tuple[Sighting, ...]  # of both comparisons
    told_before: tuple[Region, ...] = ()  # what the pair shows, and people were told of since its reference


def judge_together(pair: Change, slow: Change | None, *, known: Sequence[KnownPart], thresholds: Thresholds) -> Judged:
    """Say what of the baseline's comparison is told, and what both saw of which place.

    What the pair tells is told once: also where it is compared again, by other settings, or where the image that
    told it is no reference. A known place is told again by the baseline once it has grown, in this image and in the
    one before; until then it is seen, and no alert.
    """
    sightings, told_before = _told_before(pair.above(thresholds), known, thresholds)
    told = [region for region in pair.above(thresholds) if region not in told_before]
    if slow is None:
        sightings += [_sighting([region], None, is_told=True) for region in told]
        return Judged(None, tuple(sightings), told_before)
    shown = [region for region in (*slow.regions, *slow.ignored) if region.reason in _STILL_SHOWN]
    alerts: list[Region] = []
    left = [region for region in shown if not _touches_any(region, told_before)]
    told_here = list(told)
    for group in _by_place(known):
        again = [region for region in left if _meets(region, group)]
        fresh = [region for region in told_here if _meets(region, group)]
        if not again and not fresh:
            continue
        left = [region for region in left if region not in again]
        told_here = [region for region in told_here if region not in fresh]
        grown = [] if fresh else _grown(again, group, thresholds)
        told_m2 = round(sum(part.told_m2 for part in _measured(again, group)), 1)
        alerts += [replace(region, reason=None, is_slow=True, grew_from_m2=told_m2) for region in grown]
        place_id = group[0].place_id
        is_told = bool(grown or fresh)
        if again:
            sightings.append(_sighting(again, place_id, is_told=is_told))
        else:
            sightings.append(_sighting(fresh, None, is_told=True))
    for region in told_here:
        whole = [other for other in left if _touches_any(other, [region])]
        left = [other for other in left if other not in whole]
        sightings.append(_sighting(whole or [region], None, is_told=True))
    against = [region for region in pair.ignored if region.reason in NUISANCES]
    for region in left:
        if region.reason is not None or region.area_m2 < thresholds.min_changed_area_m2:
            continue
        if _touches_any(region, against):
            continue
        alerts.append(replace(region, is_slow=True))
        sightings.append(_sighting([region], None, is_told=True))
    ordered = sorted(alerts, key=lambda region: (-region.area_m2, region.bounds))
    told_outlines = [region.outline for region in alerts]
    ignored = [region for region in (*slow.regions, *slow.ignored) if region.outline not in told_outlines]
    return Judged(replace(slow, regions=tuple(ordered), ignored=tuple(ignored)), tuple(sightings), told_before)


def _told_before(
    told: Sequence[Region], known: Sequence[KnownPart], thresholds: Thresholds
) -> tuple[list[Sighting], tuple[Region, ...]]:
    """Return those of the pair's regions that people were told of since its reference, and what they show of places.

    One that is larger by a step than what was told, or told and accepted, is news all the same.
    """
    sightings: list[Sighting] = []
    found: list[Region] = []
    for group in _by_place(part for part in known if part.is_told_since):
        again = [region for region in told if region not in found and _meets(region, group)]
        measured = _measured(again, group)
        known_m2 = sum(part.known_m2 for part in measured)
        is_news = not known_m2 or _m2(again) >= known_m2 + step_m2(known_m2, thresholds)
        if again and not is_news:
            found += again
            sightings.append(replace(_sighting(again, group[0].place_id, is_told=True), is_news=False))
    return sightings, tuple(found)


def _touches_any(region: Region, others: Iterable[Region]) -> bool:
    return any(touch([region.outline], [other.outline]) for other in others)


def _by_place(known: Iterable[KnownPart]) -> list[list[KnownPart]]:
    places: dict[int, list[KnownPart]] = {}
    for part in known:
        places.setdefault(part.place_id, []).append(part)
    return list(places.values())


def _meets(region: Region, parts: Sequence[KnownPart]) -> bool:
    return any(touch([region.outline], part.outlines) for part in parts)


def _grown(regions: Sequence[Region], parts: Sequence[KnownPart], thresholds: Thresholds) -> list[Region]:
    """Return those regions of a known place that are worth an alert: none, unless it has grown enough since."""
    measured = _measured(regions, parts)
    told_m2, last_m2 = sum(part.told_m2 for part in measured), sum(part.area_m2 for part in measured)
    if min(last_m2, _m2(regions)) < told_m2 + step_m2(told_m2, thresholds):
        return []
    asked_for = [region for region in regions if region.reason is not Reason.KIND_NOT_ASKED_FOR]
    return [region for region in asked_for if region.area_m2 >= thresholds.min_changed_area_m2]


def _measured(regions: Sequence[Region], parts: Sequence[KnownPart]) -> list[KnownPart]:
    """Return the parts of a place that a tile's regions are held against: its own, and what they have come to cover."""
    outlines = [region.outline for region in regions]
    return [part for part in parts if part.is_here or (regions and lies_on(part.outlines, outlines))]


def _m2(regions: Sequence[Region]) -> float:
    return sum(region.area_m2 for region in regions)


def _sighting(regions: Sequence[Region], place_id: int | None, *, is_told: bool) -> Sighting:
    largest = max(regions, key=lambda region: region.area_m2)
    return Sighting(
        place_id=place_id,
        outlines=tuple(region.outline for region in regions),
        area_m2=round(_m2(regions), 1),
        severity=highest(severity_of(region.area_m2, region.score) for region in regions),
        is_told=is_told,
        kind=largest.kind,
        kind_probability=largest.kind_probability,
    )


def told_together(pair: Change, slow: Change | None, thresholds: Thresholds) -> Change:
    """Return the one change that an alert is about: the pair's pictures, unless the baseline alone shows something."""
    if slow is None or not slow.regions:
        return pair
    told = pair.above(thresholds)
    if not told:
        return replace(slow, clear_share=pair.clear_share, ignored=pair.ignored)
    both = sorted((*pair.regions, *slow.regions), key=lambda region: (-region.area_m2, region.bounds))
    return replace(pair, regions=tuple(both))
