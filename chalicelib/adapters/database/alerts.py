"""Alerts, and what was seen without alerting, in the database: each only for the owner of the area."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, Text, bindparam, func, select, type_coerce
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import reads
from chalicelib.adapters.database.named_parcel_rows import named_by_alerts, named_of
from chalicelib.adapters.database.owned import ONE_SESSION_ID, THAT_SESSION
from chalicelib.adapters.database.paging import AnyRow, Listing, Part, counted, page_of
from chalicelib.adapters.database.rows import OF_IMAGE, alert_of, failure_of, ignored_of, tile_image_of, unseen_tile_of
from chalicelib.application.ports.alerts import Alerts
from chalicelib.domain.alerts import Alert, Ignored
from chalicelib.domain.errors import NotFound
from chalicelib.domain.images import TileImage
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.parcels import NamedParcel
from chalicelib.domain.sessions import Failure
from chalicelib.domain.tile_runs import Verdict
from chalicelib.domain.unseen import UnseenTile

SIGHTING, NAMED = t.place_sightings, t.named_parcels
IMAGE, ALERT, SESSION, RUN, DONE = t.image_tiles, t.alert_details, t.alert_sessions, t.session_tiles, t.comparisons
REFERENCE = IMAGE.alias("reference")

# In the order of the ids and with a limit, the optimiser would rather walk the whole table from its beginning.
_BY_SESSION = "FORCE INDEX (ix_session_tiles_session_id_verdict)"
_BY_UNSEEN = "FORCE INDEX (ix_session_tiles_session_id_unseen_since)"

# Made once: to make a statement takes as long as to run it.
_RUNS = select(RUN).where(RUN.c.session_id == THAT_SESSION)
_NEWER = Part("image", OF_IMAGE, after=len(ALERT.c))
_OLDER = Part(
    "reference",
    [REFERENCE.c[name] for name in ("object_key", "captured_at", "attribution")],
    after=len(ALERT.c) + len(OF_IMAGE),
)
_ALERTS = Listing.newest_first(
    select(ALERT.c.id).where(ALERT.c.session_id == THAT_SESSION),
    ALERT.c.id,
    shown=select(ALERT, *_NEWER.columns, *_OLDER.columns)
    # One that is missing must not take its alert out of the list.
    .outerjoin(IMAGE, IMAGE.c.id == ALERT.c.image_id)
    .outerjoin(REFERENCE, REFERENCE.c.id == ALERT.c.reference_id),
)
_FAILED = Listing.oldest_first(_RUNS.where(RUN.c.verdict == Verdict.FAILED), RUN.c.id)
_UNSEEN = Listing.oldest_first(
    _RUNS.where(RUN.c.unseen_since.is_not(None)).with_hint(RUN, _BY_UNSEEN, "mysql"), RUN.c.id
)
_PLACES = select(SIGHTING.c.tile_run_id, SIGHTING.c.place_id).where(
    SIGHTING.c.tile_run_id.in_(bindparam("runs", expanding=True)),
    SIGHTING.c.is_told.is_(True),
    SIGHTING.c.place_id.is_not(None),
)


class SqlAlerts(Alerts):
    """The port `Alerts`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @reads
    def of_session(
        self, connection: Connection, session_id: int, *, user_id: int, page: PageRequest
    ) -> Page[tuple[Alert, TileImage]]:
        rows, total = _of_session(_ALERTS, connection, session_id, user_id, page)
        return page_of(rows, page, total, lambda shown: _with_images(connection, shown))

    @override
    @reads
    def failures(self, connection: Connection, session_id: int, *, user_id: int, page: PageRequest) -> Page[Failure]:
        rows, total = _of_session(_FAILED, connection, session_id, user_id, page)
        return page_of(rows, page, total, lambda shown: [failure_of(row) for row in shown])

    @override
    @reads
    def unseen(self, connection: Connection, session_id: int, *, user_id: int, page: PageRequest) -> Page[UnseenTile]:
        rows, total = _of_session(_UNSEEN, connection, session_id, user_id, page)
        return page_of(rows, page, total, lambda shown: [unseen_tile_of(row) for row in shown])

    @override
    @reads
    def ignored(self, connection: Connection, session_id: int, *, user_id: int, page: PageRequest) -> Page[Ignored]:
        _check_owner(connection, session_id, user_id)
        is_made_here = (
            (DONE.c.image_id == RUN.c.image_id)
            & (DONE.c.reference_id == RUN.c.reference_id)
            & (DONE.c.created_at == RUN.c.ended_at)  # written with it; another of this pair was another time
            & (func.length(type_coerce(DONE.c.ignored, Text)) > len("null"))  # neither that nor an empty list
        )
        query = (
            select(
                IMAGE,
                REFERENCE.c.object_key.label("reference_key"),
                DONE.c.verdict,
                DONE.c.ignored,
                RUN.c.id.label("run_id"),
            )
            .select_from(RUN)
            .join(DONE, is_made_here)
            .join(IMAGE, IMAGE.c.id == RUN.c.image_id)
            .join(REFERENCE, REFERENCE.c.id == RUN.c.reference_id)
            .where(RUN.c.session_id == session_id)
            .with_hint(RUN, _BY_SESSION, "mysql")
        )
        rows = connection.execute(
            query.where(RUN.c.id > (page.after or 0)).order_by(RUN.c.id).limit(page.limit + 1)
        ).all()
        total = counted(connection, query, page, rows)
        keys = [int(row.run_id) for row in rows[: page.limit]]
        items = [ignored_of(row) for row in rows[: page.limit]]
        return Page(items, total, keys[-1] if len(rows) > page.limit else None, keys)

    @override
    @reads
    def parcels(self, connection: Connection, alert_id: int, *, user_id: int, page: PageRequest) -> Page[NamedParcel]:
        session_id = connection.execute(select(ALERT.c.session_id).where(ALERT.c.id == alert_id)).scalar()
        asked = {"wanted": session_id, "owner": user_id}
        if session_id is None or connection.execute(ONE_SESSION_ID, asked).first() is None:
            raise NotFound(f"there is no alert {alert_id}")
        query = select(NAMED).where(NAMED.c.alert_id == alert_id)
        behind = query.where(NAMED.c.id > (page.after or 0)).order_by(NAMED.c.id).limit(page.limit + 1)
        rows = connection.execute(behind).all()
        total = counted(connection, query, page, rows)
        return page_of(rows, page, total, lambda shown: [named_of(row) for row in shown])


