import struct
import zlib

import cv2
import numpy as np
import pytest

from chalicelib.domain.changes import judge
from chalicelib.domain.errors import BadImage
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tile_runs import Verdict
from chalicelib.domain.tiles import Bounds, Tile, View, bounds_of
from chalicelib.vision.changes import compare
from tests.support.builders.land import EVERYWHERE, VIEW, grained, house, land, png, tile_ground

ALL = Thresholds(min_changed_area_m2=25)
WEST = View(tile=VIEW.tile, tile_px=256, margin_px=64)
EAST = View(tile=Tile(VIEW.tile.z, VIEW.tile.x + 1, VIEW.tile.y), tile_px=256, margin_px=64)


def look(before: np.ndarray, after: np.ndarray, *, view: View = VIEW, area: Bounds = EVERYWHERE):
    return compare(png(before), png(after), view=view, area=area, thresholds=ALL)


def seen_by(view: View, world: np.ndarray) -> np.ndarray:
    """The picture of a view from a picture of the two neighbouring tiles and their margins."""
    left = (view.tile.x - VIEW.tile.x) * VIEW.tile_px
    return world[: view.size_px, left : left + view.size_px]


def neighbours(change) -> tuple[list, list]:
    before = land(640)
    after = change(before)
    return tuple(list(look(seen_by(v, before), seen_by(v, after), view=v).regions) for v in (WEST, EAST))


def test_a_house_has_its_size_its_place_and_a_closed_outline():
    before = land()
    (region,) = look(before, house(before, 140, 200)).regions
    roof_m2 = 24 * 18 * VIEW.gsd_m**2
    assert 0.5 * roof_m2 < region.area_m2 < 3 * roof_m2  # its shadow is new too
    assert 0 < region.score <= 1
    column, row = VIEW.pixel(*region.centroid)
    assert abs(column - 152) < 6
    assert abs(row - 209) < 6
    west, south, east, north = region.bounds
    for ring in region.outline:
        assert ring[0] == ring[-1]
        assert len(ring) >= 4
        for lon, lat in ring:
            assert west - 1e-6 <= lon <= east + 1e-6
            assert south - 1e-6 <= lat <= north + 1e-6
            assert lon == round(lon, 7)


def test_nothing_changed_is_no_change():
    change = look(land(), land())
    assert change.regions == ()
    assert change.changed_share == 0
    assert change.clear_share == 1
    assert judge(change, ALL) is Verdict.NO_CHANGE


@pytest.mark.parametrize("column", [270, 294, 303, 308, 313, 330])
def test_a_house_on_a_seam_is_counted_once(column):
    here, there = neighbours(lambda image: house(image, column, 200))
    assert len(here) + len(there) == 1


def test_a_house_in_the_margin_belongs_to_the_neighbour():
    here, there = neighbours(lambda image: house(image, 325, 200, width=20, height=16))
    assert (len(here), len(there)) == (0, 1)


def test_an_object_that_reaches_beyond_the_neighbours_margin_is_counted_once():
    here, there = neighbours(lambda image: grained(house(image, 230, 200, width=97, height=44)))
    assert (len(here), len(there)) == (1, 0)


def opened(image: np.ndarray) -> np.ndarray:
    """The image with a building site from one side to the other."""
    site = image.copy()
    grain = np.random.default_rng(3).normal(0, 22, (90, image.shape[1], 1))
    site[190:280] = np.clip(np.array([150, 185, 225]) + cv2.GaussianBlur(grain, (0, 0), 1.5)[..., None], 0, 255)
    return site


def test_a_change_that_covers_two_tiles_is_counted_in_each_for_its_part():
    before = land(640)
    after = opened(before)
    for view in (WEST, EAST):
        change = look(seen_by(view, before), seen_by(view, after), view=view)
        west, _, east, _ = bounds_of(view.tile)
        assert sum(region.area_m2 for region in change.regions) > 0.4 * 90 * 256 * view.gsd_m**2
        for region in change.regions:
            assert region.bounds.west >= west - 1e-6
            assert region.bounds.east <= east + 1e-6


