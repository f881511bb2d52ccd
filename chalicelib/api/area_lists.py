"""Your areas as a list: searched, sorted by what waits for you, and each with what was seen of it last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from chalice.app import Request
from pydantic import Field

from chalicelib.api import areas
from chalicelib.api.area_answers import AreaOut
from chalicelib.api.http import ApiModel, queried
from chalicelib.api.queried_ids import queried_ids
from chalicelib.composition import Ports
from chalicelib.domain.accounts import SignIn
from chalicelib.domain.area_lists import MOST_COUNTED, AreaFilter, AreaLook, AreaOrder, Attention, AttentionCounts
from chalicelib.domain.areas import Area
from chalicelib.domain.errors import Invalid
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.sessions import Session

api = areas.api  # one, for a path's methods are of one
W = TypeVar("W", bound=StrEnum)


class LatestOut(ApiModel):
    """What a list of areas shows of a session: not all of it, which `/api/alerts/sessions/{session_id}` is for."""

    id: Annotated[int, Field(description="Its number.")]
    start_time: Annotated[datetime, Field(description="When it began.")]
    end_time: Annotated[datetime | None, Field(description="When it ended; null while it runs.")]
    status: Annotated[str, Field(description="As in a session.")]
    reason: Annotated[str | None, Field(description="Why it ended as it did, where the status does not say.")]
    severity: Annotated[str | None, Field(description="The highest of its alerts; null while it runs.")]
    total_changes_detected: Annotated[int, Field(description="Tiles on which it found a change.")]
    counts_by_verdict: Annotated[dict[str, int], Field(description="Its tiles that are done.")]
    tiles_planned: Annotated[int, Field(description="Its tiles.")]
    tiles_done: Annotated[int, Field(description="Those that are done.")]
    all_clear: Annotated[bool, Field(description="All of its ground was seen and compared, and nothing had changed.")]

    @classmethod
    def of(cls, session: Session) -> LatestOut:
        """Show it."""
        return cls(
            id=session.session_id,
            start_time=session.started_at,
            end_time=session.ended_at,
            status=session.status.value,
            reason=session.reason,
            severity=session.severity,
            total_changes_detected=session.alerts,
            counts_by_verdict={str(verdict): count for verdict, count in session.counts_by_verdict.items()},
            tiles_planned=session.tiles_planned,
            tiles_done=session.tiles_done,
            all_clear=session.is_all_clear,
        )


class ListedAreaOut(AreaOut):
    """An area in a list, with what was seen of it last, unless the list is asked for without any parameter."""

    attention: Annotated[Attention | None, Field(description="What of it waits for a person.")] = None
    open_places: Annotated[
        int | None,
        Field(description=f"Places in it that have changed and are not settled; {MOST_COUNTED} means that or more."),
    ] = None
    last_session: Annotated[
        LatestOut | None, Field(description="The newest of the area as it is now; null: there was none yet.")
    ] = None
    last_change: Annotated[LatestOut | None, Field(description="The newest that found a change; null: none has.")] = (
        None
    )

    @classmethod
    def listed(cls, area: Area, look: AreaLook, ports: Ports) -> ListedAreaOut:
        """Show an area with what was seen of it."""
        return cls(
            **dict(AreaOut.of(area, ports, look.standing)),
            attention=look.attention,
            open_places=look.open_places,
            last_session=None if look.latest is None else LatestOut.of(look.latest),
            last_change=None if look.latest_change is None else LatestOut.of(look.latest_change),
        )


class AttentionOut(ApiModel):
    """How many areas you have, and how many of them wait for what."""

    areas: Annotated[int, Field(description="All of them.")]
    running: Annotated[int, Field(description="Those that are being looked at right now.")]
    by_attention: Annotated[dict[str, int], Field(description="By what of them waits for a person.")]

    @classmethod
    def of(cls, counts: AttentionCounts) -> AttentionOut:
        """Show them."""
        by_attention = {each.value: counts.by_attention.get(each, 0) for each in Attention}
        return cls(areas=counts.areas, running=counts.running, by_attention=by_attention)


def _word(words: type[W], said: str, pointer: str) -> W:
    if said not in set(words):
        raise Invalid(f"{pointer} is one of {', '.join(each.value for each in words)}", pointer=pointer)
    return words(said)


def _wanted(request: Request) -> AreaFilter:
    attention, order = queried(request, "attention"), queried(request, "order")
    return AreaFilter(
        search=(queried(request, "search") or "").strip(),
        attention=frozenset(_word(Attention, word, "attention") for word in (attention or "").split(",") if word),
        ids=queried_ids(request, "ids"),
        order=AreaOrder.OLDEST if order is None else _word(AreaOrder, order, "order"),
    )


QUERY: Sequence[str] = ("search", "attention", "ids", "order")


@api.route("/api/area-configs", response=list[ListedAreaOut], is_paged=True, query=tuple(QUERY))
def list_areas(ports: Ports, request: Request, sign_in: SignIn, page: PageRequest) -> Page[Any]:
    """List your areas, oldest first or what waits for you first, with what was seen of each last."""
    user_id, wanted = sign_in.user.user_id, _wanted(request)
    if not request.query_params:  # the first client, that cannot go on: all of a thousand areas has to fit
        found = ports.area_lists.of_user(user_id, wanted=wanted, page=page)
        standings = ports.areas.standings([area.area_id for area in found.items])
        return found.shown(lambda area: AreaOut.of(area, ports, standings.get(area.area_id)))
    looked_at = ports.area_lists.looked_at(user_id, wanted=wanted, page=page)
    return looked_at.shown(lambda found: ListedAreaOut.listed(*found, ports))


@api.route("/api/area-configs/attention", response=AttentionOut)
def count_areas(ports: Ports, sign_in: SignIn) -> AttentionOut:
    """Count your areas by what of them waits for you."""
    return AttentionOut.of(ports.area_lists.counts(sign_in.user.user_id))
