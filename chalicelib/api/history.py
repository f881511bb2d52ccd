"""The history of an area's images: what is stored of it, what each one is kept for, and pins."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from chalice.app import Request
from pydantic import Field

from chalicelib.api.http import Api, ApiModel, Body, queried, queried_only
from chalicelib.api.images import image_path
from chalicelib.api.queries import answer_said, share_said, time_said
from chalicelib.application.ports.links import Links
from chalicelib.composition import Ports
from chalicelib.domain.accounts import SignIn
from chalicelib.domain.errors import Invalid
from chalicelib.domain.holds import checked_reason
from chalicelib.domain.image_history import ImageFilter, PastImage
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.retention import Use
from chalicelib.domain.tiles import Tile

api = Api(__name__)
MOST_REASON = 200  # characters of a pin's
MOST_USES = 100  # of one image, in an answer
QUERY: Sequence[str] = ("tile", "from", "to", "provider", "clearShareMin", "isPinned")


class UseOut(ApiModel):
    """One use of an image, for which it is kept whatever its age."""

    use: Annotated[Use, Field(description="What it is kept for.")]
    id: Annotated[int | None, Field(description="The hold, the alert or the place, where it is one.")]


class PastImageOut(ApiModel):
    """An image that was stored of one tile, and how long it is kept."""

    id: Annotated[int, Field(description="Its number, for `/api/images/{image_id}/pin`.")]
    area_config_id: Annotated[int, Field(description="The area.")]
    alert_session_id: Annotated[int, Field(description="The session that stored it.")]
    tile: Annotated[str, Field(description="The tile, z/x/y.")]
    bounds: Annotated[list[float], Field(description="The ground it shows: west, south, east, north.")]
    taken_at: Annotated[datetime, Field(description="When it was taken, or fetched where that is not known.")]
    captured_at: Annotated[datetime | None, Field(description="When it was taken, where that is known.")]
    stored_at: Annotated[datetime, Field(description="Since when it is stored: its days count from then.")]
    provider: Annotated[str, Field(description="Whose picture it is.")]
    attribution: Annotated[str, Field(description="The words to show beside it.")]
    scene_id: Annotated[str, Field(description="The provider's name for the scene.")]
    clear_share: Annotated[float, Field(description="How much of tile and area it shows clearly, 0 to 1.")]
    size_bytes: Annotated[int, Field(description="Bytes of its picture, as it was stored.")]
    image_path: Annotated[str | None, Field(description="Where it is loaded from; null once it was dropped.")]
    is_pinned: Annotated[bool, Field(description="Whether it is pinned.")]
    pin_reason: Annotated[str | None, Field(description="Why.")]
    used_by: Annotated[list[UseOut], Field(description="What it is kept for, whatever its age.")]
    kept_until: Annotated[
        datetime | None,
        Field(description="When its days end; null while something uses it, and once it was dropped."),
    ]
    is_beyond_count: Annotated[
        bool, Field(description="Whether its tile has more images than are kept: then it goes before that.")
    ]
    dropped_at: Annotated[datetime | None, Field(description="When retention dropped it: its picture is gone.")]

    @classmethod
    def of(cls, past: PastImage, *, links: Links, now: datetime) -> PastImageOut:
        """Show it."""
        image, standing = past.image, past.standing
        uses = (
            sorted(standing.used_by, key=lambda each: (list(Use).index(each.use), each.number or 0)) if standing else []
        )
        return cls(
            id=image.image_id,
            area_config_id=image.area_id,
            alert_session_id=image.session_id,
            tile=str(image.view.tile),
            bounds=list(image.view.bounds),
            taken_at=image.taken_at,
            captured_at=image.captured_at,
            stored_at=image.fetched_at,
            provider=image.provider,
            attribution=image.attribution,
            scene_id=image.scene_id,
            clear_share=round(image.clear_share, 4),
            size_bytes=past.size_bytes,
            image_path=None if past.dropped_at else image_path(image.key, links=links, now=now),
            is_pinned=past.pin is not None,
            pin_reason=None if past.pin is None else past.pin.reason,
            used_by=[UseOut(use=each.use, id=each.number) for each in uses[:MOST_USES]],
            kept_until=None if standing is None else standing.until,
            is_beyond_count=bool(standing and standing.until and standing.is_beyond),
            dropped_at=past.dropped_at,
        )


class KeptOut(ApiModel):
    """What of an area is stored, and for how long."""

    images: Annotated[int, Field(description="Images that are stored of it; what areas share counts for each.")]
    stored_bytes: Annotated[int, Field(description="Bytes of their pictures.")]
    pinned: Annotated[int, Field(description="How many are pinned.")]
    dropped: Annotated[int, Field(description="Images whose pictures were dropped: their rows stay.")]
    image_days: Annotated[int, Field(description="Days for which an image is kept that nothing uses.")]
    images_per_tile: Annotated[int, Field(description="Images that are kept of a tile.")]
    bands_days: Annotated[int, Field(description="Days for which an image with bands is kept instead.")]


class PinBody(Body):
    """Why an image is kept."""

    reason: Annotated[str, Field(max_length=1000, examples=["evidence for the complaint of March"])]


def _tile(request: Request) -> Tile | None:
    text = queried(request, "tile")
    try:
        return None if text is None else Tile.parse(text)
    except Invalid:
        raise Invalid("tile is z/x/y, as 17/96780/57975", pointer="tile") from None


@api.route(
    "/api/area-configs/{area_id}/images", response=list[PastImageOut], is_paged=True, whole=50, query=tuple(QUERY)
)
def list_area_images(
    ports: Ports, request: Request, sign_in: SignIn, area_id: int, page: PageRequest
) -> Page[PastImageOut]:
    """List what was stored of an area, or of one tile, the newest capture first, and what each is kept for."""
    queried_only(request, *QUERY, "limit", "cursor", "total")
    wanted = ImageFilter(
        tile=_tile(request),
        since=time_said(request, "from"),
        before=time_said(request, "to"),
        provider=queried(request, "provider"),
        clear_share_min=share_said(request, "clearShareMin"),
        is_pinned=answer_said(request, "isPinned"),
    )
    found = ports.image_history.of_area(area_id, user_id=sign_in.user.user_id, wanted=wanted, page=page)
    now = ports.clock()
    return found.shown(lambda past: PastImageOut.of(past, links=ports.links, now=now))


@api.route("/api/area-configs/{area_id}/kept", response=KeptOut)
def get_kept(ports: Ports, sign_in: SignIn, area_id: int) -> KeptOut:
    """Say how much is stored of an area, and how long it is kept."""
    totals, policy = ports.image_history.totals(area_id, user_id=sign_in.user.user_id), ports.retention_policy
    return KeptOut(
        images=totals.images,
        stored_bytes=totals.size_bytes,
        pinned=totals.pinned,
        dropped=totals.dropped,
        image_days=policy.image_days,
        images_per_tile=policy.images_per_tile,
        bands_days=policy.bands_days,
    )


@api.route("/api/images/{image_id}/pin", method="PUT", body=PinBody, response=PastImageOut, extra_statuses=(409,))
def pin_image(ports: Ports, sign_in: SignIn, image_id: int, body: PinBody) -> PastImageOut:
    """Keep an image, whatever its age and number."""
    reason, now = checked_reason(body.reason, most=MOST_REASON), ports.clock()
    pinned = ports.image_history.pin(image_id, user_id=sign_in.user.user_id, reason=reason, now=now)
    return PastImageOut.of(pinned, links=ports.links, now=now)


@api.route("/api/images/{image_id}/pin", method="DELETE", status=204)
def unpin_image(ports: Ports, sign_in: SignIn, image_id: int) -> None:
    """Let an image go again when its time has come."""
    ports.image_history.unpin(image_id, user_id=sign_in.user.user_id)
