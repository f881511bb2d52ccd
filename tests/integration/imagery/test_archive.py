from datetime import UTC, datetime

import numpy as np
import pytest

from chalicelib.adapters.imagery.archive import ArchiveImagery
from chalicelib.adapters.imagery.providers.archive import TERMS
from chalicelib.domain.errors import NoCoverage
from chalicelib.domain.scenes import Scene
from chalicelib.domain.tiles import Bounds, Tile, View, gsd_m, tiles_covering
from tests.support.builders.archives import clear, noise, put, square

AREA = square(28.6, 77.2, width_px=800, height_px=600, gsd_m=0.5).bounds


def first_view(archive, area=AREA) -> View:
    grid = archive.grid(area)
    return grid.view(next(tiles_covering(area, grid.zoom)))


def newest_id(archive, area=AREA) -> str:
    return archive.newest(first_view(archive, area), area).scene_id


def part(bounds: Bounds, *, east_share: float) -> Bounds:
    """The western part of a box."""
    return bounds._replace(east=bounds.west + (bounds.east - bounds.west) * east_share)


@pytest.mark.parametrize(
    ("centre", "width_px", "height_px", "gsd"),
    [
        ((0.01, 10.0), 256, 256, 0.5),
        ((20.3, 85.8), 512, 512, 0.2),
        ((28.6, 77.2), 720, 1024, 0.5),
        ((-33.9, 151.2), 300, 700, 2.0),
        ((47.5, 19.0), 652, 440, 1.5),
        ((60.2, 24.9), 256, 256, 10.0),
        ((69.6, -179.9), 257, 513, 0.61),
    ],
)
def test_an_area_exactly_as_large_as_a_picture_is_covered_and_clear(tmp_path, centre, width_px, height_px, gsd):
    area = square(*centre, width_px=width_px, height_px=height_px, gsd_m=gsd).bounds
    put(tmp_path, "a", area, pixels=noise(width_px, height_px))
    archive = ArchiveImagery(TERMS, tmp_path)
    grid = archive.grid(area)
    inside_px = 0
    for tile in tiles_covering(area, grid.zoom):
        view = grid.view(tile)
        scene = archive.newest(view, area)
        shown = clear(archive.fetch(scene, view, area).content)
        left, top = view.pixel(area.west, area.north)
        right, bottom = view.pixel(area.east, area.south)
        middle = (np.arange(view.size_px) >= view.margin_px) & (np.arange(view.size_px) < view.margin_px + view.tile_px)
        centres = np.arange(view.size_px) + 0.5
        columns = middle & (centres >= left) & (centres <= right)
        rows = middle & (centres >= top) & (centres <= bottom)
        inside = rows[:, None] & columns[None, :]
        assert shown[inside].all()
        inside_px += int(inside.sum())
    ground_px = (width_px * gsd) * (height_px * gsd) / gsd_m(centre[0], grid.zoom, 512) ** 2
    assert inside_px == pytest.approx(ground_px, rel=0.03)


@pytest.mark.parametrize("shift", [1e-7, -1e-7])
def test_an_area_that_ends_on_a_seam_does_not_fail_for_a_sliver_of_rounding(tmp_path, shift):
    tile = Tile(17, 93_600, 54_600)
    bounds = View(tile=tile, tile_px=512, margin_px=0).bounds
    put(tmp_path, "a", bounds, pixels=noise(512, 512))
    area = Bounds(bounds.west - shift, bounds.south - shift, bounds.east + shift, bounds.north + shift)
    archive = ArchiveImagery(TERMS, tmp_path)
    for each in tiles_covering(area, 17):
        view = View(tile=each, tile_px=256, margin_px=32)
        scene = archive.newest(view, area)
        assert clear(archive.fetch(scene, view, area).content)[32:-32, 32:-32].any()


@pytest.mark.parametrize(
    ("gsd", "zoom"), [(0.05, 20), (0.13, 19), (0.2, 18), (0.5, 17), (0.6, 17), (1.5, 15), (10.0, 13), (60.0, 12)]
)
def test_the_zoom_is_the_one_nearest_to_the_pictures_resolution(tmp_path, gsd, zoom):
    area = square(28.6, 77.2, width_px=100, height_px=100, gsd_m=gsd).bounds
    put(tmp_path, "a", area, pixels=noise(100, 100))
    grid = ArchiveImagery(TERMS, tmp_path).grid(area)
    assert (grid.zoom, grid.tile_px, grid.margin_px) == (zoom, 512, 64)


def test_a_stated_resolution_goes_before_the_computed_one(tmp_path):
    put(tmp_path, "a", AREA, pixels=noise(800, 600), gsd=2.0)
    assert ArchiveImagery(TERMS, tmp_path).grid(AREA).zoom == 15


def test_the_newest_item_is_taken_and_says_when_it_was_taken(tmp_path):
    for name, taken in (
        ("b", "2024-06-01T00:00:00Z"),
        ("c", "2024-07-01T05:00:00+05:00"),
        ("a", "2023-01-01T00:00:00Z"),
    ):
        put(tmp_path, name, AREA, taken=taken)
    archive = ArchiveImagery(TERMS, tmp_path)
    scene = archive.newest(first_view(archive), AREA)
    assert scene == Scene(scene_id="c", captured_at=datetime(2024, 7, 1, tzinfo=UTC))


