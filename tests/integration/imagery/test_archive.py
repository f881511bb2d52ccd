from datetime import UTC, datetime

import numpy as np
import pytest

from chalicelib.adapters.imagery.archive import ArchiveImagery
from chalicelib.adapters.imagery.providers.archive import TERMS
from chalicelib.domain.errors import NoCoverage
from chalicelib.domain.scenes import Scene
from chalicelib.domain.tiles import Bounds, Tile, View, gsd_m, tiles_covering
from tests.support.builders.archives import clear, decoded, noise, put, square
from tests.support.builders.scenes import newest, scenes_over, search

AREA = square(28.6, 77.2, width_px=800, height_px=600, gsd_m=0.5).bounds


def first_view(archive, area=AREA) -> View:
    grid = archive.grid(area)
    return grid.view(next(tiles_covering(area, grid.zoom)))


def newest_id(archive, area=AREA) -> str:
    return newest(archive, first_view(archive, area), area).scene_id


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
        scene = newest(archive, view, area)
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
        scene = newest(archive, view, area)
        assert clear(archive.fetch(scene, view, area).content)[32:-32, 32:-32].any()


@pytest.mark.parametrize(
    ("gsd", "zoom"), [(0.05, 20), (0.13, 19), (0.2, 18), (0.5, 17), (0.6, 17), (1.5, 15), (10.0, 13), (60.0, 12)]
)
def test_the_zoom_is_the_one_nearest_to_the_pictures_resolution(tmp_path, gsd, zoom):
    area = square(28.6, 77.2, width_px=100, height_px=100, gsd_m=gsd).bounds
    put(tmp_path, "a", area, pixels=noise(100, 100))
    grid = ArchiveImagery(TERMS, tmp_path).grid(area)
    assert (grid.zoom, grid.tile_px, grid.margin_px) == (zoom, 512, 64)


def test_a_resolution_that_is_not_the_pictures_is_refused_with_both(tmp_path, caplog):
    put(tmp_path, "a", AREA, pixels=noise(800, 600), gsd=2.0)
    with pytest.raises(NoCoverage, match="it holds 0 usable items, and 1 that cannot be used"):
        ArchiveImagery(TERMS, tmp_path).grid(AREA)
    assert "gsd says 2 m a pixel, on the ground of its bbox it is 0.501 m" in caplog.records[0].reason
    put(tmp_path, "a", AREA, pixels=noise(800, 600), gsd=0.505)
    assert ArchiveImagery(TERMS, tmp_path).grid(AREA).zoom == 17


def test_the_newest_item_is_taken_and_says_when_it_was_taken(tmp_path):
    for name, taken in (
        ("b", "2024-06-01T00:00:00Z"),
        ("c", "2024-07-01T05:00:00+05:00"),
        ("a", "2023-01-01T00:00:00Z"),
    ):
        put(tmp_path, name, AREA, taken=taken)
    archive = ArchiveImagery(TERMS, tmp_path)
    scene = newest(archive, first_view(archive), AREA)
    assert (scene.scene_id, scene.captured_at) == ("c", datetime(2024, 7, 1, tzinfo=UTC))


def test_a_scene_is_found_of_each_day_with_what_of_it_touches_the_tile(tmp_path):
    half = part(AREA, east_share=0.5)
    put(tmp_path, "whole", AREA, taken="2023-01-01T00:00:00Z")
    put(tmp_path, "half", half, taken="2024-01-01T00:00:00Z")
    archive = ArchiveImagery(TERMS, tmp_path)
    found = {}
    for tile in tiles_covering(AREA, 19):
        view = View(tile=tile, tile_px=512, margin_px=64)
        is_past_the_half = view.pixel(half.east, half.north)[0] <= view.margin_px
        ids = tuple(scene.scene_id for scene in scenes_over(archive, view, AREA))
        found.setdefault(is_past_the_half, set()).add(ids)
    assert found == {False: {("half", "whole")}, True: {("whole",)}}


