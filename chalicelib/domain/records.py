"""What the trip needs from the database, in our words: the ports whose answers are rows. One transaction a method."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from chalicelib.domain.accounts import Device, SignIn, User
from chalicelib.domain.alerts import Alert, Delivery, Ignored, Notice, PushMade, Receipt, Target
from chalicelib.domain.areas import Area, NewArea
from chalicelib.domain.imagery import TileImage
from chalicelib.domain.jobs import Message, TileJob
from chalicelib.domain.paging import Page, Slice
from chalicelib.domain.sessions import CaptureClaim, Captured, Cause, Claim, ComparisonClaim, Outcome, Session
from chalicelib.domain.thresholds import Sensitivity


class Areas(Protocol):
    """The areas people watch."""

    def add(self, new: NewArea, *, now: datetime) -> Area:
        """Keep a new area; it is due at once."""
        ...

    def get(self, area_id: int, *, user_id: int) -> Area:
        """Give a user's area. Raises NotFound."""
        ...

    def of_user(self, user_id: int, *, page: Page) -> Slice[Area]:
        """Give a user's areas, oldest first."""
        ...

    def set_sensitivity(self, area_id: int, sensitivity: Sensitivity, *, user_id: int) -> Area:
        """Make a user's area alert more or less readily from now on. Raises NotFound."""
        ...

    def due(self, *, now: datetime, limit: int) -> list[int]:
        """Give the ids of areas whose time has come and that have no open session, longest overdue first."""
        ...

    def mark_deleted(self, area_id: int, *, user_id: int, now: datetime) -> list[int]:
        """Delete an area, so that nothing new can begin on it; give its open sessions' ids. Raises NotFound."""
        ...

    def open_sessions(self, area_id: int) -> list[int]:
        """Give the ids of an area's open sessions: at most one."""
        ...

    def deleted_with_rows(self, limit: int) -> list[int]:
        """Give the ids of deleted areas that still have rows."""
        ...

    def purge(self, area_id: int) -> bool:
        """Remove a deleted area's rows, unless a session of it is still open; say whether they are gone."""
        ...


class Sessions(Protocol):
    """Sessions. Every method is one transaction; messages it returns are in the outbox already."""

    def open_due(self, area_id: int, *, now: datetime) -> list[Message]:
        """Open the session that an area is due for; nothing if it is not due, gone, or has one open."""
        ...

    def open_now(self, area_id: int, cause: Cause, *, user_id: int, now: datetime) -> tuple[Session, list[Message]]:
        """Open a session at a user's wish, or give the one that is open already.

        The first wish for a new area is answered with the sweep that the clock has just made of it, if it has.
        With Cause.COMPARISON and every stored pair compared already, it gives the latest session and opens none.
        Raises NotFound, LimitReached, Conflict.
        """
        ...

    def get(self, session_id: int, *, user_id: int) -> Session:
        """Give a session of a user's area. Raises NotFound."""
        ...

    def of_user(self, user_id: int, *, page: Page) -> Slice[Session]:
        """Give the sessions of a user's areas, newest first."""
        ...

    def overdue(self, *, now: datetime, limit: int) -> list[int]:
        """Give the ids of open sessions past their deadline."""
        ...

    def end_open_tiles(self, session_id: int, outcome: Outcome, *, now: datetime) -> list[Message]:
        """End every open tile run of a session alike: it was cancelled, or ran out of time."""
        ...


class TileRuns(Protocol):
    """Tile runs, one tile in one session each. A worker claims one before it works on it."""

    def claim_capture(self, job: TileJob, *, now: datetime, lease_s: float) -> CaptureClaim | None:
        """Take hold of a tile run to capture it; None if that is done already. Raises Busy."""
        ...

    def claim_comparison(self, job: TileJob, *, now: datetime, lease_s: float) -> ComparisonClaim | None:
        """Take hold of a tile run to compare it; None if that is done already. Raises Busy."""
        ...

    def record_capture(self, claim: CaptureClaim, captured: Captured, *, now: datetime) -> list[Message]:
        """Keep a new image's row and go on to the comparison, or end the tile run where there is none to make.

        A claim that is no longer the latest writes nothing.
        """
        ...

    def end(self, claim: Claim, outcome: Outcome, *, now: datetime) -> list[Message]:
        """End a tile run with its verdict, and the session with its last one. A stale claim writes nothing."""
        ...

    def end_lost(self, job: TileJob, outcome: Outcome, *, now: datetime) -> list[Message]:
        """End the tile run of a dead letter, whoever holds it."""
        ...

    def release(self, claim: Claim) -> None:
        """Let go of a tile run whose work failed, so that the message that comes back finds it free."""
        ...

    def retry_stalled(self, *, now: datetime, limit: int) -> list[Message]:
        """Write jobs anew for tile runs that nobody has worked on for too long."""
        ...


