"""Scenes as Sentinel-2's catalogues have them, for tests: a GeoTIFF a band in UTM, and the item beside them."""

import json

import numpy as np
from rasterio.transform import from_origin
from rasterio.warp import transform, transform_bounds

from chalicelib.domain.tiles import Bounds
from tests.support.builders.geotiffs import noise, write

SYSTEM, WEST, NORTH = "EPSG:32645", 369_960, 2_256_000  # near Bhubaneswar
GSD_M = {"blue": 10, "green": 10, "red": 10, "nir": 10, "swir16": 20, "swir22": 20, "scl": 20}
SIDE_M = 6_000
_SOUTH_WEST, _NORTH_EAST = (
    transform(SYSTEM, "EPSG:4326", [WEST + at], [NORTH - SIDE_M + at]) for at in (1_000, SIDE_M - 1_000)
)
GROUND = Bounds(_SOUTH_WEST[0][0], _SOUTH_WEST[1][0], _NORTH_EAST[0][0], _NORTH_EAST[1][0])  # inside of it
_CORNERS = WEST, NORTH - SIDE_M, WEST + SIDE_M, NORTH
BOX = Bounds(*transform_bounds(SYSTEM, "EPSG:4326", *_CORNERS))  # of all of it
WATER, SOIL, PLANTS, CLOUD = 6, 5, 4, 9  # of the scene classification


def reflectances(*, seed=1):
    """Smooth noise of each band, in reflectance: rows, columns."""
    return {
        name: (0.03 + 0.25 * noise(SIDE_M // gsd, SIDE_M // gsd, 1, "uint16", seed=seed)[:, :, 0] / 65_535)
        for name, gsd in GSD_M.items()
        if name != "scl"
    }


def classes(fill=SOIL):
    side = SIDE_M // GSD_M["scl"]
    return np.full((side, side), fill, np.uint8)


def put(folder, name, *, taken, bands=None, scl=None, offset=0.0, says=True, properties=None, system=SYSTEM, **options):
    """Lay a scene into a folder: numbers of 10,000 times the reflectance less the offset, whose meaning it says."""
    (folder / name).mkdir(parents=True)
    assets = {}
    files = dict(bands or reflectances())
    for key, values in files.items():
        numbers = np.rint((values - offset) * 10_000).clip(0, 65_535).astype(np.uint16)
        _write(folder / name / f"{key}.tif", numbers, key, system, nodata=0, **options)
        assets[key] = {"href": f"./{key}.tif", "type": "image/tiff; application=geotiff", "roles": ["data"]}
        if says:
            assets[key]["raster:bands"] = [{"scale": 0.0001, "offset": offset, "nodata": 0}]
    if scl is not None:
        _write(folder / name / "scl.tif", scl, "scl", system, nodata=0, **options)
        assets["scl"] = {"href": "./scl.tif", "type": "image/tiff; application=geotiff", "roles": ["data"]}
    stated = {"type": "Feature", "stac_version": "1.0.0", "id": name, "geometry": None, "assets": assets}
    stated["properties"] = {"datetime": taken, "platform": "sentinel-2b", "gsd": 10} | (properties or {})
    (folder / name / "item.json").write_text(json.dumps(stated))


def _write(path, pixels, key, system, **options):
    at = (system, from_origin(WEST, NORTH, GSD_M[key], GSD_M[key]))
    write(path, pixels[:, :, None], at=at, **({"compress": "DEFLATE", "blocksize": 256} | options))
