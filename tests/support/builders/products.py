"""Products of Sentinel-2 for the stand-in of its catalogues: real scenes as they are, or painted."""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import rasterio
from rasterio.warp import transform_bounds

from tests.support.builders.geotiffs import write
from tests.support.running.pairs import SHARED

SENTINEL_2 = SHARED / "sentinel2"
C1, L2A = "sentinel-2-c1-l2a", "sentinel-2-l2a"
BANDS = ("blue", "green", "red", "nir", "swir16", "swir22")
_PLANETARY = dict(zip((*BANDS, "scl"), ("B02", "B03", "B04", "B08", "B11", "B12", "SCL"), strict=True))
TILES = {"mumbai": "43QBB", "beihai": "49QCD", "bercy": "31UDQ", "nantes": "30TWT", "pisa": "32TPP"}
SOIL, CLOUD, SHADOW = 5, 9, 3
TIFF = "image/tiff; application=geotiff; profile=cloud-optimized"


class Product(NamedTuple):
    """One product: the name that it is served by, the folder of its files, its item."""

    name: str
    folder: Path
    item: dict


def product_of(folder, *, taken, tile="43QBB", baseline="05.00", collection=C1, offset=0.0, cloud=0, **more):
    """Describe the bands in a folder as a catalogue does; `more` are properties."""
    folder = Path(folder)
    day = datetime.fromisoformat(taken)
    uri = f"S2A_MSIL2A_{day:%Y%m%dT%H%M%S}_N{baseline.replace('.', '')}_R105_T{tile}_{day:%Y%m%dT%H%M%S}.SAFE"
    assets = {}
    for file in sorted(folder.glob("*.tif")):
        if file.stem in (*BANDS, "scl"):
            with rasterio.open(file) as opened:
                corners, system, shape = opened.bounds, opened.crs, opened.shape
                at = list(opened.transform)[:6]
            assets[file.stem] = {"file": file.name, "type": TIFF, "roles": ["data"]}
            assets[file.stem] |= {"proj:shape": list(shape), "proj:transform": at}
            if file.stem != "scl":
                assets[file.stem]["raster:bands"] = [{"nodata": 0, "scale": 0.0001, "offset": offset}]
    west, south, east, north = transform_bounds(system, "EPSG:4326", *corners)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    properties = {"datetime": taken, "platform": "sentinel-2a", "eo:cloud_cover": cloud, "s2:product_uri": uri}
    properties |= {"s2:processing_baseline": baseline, "proj:code": f"EPSG:{system.to_epsg()}", **more}
    item = {"type": "Feature", "stac_version": "1.0.0", "id": f"S2A_T{tile}_{day:%Y%m%dT%H%M%S}_L2A", "links": []}
    item |= {"collection": collection, "bbox": [west, south, east, north], "properties": properties}
    item |= {"geometry": {"type": "Polygon", "coordinates": [ring]}, "assets": assets}
    return Product(re.sub(r"\W", "-", f"{collection}-{uri[:-5]}"), folder, item)


def as_planetary(product):
    """The same as Planetary Computer describes it: other names, its offset by the baseline alone."""
    item = json.loads(json.dumps(product.item))
    item["collection"], item["id"] = L2A, item["properties"]["s2:product_uri"][:-5].replace("_N0500", "")
    item["assets"] = {_PLANETARY[key]: asset for key, asset in item["assets"].items()}
    for asset in item["assets"].values():
        asset.pop("raster:bands", None)
    return Product("planetary-" + product.name, product.folder, item)


def products_in(data):
    """Give the real scenes below a folder of places."""
    for place in sorted(each for each in Path(data).iterdir() if each.is_dir()):
        for date in sorted(each for each in place.iterdir() if each.is_dir()):
            tile = TILES.get(place.name, "01CAA")
            yield product_of(date, taken=f"{date.name}T05:30:00Z", tile=tile, baseline="04.00", offset=0.0)


def read_bands(folder):
    """Give the numbers of each band of a real scene: rows, columns."""
    found = {}
    for name in BANDS:
        with rasterio.open(Path(folder) / f"{name}.tif") as file:
            found[name] = file.read(1)
    return found


def write_product(folder, like, bands, *, scl=None, blocksize=512, **about):
    """Write bands on the ground of a real scene, and describe them; `scl` has the classes at 20 m."""
    folder = Path(folder)
    folder.mkdir(parents=True)
    for name, values in {**bands, **({} if scl is None else {"scl": scl})}.items():
        with rasterio.open(Path(like) / f"{'swir16' if name == 'scl' else name}.tif") as file:
            at = (file.crs, file.transform)
        kind = np.uint8 if name == "scl" else np.uint16
        options = {"compress": "DEFLATE", "blocksize": blocksize, "nodata": 0}
        options |= {} if name == "scl" else {"predictor": "YES"}
        write(folder / f"{name}.tif", values.astype(kind)[:, :, None], at=at, **options)
    return product_of(folder, **about)


def classes_like(bands, fill=SOIL):
    """Give classes for a scene, all of one."""
    return np.full(bands["swir16"].shape, fill, np.uint8)
