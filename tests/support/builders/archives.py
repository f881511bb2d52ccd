"""Archives for tests: pictures with STAC Items beside them."""

import json
from pathlib import Path

import cv2
import numpy as np

from chalicelib.domain.extents import Extent
from chalicelib.domain.tiles import Bounds, grid_position

cv2.setNumThreads(1)  # the tests share a machine


def square(lat: float, lon: float, *, width_px: int, height_px: int, gsd_m: float) -> Extent:
    """An area exactly as large as a picture of that size."""
    half_width_km, half_height_km = width_px * gsd_m / 2000, height_px * gsd_m / 2000
    return Extent(
        center_lat=lat,
        center_lon=lon,
        north_km=half_height_km,
        south_km=half_height_km,
        east_km=half_width_km,
        west_km=half_width_km,
    )


def noise(width_px: int, height_px: int, *, seed: int = 1):
    pixels = np.random.default_rng(seed).integers(60, 200, (height_px, width_px, 3), dtype=np.uint8)
    return cv2.GaussianBlur(pixels, (0, 0), 1.5)


def item(bounds: Bounds, *, item_id="a", taken="2024-05-01T10:30:00Z", href="a.png", **properties) -> dict:
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": item_id,
        "bbox": [round(value, 7) for value in bounds],
        "properties": {"datetime": taken, **properties},
        "assets": {"image": {"href": href}},
    }


def rows_of(bounds: Bounds, columns: int) -> int:
    """How many rows a picture of so many columns has, for its pixels to be square on that ground."""
    (left, top), (right, bottom) = (
        grid_position(lon, lat, 0) for lon, lat in ((bounds.west, bounds.north), (bounds.east, bounds.south))
    )
    return max(1, round(columns * (bottom - top) / (right - left)))


def put(folder: Path, name: str, bounds: Bounds, *, pixels=None, taken="2024-05-01T10:30:00Z", **properties) -> None:
    """Lay a picture and its item into the folder; without pixels, one of square pixels on that ground."""
    pixels = noise(64, rows_of(bounds, 64)) if pixels is None else pixels
    (folder / f"{name}.png").write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    stac = item(bounds, item_id=name, taken=taken, href=f"./{name}.png", **properties)
    (folder / f"{name}.json").write_text(json.dumps(stac))


def decoded(content: bytes):
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)


def clear(content: bytes):
    """Which pixels show ground."""
    pixels = decoded(content)
    return pixels[:, :, 3] == 255 if pixels.shape[2] == 4 else np.ones(pixels.shape[:2], bool)