def test_the_items_of_a_day_are_one_scene_and_one_mosaic_without_a_seam(tmp_path):
    pixels = noise(800, 600)
    put(tmp_path, "whole", AREA, pixels=pixels, taken="2023-01-01T04:00:00Z")
    put(tmp_path, "west", part(AREA, east_share=0.5), pixels=pixels[:, :400], taken="2024-01-01T04:00:00Z")
    put(tmp_path, "east", AREA._replace(west=part(AREA, east_share=0.5).east), pixels=pixels[:, 400:],
        taken="2024-01-01T04:02:00Z")  # fmt: skip
    archive = ArchiveImagery(TERMS, tmp_path)
    view = View(tile=next(tiles_covering(AREA, 15)), tile_px=2048, margin_px=256)
    of_day, whole = scenes_over(archive, view, AREA)
    assert (of_day.scene_id, [item.item_id for item in of_day.items]) == ("2024-01-01", ["east", "west"])
    assert of_day.captured_at == datetime(2024, 1, 1, 4, 2, tzinfo=UTC)
    laid, cut = (archive.fetch(scene, view, AREA).content for scene in (of_day, whole))
    assert np.array_equal(clear(laid), clear(cut))
    off = np.abs(decoded(laid)[:, :, :3].astype(int) - decoded(cut)[:, :, :3])[clear(cut)]
    assert off.mean() < 0.5, "next to the cut alone cubic interpolation reads other neighbours"
    assert np.percentile(off, 99.9) <= 12


@pytest.mark.parametrize(
    ("place", "flight", "day_before"),
    [
        ((28.6, 77.2), ("2024-01-14T23:50:00Z", "2024-01-15T03:10:00Z"), "2024-01-14T03:10:00Z"),
        ((21.3, -157.8), ("2024-01-14T23:50:00Z", "2024-01-15T00:10:00Z"), "2024-01-14T00:10:00Z"),
    ],
)
def test_a_flight_over_midnight_utc_is_one_scene_and_two_days_are_two(tmp_path, place, flight, day_before):
    area = square(*place, width_px=800, height_px=600, gsd_m=0.5).bounds
    west = part(area, east_share=0.5)
    put(tmp_path, "west", west, taken=flight[0])
    put(tmp_path, "east", area._replace(west=west.east), taken=flight[1])
    put(tmp_path, "day-before", area, taken=day_before)
    scenes = search(ArchiveImagery(TERMS, tmp_path), area).scenes
    assert [{item.item_id for item in scene.items} for scene in scenes] == [{"west", "east"}, {"day-before"}]


def test_what_overlaps_is_taken_from_one_the_first_of_the_scene(tmp_path):
    for name, grey in (("a", 40), ("b", 200)):
        put(tmp_path, name, AREA, pixels=np.full((60, 80, 3), grey, np.uint8), taken="2024-01-01T04:00:00Z")
    archive = ArchiveImagery(TERMS, tmp_path)
    view = first_view(archive)
    scene = newest(archive, view, AREA)
    seen = {}
    for known in ("a", "b"):
        (item,) = (each for each in scene.items if each.item_id == known)
        ordered = scene.news_first([item])
        assert ordered.version == scene.version
        seen[known] = set(decoded(archive.fetch(ordered, view, AREA).content)[:, :, 0].ravel()) - {0}
    assert seen == {"a": {200}, "b": {40}}, "what is new lies on top"


def test_another_version_is_another_item_or_other_content_and_not_another_look(tmp_path):
    put(tmp_path, "a", AREA, pixels=noise(80, 60))
    archive = ArchiveImagery(TERMS, tmp_path)
    view = first_view(archive)
    versions = [newest(archive, view, AREA).version]
    assert newest(ArchiveImagery(TERMS, tmp_path), view, AREA).version == versions[0]
    put(tmp_path, "a", AREA, pixels=noise(80, 60, seed=2))
    versions.append(newest(archive, view, AREA).version)
    put(tmp_path, "b", AREA, pixels=noise(80, 60, seed=3))
    versions.append(newest(archive, view, AREA).version)
    far = square(-10, 20, width_px=100, height_px=100, gsd_m=1).bounds
    put(tmp_path, "elsewhere", far, pixels=noise(80, 60, seed=4))
    versions.append(newest(archive, view, AREA).version)
    assert len(set(versions)) == 3
    assert versions[2] == versions[3], "an item that does not touch the tile is no news of it"


def test_a_date_that_has_not_come_is_skipped_and_told(tmp_path, caplog):
    put(tmp_path, "a", AREA)
    put(tmp_path, "typo", AREA, taken="2062-01-15T00:00:00Z")
    found = search(ArchiveImagery(TERMS, tmp_path), AREA, until=datetime(2026, 1, 1, tzinfo=UTC))
    assert [scene.scene_id for scene in found.scenes] == ["a"]
    (told,) = [record for record in caplog.records if record.message == "archive item skipped"]
    assert (told.file, told.reason) == ("typo.png", "it is dated 2062-01-15, which has not come yet")


