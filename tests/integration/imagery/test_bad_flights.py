"""A second flight that cannot be used, of each kind: the tile says so with its reason, and goes on when it is
mended; what was there before stays."""

import json

import pytest
import rasterio
import rasterio.control
from affine import Affine
from rasterio.transform import from_origin
from rasterio.warp import transform_bounds

from chalicelib.adapters.imagery.archive import ArchiveImagery
from chalicelib.adapters.imagery.item_store import FolderItemStore
from chalicelib.adapters.imagery.providers.archive import TERMS
from chalicelib.domain.sessions import SessionStatus
from chalicelib.domain.tiles import bounds_of
from tests.support.builders.domain import CORNER
from tests.support.builders.geotiffs import noise, write
from tests.support.trip import Trip

SYSTEM, SIDE_PX, GSD_M = "EPSG:32645", 900, 0.5
WEST, _, _, NORTH = transform_bounds("EPSG:4326", SYSTEM, *bounds_of(CORNER))
THERE = from_origin(WEST - 80, NORTH + 80, GSD_M, GSD_M)
GROUND = [
    round(each, 6) for each in transform_bounds(SYSTEM, "EPSG:4326", WEST - 80, NORTH - 370, WEST + 370, NORTH + 80)
]


def flight(folder, name, *, seed):
    pixels = noise(SIDE_PX, SIDE_PX, 3, seed=seed)
    return write(folder / f"{name}.tif", pixels, at=(SYSTEM, THERE), driver="GTiff", tiled=True, compress="DEFLATE")


def item(folder, name, *, month, bbox=GROUND, **properties):
    stated = {"type": "Feature", "stac_version": "1.0.0", "id": name, "geometry": None}
    stated |= {"properties": {"datetime": f"2026-{month:02}-01T05:30:00Z", **properties}}
    stated |= {"assets": {"image": {"href": f"./{name}.tif"}}}
    (folder / f"{name}.json").write_text(json.dumps(stated if bbox is None else stated | {"bbox": bbox}))


def cut(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])


def damaged(path):
    content, quarter = path.read_bytes(), path.stat().st_size // 4
    path.write_bytes(content[:quarter] + b"\x5a" * (2 * quarter) + content[3 * quarter :])


def rewritten(*, gcps=None, **changes):
    def change(path):
        with rasterio.open(path) as file:
            pixels = file.read()
        path.unlink()
        shape = {"width": SIDE_PX, "height": SIDE_PX, "count": 3, "dtype": "uint8", "driver": "GTiff"}
        with rasterio.open(path, "w", **shape, **changes) as file:
            file.write(pixels)
            if gcps:
                file.gcps = gcps

    return change


POINTS = [
    rasterio.control.GroundControlPoint(row, col, 85.8 + col, 20.3 - row) for row, col in ((0, 0), (0, 9), (9, 0))
]
ELSEWHERE = [85.9, 20.4, 85.91, 20.41]
NO_SUCH = 'LOCAL_CS["somewhere",UNIT["metre",1]]'
BAD = {  # what is done to the file, what its item says, and words of the reason
    "cut off": (cut, {}, "it is cut off, or still being written"),
    "a block is damaged": (damaged, {}, "a damaged TIFF: a block unpacks to"),
    "it is missing": (lambda path: path.unlink(), {}, "its picture is not there"),
    "empty": (lambda path: path.write_bytes(b""), {}, "no PNG, JPEG or WebP but empty"),
    "rotated": (rewritten(crs=SYSTEM, transform=THERE * Affine.rotation(10)), {}, "rotated against its system"),
    "ground control points": (rewritten(gcps=(POINTS, "EPSG:4326")), {}, "by ground control points only"),
    "a system of its own": (rewritten(crs=NO_SUCH, transform=THERE), {}, "in a system without a code (somewhere)"),
    "larger than its item says": (lambda _path: None, {"proj:shape": [SIDE_PX * 2] * 2}, "the picture has 900 rows"),
    "elsewhere than its item says": (lambda _path: None, {"bbox": ELSEWHERE}, "its GeoTIFF's own place"),
    "in another system than its item says": (lambda _path: None, {"proj:code": "EPSG:3857"}, "one of them is wrong"),
}


@pytest.fixture
def trip(engine, tmp_path):
    """Give a trip whose provider is an archive, with an area that has its baseline."""
    made = Trip(engine)
    made.imagery = ArchiveImagery(TERMS, FolderItemStore(tmp_path))
    flight(tmp_path, "first", seed=1)
    item(tmp_path, "first", month=1)
    made.area = made.add_area(tiles=1)
    assert look(made).counts_by_verdict == {"BASELINE": 1}
    return made


def look(trip):
    session = trip.capture_now(trip.area)
    trip.work()
    return trip.session(session)


@pytest.mark.parametrize("what", BAD)
def test_it_fails_with_its_reason_and_goes_on_when_it_is_mended(trip, tmp_path, what):
    spoil, says, words = BAD[what]
    spoil(flight(tmp_path, "second", seed=2))
    item(tmp_path, "second", month=2, **says)
    session = look(trip)
    assert (session.status, session.counts_by_verdict) == (SessionStatus.ERROR, {"FAILED": 1})
    assert words in session.failures[0].reason
    flight(tmp_path, "second", seed=2)
    item(tmp_path, "second", month=2)
    assert look(trip).counts_by_verdict == {"NO_CHANGE": 1}, "compared with the first, which is there still"


@pytest.mark.parametrize("what", ["cut off", "no georeference"])
def test_where_nobody_says_where_it_lies_no_tile_fails_and_nothing_is_an_all_clear(trip, tmp_path, what):
    spoil = {"cut off": cut, "no georeference": rewritten()}[what]
    spoil(flight(tmp_path, "second", seed=2))
    item(tmp_path, "second", month=2, bbox=None)
    session = look(trip)
    assert (session.counts_by_verdict, session.is_all_clear) == ({"NO_NEW_IMAGERY": 1}, False)
    flight(tmp_path, "second", seed=2)
    assert look(trip).counts_by_verdict == {"NO_CHANGE": 1}
