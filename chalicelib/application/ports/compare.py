"""The detector: what changed between two images of one view?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from chalicelib.domain.changes import Change
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Bounds, Outline, View

OlderImage = Callable[[], bytes | None]
"""Reads an older image of the view; None where it cannot be read."""


GsdsM = tuple[float | None, float | None]
"""The metres a pixel that two images, before and after, were taken with; None where that is not known."""


class Compare(Protocol):
    """Compares two stored images of one view.

    Raises BadImage for bytes that are not an image of that size, and DoesNotFit for two that do not show one ground.
    """

    def __call__(
        self,
        before: bytes,
        after: bytes,
        *,
        view: View,
        area: Bounds,
        thresholds: Thresholds,
        older: Sequence[OlderImage] = (),
        refused: Sequence[OlderImage] = (),
        doubted: Sequence[Outline] = (),
        gsds_m: GsdsM = (None, None),
    ) -> Change:
        """Return what changed from the older image to the newer one, held against images from before both.

        `older` comes newest first, and is read only where something changed; `doubted` is what the comparison before
        this one saw and was not sure of: what of it is still there, and still unlike every older image, changed.
        `refused` are images from between the two that did not show the ground of `before` either.
        Where one of the two was taken with much larger pixels (`gsds_m`), only what that one can show is compared.
        """
        ...
