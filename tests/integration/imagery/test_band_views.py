"""A scene's bands on a view: where GDAL lays them, in reflectance, and the picture that is made of them."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from rasterio.warp import Resampling, reproject

from chalicelib.adapters.imagery.archive import ArchiveImagery
from chalicelib.adapters.imagery.geotiff import view as view_of_geotiff
from chalicelib.adapters.imagery.providers.archive import TERMS
from chalicelib.domain.archives import Use
from chalicelib.domain.bands import CLASS, LAYERS, ONE, ZERO
from chalicelib.domain.errors import BadImage
from chalicelib.domain.scenes import Grid
from chalicelib.domain.tiles import Tile, centre_of, grid_position
from chalicelib.intake.bands import check
from tests.support.builders.archives import decoded
from tests.support.builders.scenes import search
from tests.support.builders.sentinel2 import BOX, CLOUD, GROUND, GSD_M, SOIL, classes, put, reflectances

WORLD_M = 2 * np.pi * 6_378_137.0
BRIGHTEST = 0.3558


def fetched(folder, *, grid=None, place=0):
    archive = ArchiveImagery(TERMS, folder)
    grid = grid or archive.grid(GROUND)
    x, y = grid_position(*centre_of(GROUND), grid.zoom)
    view = grid.view(Tile(grid.zoom, int(x), int(y)))
    picture = archive.fetch(search(archive, GROUND).scenes[place], view, GROUND)
    return picture, view, None if picture.bands is None else check(picture.bands, view)


def by_gdal(path, view, side_px, how):
    gsd = WORLD_M / 2**view.tile.z / view.tile_px
    west = -WORLD_M / 2 + (view.tile.x * view.tile_px - view.margin_px) * gsd
    north = WORLD_M / 2 - (view.tile.y * view.tile_px - view.margin_px) * gsd
    step = gsd * view.size_px / side_px
    with rasterio.open(path) as file:
        found = np.zeros((side_px, side_px), np.float32)
        reproject(
            file.read(1).astype(np.float32),
            found,
            src_transform=file.transform,
            src_crs=file.crs,
            src_nodata=0,
            dst_transform=from_origin(west, north, step, step),
            dst_crs="EPSG:3857",
            resampling=how,
            tolerance=0,
        )
    return found


@pytest.mark.parametrize("offset", [0.0, -0.1])
def test_each_band_lies_where_gdal_lays_it_and_counts_reflectance(tmp_path, offset):
    put(tmp_path, "a", taken="2024-05-01T05:30:00Z", offset=offset)
    _, view, layers = fetched(tmp_path)
    for name in GSD_M.keys() - {"scl"}:
        ours = layers[LAYERS.index(name)].astype(float)
        theirs = by_gdal(tmp_path / "a" / f"{name}.tif", view, view.size_px, Resampling.bilinear)
        both = (ours > 0) & (theirs > 0)
        off = np.abs((ours[both] - ZERO) / ONE - (theirs[both] / 10_000 + offset))
        assert both.mean() > 0.3
        assert np.percentile(off, 99) < 0.25 / 255, name  # a grey level; OpenCV samples at 32nds of a pixel
    assert not layers[LAYERS.index(CLASS)].any()


def test_of_classes_none_lies_between_two(tmp_path):
    scl = np.random.default_rng(1).choice([4, 5, 6, 9], classes().shape).astype(np.uint8)
    put(tmp_path, "a", taken="2024-05-01T05:30:00Z", scl=scl)
    _, view, layers = fetched(tmp_path)
    theirs = by_gdal(tmp_path / "a" / "scl.tif", view, view.size_px, Resampling.nearest)
    ours = layers[LAYERS.index(CLASS)]
    both = (ours > 0) & (theirs > 0)
    assert both.mean() > 0.3
    assert (ours[both] == theirs[both]).mean() > 0.99  # positions between nodes are interpolated
    assert set(np.unique(ours)) <= {0, 4, 5, 6, 9}


def test_classes_of_too_many_pixels_for_one_tile_are_refused_with_their_number(tmp_path, monkeypatch):
    monkeypatch.setattr(view_of_geotiff, "_MOST_NEAREST_PX", 10_000)
    put(tmp_path, "a", taken="2024-05-01T05:30:00Z", scl=classes())
    with pytest.raises(BadImage, match=r"a classification of which \d+x\d+ px show one tile"):
        fetched(tmp_path)


def test_the_picture_has_one_scale_whatever_the_scene_and_its_offset(tmp_path):
    dark, bright = reflectances(), reflectances(seed=2)
    bright["red"] = bright["red"] * 3
    put(tmp_path, "a", taken="2024-05-01T05:30:00Z", bands=dark, offset=-0.1)
    put(tmp_path, "b", taken="2024-06-01T05:30:00Z", bands=bright)
    for place in (0, 1):
        picture, _, layers = fetched(tmp_path, place=place)
        pixels = decoded(picture.content)
        for channel, name in enumerate(("blue", "green", "red")):
            coded = layers[LAYERS.index(name)].astype(float)
            shown = 1 + 254 * ((coded - ZERO) / ONE / BRIGHTEST).clip(0, 1)
            where = pixels[:, :, 3] == 255
            assert np.abs(pixels[where][:, channel] - shown[where]).max() <= 1


def fetched_without_hole(folder):
    put(folder, "a", taken="2024-05-01T05:30:00Z")
    return decoded(fetched(folder)[0].content)[:, :, 3] == 255


def test_what_a_band_does_not_show_is_no_ground(tmp_path):
    bands = reflectances()
    bands["green"][150:450, 150:450] = 0.0  # its number is 0: no data
    put(tmp_path / "hole", "a", taken="2024-05-01T05:30:00Z", bands=bands)
    picture, _, layers = fetched(tmp_path / "hole")
    clear = decoded(picture.content)[:, :, 3] == 255
    assert np.array_equal(clear, (layers[:3] > 0).all(axis=0))
    assert not layers[:, ~clear].any()
    whole = fetched_without_hole(tmp_path / "whole")
    assert whole.sum() > clear.sum() + 50_000


def test_fine_tiles_have_bands_as_coarse_as_the_sensor(tmp_path):
    put(tmp_path, "a", taken="2024-05-01T05:30:00Z", scl=classes())
    picture, view, layers = fetched(tmp_path, grid=Grid(zoom=17, tile_px=512, margin_px=64))
    assert layers.shape[1:] == (40, 40)
    assert decoded(picture.content).shape[:2] == (view.size_px, view.size_px)
    theirs = by_gdal(tmp_path / "a" / "nir.tif", view, 40, Resampling.bilinear)
    assert np.abs(layers[3] - ZERO - theirs)[theirs > 0].max() < 30


def test_a_scene_of_two_halves_shows_bands_and_picture_of_the_same_one(tmp_path):
    for name, half in (("west", slice(None, 320)), ("east", slice(280, None))):
        bands = {key: values.copy() for key, values in reflectances(seed=len(name)).items()}
        for key, values in bands.items():
            outside = np.ones(values.shape[1], bool)
            outside[slice(half.start and half.start * 10 // GSD_M[key], half.stop and half.stop * 10 // GSD_M[key])] = 0
            values[:, outside] = 0
        put(tmp_path, name, taken="2024-05-01T05:30:00Z", bands=bands, scl=classes(CLOUD if name == "east" else SOIL))
    picture, _, layers = fetched(tmp_path)
    pixels = decoded(picture.content)
    shown = 1 + 254 * ((layers[2].astype(float) - ZERO) / ONE / BRIGHTEST).clip(0, 1)
    where = (layers[2] > 0) & ((pixels[:, :, 3] == 255) if pixels.shape[2] == 4 else True)
    assert where.mean() > 0.3
    assert np.abs(pixels[where][:, 2] - shown[where]).max() <= 1
    assert {SOIL, CLOUD} <= set(np.unique(layers[6]))


def test_an_item_without_a_visible_band_keeps_its_picture_and_gets_the_others(tmp_path):
    put(tmp_path, "a", taken="2024-05-01T05:30:00Z", scl=classes())
    item = json.loads((tmp_path / "a" / "item.json").read_text())
    item["assets"]["visual"] = item["assets"].pop("red") | {"roles": ["visual"]}
    (tmp_path / "a" / "item.json").write_text(json.dumps(item))
    picture, _, layers = fetched(tmp_path)
    assert layers[3].any()
    assert not layers[LAYERS.index("red")].any()
    assert decoded(picture.content).any()


def test_an_item_whose_bands_lie_elsewhere_is_shown_without_them(tmp_path):
    put(tmp_path, "a", taken="2024-05-01T05:30:00Z", scl=classes())
    item = json.loads((tmp_path / "a" / "item.json").read_text())
    for key, asset in item["assets"].items():
        if key != "red":
            asset["href"] = f"https://example.org/{key}.tif"
    (tmp_path / "a" / "item.json").write_text(json.dumps(item))
    _, _, layers = fetched(tmp_path)
    assert [name for name, layer in zip(LAYERS, layers, strict=True) if layer.any()] == ["red"]
    uses = {use.name: use for use in ArchiveImagery(TERMS, tmp_path).inventory(now=datetime(2025, 1, 1, tzinfo=UTC))}
    assert "'blue'" in uses["a/item.json"].says
    assert "without these bands" in uses["a/item.json"].says


def test_the_inventory_names_each_band(tmp_path):
    put(tmp_path, "a", taken="2024-05-01T05:30:00Z", scl=classes())
    uses = {use.name: use for use in ArchiveImagery(TERMS, tmp_path).inventory(now=datetime(2025, 1, 1, tzinfo=UTC))}
    assert {use.use for use in uses.values()} == {Use.USED}
    assert uses["a/swir16.tif"].says == "the band swir16 of a/item.json"
    assert "its picture is made of them" in uses["a/item.json"].says


def test_a_band_that_comes_later_makes_another_version_of_the_scene(tmp_path):
    put(tmp_path, "a", taken="2024-05-01T05:30:00Z", scl=classes())
    late = tmp_path / "a" / "scl.tif"
    content = late.read_bytes()
    late.unlink()
    before = search(ArchiveImagery(TERMS, tmp_path), GROUND).scenes[0]
    late.write_bytes(content)
    after = search(ArchiveImagery(TERMS, tmp_path), GROUND).scenes[0]
    assert before.scene_id == after.scene_id
    assert before.version != after.version


def test_numbers_that_are_without_the_offset_already_are_refused_in_the_words_of_the_fix(tmp_path):
    """As some items of Earth Search's sentinel-2-l2a are (its issue 71): each index would be wrong by a tenth."""
    bands = {name: values * 0.1 for name, values in reflectances().items()}
    put(tmp_path, "a", taken="2024-05-01T05:30:00Z", bands=bands)
    item = json.loads((tmp_path / "a" / "item.json").read_text())
    for asset in item["assets"].values():
        asset["raster:bands"] = [{"scale": 0.0001, "offset": -0.1}]
    (tmp_path / "a" / "item.json").write_text(json.dumps(item))
    with pytest.raises(BadImage, match="correct raster:offset"):
        fetched(tmp_path)