def test_an_item_that_covers_the_tile_goes_before_a_newer_one_that_does_not(tmp_path):
    half = part(AREA, east_share=0.5)
    put(tmp_path, "whole", AREA, taken="2023-01-01T00:00:00Z")
    put(tmp_path, "half", half, taken="2024-01-01T00:00:00Z")
    archive = ArchiveImagery(TERMS, tmp_path)
    taken = {}
    for tile in tiles_covering(AREA, 19):
        view = View(tile=tile, tile_px=512, margin_px=64)
        lies_in_the_half = view.pixel(half.east, half.north)[0] >= view.margin_px + view.tile_px
        taken.setdefault(lies_in_the_half, set()).add(archive.newest(view, AREA).scene_id)
    assert taken == {True: {"half"}, False: {"whole"}}


def test_where_none_covers_the_tile_the_one_that_covers_most_is_taken_and_no_two_are_mixed(tmp_path):
    area = square(28.6, 77.2, width_px=100, height_px=100, gsd_m=0.5).bounds
    view = View(tile=next(tiles_covering(area, 15)), tile_px=512, margin_px=64)
    put(tmp_path, "most", part(area, east_share=0.8), taken="2023-01-01T00:00:00Z")
    put(tmp_path, "most-newer", part(area, east_share=0.8), taken="2023-06-01T00:00:00Z")
    put(tmp_path, "least", area._replace(west=part(area, east_share=0.6).east), taken="2024-01-01T00:00:00Z")
    archive = ArchiveImagery(TERMS, tmp_path)
    scene = archive.newest(view, area)
    assert scene.scene_id == "most-newer"
    right, _ = view.pixel(area.east, area.north)
    shown = clear(archive.fetch(scene, view, area).content)
    assert not shown[:, int(right) - 2 :].any()


@pytest.mark.parametrize("short_px", [0.3, 0.9])
def test_bounds_that_are_rounded_differently_do_not_hide_a_newer_picture(tmp_path, short_px):
    view = View(tile=Tile(17, 93_600, 54_600), tile_px=512, margin_px=64)
    west, north = view.lonlat(-100, -100)
    east, south = view.lonlat(64 + 5, 400)  # five columns of the tile
    area = Bounds(west, south, east, north)
    put(tmp_path, "older", area, taken="2023-01-01T00:00:00Z")
    newer = area._replace(east=view.lonlat(64 + 5 - short_px, 0)[0])
    put(tmp_path, "newer", newer, taken="2024-01-01T00:00:00Z")
    assert ArchiveImagery(TERMS, tmp_path).newest(view, area).scene_id == "newer"


def test_of_two_that_cover_almost_equally_little_the_newer_is_taken(tmp_path):
    put(tmp_path, "older", part(AREA, east_share=0.3), taken="2023-01-01T00:00:00Z")
    put(tmp_path, "newer", part(AREA, east_share=0.2999), taken="2024-01-01T00:00:00Z")
    view = View(tile=next(tiles_covering(AREA, 15)), tile_px=512, margin_px=64)
    assert ArchiveImagery(TERMS, tmp_path).newest(view, AREA).scene_id == "newer"


def test_99_percent_of_the_tiles_part_is_enough_and_98_is_not(tmp_path):
    area = square(28.6, 77.2, width_px=500, height_px=500, gsd_m=0.5).bounds
    view = View(tile=next(tiles_covering(area, 14)), tile_px=2048, margin_px=256)
    put(tmp_path, "whole", area, taken="2023-01-01T00:00:00Z")
    put(tmp_path, "98", part(area, east_share=0.98), taken="2024-01-01T00:00:00Z")
    archive = ArchiveImagery(TERMS, tmp_path)
    assert archive.newest(view, area).scene_id == "whole"
    put(tmp_path, "99", part(area, east_share=0.9901), taken="2023-06-01T00:00:00Z")
    assert archive.newest(view, area).scene_id == "99"


def test_no_coverage_says_what_there_is(tmp_path):
    put(tmp_path, "a", AREA)
    (tmp_path / "b.json").write_text("{")
    archive = ArchiveImagery(TERMS, tmp_path)
    far = square(-10, 20, width_px=100, height_px=100, gsd_m=1).bounds
    with pytest.raises(
        NoCoverage, match=r"no picture of any of this area; it holds 1 usable items, and 1 .* b\.json: it is"
    ):
        archive.grid(far)
    with pytest.raises(NoCoverage, match=r"no picture of tile 17/1/1; "):
        archive.newest(View(tile=Tile(17, 1, 1), tile_px=512, margin_px=64), far)
    view = first_view(archive)
    with pytest.raises(NoCoverage, match="named gone any more"):
        archive.fetch(Scene(scene_id="gone", captured_at=None), view, AREA)


def test_a_picture_next_door_does_not_cover_a_tile(tmp_path):
    tile = Tile(17, 93_600, 54_600)
    put(tmp_path, "a", View(tile=tile, tile_px=512, margin_px=0).bounds, pixels=noise(512, 512))
    next_door = View(tile=Tile(17, 93_601, 54_600), tile_px=512, margin_px=64)
    with pytest.raises(NoCoverage):
        ArchiveImagery(TERMS, tmp_path).newest(next_door, next_door.bounds)


def test_the_attribution_is_the_items_or_archive(tmp_path):
    put(tmp_path, "a", AREA, attribution="City of Cuttack")
    archive = ArchiveImagery(TERMS, tmp_path)
    view = first_view(archive)
    assert archive.fetch(archive.newest(view, AREA), view, AREA).attribution == "City of Cuttack"
    put(tmp_path, "a", AREA)
    assert archive.fetch(archive.newest(view, AREA), view, AREA).attribution == "Archive"
