"""The detector of slow change: what became of a view since its accepted baseline?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from chalicelib.application.ports.compare import Bands, GsdsM, OlderImage
from chalicelib.domain.changes import Change
from chalicelib.domain.shapes import Outlines
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Bounds, View


class CompareWithBaseline(Protocol):
    """Compares a stored image with the baseline of its view.

    Raises BadImage for bytes that are not such an image, and DoesNotFit for two that do not show one ground.
    """

    def __call__(
        self,
        baseline: bytes,
        after: bytes,
        *,
        view: View,
        area: Bounds,
        thresholds: Thresholds,
        between: Sequence[OlderImage],
        gsds_m: GsdsM = (None, None),
        bands: Bands = (None, None),
        outlines: Outlines | None = None,
        between_bands: Sequence[OlderImage] = (),
    ) -> Change:
        """Return what changed slowly from the baseline to the newer image.

        `between` comes newest first, the image right before `after` at its head, and is read only where something
        changed: what those images do not hold is among the ignored, with its reason. `gsds_m`, `bands` and
        `outlines` as in Compare; `between_bands` are those of `between`.
        """
        ...
