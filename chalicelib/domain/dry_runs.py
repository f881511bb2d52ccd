"""Dry runs: what an area's past comparisons would have told by other settings, before those are kept.

The regions are judged again by the rule that judged them (`evidence.py`), session by session in their order: what is
told of a place once is known after that, as it is in the trip.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from chalicelib.domain.changes import EVIDENCE, Reason, may_hold_later
from chalicelib.domain.evidence import Evidence, NotKnownError, judge_again
from chalicelib.domain.places import step_m2, touch
from chalicelib.domain.slow_changes import NUISANCES
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Outline
from chalicelib.domain.unseen import Unseen

_BY_SETTINGS = frozenset(
    {
        None,
        Reason.BELOW_SIZE,
        Reason.BELOW_SCORE,
        Reason.KIND_NOT_ASKED_FOR,
        Reason.HAZE,
        Reason.VEIL,
        Reason.SEASON_LIKE,
        Reason.NO_DATA_EDGE,
        Reason.NOT_YET_SURE,
    }
)
"""The reasons that other settings may take away or bring."""


class Why(StrEnum):
    """Why a region is not told in a dry run, where that is no reason of its own."""

    TOLD_EARLIER = "told earlier"
    HAS_NOT_GROWN_ENOUGH = "has not grown enough"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRegion:
    """A region of a stored comparison, as it was judged then."""

    outline: Outline
    m2: float
    score: float
    kind: str | None
    reason: Reason | None
    is_told: bool
    is_slow: bool  # seen against the baseline
    is_confirmed: bool
    grew_from_m2: float | None
    evidence: Evidence | None  # None of one from before it was kept, and where no settings matter

    @classmethod
    def of(cls, kept: Mapping[str, Any], *, is_told: bool, is_slow: bool) -> KeptRegion:
        """Read a region of a change log, or of what a comparison ignored."""
        reason, evidence = kept.get("reason"), kept.get(EVIDENCE)
        return cls(
            outline=kept["outline"]["coordinates"],
            m2=kept["area_m2"],
            score=kept["score"],
            kind=kept.get("kind"),
            reason=reason and Reason(reason),
            is_told=is_told,
            is_slow=is_slow,
            is_confirmed=bool(kept.get("confirmed")),
            grew_from_m2=kept.get("grew_from_m2"),
            evidence=evidence and Evidence.of(evidence),
        )

    @property
    def is_exact(self) -> bool:
        """Whether what other settings would make of it was kept, as far as it was looked at."""
        return self.evidence is not None or self.reason not in _BY_SETTINGS


class SeenPlace(NamedTuple):
    """A place as one tile run saw it."""

    place_id: int
    outlines: Sequence[Outline]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What was stored of one tile run that compared."""

    run_id: int
    session_id: int
    tile: str
    alert_id: int | None
    compared_by: str  # the key of the thresholds
    regions: tuple[KeptRegion, ...]
    places: tuple[SeenPlace, ...] = ()

    @property
    def is_exact(self) -> bool:
        """Whether all that other settings are judged by was kept of it."""
        return all(region.is_exact for region in self.regions)


class PastSession(NamedTuple):
    """A session that is replayed."""

    session_id: int
    started_at: datetime
    unseen: Unseen | None


