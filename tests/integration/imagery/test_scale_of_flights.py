"""Two flights of one sensor look alike, whatever shines on one of them: pictures of 16 bits are shown on one scale."""

import json

import cv2
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from rasterio.warp import transform

from chalicelib.adapters.imagery.archive import ArchiveImagery
from chalicelib.adapters.imagery.catalogue import Catalogue
from chalicelib.adapters.imagery.item_store import FolderItemStore
from chalicelib.adapters.imagery.providers.archive import TERMS
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import bounds_of, centre_of, tiles_covering
from chalicelib.vision.changes import compare
from infra.archive import __main__ as command
from tests.support.builders.geotiffs import noise, opened, write
from tests.support.builders.land import house, village
from tests.support.builders.scenes import search

SIDE_PX, GSD_M = 768, 0.5
AT = ("EPSG:32645", from_origin(375_000, 2_251_000, GSD_M, GSD_M))
TOP = 3_900  # of 12 bits
GROUND = village(SIDE_PX, seed=1)[:, :, ::-1]
HOUSE = 40, 30  # pixels


def light(picture, *, seed):
    """What a sensor of 12 bits measures of a picture: light, with its noise."""
    measured = (picture / 255.0) ** 2.2 * TOP
    measured += np.random.default_rng(seed).normal(0, 3, picture.shape)
    return measured.clip(1, TOP).astype(np.uint16)


def by_hand(folder, name, pixels, day, **says):
    write(folder / f"{name}.tif", pixels, at=AT, compress="DEFLATE")
    stated = {"type": "Feature", "stac_version": "1.0.0", "id": name, "geometry": None}
    stated |= {"properties": {"datetime": f"{day}T05:30:00Z"}}
    (folder / f"{name}.json").write_text(json.dumps(stated | {"assets": {"image": {"href": f"{name}.tif"} | says}}))


def by_command(folder, name, pixels, day):
    file = write(folder.parent / f"{name}.tif", pixels, at=AT, driver="GTiff", compress="DEFLATE")
    assert command.main(["add", str(file), "--date", day, "--to", str(folder)]) == 0


