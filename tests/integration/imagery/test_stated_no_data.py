"""`nodata` as an item states it: what has that value in all colours is ground that nobody has seen."""

import json
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest

from chalicelib.adapters.imagery.archive import ArchiveImagery
from chalicelib.adapters.imagery.providers.archive import TERMS
from chalicelib.adapters.imagery.refusals import dated_of
from chalicelib.adapters.imagery.written import read_item, write_usable
from chalicelib.domain.errors import BadImage
from chalicelib.domain.tiles import tiles_covering
from tests.support.builders.archives import clear, item, noise, square
from tests.support.builders.geotiffs import noise as noise_of
from tests.support.builders.geotiffs import write
from tests.support.builders.scenes import newest

WIDTH, HEIGHT, HOLE = 600, 400, 240  # the hole: so many columns on the left
EXTENT = square(28.6, 77.2, width_px=WIDTH, height_px=HEIGHT, gsd_m=0.5)
AREA = EXTENT.bounds
SAID = {"raster:bands": [{"nodata": 7}] * 3}


def with_hole(value, *, pixels=None):
    found = noise(WIDTH, HEIGHT) if pixels is None else pixels
    found[:, :HOLE] = value
    return found


def put(folder, pixels, *, kind="png", asset=None, options=(), name="a", **properties):
    if kind == "tif":
        write(folder / f"{name}.tif", pixels, **dict(options))
        stated = {"type": "Feature", "stac_version": "1.0.0", "id": name, "geometry": None}
        stated |= {"properties": {"datetime": "2024-05-01T10:30:00Z", **properties}, "assets": {"image": {}}}
    else:
        (folder / f"{name}.{kind}").write_bytes(cv2.imencode(f".{kind}", pixels, list(options))[1].tobytes())
        stated = item(AREA, item_id=name, **properties)
    stated["assets"]["image"] = {"href": f"./{name}.{kind}", **(asset or {})}
    (folder / f"{name}.json").write_text(json.dumps(stated))


def entries(folder):
    return ArchiveImagery(TERMS, folder)._holdings.listing().entries


def seen_of(folder):
    """Give the mask of what the picture itself shows, as it is laid on its ground."""
    (entry,) = entries(folder)
    return ArchiveImagery(TERMS, folder)._decoded.get(entry).valid


@pytest.mark.parametrize(
    ("asset", "properties"),
    [
        (SAID, {}),
        ({"bands": [{"name": "red", "nodata": 7}, {"name": "green", "nodata": 7}, {"name": "blue"}]}, {}),
        ({"nodata": 7}, {}),
        ({"raster:bands": [{"nodata": 7.0}]}, {}),
        ({}, {"raster:bands": [{"nodata": 7}]}),
        ({}, {"bands": [{"nodata": 7}]}),
        ({}, {"nodata": 7}),
        ({"raster:bands": [{"nodata": 7}]}, {"raster:bands": [{"nodata": 200}]}),
        ({"bands": [{"name": "red"}]}, {"nodata": 7}),
    ],
)
def test_what_is_said_of_the_asset_counts_before_what_is_said_of_its_item(tmp_path, asset, properties):
    pixels = with_hole(7)
    pixels[:, -50:] = 200
    pixels[:40, 300:400, 1] = 7  # of one colour alone: it is one
    put(tmp_path, pixels, asset=asset, **properties)
    seen = seen_of(tmp_path)
    assert not seen[:, :HOLE].any()
    assert seen[:, HOLE:].all()


@pytest.mark.parametrize(
    "asset",
    [
        {},
        {"raster:bands": [{"nodata": "nan"}] * 3},
        {"raster:bands": [{"nodata": "7"}]},
        {"raster:bands": [{"nodata": -9999}]},
        {"raster:bands": [{"nodata": 7.5}]},
        {"raster:bands": [{"nodata": 300}]},
        {"raster:bands": [{"nodata": 10**400}]},
        {"raster:bands": {"nodata": 7}},
        {"raster:bands": [7, None, "7"]},
        {"nodata": True},
    ],
)
@pytest.mark.parametrize("kind", ["png", "jpg", "webp"])
def test_what_no_sample_can_have_hides_nothing(tmp_path, asset, kind):
    put(tmp_path, with_hole(7), kind=kind, asset=asset)
    assert seen_of(tmp_path).all()


def test_values_that_differ_between_bands_are_told_and_hide_nothing(tmp_path):
    put(tmp_path, with_hole(7), asset={"raster:bands": [{"nodata": 7}, {"nodata": 0}, {"nodata": 7}]})
    assert seen_of(tmp_path).all()
    (told,) = (
        each
        for each in ArchiveImagery(TERMS, tmp_path).inventory(now=datetime(2026, 1, 1, tzinfo=UTC))
        if each.name == "a.json"
    )
    assert "its bands say different nodata values, of which none is used" in told.says


@pytest.mark.parametrize("value", [0, 900, 32_767, 65_535])
def test_a_value_of_16_bits_is_that_of_the_file_and_says_nothing_of_its_scale(tmp_path, value):
    ground = noise(WIDTH, HEIGHT).astype(np.uint16) * 10  # of twelve bits
    plain, holed = tmp_path / "plain", tmp_path / "holed"
    plain.mkdir()
    holed.mkdir()
    put(plain, ground)
    put(holed, with_hole(value, pixels=ground.copy()), asset={"nodata": value})
    seen = seen_of(holed)
    assert not seen[:, :HOLE].any()
    assert seen[:, HOLE:].mean() > 0.999, "900 is ground too, in all colours of hardly any pixel"
    shown = [ArchiveImagery(TERMS, folder)._decoded.get(*entries(folder)).bgr[:, HOLE:] for folder in (plain, holed)]
    assert np.array_equal(*shown)


