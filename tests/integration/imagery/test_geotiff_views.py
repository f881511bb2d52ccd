"""A GeoTIFF by its own tags, shown on a view: where GDAL shows it, and as it does."""

import cv2
import numpy as np
import pytest
import rasterio
from rasterio.control import GroundControlPoint
from rasterio.transform import Affine, from_origin
from rasterio.warp import Resampling, reproject, transform, transform_bounds

from chalicelib.adapters.imagery.geotiff.view import show
from chalicelib.adapters.imagery.geotiff_tags import placed_by_tags
from chalicelib.domain.errors import BadImage
from chalicelib.domain.tiles import Tile, View, centre_of, grid_position
from chalicelib.intake.pixels import to_pixels
from tests.support.builders.geotiffs import UTM, noise, opened, write
from tests.support.running.pairs import SHARED

WORLD_M = 2 * np.pi * 6_378_137.0
VISUALS = sorted((SHARED / "sentinel2").glob("*/*/visual.tif"))


def placed(path):
    file = opened(path)
    return file, placed_by_tags(file.picture.tags, file.picture.full.width, file.picture.full.height)


def view_at(lon, lat, zoom, *, tile_px=512, margin_px=64):
    x, y = grid_position(lon, lat, zoom)
    return View(tile=Tile(zoom, int(x), int(y)), tile_px=tile_px, margin_px=margin_px)


def by_gdal(path, view):
    """The view by GDAL's bilinear warp, every position exact: pixels, and which of them GDAL is sure of."""
    gsd = WORLD_M / 2**view.tile.z / view.tile_px
    west = -WORLD_M / 2 + (view.tile.x * view.tile_px - view.margin_px) * gsd
    north = WORLD_M / 2 - (view.tile.y * view.tile_px - view.margin_px) * gsd
    with rasterio.open(path) as file:
        bands = np.zeros((4, view.size_px, view.size_px), np.uint8)
        whole = np.concatenate([file.read()[:3], np.full((1, file.height, file.width), 255, np.uint8)])
        reproject(
            whole,
            bands,
            src_transform=file.transform,
            src_crs=file.crs,
            dst_transform=from_origin(west, north, gsd, gsd),
            dst_crs="EPSG:3857",
            resampling=Resampling.bilinear,
            tolerance=0,
        )
    return bands[2::-1].transpose(1, 2, 0), cv2.erode(bands[3], np.ones((7, 7))) == 255


def check_alike(path, view):
    file, where = placed(path)
    part = show(file, where, view)
    theirs, sure = by_gdal(path, view)
    sure &= part.clear
    assert sure.mean() > 0.05
    off = np.abs(part.pixels[sure].astype(int) - theirs[sure])
    assert np.percentile(off, 99) <= 1
    assert off.mean() < 0.5


@pytest.mark.skipif(not VISUALS, reason="the images of Sentinel-2 are not here (../shared)")
@pytest.mark.parametrize("zoom", [13, 14])
def test_sentinel2_is_warped_as_gdal_warps_it(zoom):
    for path in VISUALS[::3]:
        _, where = placed(path)
        check_alike(path, view_at(*centre_of(where.bounds), zoom))


SYSTEMS = {
    "UTM north": UTM,
    "UTM south": ("EPSG:32733", from_origin(261_000, 6_243_000, 0.5, 0.5)),
    "the edge of its zone": ("EPSG:32643", from_origin(799_000, 3_151_000, 0.5, 0.5)),
    "another zone's ground": ("EPSG:32644", from_origin(970_000, 2_259_000, 0.5, 0.5)),
    "far north": ("EPSG:32633", from_origin(512_000, 8_680_000, 0.5, 0.5)),
    "Web Mercator": ("EPSG:3857", from_origin(9_551_000, 2_314_600, 0.5, 0.5)),
    "degrees": ("EPSG:4326", from_origin(85.8, 20.35, 4.5e-6, 4.5e-6)),
}


