"""The parcels that a change touches: which, how much of it lies inside each, and what their permits mean for it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import NamedTuple

from chalicelib.domain.layers import LayerKind, Parcel
from chalicelib.domain.outlines import Plane, Shape
from chalicelib.domain.overlaps import area_m2, inside_any_m2, is_inside_any, reaches_deeper, shared_m2
from chalicelib.domain.permits import AGAINST, INSIDE, SURELY, Bearing, Standing, standing_on
from chalicelib.domain.shapes import Outlines
from chalicelib.domain.tiles import Bounds, Outline

MOST_NAMED = 20  # of those that one change touches: the others are counted
LEAST_M2 = 0.5  # shared ground: less is how an outline was drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidParcel:
    """A parcel of a layer as it stands now, near a change."""

    layer_id: int
    layer_name: str
    kind: LayerKind
    accuracy_m: float  # how far off its border may lie; 0 where that is not known
    parcel: Parcel
    version: int = 1  # of its layer, from 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelFacts:
    """What else was true of a parcel when a change touched it: its layer may be gone by now, or another version."""

    version: int  # of its layer, from 1
    number: int  # of its row in that version's file
    m2: float
    accuracy_m: float  # how far off its border may lie; 0 where that is not known
    bounds: Bounds
    valid_from: date | None = None  # like the two behind it: of a permit
    valid_to: date | None = None
    state: str | None = None

    @classmethod
    def of(cls, laid: LaidParcel) -> ParcelFacts:
        """Return them."""
        parcel = laid.parcel
        return cls(
            version=laid.version,
            number=parcel.number,
            m2=parcel.m2,
            accuracy_m=laid.accuracy_m,
            bounds=parcel.bounds,
            valid_from=parcel.valid_from,
            valid_to=parcel.valid_to,
            state=parcel.state,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedParcel:
    """A parcel that a change touches, as it was when that was found."""

    layer_id: int
    layer_name: str
    version_id: int
    parcel_id: int
    name: str
    tags: Mapping[str, str]
    share: float  # of the change, that lies inside; 0 to 1
    is_maybe: bool  # its border is so near that, with what the layer may be off, it may be touched or not
    standing: Standing | None = None  # of a permit, on the day of the change
    reference: str | None = None  # of a permit
    facts: ParcelFacts | None = None  # None: it was named by a release that did not keep them
    outlines: Outlines | None = None  # None too where they were not asked for, or had too many corners to be kept


class Touched(NamedTuple):
    """The parcels that a change touches."""

    named: tuple[NamedParcel, ...] = ()  # permits first, then the largest shares; at most MOST_NAMED
    total: int = 0  # of all, also of those that are not named
    bearings: tuple[Bearing | None, ...] = ()  # of permits, on each region of the change


@dataclass(frozen=True, slots=True)
class _Measured:
    laid: LaidParcel
    shapes: list[Shape]
    m2: list[float]  # that each region shares with it
    standing: Standing | None


def touched(
    outlines: Sequence[Outline],
    near: Iterable[LaidParcel],
    *,
    day: date,
    smallest_m2: float,
    are_permits_all: bool = True,
) -> Touched:
    """Find which of the parcels near a change it touches; the change is its regions, and of that day.

    `smallest_m2` is what its area alerts on: so much outside of permits is allowed by none. Where not all permits there
    are among the parcels nothing is allowed: one that is missing may be against it.
    """
    plane = Plane(outlines[0][0][0])
    regions = [plane.shape(outline) for outline in outlines]
    whole = sum(map(area_m2, regions)) or 1.0
    found: list[tuple[NamedParcel, _Measured]] = []
    for laid in near:
        parcel = laid.parcel
        shapes = [plane.shape(outline) for outline in parcel.outlines]
        m2 = [shared_m2([region], shapes) for region in regions]
        is_maybe = _is_maybe(regions, shapes, sum(m2), laid.accuracy_m)
        if is_maybe is None:
            continue
        days = {"valid_from": parcel.valid_from, "valid_to": parcel.valid_to}
        standing = standing_on(day, state=parcel.state, **days) if laid.kind is LayerKind.PERMITS else None
        named = NamedParcel(
            layer_id=laid.layer_id,
            layer_name=laid.layer_name,
            version_id=parcel.version_id,
            parcel_id=parcel.parcel_id,
            name=parcel.name,
            tags=parcel.tags,
            share=round(min(1.0, sum(m2) / whole), 4),
            is_maybe=is_maybe,
            standing=standing,
            reference=parcel.reference,
            facts=ParcelFacts.of(laid),
            outlines=parcel.outlines,
        )
        found.append((named, _Measured(laid, shapes, m2, standing)))
    permits = [measured for _, measured in found if measured.standing is not None]
    bearings = tuple(
        _bearing(place, region, permits, smallest_m2, are_permits_all) for place, region in enumerate(regions)
    )
    ordered = sorted((named for named, _ in found), key=lambda each: (each.standing is None, -each.share, each.name))
    return Touched(tuple(ordered[:MOST_NAMED]), len(ordered), bearings)


def _is_maybe(regions: Sequence[Shape], shapes: Sequence[Shape], m2: float, accuracy_m: float) -> bool | None:
    """Whether a parcel is touched only if its layer lies right, or only if it does not; None: it is not touched."""
    pairs = list(product(regions, shapes))
    if m2 >= LEAST_M2:
        return accuracy_m > 0 and not any(reaches_deeper(region, shape, accuracy_m) for region, shape in pairs)
    is_near = accuracy_m > 0 and any(region.is_within(accuracy_m, shape) for region, shape in pairs)
    return True if is_near else None


def _bearing(
    place: int,
    region: Shape,
    permits: Sequence[_Measured],
    smallest_m2: float,
    are_permits_all: bool,  # noqa: FBT001 (of `touched`)
) -> Bearing | None:
    """Say what permits mean for one region: what is against it, else what allows it, else what would have."""
    whole = area_m2(region) or 1.0
    largest_first = sorted((each for each in permits if each.m2[place] > 0), key=lambda each: -each.m2[place])
    telling = [each for each in largest_first if each.m2[place] >= AGAINST * whole]
    against = [each for each in largest_first if each.standing and each.standing.is_against]
    if _at_least(min(AGAINST * whole, smallest_m2), region, place, against):
        named = [each for each in against if each in telling] or against[:1]
        for standing in (Standing.REVOKED, Standing.DISPUTED):
            if of_it := [each for each in named if each.standing is standing]:
                return _of(standing, of_it)
    valid = [each for each in largest_first if each.standing is Standing.VALID]
    enough_m2 = max(INSIDE * whole, whole - smallest_m2)
    for allowing in (valid[:1], valid) if are_permits_all else ():
        shapes = [shape for each in allowing for shape in each.shapes]
        if is_inside_any(region, shapes, m2=enough_m2) and _is_surely_inside(region, allowing, shapes, SURELY * whole):
            return _of(Standing.VALID, [each for each in allowing if each.m2[place] >= LEAST_M2] or allowing[:1])
    for standing in (Standing.EXPIRED, Standing.NOT_YET):
        if past := [each for each in telling if each.standing is standing]:
            return _of(standing, past)
    return None


def _at_least(m2: float, region: Shape, place: int, permits: Sequence[_Measured]) -> bool:
    """Whether so much of a region lies inside of permits: what several of them cover counts once."""
    each_m2 = [each.m2[place] for each in permits]
    if sum(each_m2) < m2 or max(each_m2, default=0.0) >= m2:  # however they overlap
        return sum(each_m2) >= m2
    return inside_any_m2(region, [shape for each in permits for shape in each.shapes]) >= m2


def _is_surely_inside(region: Shape, permits: Sequence[_Measured], shapes: Sequence[Shape], m2: float) -> bool:
    """Whether so much of a region is inside of permits wherever their layer lies, as far as it may be off."""
    off = max(each.laid.accuracy_m for each in permits)
    turns = (place * math.pi / 4 for place in range(8 if off else 0))
    shifts = [(off * math.cos(turn), off * math.sin(turn)) for turn in turns]
    return all(is_inside_any(region.moved(*shift), shapes, m2=m2) for shift in shifts)


def _of(standing: Standing, permits: Sequence[_Measured]) -> Bearing:
    names = (each.laid.parcel.reference or each.laid.parcel.name for each in permits)
    return Bearing(standing, tuple(dict.fromkeys(names)))
