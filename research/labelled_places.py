"""The five Sentinel-2 places of two dates: research data beside the repository (`../shared`), not ours to ship."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from chalicelib.domain.bands import MEASURED
from chalicelib.vision.band_images import BandImage
from research.labelled_pairs import SHARED

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # of the tags of GeoTIFFs

GSD_M = 10.0
PLACES = SHARED / "sentinel2"


class Place(NamedTuple):
    """Two dates of a place, the older first, on one grid of 10 m, and what is labelled as built between them."""

    name: str
    older: BandImage
    newer: BandImage
    truth: np.ndarray  # (rows, columns), bool


def places_in(folder: Path) -> list[Path]:
    """Return the folders of the places, by name; none where the data is not there."""
    return sorted(path.parent for path in folder.glob("*/change.tif"))


def dates_of(folder: Path) -> tuple[Path, Path]:
    """Return the folders of a place's two dates, the older first."""
    older, newer = sorted(each for each in folder.iterdir() if each.is_dir())
    return older, newer


def read_place(folder: Path) -> Place:
    """Read a place."""
    truth = read(folder / "change.tif") > 0
    older, newer = (image_of(date, truth.shape) for date in dates_of(folder))
    return Place(folder.name, older, newer, truth)


def read(path: Path) -> np.ndarray:
    """Read an image as it is stored."""
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise SystemExit(f"{path} is no image")
    return np.asarray(image)


def image_of(date: Path, shape: tuple[int, ...]) -> BandImage:
    """Read the bands of a date, on the grid of 10 m."""
    layers = [read(date / f"{name}.tif").astype(np.float32) / 10_000 for name in MEASURED]
    values = np.dstack([cv2.resize(each, shape[::-1], interpolation=cv2.INTER_LINEAR) for each in layers])
    return BandImage(values, MEASURED, (values != 0).all(axis=2))
