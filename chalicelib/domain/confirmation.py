"""Changes that are told when a second, later image shows them still: until then they were seen once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from chalicelib.domain.changes import Change, Reason, Region, may_hold_later
from chalicelib.domain.places import KnownPart, touch
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.unseen import NOTICED


class Twice(NamedTuple):
    """What a tile's comparisons come to where a change wants two images."""

    pair: Change  # its regions are those that are told
    slow: Change | None
    is_seen_again: bool  # some of them are those that an earlier image showed: the pictures are of that comparison


def waiting_in(ignored: Iterable[dict[str, Any]]) -> tuple[Region, ...]:
    """Return the regions, of those that a comparison ignored, that a later image is to confirm."""
    return tuple(Region.from_ignored(kept) for kept in ignored if kept["reason"] == Reason.SEEN_ONCE)


def told_twice(
    pair: Change,
    slow: Change | None,
    again: Change | None,
    *,
    waiting: Sequence[Region],
    is_same_day: bool,
    known: Sequence[KnownPart],
    thresholds: Thresholds,
    reference_id: int,
    baseline_id: int | None,
) -> Twice:
    """Let nothing be told that this image alone shows, where its area wants two; and what an earlier one showed too.

    `again` compares this image with the one that the `waiting` regions were seen against: what touches one of them
    there, or in the comparison with the baseline, was seen twice. What cannot be seen now goes on waiting; so does
    all of it where the image that showed it is of the same day.
    """
    seen = () if again is None else again.above(thresholds)
    confirmed = [replace(region, is_confirmed=True) for region in seen if _is_on(region, waiting)]
    fresh = [region for region in pair.above(thresholds) if not _is_on(region, confirmed)]
    held: list[Region] = []
    if thresholds.is_confirmed_twice:
        held = [_once(region, reference_id) for region in fresh if not region.is_confirmed]
        fresh = [region for region in fresh if region.is_confirmed]
        slow, of_slow = _slow_twice(slow, () if is_same_day else waiting, known, thresholds, baseline_id)
        held += [region for region in of_slow if not _is_on(region, [*held, *confirmed, *fresh])]
    told = [*confirmed, *fresh, *(slow.regions if slow else ())]
    left = [region for region in waiting if not _is_on(region, [*told, *held]) and _may_be_there(region, pair, again)]
    small = [region for region in pair.regions if region.area_m2 < thresholds.min_changed_area_m2]
    ordered = sorted([*confirmed, *fresh, *small], key=lambda region: (-region.area_m2, region.bounds))
    shown = again if again is not None and confirmed else pair
    both = replace(shown, regions=tuple(ordered), ignored=(*pair.ignored, *held, *left), clear_share=pair.clear_share)
    return Twice(both, slow, bool(confirmed))


def _slow_twice(
    slow: Change | None,
    waiting: Sequence[Region],
    known: Sequence[KnownPart],
    thresholds: Thresholds,
    baseline_id: int | None,
) -> tuple[Change | None, list[Region]]:
    if slow is None or baseline_id is None:
        return slow, []
    held = [
        _once(region, baseline_id)
        for region in slow.regions
        if region.area_m2 >= thresholds.min_changed_area_m2
        and not _is_on(region, waiting)
        and not any(touch([region.outline], part.outlines) for part in known)
    ]
    outlines = [region.outline for region in held]
    regions = tuple(region for region in slow.regions if region.outline not in outlines)
    return replace(slow, regions=regions, ignored=(*slow.ignored, *held)), held


def _once(region: Region, against: int) -> Region:
    return replace(region, reason=Reason.SEEN_ONCE, seen_against=against)


def _is_on(region: Region, others: Iterable[Region]) -> bool:
    return any(touch([region.outline], [other.outline]) for other in others)


def _may_be_there(region: Region, pair: Change, again: Change | None) -> bool:
    """Whether a region may still be there that this image does not show: nothing hides it else, and it has gone."""
    if again is None or 1.0 - pair.clear_share > NOTICED:
        return True
    return any(_is_on(region, [other]) for other in again.ignored if may_hold_later(other.reason, other.score))
