"""The tile runs of a session, as their rows have them."""

from sqlalchemy import select

from chalicelib.adapters.database import tables as t


def runs_of(trip, session):
    """Give the rows of a session's tile runs, in the order of their ids."""
    with trip.engine.connect() as connection:
        query = select(t.session_tiles).where(t.session_tiles.c.session_id == session.session_id)
        return connection.execute(query.order_by(t.session_tiles.c.id)).all()
