"""Stored images, through links that are signed, expire, and open one object each."""

from __future__ import annotations

from datetime import datetime

from chalice.app import Request, Response

from chalicelib.api.http import Api, ApiModel, Binary, queried
from chalicelib.application.ports.links import Links
from chalicelib.composition import Ports
from chalicelib.domain.images import TileImage
from chalicelib.domain.tiles import bounds_of, centre_of

api = Api(__name__)

PREFIX = "captured_images/"  # the existing client puts what follows it behind `static_images/`
REDIRECT_EXPIRES_S = 300
CACHED_S = 7 * 86_400  # the bytes behind a key never change


class TileOut(ApiModel):
    """A stored image of one tile, as its latest comparison left it."""

    id: int
    area_config_id: int
    session_id: int
    unique_key: str
    latitude: float
    longitude: float
    bounds: list[float]  # west, south, east, north
    capture_time: datetime
    captured_at: datetime | None  # when the satellite or plane was there, where that is known
    fetched_at: datetime
    image_path: str
    clearly_seen_at: datetime | None  # when the image was taken that showed the tile clearly last; null: not known
    status: str
    last_comparison_time: datetime | None
    change_detected: bool | None
    provider: str
    attribution: str
    gsd_m: float

    @classmethod
    def of(cls, tile_image: TileImage, *, links: Links, now: datetime) -> TileOut:
        """Show a stored image."""
        image = tile_image.image
        bounds = bounds_of(image.view.tile)
        longitude, latitude = centre_of(bounds)
        return cls(
            id=image.image_id,
            area_config_id=image.area_id,
            session_id=image.session_id,
            unique_key=str(image.view.tile),
            latitude=latitude,
            longitude=longitude,
            bounds=list(bounds),
            capture_time=image.taken_at,
            captured_at=image.captured_at,
            fetched_at=image.fetched_at,
            image_path=image_path(image.key, links=links, now=now),
            clearly_seen_at=tile_image.clearly_seen_at,
            status=tile_image.status.value,
            last_comparison_time=tile_image.compared_at,
            change_detected=tile_image.is_changed,
            provider=image.provider,
            attribution=image.attribution,
            gsd_m=image.view.gsd_m,
        )


def image_path(key: str, *, links: Links, now: datetime) -> str:
    """Return an image's path as the contract's client reads it; nothing of one that was dropped."""
    return key and PREFIX + links.sign(key, now=now)


@api.route(
    "/static_images/{area_id}/{name}",
    response="image/png",
    extra_statuses=(302, 403),
    query=("expires", "signature"),
    public=True,
)
def get_image(ports: Ports, request: Request, area_id: int, name: str) -> Response:
    """Load an image by its signed link: the bytes, or a redirect to where they are."""
    key = f"{area_id}/{name}"
    ports.links.check(
        key,
        expires=queried(request, "expires") or "",
        signature=queried(request, "signature") or "",
        now=ports.clock(),
    )
    location = ports.images.link(key, expires_s=REDIRECT_EXPIRES_S)
    if location is not None:
        return Response(body="", status_code=302, headers={"Location": location, "Content-Type": "text/plain"})
    return Binary(
        ports.images.get(key),
        media_type="image/png",
        headers={"Cache-Control": f"private, max-age={CACHED_S}, immutable"},
    )
