"""A provider of imagery."""

from __future__ import annotations

from typing import Protocol

from chalicelib.domain.diagnostics import Finding
from chalicelib.domain.scenes import FetchedImage, Grid, ProviderTerms, Scene
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

    def newest(self, view: View, area: Bounds) -> Scene:
        """Return the newest scene over this view, without fetching it. Raises ImageryFailed."""
        ...

    def fetch(self, scene: Scene, view: View, area: Bounds) -> FetchedImage:
        """Fetch one scene's image of a view: of exactly the view's size and ground. Raises ImageryFailed.

        Ground that the scene does not show is transparent (PNG with alpha). The area says which ground matters.
        """
        ...

    def check(self) -> Finding:
        """Report whether it could be asked now, at no cost. Raises ImageryFailed, NotFound, Unavailable."""
        ...
