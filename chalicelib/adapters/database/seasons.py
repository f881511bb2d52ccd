"""The images with bands of a tile, in the database: those of earlier years among them, that nothing else asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, or_, select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.rows import image_of
from chalicelib.domain.images import ImageStatus, StoredImage
from chalicelib.domain.seasons import LEAST_CLEAR, Window, choose_of_seasons, windows
from chalicelib.domain.tiles import View

IMAGE = t.image_tiles
MOST_LOOKED_THROUGH = 400


def with_bands(area_id: int, provider: str, view: View, times: Sequence[Window]) -> Select[Any]:
    """Select the images of a tile that have bands, of some times; what is lost or misplaced is none of them."""
    tile = view.tile
    ground = {"area_id": area_id, "z": tile.z, "x": tile.x, "y": tile.y, "provider": provider}
    ground |= {"tile_px": view.tile_px, "margin_px": view.margin_px}
    of_times = or_(*(IMAGE.c.taken_at.between(*window) for window in times))
    is_there = IMAGE.c.bands_key.is_not(None) & (IMAGE.c.status != ImageStatus.ERROR)
    here = and_(*(IMAGE.c[name] == value for name, value in ground.items()))
    return select(IMAGE).where(here, of_times, is_there).order_by(IMAGE.c.taken_at.desc()).limit(MOST_LOOKED_THROUGH)


def images_of_seasons(connection: Connection, image: StoredImage) -> tuple[StoredImage, ...]:
    """Return what an image is held against: those of the same season of earlier years."""
    wanted = with_bands(image.area_id, image.provider, image.view, windows(image.taken_at))
    rows = connection.execute(wanted.where(IMAGE.c.clear_share >= LEAST_CLEAR, IMAGE.c.id != image.image_id))
    return tuple(choose_of_seasons(map(image_of, rows), taken_at=image.taken_at))
