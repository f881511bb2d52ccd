"""The detector: what changed between two images of one view?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from chalicelib.domain.changes import Change
from chalicelib.domain.shapes import Outlines
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Bounds, Outline, View

OlderImage = Callable[[], bytes | None]
"""Reads an older image of the view, or its bands; None where it cannot be read, or has none."""


GsdsM = tuple[float | None, float | None]
"""The metres a pixel that two images, before and after, were taken with; None where that is not known."""


Bands = tuple[bytes | None, bytes | None]
"""The bands of two images, before and after, as they are stored; None for one that has none."""


class Seasons(NamedTuple):
    """What a pair is held against besides: bands of the same season of so many earlier years, in any order."""

    years: int
    images: Sequence[OlderImage]


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
        bands: Bands = (None, None),
        outlines: Outlines | None = None,
        older_bands: Sequence[OlderImage] = (),
        seasons: Seasons | None = None,
    ) -> Change:
        """Return what changed from the older image to the newer one, held against images from before both.

        `older` comes newest first, and is read only where something changed; `doubted` is what the comparison before
        this one saw and was not sure of: what of it is still there, and still unlike every older image, changed.
        `refused` are images from between the two that did not show the ground of `before` either.
        Where one of the two was taken with much larger pixels (`gsds_m`), only what that one can show is compared.
        Ground that the `bands` of one of the two call hidden is not compared, and counts as unseen. Where both have
        red, near and short-wave infrared, their bands are compared, and held against `older_bands`, those of `older`.
        What is as it was in the same season of earlier years, by three images of `seasons` and more, is ignored.
        What lies outside of `outlines`, or of the area where they are None, is among the ignored, and no ground at all.
        """
        ...
