"""Capture tiles of a GeoTIFF in UTM of 26,000 x 26,000 px where it lies: milliseconds, requests and memory.

    nice python -m tests.bench.orthophoto                 # writes the file first: GDAL, streamed, tiled, with overviews
    python -m tests.bench.orthophoto --file FILE.tif      # one that is there

In a process of its own, with all that a worker imports: each tile cold (nothing read before), then again, warm. Prints
the worst and the median; warm ones also in milliseconds of this process, which its neighbours do not lengthen.
Exits with 1 above 60 of these warm, 16 ranges cold or 350 MiB (ru_maxrss).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

MOST_WARM_MS, MOST_RANGES, MOST_MIB = 60, 16, 350
TILES = 12


def main() -> int:
    """Write the file, unless there is one, and capture its tiles in another process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--side", type=int, default=26_000)
    parser.add_argument("--folder", type=Path, help="capture only, in this process")
    options = parser.parse_args()
    if options.folder is not None:
        return _capture(options.folder)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        file = folder / "flight.tif"
        if options.file is None:
            began = time.monotonic()
            write(file, options.side)
            print(f"written by GDAL in {time.monotonic() - began:.0f} s: {file.stat().st_size / 1e6:.0f} MB")
        else:
            file.hardlink_to(options.file)
        item = {"type": "Feature", "stac_version": "1.0.0", "id": "flight", "geometry": None}
        item |= {"properties": {"datetime": "2025-01-15T05:30:00Z"}, "assets": {"image": {"href": "./flight.tif"}}}
        (folder / "flight.json").write_text(json.dumps(item))
        command = [sys.executable, "-m", "tests.bench.orthophoto", "--folder", made]
        # By a shell: a child's ru_maxrss begins with what its parent had.
        return subprocess.run(["/bin/sh", "-c", '"$@"; exit $?', "sh", *command], check=False).returncode


def write(path: Path, side: int, *, has_overviews: bool = True) -> None:
    """Write a tiled RGB GeoTIFF in UTM, a row of tiles at a time, and its overviews."""
    import cv2
    import numpy as np
    import rasterio
    from rasterio.enums import Resampling
    from rasterio.transform import from_origin
    from rasterio.windows import Window

    random = np.random.default_rng(1)
    patch = cv2.GaussianBlur(random.integers(40, 220, (2048, 2048, 3), dtype=np.uint8), (0, 0), 2)
    profile = {"driver": "GTiff", "width": side, "height": side, "count": 3, "dtype": "uint8", "tiled": True}
    profile |= {"blockxsize": 512, "blockysize": 512, "compress": "deflate", "predictor": 2, "photometric": "rgb"}
    at = from_origin(375_000, 2_251_000, 0.1, 0.1)
    with rasterio.Env(GDAL_NUM_THREADS=2), rasterio.open(path, "w", crs="EPSG:32645", transform=at, **profile) as file:
        for top in range(0, side, 512):
            rows = np.roll(patch, random.integers(2048), axis=1)[: min(512, side - top)]
            rows = np.tile(rows, (1, -(-side // 2048), 1))[:, :side]
            file.write(rows.transpose(2, 0, 1), window=Window(0, top, side, len(rows)))
    if not has_overviews:
        return
    with rasterio.Env(GDAL_NUM_THREADS=2), rasterio.open(path, "r+") as file:
        file.build_overviews([2, 4, 8, 16, 32], Resampling.average)


def _capture(folder: Path) -> int:
    import resource

    import app  # noqa: F401 (what a worker has imported)
    from chalicelib.adapters.imagery.archive import ArchiveImagery
    from chalicelib.adapters.imagery.catalogue import Catalogue
    from chalicelib.adapters.imagery.item_store import FolderItemStore, StoredFile
    from chalicelib.adapters.imagery.providers.archive import ARCHIVE
    from chalicelib.domain.scenes import SINCE
    from chalicelib.domain.tiles import tiles_covering
    from chalicelib.vision import changes  # noqa: F401
    from chalicelib.vision.gate import inspect

    class Counting(FolderItemStore):
        ranges = 0

        def read_range(self, file: StoredFile, at: int, length: int) -> bytes:
            self.ranges += 1
            return super().read_range(file, at, length)

    def opened() -> tuple[ArchiveImagery, Counting]:
        store = Counting(folder)
        return ArchiveImagery(ARCHIVE.terms, store), store

    archive, store = opened()
    (entry,) = Catalogue(store).look().entries
    area = entry.bounds
    grid = archive.grid(area)
    (scene,) = archive.scenes(area, since=SINCE, until=entry.item.captured_at).scenes
    tiles = list(tiles_covering(area, grid.zoom))
    inner = [tiles[len(tiles) * place // (TILES + 1)] for place in range(1, TILES + 1)]
    cold, warm, ranges = [], [], []
    busy = []
    for tile in inner:
        view = grid.view(tile)
        archive, store = opened()
        archive.grid(area)  # as a worker has looked at the archive before
        store.ranges = 0
        began = time.perf_counter()
        found = archive.fetch(scene, view, area)
        cold.append(1e3 * (time.perf_counter() - began))
        ranges.append(store.ranges)
        again = [_timed(lambda: archive._picture(entry, view)) for _ in range(3)]
        warm.append(min(wall for wall, _ in again))
        busy.append(min(own for _, own in again))
        inspect(found.content, view, area, ARCHIVE.terms)
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{len(inner)} of {len(tiles)} tiles of {grid.zoom}, {grid.tile_px} px, of {entry.gsd_m:.2f} m a pixel")
    for name, values, unit in (
        ("cold", cold, "ms"),
        ("warm", warm, "ms"),
        ("warm", busy, "ms of its own"),
        ("cold", ranges, "ranges"),
    ):
        print(f"{name:5} median {statistics.median(values):6.1f}  worst {max(values):6.1f} {unit}")
    print(f"peak  {mib} MiB")
    return int(max(busy) > MOST_WARM_MS or max(ranges) > MOST_RANGES or mib > MOST_MIB)


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    began, own = time.perf_counter(), time.process_time()
    work()
    return 1e3 * (time.perf_counter() - began), 1e3 * (time.process_time() - own)


if __name__ == "__main__":
    sys.exit(main())