def middle_of(archive, folder):
    """The ground of the flights, and the tile in its middle."""
    area = Catalogue(FolderItemStore(folder)).look().entries[0].bounds
    grid = archive.grid(area)
    tiles = list(tiles_covering(area, grid.zoom))
    return area, grid.view(tiles[len(tiles) // 2])


def two_looks(folder):
    """The pictures of both flights on the tile in the middle, the older first, and what changed between them."""
    archive = ArchiveImagery(TERMS, folder)
    area, view = middle_of(archive, folder)
    newest, oldest = search(archive, area).scenes
    before, after = (archive.fetch(scene, view, area).content for scene in (oldest, newest))
    change = compare(before, after, view=view, area=area, thresholds=Thresholds(min_changed_area_m2=25))
    pictures = [cv2.imdecode(np.frombuffer(each, np.uint8), cv2.IMREAD_UNCHANGED) for each in (before, after)]
    clear = (pictures[0][:, :, 3] > 0) & (pictures[1][:, :, 3] > 0)
    assert clear.mean() > 0.3
    return [float(each[:, :, :3][clear].mean()) for each in pictures], change.regions


def with_roof(measured, value, share):
    """The ground with a roof, or its glints, that shines: so many of its pixels."""
    shining = measured.copy()
    side = int(np.sqrt(share) * SIDE_PX)
    shining[20 : 20 + side, 20 : 20 + side] = value
    return shining


@pytest.mark.parametrize(("value", "share"), [(4_500, 0.0005), (30_000, 0.0005), (4_500, 0.01), (30_000, 0.01)])
def test_ground_that_is_the_same_is_no_change_beside_a_roof_that_shines(tmp_path, value, share, capsys):
    (tmp_path / "archive").mkdir()
    by_command(tmp_path / "archive", "first", light(GROUND, seed=1), "2025-01-15")
    shining = with_roof(light(GROUND, seed=2), value, share)
    by_command(tmp_path / "archive", "second", shining, "2025-02-15")
    noted = "shown on the scale of first, 12 bits" in capsys.readouterr().out
    assert noted == (share > 0.001)  # fewer glints say nothing in the first place
    (before, after), regions = two_looks(tmp_path / "archive")
    assert abs(before - after) < 2
    assert not regions


def test_a_house_is_seen_beside_a_roof_that_shines(tmp_path):
    (tmp_path / "archive").mkdir()
    by_command(tmp_path / "archive", "first", light(GROUND, seed=1), "2025-01-15")
    _, view = middle_of(ArchiveImagery(TERMS, tmp_path / "archive"), tmp_path / "archive")
    [x], [y] = transform("EPSG:4326", AT[0], *([each] for each in centre_of(bounds_of(view.tile))))
    column, row = ~AT[1] @ (x, y)
    built = house(GROUND[:, :, ::-1], int(column), int(row), width=HOUSE[0], height=HOUSE[1])[:, :, ::-1]
    by_command(tmp_path / "archive", "second", with_roof(light(built, seed=2), 30_000, 0.01), "2025-02-15")
    _, regions = two_looks(tmp_path / "archive")
    assert regions


def test_what_an_item_says_of_its_bits_is_the_scale_and_without_it_a_glint_is_not(tmp_path):
    for name, says in (("said", {"raster:bits_per_sample": 12}), ("silent", {})):
        folder = tmp_path / name
        folder.mkdir()
        by_hand(folder, "first", light(GROUND, seed=1), "2025-01-15", **says)
        share = 0.01 if says else 0.0005
        by_hand(folder, "second", with_roof(light(GROUND, seed=2), 30_000, share), "2025-02-15", **says)
        (before, after), regions = two_looks(folder)
        assert abs(before - after) < 2
        assert not regions


def test_a_sensor_of_other_bits_is_shown_on_its_own_scale_and_that_is_told(tmp_path, capsys):
    (tmp_path / "archive").mkdir()
    by_command(tmp_path / "archive", "first", light(GROUND, seed=1), "2025-01-15")
    by_command(tmp_path / "archive", "second", noise(SIDE_PX, SIDE_PX, 3, "uint16"), "2025-02-15")
    assert (
        "its values are of 16 bits, and first is shown on a scale of 12: the two look unlike" in capsys.readouterr().out
    )
    item = json.loads((tmp_path / "archive" / "second.json").read_text())
    assert item["assets"]["image"]["raster:bits_per_sample"] == 16


def test_jpeg_2000_of_12_bits_keeps_its_values_and_says_how_many_bits_they_are(tmp_path):
    pixels = (noise(700, 600, 3, "uint16", top=4_000) >> 3) + 1  # dark: by its values it could be of 9
    file = write(tmp_path / "scene.jp2", pixels, at=AT, driver="JP2OpenJPEG", quality=100, reversible=True, nbits=12)
    archive = tmp_path / "archive"
    assert command.main(["add", str(file), "--date", "2024-03-01", "--to", str(archive)]) == 0
    with rasterio.open(archive / "scene.tif") as made:
        assert np.array_equal(made.read().transpose(1, 2, 0), pixels)
    item = json.loads((archive / "scene.json").read_text())
    assert item["assets"]["image"]["raster:bits_per_sample"] == 12
    assert opened(archive / "scene.tif").bits() == 12


def test_an_item_that_says_less_bits_than_its_values_have_is_not_believed(tmp_path):
    says = {"raster:bits_per_sample": 12}
    for name, seed, day in (("first", 1, "2025-01-15"), ("second", 2, "2025-02-15")):
        by_hand(tmp_path, name, light(GROUND, seed=seed) * 16, day, **says)  # filled from above
    (before, after), regions = two_looks(tmp_path)
    assert 20 < before < 200
    assert abs(before - after) < 2
    assert not regions
