"""The images that a tile run captures beside the one that it compares, and what it could not use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from chalicelib.domain.images import StoredImage
from chalicelib.domain.scenes import Scene
from chalicelib.domain.seasons import Window
from chalicelib.domain.tile_runs import CaptureClaim, Captured


class TileImages(Protocol):
    """What a tile run keeps on its way down the list of scenes. A claim that is no longer the latest writes nothing."""

    def keep(self, claim: CaptureClaim, captured: Captured, *, is_baseline: bool) -> StoredImage | None:
        """Keep an image's row: one that shows too little, or the baseline of the one that follows.

        None if the claim is no longer the latest.
        """
        ...

    def times_with_bands(self, claim: CaptureClaim, windows: Sequence[Window]) -> list[tuple[datetime, float]]:
        """Return when the stored images of a tile were taken that have bands, of some times, whoever asked for them.

        Each with the share of it that is clear, 0 to 1.
        """
        ...

    def keep_apart(self, claim: CaptureClaim, captured: Captured) -> bool:
        """Keep an image's row that nothing is known of the tile by: it is no newest one, no reference, no baseline.

        Whether the claim is still the latest is no matter; False if the area is gone.
        """
        ...

    def confirm(self, image: StoredImage, scene: Scene) -> None:
        """Keep that a stored image shows this version of a scene: its bytes are the same."""
        ...

    def note_unusable(self, claim: CaptureClaim, reason: str | None) -> None:
        """Keep on the tile run why a newer scene than the one that is looked at could not be used; None: all could."""
        ...
