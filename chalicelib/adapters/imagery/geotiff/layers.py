"""The layers of a view, of the files of a scene's bands: coded as `domain.bands` says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.imagery.bands import Band, Coding
from chalicelib.adapters.imagery.geotiff.view import nearest, sample
from chalicelib.adapters.imagery.warp import Part
from chalicelib.domain.bands import CLASS, LAYERS, ONE, VISIBLE, ZERO
from chalicelib.domain.errors import BadImage
from chalicelib.domain.tiles import View

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chalicelib.intake.tiff_windows import TiffFile, Window

BRIGHTEST = 0.3558  # the reflectance that is shown as 255: the range of ESA's own true-colour images, of every scene
_TOO_DARK, _MOST_TOO_DARK = -0.05, 0.25  # reflectances that no ground has, and the share of them that noise may


def layers_of(bands: Sequence[Band], view: View, side_px: int, opened: Callable[[Band], TiffFile]) -> NDArray[Any]:
    """Return the layers of a view, of so many pixels a side: (layers, rows, columns). Raises BadImage."""
    import numpy as np

    layers = np.zeros((len(LAYERS), side_px, side_px), np.uint16)
    for band in bands:
        file = opened(band)

        def read(place: int, window: Window, file: TiffFile = file, band: Band = band) -> tuple[Any, Any]:
            return _numbers(file, band.coding, place, window)

        of_view = nearest if band.name == CLASS else sample
        found = of_view(file, band.placed, view, side_px, read)
        if found is not None:
            values, clear = found
            coded = values if band.name == CLASS else _coded(values, clear, band)
            layers[LAYERS.index(band.name)] = np.where(clear, coded, 0)
    return layers


def picture_of(layers: NDArray[Any]) -> Part:
    """Return what the visible layers look like: on one scale for all scenes, so that two dates look alike."""
    import numpy as np

    visible = layers[[LAYERS.index(name) for name in VISIBLE]]
    clear = np.asarray((visible > 0).all(axis=0))
    share = (visible.astype(np.float32) - ZERO) * (1 / (ONE * BRIGHTEST))
    grey = np.rint(1 + 254 * share.clip(0, 1)).astype(np.uint8)  # 0 is left to what shows nothing
    return Part(np.ascontiguousarray(np.moveaxis(grey * clear, 0, 2)), clear)


def _numbers(file: TiffFile, coding: Coding, place: int, window: Window) -> tuple[Any, Any]:
    import numpy as np

    level = file.picture.levels[place].level
    sample_no = next(number for number in range(level.samples) if number != level.alpha)
    samples, valid = file.masked(place, window)
    values = np.ascontiguousarray(samples[:, :, sample_no])
    return values, valid if coding.no_data is None else valid & (values != coding.no_data)


def _coded(values: NDArray[Any], clear: NDArray[Any], band: Band) -> NDArray[Any]:
    import numpy as np

    coding = band.coding
    coded = values * np.float32(coding.scale * ONE) + np.float32(coding.offset * ONE + ZERO)
    dark = float((coded[clear] < _TOO_DARK * ONE + ZERO).mean()) if coding.offset < 0 and clear.any() else 0.0
    if dark > _MOST_TOO_DARK:
        raise BadImage(
            f"its band {band.name} would be darker than black on {dark:.0%} of its ground: its item says an offset of "
            f"{coding.offset:g}, which its numbers are without already; correct raster:offset"
        )
    return np.asarray(np.rint(coded).clip(1, 65_535), np.uint16)
