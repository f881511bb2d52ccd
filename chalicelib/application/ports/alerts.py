"""Alerts, and what was seen without alerting."""

from __future__ import annotations

from typing import Protocol

from chalicelib.domain.alerts import Alert, Ignored
from chalicelib.domain.images import TileImage
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.parcels import NamedParcel
from chalicelib.domain.sessions import Failure
from chalicelib.domain.unseen import UnseenTile


class Alerts(Protocol):
    """What people are shown of a session's comparisons."""

    def of_session(self, session_id: int, *, user_id: int, page: PageRequest) -> Page[tuple[Alert, TileImage]]:
        """Return a session's alerts, each with its newer image, newest first. Raises NotFound."""
        ...

    def failures(self, session_id: int, *, user_id: int, page: PageRequest) -> Page[Failure]:
        """Return the tiles of a session that could not be captured or compared. Raises NotFound."""
        ...

    def unseen(self, session_id: int, *, user_id: int, page: PageRequest) -> Page[UnseenTile]:
        """Return the tiles of a session whose ground was not all seen. Raises NotFound."""
        ...

    def ignored(self, session_id: int, *, user_id: int, page: PageRequest) -> Page[Ignored]:
        """Return what a session's comparisons saw and did not alert on, tile by tile. Raises NotFound."""
        ...

    def parcels(self, alert_id: int, *, user_id: int, page: PageRequest) -> Page[NamedParcel]:
        """Return the parcels that an alert names, with their land, the most telling first. Raises NotFound."""
        ...
