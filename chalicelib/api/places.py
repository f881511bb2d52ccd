"""Places: changes as people know them, over seams and sessions; and what an area looks like when it is accepted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from chalice.app import Request
from pydantic import Field

from chalicelib.api.answers import LARGEST_PAGE, MOST_BYTES, fitting_items
from chalicelib.api.http import Api, ApiModel, queried_only
from chalicelib.api.images import image_path
from chalicelib.api.named_parcels import NamedParcelOut
from chalicelib.api.queried_ids import queried_id
from chalicelib.api.queries import answer_said, time_said
from chalicelib.application.ports.links import Links
from chalicelib.composition import Ports
from chalicelib.domain.accounts import SignIn
from chalicelib.domain.kinds import Kind
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.parcels import MOST_NAMED
from chalicelib.domain.places import Place, PlaceFilter, Seen
from chalicelib.domain.tiles import Outline, centre_of

api = Api(__name__)
MOST_SIGHTINGS = 500  # tiles in a place's history
MOST_OUTLINES = 200


class PlaceOut(ApiModel):
    """A change as people know it: what touches, over tile seams and sessions, is one place."""

    id: Annotated[int, Field(description="Its number, for `/api/places/{place_id}`.")]
    area_config_id: Annotated[int, Field(description="The area in which it lies.")]
    state: Annotated[
        Literal["open", "accepted"],
        Field(description="`open` until it is settled; `accepted` once its area's baseline was moved past it."),
    ]
    first_seen: Annotated[datetime, Field(description="When the first image that shows it was taken.")]
    last_seen: Annotated[datetime, Field(description="When the newest image that shows it was taken.")]
    area_m2: Annotated[float, Field(description="Square metres that have changed, as seen last.")]
    severity: Annotated[
        Literal["low", "medium", "high"] | None,
        Field(description="The highest that an alert gave it; null if none did."),
    ]
    kind: Annotated[Kind, Field(description="What changed there; `other` as well from before there were kinds.")]
    kind_probability: Annotated[
        float | None, Field(description="How probable that kind is, 0 to 1; null from before there were kinds.")
    ]
    bounds: Annotated[
        list[float], Field(description="West, south, east, north, in degrees.", min_length=4, max_length=4)
    ]
    centre: Annotated[
        list[float], Field(description="Longitude, latitude of its middle, in degrees.", min_length=2, max_length=2)
    ]

    @classmethod
    def of(cls, place: Place) -> PlaceOut:
        """Show a place."""
        return cls(**_members(place))


class SeenImageOut(ApiModel):
    """One tile's image of a place."""

    unique_key: Annotated[str, Field(description="The tile, z/x/y.")]
    image_tile_id: Annotated[int, Field(description="The image.")]
    image_path: Annotated[str, Field(description="Where it is loaded from, until its link expires.")]
    alert_id: Annotated[int | None, Field(description="The alert that told of it; null where it was seen, not told.")]


class SeenOut(ApiModel):
    """What one session saw of a place."""

    alert_session_id: Annotated[int, Field(description="The session.")]
    seen_at: Annotated[datetime, Field(description="When the newest of its images was taken.")]
    area_m2: Annotated[float, Field(description="Square metres that had changed by then.")]
    is_told: Annotated[bool, Field(description="Whether an alert of the session shows it.")]
    images: Annotated[list[SeenImageOut], Field(description="Its images, one for each tile that showed it.")]

    @classmethod
    def of(cls, seen: Seen, *, links: Links, now: datetime) -> SeenOut:
        """Show it."""
        return cls(
            alert_session_id=seen.session_id,
            seen_at=seen.seen_at,
            area_m2=seen.area_m2,
            is_told=seen.is_told,
            images=[
                SeenImageOut(
                    unique_key=str(each.tile),
                    image_tile_id=each.image_id,
                    image_path=image_path(each.image_key, links=links, now=now),
                    alert_id=each.alert_id,
                )
                for each in seen.tiles
            ],
        )


