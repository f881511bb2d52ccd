"""The images that tile runs capture beside the ones that they compare, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.exc import IntegrityError
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.claims import is_held
from chalicelib.adapters.database.engine import reads, writes
from chalicelib.adapters.database.images import confirm_image, insert_image
from chalicelib.adapters.database.rows import image_of
from chalicelib.adapters.database.seasons import with_bands
from chalicelib.application.ports.tile_images import TileImages
from chalicelib.domain.images import StoredImage
from chalicelib.domain.scenes import Scene
from chalicelib.domain.seasons import Window
from chalicelib.domain.tile_runs import CaptureClaim, Captured

RUN, IMAGE, AREA = t.session_tiles, t.image_tiles, t.area_configs
MAX_UNUSABLE = 2000  # characters of the reasons, all together


class SqlTileImages(TileImages):
    """The port `TileImages`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    def keep(self, claim: CaptureClaim, captured: Captured, *, is_baseline: bool) -> StoredImage | None:
        try:
            return self._keep(claim, captured, is_baseline=is_baseline)
        except IntegrityError:  # its session is gone, or this run has an image of that time: a later claim's
            return None

    @writes
    def _keep(
        self, connection: Connection, claim: CaptureClaim, captured: Captured, *, is_baseline: bool
    ) -> StoredImage | None:
        if connection.execute(select(RUN.c.id).where(is_held(claim)).with_for_update()).first() is None:
            return None
        image_id = insert_image(connection, claim, captured, is_baseline=is_baseline)
        row = connection.execute(select(IMAGE).where(IMAGE.c.id == image_id)).one()
        return image_of(row)

    @override
    @reads
    def times_with_bands(
        self, connection: Connection, claim: CaptureClaim, windows: Sequence[Window]
    ) -> list[tuple[datetime, float]]:
        of_tile = with_bands(claim.area_id, claim.provider, claim.view, windows)
        rows = connection.execute(of_tile.with_only_columns(IMAGE.c.taken_at, IMAGE.c.clear_share))
        return [(row.taken_at, row.clear_share) for row in rows]

    @override
    def keep_apart(self, claim: CaptureClaim, captured: Captured) -> bool:
        try:
            return self._keep_apart(claim, captured)
        except IntegrityError:  # its session is gone, or this run has an image of that time
            return False

    @writes
    def _keep_apart(self, connection: Connection, claim: CaptureClaim, captured: Captured) -> bool:
        # Under the area's lock, as whoever purges it: nothing is kept of an area that goes.
        is_there = (AREA.c.id == claim.area_id) & AREA.c.deleted_at.is_(None)
        if connection.execute(select(AREA.c.id).where(is_there).with_for_update()).first() is None:
            return False
        insert_image(connection, claim, captured, is_apart=True)
        return True

    @override
    @writes
    def confirm(self, connection: Connection, image: StoredImage, scene: Scene) -> None:
        confirm_image(connection, image.image_id, scene)

    @override
    @writes
    def note_unusable(self, connection: Connection, claim: CaptureClaim, reason: str | None) -> None:
        connection.execute(update(RUN).where(is_held(claim)).values(unusable=reason and reason[:MAX_UNUSABLE]))
