"""GeoTIFFs of an archive: with an item beside them, which may not contradict their own tags."""

import hashlib
import json
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest
import rasterio
import rasterio.warp

from chalicelib.adapters.imagery.archive import ArchiveImagery
from chalicelib.adapters.imagery.catalogue import Catalogue
from chalicelib.adapters.imagery.item_store import FolderItemStore
from chalicelib.adapters.imagery.providers.archive import TERMS
from chalicelib.domain.archives import Use
from chalicelib.domain.errors import BadImage
from chalicelib.domain.tiles import Bounds, tiles_covering
from tests.support.builders.archives import clear, decoded
from tests.support.builders.geotiffs import noise, write
from tests.support.builders.scenes import newest

NOW = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.fixture
def tif(tmp_path):
    return write(tmp_path / "a.tif", noise(800, 700, 3), compress="DEFLATE", blocksize=256)


def ground_of(path):
    with rasterio.open(path) as file:
        return Bounds(*rasterio.warp.transform_bounds(file.crs, "EPSG:4326", *file.bounds, densify_pts=21))


def put_item(folder, *, name="a", bbox=None, taken="2025-01-15T05:30:00Z", asset=None, **properties):
    stated = {"type": "Feature", "stac_version": "1.0.0", "id": name, "geometry": None}
    stated |= {"properties": {"datetime": taken, **properties}, "assets": {"image": asset or {"href": f"./{name}.tif"}}}
    if bbox is not None:
        stated["bbox"] = list(bbox)
    (folder / f"{name}.json").write_text(json.dumps(stated))


def uses(folder):
    return {each.name: each for each in ArchiveImagery(TERMS, folder).inventory(now=NOW)}


def first_fetch(archive, ground):
    grid = archive.grid(ground)
    view = grid.view(next(iter(tiles_covering(ground, grid.zoom))))
    return archive.fetch(newest(archive, view, ground), view, ground)


def test_its_own_tags_say_where_it_lies(tmp_path, tif):
    put_item(tmp_path)
    found = uses(tmp_path)
    assert {name: each.use for name, each in found.items()} == {"a.json": Use.USED, "a.tif": Use.USED}
    assert found["a.json"].says == (
        "an item of 2025-01-15 05:30Z, 0.5 m a pixel, EPSG:32645, a GeoTIFF of 800 x 700 px; asset 'image': a.tif"
    )
    assert clear(first_fetch(ArchiveImagery(TERMS, tmp_path), ground_of(tif)).content).any()


SAID = {
    "nothing": {},
    "its code": {"proj:code": "EPSG:32645"},
    "its code as a number, its size, its pixels": {"proj:epsg": 32645, "gsd": 0.5, "proj:shape": [700, 800]},
    "its transform": {"proj:code": "EPSG:32645", "proj:transform": [0.5, 0, 375_000, 0, -0.5, 2_251_000]},
    "its box": {"proj:code": "EPSG:32645", "proj:bbox": [375_000, 2_250_650, 375_400, 2_251_000]},
}


@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
def test_what_its_item_says_too_and_rightly(tmp_path, tif, said):
    put_item(tmp_path, bbox=[round(each, 6) for each in ground_of(tif)], **said)
    assert {each.use for each in uses(tmp_path).values()} == {Use.USED}


WRONG = {
    "another place": ({"bbox": [85.9, 20.3, 85.904, 20.304]}, "GeoTIFF's own place must agree within 2 %"),
    "another zone": ({"proj:code": "EPSG:32644"}, "it says EPSG:32644, its GeoTIFF says EPSG:32645 itself"),
    "another system": ({"proj:code": "EPSG:3857"}, "it says EPSG:3857, its GeoTIFF says EPSG:32645 itself"),
    "other pixels": ({"proj:shape": [800, 700]}, "are rows and columns exchanged?"),
    "another size of pixel": ({"gsd": 50}, "gsd says 50 m a pixel, its GeoTIFF has 0.5 m; is it in centimetres?"),
    "another transform": (
        {"proj:code": "EPSG:32645", "proj:transform": [0.5, 0, 376_000, 0, -0.5, 2_251_000]},
        "must agree within 2 %",
    ),
    "a system nobody knows": ({"proj:code": "EPSG:25832"}, "not 'EPSG:25832'"),
}  # fmt: skip


@pytest.mark.parametrize(("said", "words"), WRONG.values(), ids=WRONG)
def test_what_its_item_says_otherwise_is_refused(tmp_path, tif, said, words):
    put_item(tmp_path, **{"bbox": [round(each, 6) for each in ground_of(tif)], **said})
    found = uses(tmp_path)["a.json"]
    assert found.use == Use.NOT_USED
    assert words in found.says


