"""Legal holds: what is not deleted, whoever asks, until somebody says why it may be again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from chalicelib.api.http import LARGEST_ID, Api, ApiModel, Body
from chalicelib.composition import Ports
from chalicelib.domain.accounts import SignIn
from chalicelib.domain.holds import Held, Hold, checked_reason
from chalicelib.domain.paging import Page, PageRequest

api = Api(__name__)
Number = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Reason = Annotated[str, Field(max_length=2000, examples=["case 12 of 2026 before the tribunal"])]


class HoldBody(Body):
    """What is held, one of the three, and why."""

    place_id: Number | None = None
    session_id: Number | None = None
    area_config_id: Number | None = None
    reason: Reason

    @property
    def held(self) -> Held:
        """What it is. Raises Invalid."""
        return Held(area_id=self.area_config_id, place_id=self.place_id, session_id=self.session_id)


class LiftBody(Body):
    """Why a hold is lifted."""

    reason: Reason


class HoldOut(ApiModel):
    """A legal hold."""

    id: Annotated[int, Field(description="Its number, for `/api/holds/{hold_id}/lift`.")]
    area_config_id: Annotated[int, Field(description="The area that is held, or in which lies what is.")]
    place_id: Annotated[
        int | None, Field(description="The place that is held, as a whole; null if it is something else.")
    ]
    session_id: Annotated[int | None, Field(description="The session that is held; null if it is something else.")]
    reason: Annotated[str, Field(description="Why.")]
    placed_at: Annotated[datetime, Field(description="Since when it stands.")]
    lifted_at: Annotated[datetime | None, Field(description="When it was lifted; null while it stands.")]
    lift_reason: Annotated[str | None, Field(description="Why it was lifted.")]

    @classmethod
    def of(cls, hold: Hold) -> HoldOut:
        """Show a hold."""
        return cls(
            id=hold.hold_id,
            area_config_id=hold.area_id,
            place_id=hold.place_id,
            session_id=hold.session_id,
            reason=hold.reason,
            placed_at=hold.placed_at,
            lifted_at=hold.lifted_at,
            lift_reason=hold.lift_reason,
        )


@api.route("/api/holds", method="POST", body=HoldBody, response=HoldOut, status=201, extra_statuses=(404, 409))
def place_hold(ports: Ports, sign_in: SignIn, body: HoldBody) -> HoldOut:
    """Hold a place, a session or an area: nothing of it is deleted, nor its area, nor your account."""
    reason = checked_reason(body.reason)
    of_user = {"user_id": sign_in.user.user_id, "most_holds": ports.settings.limits.max_holds}
    return HoldOut.of(ports.holds.place(body.held, **of_user, reason=reason, now=ports.clock()))


@api.route("/api/holds", response=list[HoldOut], is_paged=True)
def list_holds(ports: Ports, sign_in: SignIn, page: PageRequest) -> Page[HoldOut]:
    """List your holds, the newest first, with those that were lifted."""
    return ports.holds.of_user(sign_in.user.user_id, page=page).shown(HoldOut.of)


@api.route("/api/holds/{hold_id}/lift", method="POST", body=LiftBody, response=HoldOut, extra_statuses=(409,))
def lift_hold(ports: Ports, sign_in: SignIn, hold_id: int, body: LiftBody) -> HoldOut:
    """Lift a hold: what it held may be deleted again, as far as no other one stands."""
    reason = checked_reason(body.reason)
    return HoldOut.of(ports.holds.lift(hold_id, user_id=sign_in.user.user_id, reason=reason, now=ports.clock()))