@pytest.mark.parametrize("value", [0, 7, 128, 255])
@pytest.mark.parametrize("quality", [60, 75, 95])
@pytest.mark.parametrize("kind", ["jpg", "webp"])
def test_after_a_lossy_format_its_near_values_go_too_and_the_ground_stays(tmp_path, kind, quality, value):
    flag = cv2.IMWRITE_JPEG_QUALITY if kind == "jpg" else cv2.IMWRITE_WEBP_QUALITY
    pixels = noise(WIDTH, HEIGHT)
    cv2.fillConvexPoly(pixels, np.array([(0, 0), (HOLE, 0), (HOLE // 2, HEIGHT), (0, HEIGHT)]), (value,) * 3)
    put(tmp_path, pixels, kind=kind, options=(flag, quality), asset={"nodata": value})
    hole = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.fillConvexPoly(hole, np.array([(0, 0), (HOLE, 0), (HOLE // 2, HEIGHT), (0, HEIGHT)]), 1)
    seen = seen_of(tmp_path)
    assert not seen[hole > 0].any()
    far = cv2.dilate(hole, np.ones((51, 51), np.uint8)) == 0
    assert seen[far].all()


@pytest.mark.parametrize("kind", ["jpg", "webp"])
def test_dark_ground_that_is_nearly_of_that_value_is_ground(tmp_path, kind):
    dark = np.clip(noise(WIDTH, HEIGHT).astype(int) - 128, 0, 255).astype(np.uint8)  # black here and there
    put(tmp_path, dark, kind=kind, options=(1 if kind == "jpg" else 64, 90), asset={"nodata": 0})
    assert (dark.max(axis=2) == 0).sum() > 100
    assert seen_of(tmp_path).mean() > 0.99


def test_a_webp_without_losses_is_taken_at_its_word(tmp_path):
    pixels = noise(WIDTH, HEIGHT)
    pixels[100:103, 200:203] = 7
    put(tmp_path, pixels, kind="webp", options=(cv2.IMWRITE_WEBP_QUALITY, 101), asset=SAID)
    assert (~seen_of(tmp_path)).sum() == 9


def hidden_of(folder):
    """Give the share of a view that a GeoTIFF's picture hides, of what it shows else."""
    archive = ArchiveImagery(TERMS, folder)
    (entry,) = archive._holdings.listing().entries
    grid = archive.grid(entry.bounds)
    tiles = list(tiles_covering(entry.bounds, grid.zoom))
    view = grid.view(tiles[len(tiles) // 2])
    return 1 - clear(archive.fetch(newest(archive, view, entry.bounds), view, entry.bounds).content).mean()


def of_a_file(tmp_path, name, *, own=None, said=None):
    folder = tmp_path / name
    folder.mkdir()
    pixels = noise_of(800, 700, 3)
    pixels[:, :, :400], pixels[:, :, 400:] = 9, np.maximum(pixels[:, :, 400:], 20)
    options = {"compress": "DEFLATE", "blocksize": 256} | ({} if own is None else {"nodata": own})
    put(folder, pixels, kind="tif", options=options, asset={} if said is None else {"nodata": said})
    return hidden_of(folder)


def test_what_a_geotiff_says_itself_goes_before_its_item(tmp_path):
    nothing = of_a_file(tmp_path, "nothing")
    own = of_a_file(tmp_path, "own", own=9)
    assert own > nothing + 0.2
    assert of_a_file(tmp_path, "said", said=9) == own
    assert of_a_file(tmp_path, "both", own=9, said=200) == own
    assert of_a_file(tmp_path, "other", own=200, said=9) == nothing
    assert of_a_file(tmp_path, "beyond", said=300) == nothing


def test_what_a_sparse_file_leaves_out_is_what_its_item_says_or_missing(tmp_path):
    pixels = noise_of(800, 700, 3)
    pixels[:, :512] = 0
    options = {"driver": "GTiff", "tiled": True, "sparse_ok": True, "compress": "deflate"}
    put(tmp_path, pixels, kind="tif", options=options, asset={"nodata": 0})
    assert hidden_of(tmp_path) > 0.3
    put(tmp_path, pixels, kind="tif", options=options, asset={"nodata": 300})
    with pytest.raises(BadImage, match="one of its blocks is missing"):
        hidden_of(tmp_path)


def test_an_item_that_says_it_later_is_another_picture_and_one_that_says_nothing_is_as_it_was(tmp_path):
    put(tmp_path, with_hole(7))
    before = (tmp_path / "a.json").read_text()
    contents = []
    for text in (before, before.replace('"href"', '"nodata": 7, "href"'), before):
        (tmp_path / "a.json").write_text(text)
        (entry,) = entries(tmp_path)
        contents.append(entry.item.content)
    assert contents[0] == contents[2] != contents[1]


def test_two_items_of_one_picture_each_have_their_own(tmp_path):
    put(tmp_path, with_hole(7))
    put(tmp_path, with_hole(7), name="b", asset=SAID | {"href": "./a.png"})
    archive = ArchiveImagery(TERMS, tmp_path)
    shares = [archive._decoded.get(entry).valid.mean() for entry in entries(tmp_path)]
    assert shares == [1, 1 - HOLE / WIDTH]


def test_a_row_of_the_index_from_before_is_read(tmp_path):
    put(tmp_path, with_hole(7))
    ((entry, dated),) = dated_of(ArchiveImagery(TERMS, tmp_path)._holdings.listing())
    row = write_usable(entry, dated)
    before = row._replace(says=row.says.replace(',"no_data":null', ""))
    assert before != row
    assert read_item(before) == read_item(row)
