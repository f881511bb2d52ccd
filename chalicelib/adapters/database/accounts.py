"""Users, their sign-ins and devices, in the database."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, bindparam, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from typing_extensions import override

from chalicelib.adapters.database import audit
from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.account_rows import address_hash, device_of, user_of
from chalicelib.adapters.database.engine import insert_row, reads, writes
from chalicelib.application.ports.accounts import Accounts
from chalicelib.domain.accounts import DEVICES_PER_USER, Device, LiveSignIn, Rotation, SignIn, User, email_key
from chalicelib.domain.audit import Deed
from chalicelib.domain.errors import Conflict, LimitReached, NotFound, NotSignedIn

USER, SIGN_IN, REFRESH, DEVICE = t.users, t.sign_ins, t.refresh_tokens, t.devices

# Made once: every request asks this, and to make a statement takes as long as to run it.
_SIGNED_IN = (
    select(USER)
    .join(SIGN_IN, SIGN_IN.c.user_id == USER.c.id)
    .where(SIGN_IN.c.id == bindparam("sign_in"), SIGN_IN.c.revoked_at.is_(None))
    .where(SIGN_IN.c.expires_at > bindparam("now"))
)


class SqlAccounts(Accounts):
    """The port `Accounts`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @writes
    def add_user(
        self, connection: Connection, *, email: str, password_hash: str, profile: str | None, now: datetime
    ) -> User:
        row = {"email": email.strip(), "email_key": email_key(email), "password_hash": password_hash}
        try:
            with connection.begin_nested():
                user_id = insert_row(connection, USER, **row, profile=profile, created_at=now, updated_at=now)
        except IntegrityError:
            raise Conflict("this e-mail address has an account already") from None
        audit.append(connection, Deed.REGISTERED, now=now, user_id=user_id)
        return user_of(connection.execute(select(USER).where(USER.c.id == user_id)).one())

    @override
    @reads
    def find_user(self, connection: Connection, email: str) -> tuple[User, str] | None:
        row = connection.execute(select(USER).where(USER.c.email_key == email_key(email))).one_or_none()
        return None if row is None else (user_of(row), row.password_hash)

    @override
    @writes
    def set_password_hash(self, connection: Connection, user_id: int, password_hash: str) -> None:
        connection.execute(update(USER).where(USER.c.id == user_id).values(password_hash=password_hash))

    @override
    @writes
    def sign_in(
        self,
        connection: Connection,
        user_id: int,
        *,
        refresh_hash: str,
        now: datetime,
        expires_at: datetime,
        network: str = "",
        client: str = "",
        unchanged_since: datetime | None = None,
    ) -> int:
        if unchanged_since is not None:
            # Locked: a change of the password waits for this sign-in and ends it, or came first and is seen here.
            is_it = (USER.c.id == user_id) & (USER.c.updated_at == unchanged_since)
            if connection.execute(select(USER.c.id).where(is_it).with_for_update()).first() is None:
                raise NotSignedIn("the e-mail address or the password is wrong")
        of = {"network": network[:64] or None, "client": client[:100] or None}
        sign_in_id = insert_row(connection, SIGN_IN, user_id=user_id, created_at=now, expires_at=expires_at, **of)
        insert_row(connection, REFRESH, sign_in_id=sign_in_id, token_hash=refresh_hash, expires_at=expires_at)
        about = f"sign-in {sign_in_id}"
        audit.append(connection, Deed.SIGNED_IN, now=now, user_id=user_id, network=network, about=about)
        return sign_in_id

    @override
    @reads
    def is_known(self, connection: Connection, user_id: int, network: str) -> bool:
        is_it = (SIGN_IN.c.user_id == user_id) & (SIGN_IN.c.network == network)
        return connection.execute(select(SIGN_IN.c.id).where(is_it).limit(1)).first() is not None

    @override
    @reads
    def signed_in(self, connection: Connection, sign_in_id: int, *, now: datetime) -> SignIn:
        row = connection.execute(_SIGNED_IN, {"sign_in": sign_in_id, "now": now}).one_or_none()
        if row is None:
            raise NotSignedIn("you are signed out: sign in again")
        return SignIn(sign_in_id=sign_in_id, user=user_of(row))

    @override
    def rotate_refresh(
        self, old_hash: str, *, nonce: str, new_hash: str, now: datetime, expires_at: datetime, grace: timedelta
    ) -> Rotation:
        rotated = self._rotate(old_hash, nonce, new_hash=new_hash, now=now, expires_at=expires_at, grace=grace)
        if rotated is None:  # apart from the transaction, which has ended the sign-in and must keep it ended
            raise NotSignedIn("this refresh token is not valid any more: sign in again")
        sign_in_id, of_first_use = rotated
        return Rotation(sign_in=self.signed_in(sign_in_id, now=now), nonce=of_first_use)

    @writes
    def _rotate(
        self,
        connection: Connection,
        old_hash: str,
        nonce: str,
        *,
        new_hash: str,
        now: datetime,
        expires_at: datetime,
        grace: timedelta,
    ) -> tuple[int, str] | None:
        is_it = REFRESH.c.token_hash == old_hash
        fresh = is_it & REFRESH.c.used_at.is_(None) & (REFRESH.c.expires_at > now)
        used = update(REFRESH).where(fresh).values(used_at=now, successor_nonce=nonce)
        rotated = connection.execute(used).rowcount
        row = connection.execute(select(REFRESH).where(is_it)).one_or_none()
        if row is None:
            return None
        if not rotated:
            if row.used_at is None:
                return None
            if row.successor_nonce is not None and now - row.used_at <= grace:
                return int(row.sign_in_id), str(row.successor_nonce)
            self._end(connection, row.sign_in_id, now, Deed.REFRESH_REUSED)
            return None
        insert_row(connection, REFRESH, sign_in_id=row.sign_in_id, token_hash=new_hash, expires_at=expires_at)
        still_in = (SIGN_IN.c.id == row.sign_in_id) & SIGN_IN.c.revoked_at.is_(None)
        connection.execute(update(SIGN_IN).where(still_in).values(expires_at=expires_at))
        return int(row.sign_in_id), nonce

    @override
    @reads
    def sign_ins(self, connection: Connection, user_id: int, *, now: datetime) -> list[LiveSignIn]:
        is_live = (SIGN_IN.c.user_id == user_id) & SIGN_IN.c.revoked_at.is_(None) & (SIGN_IN.c.expires_at > now)
        return [
            LiveSignIn(
                sign_in_id=row.id,
                created_at=row.created_at,
                expires_at=row.expires_at,
                network=row.network,
                client=row.client,
            )
            for row in connection.execute(select(SIGN_IN).where(is_live).order_by(SIGN_IN.c.id.desc()).limit(1000))
        ]

    @override
    @writes
    def end_sign_in(self, connection: Connection, sign_in_id: int, *, user_id: int, now: datetime) -> None:
        is_its = (SIGN_IN.c.id == sign_in_id) & (SIGN_IN.c.user_id == user_id)
        is_live = is_its & SIGN_IN.c.revoked_at.is_(None) & (SIGN_IN.c.expires_at > now)
        if not connection.execute(update(SIGN_IN).where(is_live).values(revoked_at=now)).rowcount:
            raise NotFound(f"there is no sign-in {sign_in_id}")
        audit.append(connection, Deed.SIGN_IN_ENDED, now=now, user_id=user_id, about=f"sign-in {sign_in_id}")

    @override
    @writes
    def change_password(
        self, connection: Connection, user_id: int, *, old_hash: str, new_hash: str, now: datetime
    ) -> None:
        is_it = (USER.c.id == user_id) & (USER.c.password_hash == old_hash)
        values = {"password_hash": new_hash, "updated_at": now}
        if not connection.execute(update(USER).where(is_it).values(**values)).rowcount:
            raise Conflict("the password was changed just now")
        is_live = (SIGN_IN.c.user_id == user_id) & SIGN_IN.c.revoked_at.is_(None)
        connection.execute(update(SIGN_IN).where(is_live).values(revoked_at=now))
        audit.append(connection, Deed.PASSWORD_CHANGED, now=now, user_id=user_id)

    @override
    @writes
    def delete_ended(self, connection: Connection, *, before: datetime, limit: int) -> int:
        is_over = (SIGN_IN.c.expires_at < before) | (SIGN_IN.c.revoked_at < before)
        ended = connection.execute(select(SIGN_IN.c.id).where(is_over).limit(limit)).scalars().all()
        connection.execute(delete(REFRESH).where(REFRESH.c.sign_in_id.in_(ended)))
        return connection.execute(delete(SIGN_IN).where(SIGN_IN.c.id.in_(ended))).rowcount if ended else 0

    @override
    @writes
    def sign_out(self, connection: Connection, sign_in_id: int, *, now: datetime) -> None:
        self._end(connection, sign_in_id, now, Deed.SIGNED_OUT)

    @staticmethod
    def _end(connection: Connection, sign_in_id: int, now: datetime, deed: Deed) -> None:
        is_live = (SIGN_IN.c.id == sign_in_id) & SIGN_IN.c.revoked_at.is_(None)
        if not connection.execute(update(SIGN_IN).where(is_live).values(revoked_at=now)).rowcount:
            return
        user_id = connection.execute(select(SIGN_IN.c.user_id).where(SIGN_IN.c.id == sign_in_id)).scalar_one()
        audit.append(connection, deed, now=now, user_id=user_id, about=f"sign-in {sign_in_id}")

    @override
    @writes
    def add_device(self, connection: Connection, user_id: int, *, token: str, platform: str, now: datetime) -> Device:
        connection.execute(select(USER.c.id).where(USER.c.id == user_id).with_for_update())
        is_it = DEVICE.c.token_hash == address_hash(token)
        values = {"user_id": user_id, "platform": platform, "seen_at": now}
        count = select(func.count()).select_from(DEVICE).where(DEVICE.c.user_id == user_id, ~is_it)
        if connection.execute(count).scalar_one() >= DEVICES_PER_USER:
            raise LimitReached(f"a user has at most {DEVICES_PER_USER} devices: remove one first")
        try:
            with connection.begin_nested():
                insert_row(connection, DEVICE, token=token, token_hash=address_hash(token), created_at=now, **values)
        except IntegrityError:
            connection.execute(update(DEVICE).where(is_it).values(**values))
        return device_of(connection.execute(select(DEVICE).where(is_it)).one())

    @override
    @reads
    def devices(self, connection: Connection, user_id: int) -> list[Device]:
        query = select(DEVICE).where(DEVICE.c.user_id == user_id).order_by(DEVICE.c.id)
        return [device_of(row) for row in connection.execute(query)]

    @override
    @writes
    def remove_device(self, connection: Connection, device_id: int, *, user_id: int) -> None:
        is_it = (DEVICE.c.id == device_id) & (DEVICE.c.user_id == user_id)
        if not connection.execute(delete(DEVICE).where(is_it)).rowcount:
            raise NotFound(f"there is no device {device_id}")