@pytest.mark.parametrize("at", SYSTEMS.values(), ids=SYSTEMS)
def test_each_system_is_laid_where_gdal_lays_it(tmp_path, at):
    path = write(tmp_path / "a.tif", noise(1500, 1400, 3), at=at, compress="DEFLATE", blocksize=256)
    _, where = placed(path)
    with rasterio.open(path) as file:
        bounds = transform_bounds(file.crs, "EPSG:4326", *file.bounds, densify_pts=21)
    assert np.allclose(where.bounds, bounds, atol=2e-7)
    lon, lat = centre_of(where.bounds)
    finest = next(zoom for zoom in range(12, 22) if view_at(lon, lat, zoom).gsd_m <= where.gsd_m)
    check_alike(path, view_at(lon, lat, finest))


def test_what_lies_on_one_meter_lies_there(tmp_path):
    """A bright square of 1 m at a known place is seen there."""
    pixels = np.full((4000, 4000, 3), 90, np.uint8)
    pixels[1234:1244, 2345:2355] = 255  # 0.1 m a pixel
    system, _ = UTM
    at = (system, from_origin(375_000, 2_251_000, 0.1, 0.1))
    file, where = placed(write(tmp_path / "a.tif", pixels, at=at, compress="DEFLATE"))
    [lon], [lat] = transform(system, "EPSG:4326", [375_000 + 235.0], [2_251_000 - 123.9])
    view = view_at(lon, lat, 20)
    bright = np.argwhere(show(file, where, view).pixels[:, :, 0] > 170)
    row, column = bright.mean(axis=0) + 0.5
    found = view.lonlat(column, row)
    assert abs(found[0] - lon) * 104_000 < 0.1
    assert abs(found[1] - lat) * 111_000 < 0.1


@pytest.mark.parametrize(("system", "west"), [("EPSG:32760", 179.997), ("EPSG:32701", -179.9995)])
def test_a_view_at_the_180th_meridian_shows_what_lies_on_its_side(tmp_path, system, west):
    [x], [y] = transform("EPSG:4326", system, [west], [-16.5])
    pixels = noise(400, 400, 3)
    file, where = placed(
        write(tmp_path / "a.tif", pixels, at=(system, from_origin(x, y, 0.5, 0.5)), compress="DEFLATE")
    )
    part = show(file, where, view_at(*centre_of(where.bounds), 17))  # its margin reaches beyond the meridian
    assert part.clear.mean() > 0.2
    _, columns = np.nonzero(part.clear)
    view = view_at(*centre_of(where.bounds), 17)
    assert view.lonlat(columns.min(), 0)[0] == pytest.approx(where.bounds.west, abs=2e-5)
    assert view.lonlat(columns.max(), 0)[0] == pytest.approx(where.bounds.east, abs=2e-5)


def test_a_coarse_view_reads_an_overview_and_averages(tmp_path):
    checks = np.indices((2048, 2048)).sum(axis=0) % 2 * 200 + 20
    pixels = np.repeat(checks[:, :, None], 3, axis=2).astype(np.uint8)
    for driver in ("COG", "GTiff"):
        options = {"blocksize": 256, "overview_resampling": "average"} if driver == "COG" else {}
        path = write(tmp_path / f"{driver}.tif", pixels, driver=driver, compress="DEFLATE", **options)
        file, where = placed(path)
        lon, lat = centre_of(where.bounds)
        part = show(file, where, view_at(lon, lat, 15))
        assert abs(part.pixels[part.clear].astype(int) - 120).max() <= 2
        assert 0.005 < part.clear.mean() < 0.9
    assert len(opened(tmp_path / "COG.tif").picture.levels) > 1