@pytest.mark.parametrize("name", ["nir", "scl", "red"])
@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda path, _asset: path.write_bytes(path.read_bytes()[:300]), "TIFF"),
        (lambda path, _asset: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100)), "PNG"),
        (lambda _path, asset: asset.update({"file:size": 7}), "file:size"),
        (lambda _path, asset: asset.update({"proj:code": "EPSG:32644"}), "EPSG:32644"),
        (lambda _path, asset: asset.update({"gsd": 3}), "gsd"),
    ],
    ids=["cut off", "another kind", "another size", "another system", "other pixels"],
)
def test_a_band_that_is_not_what_its_item_says_ends_its_item_and_no_other(tmp_path, name, spoil, says):
    put(tmp_path, "good", taken="2024-04-01T05:30:00Z", scl=classes())
    put(tmp_path, "a", taken="2024-05-01T05:30:00Z", scl=classes())
    item = json.loads((tmp_path / "a" / "item.json").read_text())
    spoil(tmp_path / "a" / f"{name}.tif", item["assets"][name])
    item["bbox"] = list(BOX)
    (tmp_path / "a" / "item.json").write_text(json.dumps(item))
    archive = ArchiveImagery(TERMS, tmp_path)
    uses = {use.name: use for use in archive.inventory(now=datetime(2025, 1, 1, tzinfo=UTC))}
    assert uses["a/item.json"].use == Use.NOT_USED
    assert says in uses["a/item.json"].says
    assert [scene.scene_id for scene in search(archive, GROUND).scenes] == ["good"]


def test_a_damaged_block_of_the_classes_is_a_bad_image(tmp_path):
    """Without them a cloud would be ground."""
    put(tmp_path, "a", taken="2024-05-01T05:30:00Z", scl=classes())
    path = tmp_path / "a" / "scl.tif"
    content = bytearray(path.read_bytes())
    content[-len(content) // 3 :] = bytes(len(content) - len(content[: -len(content) // 3]))
    path.write_bytes(content)
    with pytest.raises(BadImage, match="damaged"):
        fetched(tmp_path)