class MultiPolygonOut(ApiModel):
    """A GeoJSON MultiPolygon."""

    type: Annotated[Literal["MultiPolygon"], Field(description="GeoJSON's word.")]
    coordinates: Annotated[
        list[list[list[list[float]]]],
        Field(description="Polygons of closed rings of longitude, latitude; a polygon's first ring is its rim."),
    ]

    @classmethod
    def of(cls, outlines: Sequence[Outline]) -> MultiPolygonOut:
        """Show outlines."""
        polygons = [[[list(corner) for corner in ring] for ring in outline] for outline in outlines]
        return cls(type="MultiPolygon", coordinates=polygons)


class PlaceDetails(PlaceOut):
    """A place with its outlines and its history."""

    outlines: Annotated[MultiPolygonOut, Field(description=f"Its outlines as seen last, {MOST_OUTLINES} at most.")]
    parcels: Annotated[
        list[NamedParcelOut],
        Field(description=f"Parcels of your layers that it touches, as it was seen last: {MOST_NAMED} at most."),
    ]
    history: Annotated[
        list[SeenOut], Field(description=f"What each session saw, the oldest first; the newest {MOST_SIGHTINGS} tiles.")
    ]


class AcceptedOut(ApiModel):
    """That an area's baseline was moved."""

    message: Annotated[str, Field(description="What was done, as a sentence.")]
    baseline_at: Annotated[datetime, Field(description="From now on images are compared with those of this time.")]
    places_accepted: Annotated[int, Field(description="How many open places that settled.")]


def _members(place: Place) -> dict[str, Any]:
    return {
        "id": place.place_id,
        "area_config_id": place.area_id,
        "state": place.state.value,
        "first_seen": place.first_seen_at,
        "last_seen": place.last_seen_at,
        "area_m2": place.area_m2,
        "severity": place.severity and place.severity.value,
        "kind": place.kind,
        "kind_probability": place.kind_probability and round(place.kind_probability, 3),
        "bounds": list(place.bounds),
        "centre": list(centre_of(place.bounds)),
    }


def place_filter(request: Request, *, area: str) -> PlaceFilter:
    """Return which places a query asks for; `area` names its parameter for the area. Raises Invalid."""
    return PlaceFilter(queried_id(request, area), time_said(request, "since"), answer_said(request, "open"))


QUERY: Sequence[str] = ("area", "since", "open")


@api.route("/api/places", response=list[PlaceOut], is_paged=True, whole=LARGEST_PAGE, query=tuple(QUERY))
def list_places(ports: Ports, request: Request, sign_in: SignIn, page: PageRequest) -> Page[PlaceOut]:
    """List the places of your areas, the newest first: of one area, seen since a time, open or not."""
    queried_only(request, *QUERY, "limit", "cursor", "total")
    found = ports.places.of_user(sign_in.user.user_id, wanted=place_filter(request, area="area"), page=page)
    return found.shown(PlaceOut.of)


@api.route("/api/places/{place_id}", response=PlaceDetails, extra_statuses=(400,))
def get_place(ports: Ports, request: Request, sign_in: SignIn, place_id: int) -> PlaceDetails:
    """Show one place with its history. One that turned out to be part of another is answered with that one."""
    queried_only(request)
    place = ports.places.get(place_id, user_id=sign_in.user.user_id)
    seen = ports.places.history(place.place_id, most=MOST_SIGHTINGS)
    now = ports.clock()
    return PlaceDetails(
        **_members(place),
        outlines=MultiPolygonOut.of(list(fitting_items(place.outlines[:MOST_OUTLINES], most_bytes=MOST_BYTES // 2))),
        parcels=[NamedParcelOut.of(parcel) for parcel in place.parcels],
        history=[SeenOut.of(each, links=ports.links, now=now) for each in seen],
    )


@api.route("/api/area-configs/{area_id}/baseline", method="POST", response=AcceptedOut, extra_statuses=(400, 409))
def accept_baseline(ports: Ports, request: Request, sign_in: SignIn, area_id: int) -> AcceptedOut:
    """Accept what an area looks like now: from now on it is compared with that, and its open places are settled."""
    queried_only(request)
    now = ports.clock()
    settled = ports.places.accept_baseline(area_id, user_id=sign_in.user.user_id, now=now)
    return AcceptedOut(message="accepted as it looks now", baseline_at=now, places_accepted=settled)