class Dropped(NamedTuple):
    """A region that is not told any more."""

    region: KeptRegion
    why: Reason | Why

    @property
    def may_come_later(self) -> bool:
        """Whether the next image is to settle it: that was not looked at."""
        return isinstance(self.why, Reason) and may_hold_later(self.why, self.region.score)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What one tile run would have told."""

    run: Compared
    told: tuple[KeptRegion, ...]
    dropped: tuple[Dropped, ...] = ()
    open: tuple[KeptRegion, ...] = ()  # whether these are told depends on what was not looked at
    is_sure: bool = True  # that there is an alert; False: all that is told may go as well

    @property
    def is_alert(self) -> bool:
        """Whether there is an alert of it."""
        return bool(self.told)

    @property
    def may_come(self) -> bool:
        """Whether there may be one, where there was none."""
        return not self.told and self.run.alert_id is None and bool(self.open)


@dataclass
class DryRun:
    """A replay of tile runs, in their order, by other thresholds."""

    thresholds: Thresholds
    told_places: set[int]  # before the first of them; then those that the replay tells
    _came: dict[str, list[Outline]] = field(default_factory=dict)  # by tile: told in the replay, and not then

    def replay(self, run: Compared) -> Replayed:
        """Judge what a tile run saw anew."""
        told: list[KeptRegion] = []
        sure = 0
        dropped: list[Dropped] = []
        unknown: list[KeptRegion] = []
        against = [region.outline for region in run.regions if not region.is_slow and region.reason in NUISANCES]
        for region in sorted(run.regions, key=lambda region: region.is_slow):
            try:
                why: Reason | Why | None = self._reason(region, run.compared_by)
            except NotKnownError:
                if region.is_told:
                    told.append(region)  # nothing says that it goes
                elif not (region.is_slow and (self._is_known(region, run) or _touches(region, against))):
                    unknown.append(region)
                continue
            why = why or self._known(region, run, told, against)
            if why is None and self._waits(region):
                unknown.append(region)
            elif why is None:
                told.append(region)
                sure += 1
            elif region.is_told:
                dropped.append(Dropped(region, why))
        self._remember(run, told)
        is_sure = sure > 0 or not told
        return Replayed(run=run, told=tuple(told), dropped=tuple(dropped), open=tuple(unknown), is_sure=is_sure)

    def _waits(self, region: KeptRegion) -> bool:
        """Whether a region that was not told would be seen once now: a later image decides about it."""
        is_confirmed = region.evidence is not None and region.evidence.is_confirmed
        return self.thresholds.is_confirmed_twice and not (region.is_told or is_confirmed)

    def _reason(self, region: KeptRegion, compared_by: str) -> Reason | None:
        if region.reason is Reason.SEEN_ONCE:
            return region.reason  # whether it was told later is a later image's
        if region.evidence is not None:
            return judge_again(region.evidence, self.thresholds)
        if region.reason not in _BY_SETTINGS or compared_by == self.thresholds.key:
            return region.reason
        return _by_size(region, compared_by, self.thresholds)

    def _known(
        self, region: KeptRegion, run: Compared, told: Sequence[KeptRegion], against: Sequence[Outline]
    ) -> Why | None:
        """Return why something is not told though nothing rules it out: people know of it, or will be told beside."""
        if _touches(region, self._came.get(run.tile, ())):
            return Why.TOLD_EARLIER
        if region.grew_from_m2 is not None:
            return None if self._has_grown(region, region.grew_from_m2, run) else Why.HAS_NOT_GROWN_ENOUGH
        if region.is_told or not region.is_slow:
            return None
        here = [other.outline for other in told if not other.is_slow]
        is_known = self._is_known(region, run) or _touches(region, [*here, *against])
        return Why.TOLD_EARLIER if is_known else None

    def _has_grown(self, region: KeptRegion, told_m2: float, run: Compared) -> bool:
        """Whether a place that was told for its growth has grown enough: by what it was held against then, it has."""
        step = step_m2(told_m2, self.thresholds)
        least_m2, share_m2 = float(run.compared_by.partition("/")[0]), step - self.thresholds.min_changed_area_m2
        if share_m2 > 0 or step <= least_m2:
            return True
        whole_m2 = sum(other.m2 for other in run.regions if other.grew_from_m2 == region.grew_from_m2)
        return whole_m2 >= told_m2 + step

    def _is_known(self, region: KeptRegion, run: Compared) -> bool:
        return any(place.place_id in self.told_places for place in run.places if _is_of(region, place))

    def _remember(self, run: Compared, told: Sequence[KeptRegion]) -> None:
        self.told_places |= {place.place_id for place in run.places if any(_is_of(region, place) for region in told)}
        came = [region.outline for region in told if not region.is_told]
        if came:
            self._came.setdefault(run.tile, []).extend(came)


def _by_size(region: KeptRegion, compared_by: str, thresholds: Thresholds) -> Reason | None:
    """Judge a region from before evidence was kept: as far as only the smallest m2 differs. Raises NotKnownError."""
    if region.reason in (None, Reason.BELOW_SIZE) and region.m2 < thresholds.min_changed_area_m2:
        return Reason.BELOW_SIZE
    is_same_else = compared_by.partition("/")[2] == thresholds.key.partition("/")[2]
    if is_same_else and region.reason is not Reason.BELOW_SIZE:
        return region.reason
    raise NotKnownError


def _touches(region: KeptRegion, outlines: Sequence[Outline]) -> bool:
    return bool(outlines) and touch([region.outline], outlines)


def _is_of(region: KeptRegion, place: SeenPlace) -> bool:
    return region.outline in place.outlines or _touches(region, place.outlines)