class Alerts(Protocol):
    """What people are shown: the alerts of a session, the images of an area, the pushes that were made."""

    def of_session(self, session_id: int, *, user_id: int) -> list[tuple[Alert, TileImage]]:
        """Give a session's alerts, each with its newer image. Raises NotFound."""
        ...

    def ignored(self, session_id: int, *, user_id: int, page: Page) -> Slice[Ignored]:
        """Give what a session's comparisons saw and did not alert on, tile by tile. Raises NotFound."""
        ...

    def images(self, area_id: int, *, user_id: int, page: Page) -> Slice[TileImage]:
        """Give an area's images, newest capture first. Raises NotFound."""
        ...

    def pushes(self, *, user_id: int, page: Page) -> Slice[PushMade]:
        """Give the pushes about a user's areas, newest first."""
        ...


class Deliveries(Protocol):
    """Which pushes a session makes, and how far they have come."""

    def prepare(self, session_id: int, *, extra: Sequence[Target], now: datetime) -> Notice | None:
        """Make the rows of a session's pushes, once; None if there is nothing to tell, or the area is gone."""
        ...

    def claim(self, session_id: int, *, now: datetime, lease_s: float, limit: int) -> list[Delivery]:
        """Take hold of pushes that are to be made and that nobody holds."""
        ...

    def record(
        self, session_id: int, deliveries: Sequence[Delivery], receipts: Sequence[Receipt], *, now: datetime
    ) -> None:
        """Keep the receipts and drop dead devices. A push refused for now waits for its next attempt."""
        ...

    def retry_due(self, *, now: datetime, limit: int) -> list[Message]:
        """Write jobs anew for sessions with pushes whose next attempt has come; end those that waited too long."""
        ...

    def retry_lost(self, session_id: int, *, now: datetime) -> list[Message]:
        """Write the job anew of a session whose message was given up on, as long as its news is fresh."""
        ...


class Objects(Protocol):
    """Which stored objects rows refer to, and where the search for orphans stands."""

    def unreferenced(self, keys: Sequence[str]) -> list[str]:
        """Give those of the keys that no row names."""
        ...

    def take_chore(self, name: str, *, now: datetime, every_s: float) -> str | None:
        """Take a recurring chore if its time has come: its cursor, or None. One caller wins."""
        ...

    def leave_chore(self, name: str, *, now: datetime, cursor: str) -> None:
        """Say where a chore that is not finished goes on: it is due again at once."""
        ...


class Accounts(Protocol):
    """Users, sign-ins and devices."""

    def add_user(self, *, email: str, password_hash: str, profile: str | None, now: datetime) -> User:
        """Keep a new user. Raises Conflict on a taken e-mail."""
        ...

    def find_user(self, email: str) -> tuple[User, str] | None:
        """Give the user of an e-mail address and the password's hash."""
        ...

    def set_password_hash(self, user_id: int, password_hash: str) -> None:
        """Replace a hash made with older parameters."""
        ...

    def sign_in(self, user_id: int, *, refresh_hash: str, now: datetime, expires_at: datetime) -> int:
        """Keep a new sign-in; give its id."""
        ...

    def signed_in(self, sign_in_id: int, *, now: datetime) -> SignIn:
        """Give a live sign-in. Raises NotSignedIn."""
        ...

    def rotate_refresh(self, old_hash: str, *, new_hash: str, now: datetime, expires_at: datetime) -> SignIn:
        """Exchange a refresh token, once; a second use ends the sign-in. Raises NotSignedIn."""
        ...

    def sign_out(self, sign_in_id: int, *, now: datetime) -> None:
        """End a sign-in."""
        ...

    def add_device(self, user_id: int, *, token: str, platform: str, now: datetime) -> Device:
        """Keep a device, taking it over from a former owner. Raises LimitReached."""
        ...

    def devices(self, user_id: int) -> list[Device]:
        """Give a user's devices."""
        ...

    def remove_device(self, device_id: int, *, user_id: int) -> None:
        """Forget a user's device. Raises NotFound."""
        ...