def test_one_without_georeference_is_laid_as_its_item_says_or_refused(tmp_path):
    write(tmp_path / "a.tif", noise(800, 800, 3), at=(None, None), driver="GTiff")
    put_item(tmp_path)
    assert uses(tmp_path)["a.json"].says == "neither it nor its GeoTIFF says where that lies"
    assert "gdal_edit.py" in uses(tmp_path)["a.json"].remedy
    put_item(tmp_path, **{"proj:code": "EPSG:32645"}, bbox=[85.8, 20.3, 85.804, 20.304])
    assert "add proj:transform" in uses(tmp_path)["a.json"].says
    put_item(tmp_path, **SAID["its transform"], **{"proj:shape": [800, 800]})
    assert {each.use for each in uses(tmp_path).values()} == {Use.USED}
    square = Bounds(85.7995, 20.3495, 85.8005, 20.350438)
    put_item(tmp_path, bbox=square)
    assert {each.use for each in uses(tmp_path).values()} == {Use.USED}
    content = first_fetch(ArchiveImagery(TERMS, tmp_path), square).content
    assert clear(content).any()


def test_where_its_item_says_the_same_as_a_png_would_it_shows_the_same(tmp_path):
    pixels = noise(800, 800, 3)
    square = Bounds(85.7995, 20.3495, 85.8005, 20.350438)
    shown = []
    for kind in ("tif", "png"):
        folder = tmp_path / kind
        folder.mkdir()
        if kind == "tif":
            write(folder / "a.tif", pixels, at=(None, None), driver="GTiff")
        else:
            cv2.imwrite(str(folder / "a.png"), np.ascontiguousarray(pixels[:, :, ::-1]))
        put_item(folder, bbox=square, asset={"href": f"./a.{kind}"})
        shown.append(decoded(first_fetch(ArchiveImagery(TERMS, folder), square).content).astype(int))
    assert shown[0].shape == shown[1].shape
    assert np.abs(shown[0] - shown[1])[:, :, :3].mean() < 1


def test_the_mask_beside_it_is_part_of_it(tmp_path):
    mask = np.full((700, 800), 255, np.uint8)
    mask[:, :400] = 0
    tif = write(tmp_path / "a.tif", noise(800, 700, 3), driver="GTiff", tiled=True, mask=mask, is_mask_apart=True)
    put_item(tmp_path)
    assert uses(tmp_path)["a.tif.msk"].says == "the mask of a.tif"
    archive = ArchiveImagery(TERMS, tmp_path)
    masked = clear(first_fetch(archive, ground_of(tif)).content).mean()
    (before,) = Catalogue(FolderItemStore(tmp_path)).look().entries
    (tmp_path / "a.tif.msk").unlink()
    (after,) = Catalogue(FolderItemStore(tmp_path)).look().entries
    assert before.item.content != after.item.content
    assert masked < clear(first_fetch(archive, ground_of(tif)).content).mean()


def test_one_that_is_cut_off_is_refused_before_any_of_it_is_used(tmp_path, tif):
    put_item(tmp_path)
    content = tif.read_bytes()
    tif.write_bytes(content[: len(content) // 2])
    found = uses(tmp_path)["a.json"]
    assert (found.use, "cut off, or still being written" in found.says) == (Use.NOT_USED, True)


def test_a_damaged_tile_ends_the_tile_that_shows_it_and_no_other(tmp_path):
    content = bytearray(
        write(tmp_path / "a.tif", noise(2000, 2000, 3), driver="GTiff", tiled=True, compress="deflate").read_bytes()
    )
    ground = ground_of(tmp_path / "a.tif")
    content[1000:1100] = bytes(100)  # in its first tile
    (tmp_path / "a.tif").write_bytes(content)
    put_item(tmp_path)
    archive = ArchiveImagery(TERMS, tmp_path)
    grid = archive.grid(ground)
    outcomes = []
    for tile in tiles_covering(ground, grid.zoom):
        view = grid.view(tile)
        scene = newest(archive, view, ground)
        try:
            archive.fetch(scene, view, ground)
            outcomes.append("fetched")
        except BadImage as bad:
            outcomes.append(bad.reason)
    assert "fetched" in outcomes
    (reason,) = set(outcomes) - {"fetched"}
    assert "damaged TIFF" in reason
    assert "a.tif" not in reason


def test_a_checksum_of_a_large_file_is_checked_by_the_inventory(tmp_path, tif):
    right = "1220" + hashlib.sha256(tif.read_bytes()).hexdigest()
    put_item(tmp_path, asset={"href": "./a.tif", "file:checksum": right})
    assert uses(tmp_path)["a.json"].use == Use.USED
    put_item(tmp_path, asset={"href": "./a.tif", "file:checksum": right[:-1] + ("0" if right[-1] != "0" else "1")})
    assert "it is another file, or damaged" in uses(tmp_path)["a.json"].says
