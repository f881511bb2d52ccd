"""Parcels of layers, in the database: what they are called, and their ground, each only for the layer's owner."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from sqlalchemy import Connection, Engine, func, select
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import reads
from chalicelib.adapters.database.layer_rows import outlines_of_text
from chalicelib.adapters.database.paging import AnyRow
from chalicelib.application.ports.parcels import LayerText, Parcels
from chalicelib.domain.errors import Invalid, NotFound
from chalicelib.domain.shapes import Ground, too_many_corners
from chalicelib.domain.survey_numbers import ParcelText

LAYER, VERSION, LAND, PARCEL = t.layers, t.layer_versions, t.layer_lands, t.parcels
AT_ONCE = 500  # ids of one statement
MOST_GROUND_MB = 32  # of corners, as text: what the API has memory for; 65,000 plots of sixteen corners


class SqlParcels(Parcels):
    """The port `Parcels`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @reads
    def texts(self, connection: Connection, layer_id: int, *, user_id: int) -> LayerText:
        version_id = _version(connection, layer_id, user_id, None)
        query = select(PARCEL.c.id, PARCEL.c.name, PARCEL.c.tags).where(PARCEL.c.layer_version_id == version_id)
        rows = connection.execute(query.order_by(PARCEL.c.number))
        return LayerText(version_id, [ParcelText(row.id, row.name, json.loads(row.tags)) for row in rows])

    @override
    @reads
    def ground(
        self,
        connection: Connection,
        layer_id: int,
        *,
        user_id: int,
        version_id: int | None,
        parcel_ids: Sequence[int] | None,
    ) -> Ground:
        of_version = PARCEL.c.layer_version_id == (found := _version(connection, layer_id, user_id, version_id))
        query = select(PARCEL.c.geometry).where(of_version)
        if parcel_ids is None:
            land = connection.execute(select(LAND).where(LAND.c.layer_version_id == found)).one_or_none()
            if land is not None:  # not kept of versions from before
                return _joined(land)
            size = select(func.sum(func.length(PARCEL.c.geometry))).where(of_version)
            _check_size(int(connection.execute(size).scalar() or 0))
            texts = list(connection.execute(query).scalars())
        else:
            wanted = sorted(set(parcel_ids))
            texts = [
                text
                for begin in range(0, len(wanted), AT_ONCE)
                for text in connection.execute(query.where(PARCEL.c.id.in_(wanted[begin : begin + AT_ONCE]))).scalars()
            ]
            if len(texts) < len(wanted):
                missing = len(wanted) - len(texts)
                raise NotFound(f"{missing} of these parcels are not in this version of layer {layer_id}")
            _check_size(sum(map(len, texts)))
        return Ground(tuple(outline for text in texts for outline in outlines_of_text(text)))


def _joined(land: AnyRow) -> Ground:
    if land.geometry is None:
        raise too_many_corners(land.corners)
    return Ground(outlines_of_text(land.geometry), land.filled_m or 0.0)


def _check_size(size: int) -> None:
    megabytes = math.ceil(size / 1e6)
    if megabytes > MOST_GROUND_MB:
        raise Invalid(
            f"the borders of these parcels take {megabytes} MB; at most {MOST_GROUND_MB} are watched as one area: "
            "make areas of fewer of them, or import the file with simpler borders",
            pointer="/layerId",
        )


def _version(connection: Connection, layer_id: int, user_id: int, version_id: int | None) -> int:
    """Return the version of a user's layer that is asked for, whole. Raises NotFound."""
    mine = (LAYER.c.id == layer_id) & (LAYER.c.user_id == user_id) & LAYER.c.deleted_at.is_(None)
    query = select(LAYER.c.current_version_id).where(mine, LAYER.c.current_version_id.is_not(None))
    current = connection.execute(query).scalar()
    if current is None:
        raise NotFound(f"there is no layer {layer_id}")
    if version_id is None or version_id == current:
        return int(current)
    is_it = (VERSION.c.id == version_id) & (VERSION.c.layer_id == layer_id) & VERSION.c.written_until.is_(None)
    if connection.execute(select(VERSION.c.id).where(is_it)).first() is None:
        raise NotFound(f"there is no version {version_id} of layer {layer_id}")
    return version_id