def test_only_ground_inside_the_area_counts():
    before = land()
    after = house(before, 140, 200, width=40, height=30)
    west, south, east, north = tile_ground(VIEW)
    middle = VIEW.lonlat(160, 0)[0]
    whole = look(before, after)
    inside = look(before, after, area=Bounds(west, south, middle, north))
    assert 0.2 * whole.regions[0].area_m2 < inside.regions[0].area_m2 < 0.8 * whole.regions[0].area_m2
    assert all(region.bounds.east <= middle + 1e-5 for region in inside.regions)
    beyond = VIEW.lonlat(220, 0)[0]
    assert look(before, after, area=Bounds(beyond, south, east, north)).regions == ()


def test_a_house_cut_by_the_areas_edge_outside_the_tile_grid_is_not_lost():
    before = land()
    after = house(before, 20, 200, width=24, height=18)  # mostly west of the tile, and the area begins at the tile
    change = look(before, after, area=tile_ground(VIEW))
    assert len(change.regions) == 1


def test_mask_and_overlay_are_as_large_as_the_image():
    before = land()
    change = look(before, house(before, 140, 200))
    mask = cv2.imdecode(np.frombuffer(change.mask_png, np.uint8), cv2.IMREAD_UNCHANGED)
    overlay = cv2.imdecode(np.frombuffer(change.overlay_png, np.uint8), cv2.IMREAD_UNCHANGED)
    assert mask.shape == (320, 320)
    assert set(np.unique(mask)) == {0, 255}
    assert (mask > 0).sum() * VIEW.gsd_m**2 == pytest.approx(change.regions[0].area_m2)
    assert overlay.shape == (320, 320, 3)
    drawn = np.abs(overlay.astype(int) - house(before, 140, 200)).max(axis=2) > 0
    assert drawn.any()
    assert not drawn[:100].any()


def test_changed_share_is_of_tile_and_area_together():
    before = land()
    after = house(before, 140, 200)
    whole = look(before, after)
    assert whole.changed_share == pytest.approx(whole.regions[0].area_m2 / (256 * VIEW.gsd_m) ** 2)


def test_clouds_and_missing_ground_take_from_the_clear_share():
    before = land()
    after = np.dstack([before, np.full((320, 320, 1), 255, np.uint8)])
    after[:, :160, 3] = 0
    change = look(before, after)
    assert change.clear_share == pytest.approx(0.5, abs=0.02)
    assert change.regions == ()
    after[:, 60:, 3] = 0
    assert judge(look(before, after), ALL) is Verdict.OBSCURED


def test_noise_raises_the_smallest_change_that_could_be_seen():
    before = land()
    assert 25 <= look(before, before).smallest_change_m2 < 27
    noisy = np.random.default_rng(1).integers(0, 255, before.shape).astype(np.uint8)
    assert look(before, noisy).smallest_change_m2 > look(before, before).smallest_change_m2


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"half", "not an image: it begins with 'half'"),
        (png(land(100)), "a picture of 100x100 px, not 320x320"),
        (png(land())[:-20], "half a PNG: it ends inside a chunk"),
        (png(land()).replace(b"IDAT", b"IDAX"), "a damaged PNG: the checksum of chunk b'IDAX' is wrong"),
    ],
)
def test_both_images_must_be_images_of_the_views_size(bad, reason):
    good = png(land())
    for before, after in ((good, bad), (bad, good)):
        with pytest.raises(BadImage) as caught:
            compare(before, after, view=VIEW, area=EVERYWHERE, thresholds=ALL)
        assert caught.value.reason == reason


def test_an_image_that_does_not_decode_is_named_damaged():
    header = struct.pack(">IIBBBBB", 320, 320, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", b"junk"), (b"IEND", b"")]
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )
    with pytest.raises(BadImage, match="a damaged PNG: it does not decode"):
        compare(content, png(land()), view=VIEW, area=EVERYWHERE, thresholds=ALL)