def test_ground_that_is_masked_or_outside_is_not_seen(tmp_path):
    mask = np.full((1400, 1500), 255, np.uint8)
    mask[:, :750] = 0
    file, where = placed(write(tmp_path / "a.tif", noise(1500, 1400, 3), mask=mask))
    part = show(file, where, view_at(*centre_of(where.bounds), 17))
    seen = part.clear.mean()
    file, where = placed(write(tmp_path / "b.tif", noise(1500, 1400, 3)))
    assert 0 < seen < show(file, where, view_at(*centre_of(where.bounds), 17)).clear.mean()
    away = view_at(where.bounds.east + 0.1, where.bounds.north, 17)
    assert not show(file, where, away).clear.any()


def test_16_bits_have_one_contrast_in_neighbouring_views(tmp_path):
    pixels = np.full((1200, 2400, 3), 1000, np.uint16)
    pixels[:, 2300:] = 9000
    file, where = placed(write(tmp_path / "a.tif", pixels, compress="DEFLATE", blocksize=256))
    lon, lat = centre_of(where.bounds)
    views = [view_at(lon + 0.0018 * step, lat, 18) for step in (-1, 0)]
    parts = [show(file, where, view) for view in views]
    greys = {int(np.median(part.pixels[part.clear])) for part in parts if part.clear.any()}
    assert greys == {int(to_pixels(np.full((1, 1, 3), 1000, np.uint16), bits=14).bgr[0, 0, 0])}


def refused(path):
    with pytest.raises(BadImage) as bad:
        placed(path)
    return bad.value.reason


def test_what_the_tags_do_not_say_or_say_otherwise_is_refused_with_the_words(tmp_path):
    pixels = noise(64, 64, 3)
    path = tmp_path / "a.tif"
    _, where = placed(write(path, pixels, at=(None, None), driver="GTiff"))
    assert where is None
    for code, name in (("EPSG:25832", "EPSG:25832"), ("EPSG:27700", "EPSG:27700"), ("EPSG:4277", "EPSG:4277")):
        assert f"a GeoTIFF in {name}" in refused(write(path, pixels, at=(code, UTM[1]), driver="GTiff"))
    own = "+proj=tmerc +lat_0=10 +lon_0=80 +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m"
    assert "a system without a code" in refused(write(path, pixels, at=(own, UTM[1]), driver="GTiff"))
    rotated = UTM[1] * Affine.rotation(10)
    assert "rotated against its system" in refused(write(path, pixels, at=(UTM[0], rotated), driver="GTiff"))
    upside = Affine(0.5, 0, 375_000, 0, 0.5, 2_251_000)
    assert "south to north" in refused(write(path, pixels, at=(UTM[0], upside), driver="GTiff"))
    nowhere = from_origin(9_000_000_000.0, 2_251_000, 0.5, 0.5)
    assert "GeoTIFF" in refused(write(path, pixels, at=(UTM[0], nowhere), driver="GTiff"))
    degrees = from_origin(375_000, 2_251_000, 0.5, 0.5)
    assert "nowhere in EPSG:4326" in refused(write(path, pixels, at=("EPSG:4326", degrees), driver="GTiff"))


def test_ground_control_points_alone_are_refused(tmp_path):
    points = [GroundControlPoint(row, col, 375_000 + col, 2_251_000 - row) for row in (0, 60) for col in (0, 60)]
    path = tmp_path / "a.tif"
    with rasterio.open(path, "w", driver="GTiff", width=64, height=64, count=3, dtype="uint8") as file:
        file.gcps = (points, rasterio.CRS.from_epsg(32645))
        file.write(noise(64, 64, 3).transpose(2, 0, 1))
    assert "ground control points only" in refused(path)


@pytest.mark.parametrize("area_or_point", ["Area", "Point"])
def test_pixels_that_are_points_lie_half_a_pixel_off(tmp_path, area_or_point):
    path = write(tmp_path / "a.tif", noise(64, 64, 3), driver="GTiff")
    with rasterio.open(path, "r+") as file:
        file.update_tags(AREA_OR_POINT=area_or_point)
    with rasterio.open(path) as file:
        expected = file.transform
    _, where = placed(path)
    assert (where.transform.left, where.transform.top) == (expected.c, expected.f)
