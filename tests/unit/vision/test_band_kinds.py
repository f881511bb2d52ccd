"""Of which kind a change is, by what its ground reflected before and after."""

import numpy as np
import pytest

from chalicelib.domain.bands import MEASURED
from chalicelib.vision.band_images import BandImage
from chalicelib.vision.band_kinds import kind_of
from chalicelib.vision.regions import PixelRegion
from tests.support.builders.band_land import MEADOW, PLANTS, ROOF, SOIL, WATER, fields, painted, seen

SIDE = 80
STUBBLE = (0.06, 0.08, 0.09, 0.18, 0.22, 0.16)  # dry, and no lighter than the meadow was
BLOCK, STRIP = (30, 30, 12, 10), (10, 40, 50, 2)


def kind(was, now, box=BLOCK, *, haze=0.0, scale=1, names=MEASURED):
    images = []
    for seed, material in enumerate((was, now)):
        measured = seen(painted(fields(SIDE), box, material), seed=seed, haze=haze).astype(np.float32)
        columns = [MEASURED.index(name) for name in names]
        images.append(BandImage(measured[..., columns], names, np.ones((SIDE, SIDE), np.bool_)))
    left, top, width, height = (scale * each for each in box)
    region = PixelRegion(left, top, np.ones((height, width), np.bool_), 0.9)
    return kind_of(region, *images, (scale * SIDE, scale * SIDE))


@pytest.mark.parametrize("haze", [0.0, 0.03])
@pytest.mark.parametrize(
    ("was", "now", "word"),
    [
        (MEADOW, ROOF, "built"),
        (SOIL, ROOF, "built"),
        (PLANTS, SOIL, "bare_earth"),
        (PLANTS, STUBBLE, "vegetation_lost"),
        (SOIL, PLANTS, "vegetation_grown"),
        (PLANTS, tuple(np.array(PLANTS) * 0.7), "crop_or_season"),
        (WATER, SOIL, "water_lost"),
        (MEADOW, WATER, "water_gained"),
    ],
)
def test_the_kind_of_a_change(was, now, word, haze):
    assert kind(was, now, haze=haze) == word


def test_what_is_grey_long_and_narrow_is_a_road():
    assert kind(MEADOW, ROOF, STRIP) == "road"


def test_a_picture_of_more_pixels_than_its_bands_says_the_same():
    assert kind(MEADOW, ROOF, scale=4) == "built"
    assert kind(MEADOW, ROOF, STRIP, scale=4) == "road"


def test_without_blue_and_green_plants_water_and_soil_are_still_told():
    names = ("red", "nir", "swir16")
    assert kind(PLANTS, SOIL, names=names) == "bare_earth"
    assert kind(WATER, SOIL, names=names) == "water_lost"
