"""The days of which there are pictures of an area."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from chalicelib.api.answers import LARGEST_PAGE
from chalicelib.api.http import Api, ApiModel
from chalicelib.application import list_scenes as listing
from chalicelib.application.list_scenes import Listed
from chalicelib.composition import Ports
from chalicelib.domain.accounts import SignIn
from chalicelib.domain.paging import Page, PageRequest

api = Api(__name__)


class SceneOut(ApiModel):
    """What there is of an area of one day."""

    day: Annotated[date, Field(alias="date")]
    captured_at: datetime  # the latest of its pictures
    pictures: int  # 0: the provider does not say
    coverage: float  # how much of the area they may show, 0 to 1
    cloud_share: float | None  # of the pictures, 0 to 1, as whoever took them says
    is_used: bool  # a picture of that day was captured for this area

    @classmethod
    def of(cls, listed: Listed) -> SceneOut:
        """Show it."""
        day, cloud_share = listed.day, listed.day.cloud_share
        return cls(
            day=day.day,
            captured_at=day.captured_at,
            pictures=day.items,
            coverage=round(day.shown_share, 4),
            cloud_share=None if cloud_share is None else round(cloud_share, 4),
            is_used=listed.is_used,
        )


@api.route(
    "/api/area-configs/{area_id}/scenes",
    response=list[SceneOut],
    is_paged=True,
    whole=LARGEST_PAGE,  # each part asks the provider's index anew
    extra_statuses=(403, 409, 502),
)
def list_scenes(ports: Ports, sign_in: SignIn, area_id: int, page: PageRequest) -> Page[SceneOut]:
    """List the dates of which there are pictures of an area, the latest first: any two of them can be compared."""
    found = listing.list_scenes(
        area_id,
        user_id=sign_in.user.user_id,
        areas=ports.areas,
        imagery=ports.imagery,
        image_rows=ports.image_rows,
        clock=ports.clock,
        page=page,
    )
    return found.shown(SceneOut.of)