def test_what_cannot_be_used_is_found_with_its_time_its_ground_and_the_reason(tmp_path):
    put(tmp_path, "a", AREA)
    put(tmp_path, "no-picture", AREA, taken="2025-01-01T00:00:00Z")
    (tmp_path / "no-picture.png").unlink()
    put(tmp_path, "no-asset", AREA, taken="2025-02-01T00:00:00Z")
    text = (tmp_path / "no-asset.json").read_text()
    (tmp_path / "no-asset.json").write_text(text.replace(".png", ".tif"))
    put(tmp_path, "elsewhere", square(-10, 20, width_px=100, height_px=100, gsd_m=1).bounds)
    (tmp_path / "elsewhere.png").unlink()
    refused = search(ArchiveImagery(TERMS, tmp_path), AREA).refused
    assert [each.captured_at.month for each in refused] == [2, 1]
    assert refused[1].reason == (
        "the picture of 2025-01-01 cannot be used: its picture is not there, or not inside the archive"
    )
    assert "its picture is a GeoTIFF" in refused[0].reason
    assert refused[1].bounds is not None


@pytest.mark.parametrize("place", [(20.35, 85.8), (12.97, 77.59)])
def test_a_newer_item_with_longitude_and_latitude_exchanged_is_found_where_it_must_be_meant(tmp_path, place):
    """The first is nowhere else; of the second, a place in the Arctic, the picture's own shape tells."""
    area = square(*place, width_px=64, height_px=64, gsd_m=1).bounds
    put(tmp_path, "a", area, pixels=noise(64, 64))
    exchanged = Bounds(area.south, area.west, area.north, area.east)
    put(tmp_path, "b", exchanged, pixels=noise(64, 64), taken="2025-01-01T00:00:00Z")
    (refused,) = search(ArchiveImagery(TERMS, tmp_path), area).refused
    assert refused.captured_at.year == 2025
    assert "exchanged?" in refused.reason


@pytest.mark.parametrize("short_px", [0.3, 0.9])
def test_bounds_that_are_rounded_differently_do_not_hide_a_newer_picture(tmp_path, short_px):
    view = View(tile=Tile(17, 93_600, 54_600), tile_px=512, margin_px=64)
    west, north = view.lonlat(-100, -100)
    east, south = view.lonlat(64 + 5, 400)  # five columns of the tile
    area = Bounds(west, south, east, north)
    put(tmp_path, "older", area, taken="2023-01-01T00:00:00Z")
    newer = area._replace(east=view.lonlat(64 + 5 - short_px, 0)[0])
    put(tmp_path, "newer", newer, taken="2024-01-01T00:00:00Z")
    assert newest(ArchiveImagery(TERMS, tmp_path), view, area).scene_id == "newer"


def test_no_coverage_says_what_there_is(tmp_path):
    put(tmp_path, "a", AREA)
    (tmp_path / "b.json").write_text("{")
    archive = ArchiveImagery(TERMS, tmp_path)
    far = square(-10, 20, width_px=100, height_px=100, gsd_m=1).bounds
    with pytest.raises(
        NoCoverage, match=r"no picture of any of this area; it holds 1 usable items, and 1 that cannot be used$"
    ):
        archive.grid(far)
    found = search(archive, far)
    assert (found.scenes, found.says.partition(",")[0]) == ((), "it holds 1 usable items")
    view = first_view(archive)
    with pytest.raises(NoCoverage, match="named gone any more"):
        archive.fetch(Scene(scene_id="gone", captured_at=None), view, AREA)


def test_a_picture_next_door_does_not_cover_a_tile(tmp_path):
    tile = Tile(17, 93_600, 54_600)
    put(tmp_path, "a", View(tile=tile, tile_px=512, margin_px=0).bounds, pixels=noise(512, 512))
    next_door = View(tile=Tile(17, 93_601, 54_600), tile_px=512, margin_px=64)
    with pytest.raises(NoCoverage):
        newest(ArchiveImagery(TERMS, tmp_path), next_door, next_door.bounds)


def test_the_attribution_is_the_items_or_archive(tmp_path):
    put(tmp_path, "a", AREA, attribution="City of Cuttack")
    archive = ArchiveImagery(TERMS, tmp_path)
    view = first_view(archive)
    assert archive.fetch(newest(archive, view, AREA), view, AREA).attribution == "City of Cuttack"
    put(tmp_path, "a", AREA)
    assert archive.fetch(newest(archive, view, AREA), view, AREA).attribution == "Archive"
