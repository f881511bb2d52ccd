"""Users who are removed, in the database: what they are found by says so, and their own row goes last."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine, delete, select, update
from typing_extensions import override

from chalicelib.adapters.database import audit
from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.area_state_table import state_notices
from chalicelib.adapters.database.engine import reads, writes
from chalicelib.adapters.database.holds import standing_of
from chalicelib.adapters.database.layers import purge_layer
from chalicelib.adapters.database.purging import delete_some
from chalicelib.application.ports.removed_users import RemovedUsers
from chalicelib.domain.accounts import email_key
from chalicelib.domain.audit import Deed
from chalicelib.domain.errors import NotFound
from chalicelib.domain.holds import check_free
from chalicelib.domain.pushes import DeliveryStatus

USER, SIGN_IN, REFRESH, AREA, PUSH = t.users, t.sign_ins, t.refresh_tokens, t.area_configs, t.deliveries
# In the place of what a user is found by. No address is like it, which has an @; an index finds them.
REMOVED, BEHIND_REMOVED = "removed:", "removed;"
PART = 500  # rows of one transaction


class SqlRemovedUsers(RemovedUsers):
    """The port `RemovedUsers`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @writes
    def remove(self, connection: Connection, email: str, *, now: datetime) -> int:
        found = select(USER.c.id).where(USER.c.email_key == email_key(email)).with_for_update()
        user_id = connection.execute(found).scalar()
        if user_id is None:
            raise NotFound(f"there is no account of {email}")
        check_free(f"user {user_id}", standing_of(connection, user_id))
        nobody = {"email": "", "email_key": f"{REMOVED}{user_id}", "password_hash": "", "profile": None}
        # What begins meanwhile on the strength of the old password finds that the user was changed.
        connection.execute(update(USER).where(USER.c.id == user_id).values(**nobody, updated_at=now))
        is_live = (SIGN_IN.c.user_id == user_id) & SIGN_IN.c.revoked_at.is_(None)
        connection.execute(update(SIGN_IN).where(is_live).values(revoked_at=now))
        tokens = connection.execute(select(t.devices.c.token).where(t.devices.c.user_id == user_id)).scalars().all()
        his = (
            select(t.alert_sessions.c.id)
            .join(AREA, AREA.c.id == t.alert_sessions.c.area_id)
            .where(AREA.c.user_id == user_id)
        )
        is_waiting = PUSH.c.session_id.in_(his) & PUSH.c.address.in_(tokens) & (PUSH.c.status == DeliveryStatus.PENDING)
        waiting = connection.execute(select(PUSH.c.id).where(is_waiting)).scalars().all()
        connection.execute(update(PUSH).where(PUSH.c.id.in_(waiting)).values(status=DeliveryStatus.FAILED))
        connection.execute(delete(t.devices).where(t.devices.c.user_id == user_id))
        audit.append(connection, Deed.USER_REMOVED, now=now, user_id=user_id)
        return int(user_id)

    @override
    @reads
    def with_rows(self, connection: Connection, limit: int) -> list[int]:
        is_removed = (USER.c.email_key >= REMOVED) & (USER.c.email_key < BEHIND_REMOVED)
        query = select(USER.c.id).where(is_removed).order_by(USER.c.email_key).limit(limit)
        return list(connection.execute(query).scalars())

    @override
    @reads
    def areas(self, connection: Connection, user_id: int, *, limit: int) -> list[int]:
        his = (AREA.c.user_id == user_id) & AREA.c.deleted_at.is_(None)
        return list(connection.execute(select(AREA.c.id).where(his).order_by(AREA.c.id).limit(limit)).scalars())

    @override
    @writes
    def purge(self, connection: Connection, user_id: int, *, now: datetime) -> bool:
        is_he = (USER.c.id == user_id) & (USER.c.email_key == f"{REMOVED}{user_id}")
        if connection.execute(select(USER.c.id).where(is_he).with_for_update()).first() is None:
            return False  # somebody else was faster, or he was never removed
        left = PART
        ids = list(connection.execute(select(SIGN_IN.c.id).where(SIGN_IN.c.user_id == user_id).limit(left)).scalars())
        left -= delete_some(connection, REFRESH, REFRESH.c.sign_in_id.in_(ids), left)
        left -= delete_some(connection, SIGN_IN, SIGN_IN.c.id.in_(ids), left)  # nothing is left that refers to them
        left -= delete_some(connection, t.devices, t.devices.c.user_id == user_id, left)
        left -= audit.forget_some(connection, user_id, limit=max(left, 0))
        left -= delete_some(connection, t.layer_imports, t.layer_imports.c.user_id == user_id, max(left, 0))
        his_layers = select(t.layers.c.id).where(t.layers.c.user_id == user_id).order_by(t.layers.c.id)
        for layer_id in connection.execute(his_layers).scalars().all() if left > 0 else ():
            left = purge_layer(connection, layer_id, max(left, 0))
        if left <= 0:
            return True
        if connection.execute(select(AREA.c.id).where(AREA.c.user_id == user_id).limit(1)).first() is not None:
            return False  # they go first, with the notices of them
        if delete_some(connection, state_notices, state_notices.c.user_id == user_id, left) == left:
            return True
        connection.execute(delete(t.budgets).where(t.budgets.c.user_id == user_id))
        connection.execute(delete(USER).where(USER.c.id == user_id))
        audit.append(connection, Deed.USER_PURGED, now=now, user_id=user_id)
        return False
