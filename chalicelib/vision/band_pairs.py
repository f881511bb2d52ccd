"""Two images with bands as a pair to compare: which of its pixels both show, what changed, and of which kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from chalicelib.application.ports.compare import Bands, OlderImage, Seasons
from chalicelib.domain.errors import BadImage
from chalicelib.domain.tiles import View
from chalicelib.intake.bands import each_pixel, has_classes, unpack
from chalicelib.vision.band_change import map_band_change
from chalicelib.vision.band_images import BandImage, band_image
from chalicelib.vision.band_kinds import changed_share, kind_of
from chalicelib.vision.change_map import ChangeMap, clear_mask
from chalicelib.vision.pixels import Mask, Pixels
from chalicelib.vision.regions import PixelRegion
from chalicelib.vision.season_change import SeasonTest

LEAST_ALERT_PX = 20  # of the bands: at 10 m nobody publishes trust in less than 2,000 m2 (RADD: 0.2 ha)

# Times the log-odds of a pair, where it is held against older images: the limits of `persistence.py` are for pictures,
# whose log-odds rise faster with what changed.
_HELD_STEEPNESS = 1.6


class BandPair(NamedTuple):
    """Two images of one view, in the bands that they were measured in."""

    before: BandImage
    after: BandImage
    clear: Mask  # as large as the view: what both show

    def change_map(self) -> ChangeMap:
        """Compute what changed."""
        return map_band_change(self.before, self.after, self.clear)

    def changed_share(self, region: PixelRegion) -> float:
        """Return how much of a region changed: the rest is the blur around it."""
        return changed_share(region, self.before, self.after, self.clear.shape)

    def kind_of(self, region: PixelRegion) -> str:
        """Return the kind of a region of the view, by what its ground reflected before and after."""
        return kind_of(region, self.before, self.after, self.clear.shape)


def band_pair(bands: Bands, before: Pixels, after: Pixels, view: View) -> BandPair | None:
    """Return the pair of two images and their stored bands; None unless both were measured in what is needed.

    Where a sensor's bands have no classes, clouds are looked for in the pictures. Raises BadImage.
    """
    images: list[BandImage] = []
    clear = before.valid & after.valid
    for content, picture in zip(bands, (before, after), strict=True):
        if content is None:
            return None
        layers = unpack(content, view)
        seen = picture.valid if has_classes(layers) else picture.valid & clear_mask(picture, view.gsd_m)
        image = band_image(layers, view, seen)
        if image is None:
            return None
        images.append(image)
        clear = clear & seen & each_pixel(image.valid, view)
    one, two = images
    return BandPair(one, two, clear) if one.valid.shape == two.valid.shape else None


def read_band_images(readers: Sequence[OlderImage], view: View, like: BandImage) -> list[BandImage]:
    """Read the images, of stored bands, that were measured in the same pixels as another one, in their order."""
    images = []
    for read in readers:
        content = read()
        if content is None:
            continue
        try:
            image = band_image(unpack(content, view), view)
        except BadImage:  # one image less to hold a change against
            continue
        if image is not None and image.valid.shape == like.valid.shape:
            images.append(image)
    return images


def season_test(seasons: Seasons, pair: BandPair, view: View) -> SeasonTest:
    """Return what holds a pair against the same season of earlier years."""
    return SeasonTest(partial(read_band_images, seasons.images, view, pair.after), pair.after)


def mapping_of(view: View) -> Callable[[BandImage, BandImage, float], ChangeMap]:
    """Return what maps the change from an older image of a view to a newer one."""

    def map_bands(older: BandImage, newer: BandImage, _gsd_m: float) -> ChangeMap:
        change_map = map_band_change(older, newer, each_pixel(older.valid & newer.valid, view))
        return replace(change_map, odds=_HELD_STEEPNESS * change_map.odds)

    return map_bands
