"""Cards of the regions that the detector finds by the bands of the five Sentinel-2 places, for readers of their kinds.

    python -m research.band_cards [--out build/band_cards] [--seed 1] [--every 3] [--known LABELS.csv]

As those of `research.region_cards`, which compares two filled forms too (`kappa`); the pair is the place's name. Each
card shows both dates, the older on the left: above in true colour, below near infrared, red and green as red, green and
blue, where plants are red and water is black. Each date is stretched by its own quantiles, so that sun and air differ
less.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from chalicelib.vision.band_change import MIN_BAND_SCORE, map_band_change
from chalicelib.vision.band_images import BandImage
from chalicelib.vision.regions import PixelRegion, classified_regions
from research.labelled_places import GSD_M, PLACES, Place, places_in, read_place
from research.region_cards import Box, beside, cut_around, label_of, read_labels, titled, write_sheets

LEAST_SIDE_M = 600.0
DOWN = 3  # lines of cards on a sheet
TRUE_COLOUR, INFRARED = ("blue", "green", "red"), ("green", "red", "nir")  # as OpenCV orders them
STRETCHED = (0.01, 0.99)  # of the pixels of a date, from black to white


class FoundByBands(NamedTuple):
    """A region that the detector tells of a place."""

    box: Box
    region: PixelRegion
    place: Place


def regions_by_bands(least_score: float = MIN_BAND_SCORE) -> Iterator[FoundByBands]:
    """Yield the regions of all places that score so much."""
    for folder in places_in(PLACES):
        place = read_place(folder)
        for region, reason in classified_regions(map_band_change(place.older, place.newer), GSD_M, least_score):
            if reason is None:
                height, width = region.mask.shape
                yield FoundByBands(Box(place.name, region.left, region.top, width, height), region, place)


def picture(image: BandImage, names: tuple[str, ...]) -> np.ndarray:
    """Draw three bands of an image, (rows, columns, 3) of bytes."""
    values = image.of(names)
    low, high = np.quantile(values[image.valid], STRETCHED, axis=0)
    return np.asarray(np.clip((values - low) / (high - low) * 255, 0, 255), np.uint8)


def band_card(found: FoundByBands, number: int) -> np.ndarray:
    """Draw both dates of a region's surroundings in true colour and in near infrared, the outline on each."""
    cut = cut_around(found.region, LEAST_SIDE_M / GSD_M)
    lines = [
        beside(*(cut.cell(picture(image, names), found.region) for image in (found.place.older, found.place.newer)))
        for names in (TRUE_COLOUR, INFRARED)
    ]
    return titled(np.vstack(lines), f"{number}   {round(cut.side * GSD_M)} m across")


def main() -> None:
    """Write the sheets and the form."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("build/band_cards"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--known", type=Path, help="a file of labels: only regions that have none there are shown")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    labels = {} if options.known is None else read_labels(options.known)
    regions = [found for found in regions_by_bands() if label_of(found.box, labels) is None]
    random.Random(options.seed).shuffle(regions)
    regions = regions[:: options.every]
    cards = [band_card(found, number) for number, found in enumerate(regions, 1)]
    write_sheets(options.out, [found.box for found in regions], cards, DOWN)


if __name__ == "__main__":
    main()
