"""The images that tile runs capture beside the ones that they compare, in the database."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.exc import IntegrityError
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.claims import is_held
from chalicelib.adapters.database.engine import writes
from chalicelib.adapters.database.images import confirm_image, insert_image
from chalicelib.adapters.database.rows import image_of
from chalicelib.application.ports.tile_images import TileImages
from chalicelib.domain.images import StoredImage
from chalicelib.domain.scenes import Scene
from chalicelib.domain.tile_runs import CaptureClaim, Captured

RUN, IMAGE = t.session_tiles, t.image_tiles
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
    @writes
    def confirm(self, connection: Connection, image: StoredImage, scene: Scene) -> None:
        confirm_image(connection, image.image_id, scene)

    @override
    @writes
    def note_unusable(self, connection: Connection, claim: CaptureClaim, reason: str | None) -> None:
        connection.execute(update(RUN).where(is_held(claim)).values(unusable=reason and reason[:MAX_UNUSABLE]))
