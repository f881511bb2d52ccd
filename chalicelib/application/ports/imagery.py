"""A provider of imagery."""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol

from chalicelib.domain.diagnostics import Finding
from chalicelib.domain.scenes import SINCE, FetchedImage, Found, Grid, ProviderTerms, Scene
from chalicelib.domain.tiles import Bounds, View


class Imagery(Protocol):
    """One provider of imagery."""

    @property
    def terms(self) -> ProviderTerms:
        """What it is, what it allows and what it costs."""
        ...

    def grid(self, area: Bounds) -> Grid:
        """Return at which zoom and at how many pixels it is asked for over an area; fixed when the area is added.

        Raises NoCoverage, LicenceRefused.
        """
        ...

    def scenes(self, area: Bounds, *, since: datetime, until: datetime) -> Found:
        """Search once for the scenes over an area, without fetching any: newest first, none later than `until`.

        What is there and cannot be used is found too, with the reason. Raises ImageryFailed.
        """
        ...

    def history(self, area: Bounds, *, until: datetime) -> Found:
        """Return every scene over the area that can be asked for, however old: those that a search may leave out too.

        Of an undated provider none has a time. Raises ImageryFailed.
        """
        return self.scenes(area, since=SINCE, until=until)

    def around(
        self,
        area: Bounds,  # noqa: ARG002 (of those whose search leaves nothing out)
        day: date,  # noqa: ARG002
        *,
        until: datetime,  # noqa: ARG002
    ) -> tuple[Scene, ...]:
        """Return the scenes near a day, where a search leaves them out: one of them may be the baseline.

        Raises ImageryFailed.
        """
        return ()

    def fetch(self, scene: Scene, view: View, area: Bounds) -> FetchedImage:
        """Fetch one scene's image of a view: of exactly the view's size and ground, one mosaic of the scene's items.

        Ground that the scene does not show is transparent (PNG with alpha). The area says which ground matters. Raises
        ImageryFailed; NoCoverage if an item has gone since it was found, or is not what it was.
        """
        ...

    def check(self) -> Finding:
        """Report whether it could be asked now, at no cost. Raises ImageryFailed, NotFound, Unavailable."""
        ...