def _of_session(
    listing: Listing, connection: Connection, session_id: int, user_id: int, page: PageRequest
) -> tuple[Sequence[AnyRow], int | None]:
    """Read a page of what belongs to a user's session. Whether there is one is asked only where nothing does."""
    rows, total = listing.read(connection, page, {"wanted": session_id, "owner": user_id})
    if not rows:
        _check_owner(connection, session_id, user_id)
    return rows, total


def _check_owner(connection: Connection, session_id: int, user_id: int) -> None:
    if connection.execute(ONE_SESSION_ID, {"wanted": session_id, "owner": user_id}).first() is None:
        raise NotFound(f"there is no session {session_id}")


def _with_images(connection: Connection, rows: Sequence[AnyRow]) -> list[tuple[Alert, TileImage]]:
    places = _places_of(connection, [row.tile_run_id for row in rows])
    parcels = named_by_alerts(connection, [row.id for row in rows if row.change_log.get("parcels_touched")])
    found = []
    for row in rows:
        image, reference = _NEWER.of(row), _OLDER.of(row)
        named = parcels.get(row.id, ())
        alert = alert_of(row, image, reference, place_ids=places.get(row.tile_run_id, ()), parcels=named)
        found.append((alert, tile_image_of(image)))
    return found


def _places_of(connection: Connection, run_ids: Sequence[int]) -> dict[int, set[int]]:
    """Return, by tile run, the places that its alert is about."""
    places: dict[int, set[int]] = {}
    for run_id, place_id in connection.execute(_PLACES, {"runs": list(run_ids)}):
        places.setdefault(run_id, set()).add(place_id)
    return places
