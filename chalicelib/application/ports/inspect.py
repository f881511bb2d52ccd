"""The gate: is this an image of what was asked for?"""

from __future__ import annotations

from typing import Protocol

from chalicelib.domain.images import Inspection
from chalicelib.domain.scenes import ProviderTerms
from chalicelib.domain.shapes import Outlines
from chalicelib.domain.tiles import Bounds, View


class Inspect(Protocol):
    """Inspects an image, and its bands if it has some, before they are stored. Raises BadImage."""

    def __call__(
        self,
        content: bytes,
        view: View,
        area: Bounds,
        terms: ProviderTerms,
        bands: bytes | None = None,
        *,
        outlines: Outlines | None = None,
    ) -> Inspection:
        """Return what it shows of the tile inside the area: of its box, or of the outlines in it."""
        ...
