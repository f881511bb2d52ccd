"""Requests and bytes of a cold tile of a GeoTIFF on another machine: ours, and GDAL's /vsicurl by rasterio.

    python -m tests.bench.range_requests                  # writes the files first, by GDAL

A server on this machine counts what it is asked for. Each tile is asked for by an address that nobody has asked for
before, so nothing of the file is known: ours reads the header for its index, and again for the tile. GDAL warps the
same view bilinearly: as it comes, and with the settings that its manual advises for files in a cloud. Prints the median
and the worst of each, and how far the pixels lie apart.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import rasterio
import rasterio.shutil
from rasterio.enums import Resampling
from rasterio.transform import from_origin
from rasterio.vrt import WarpedVRT
from rasterio.warp import transform_bounds

from chalicelib.adapters.imagery.archive import ArchiveImagery
from chalicelib.adapters.imagery.elsewhere import WithElsewhere
from chalicelib.adapters.imagery.hosts import Hosts
from chalicelib.adapters.imagery.item_store import FolderItemStore
from chalicelib.adapters.imagery.providers.archive import TERMS
from chalicelib.domain.scenes import SINCE
from chalicelib.domain.tiles import Bounds, View, tiles_covering
from tests.bench.orthophoto import write

TILES = 8
WORLD_M = 40_075_016.685578488
ADVISED = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".tif",
    "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",
}


class Asked(NamedTuple):
    """What a server was asked for."""

    requests: int
    received: int  # bytes


class RangeServer:
    """Serves one file by any address that ends in its name, by ranges, and counts.

    In a process of its own: rasterio opens a file without letting go of its interpreter's lock.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.requests, self.received = (multiprocessing.Value("q", 0) for _ in range(2))

    def take(self) -> Asked:
        """Give what was asked for since the last time."""
        taken = Asked(self.requests.value, self.received.value)
        self.requests.value = self.received.value = 0
        return taken

    @contextmanager
    def running(self) -> Iterator[str]:
        """Serve, and give the address."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        process = multiprocessing.get_context("fork").Process(target=server.serve_forever, daemon=True)
        process.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            process.terminate()
            process.join()
            server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        counted = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                self._answer(has_body=False)

            def do_GET(self) -> None:
                self._answer(has_body=True)

            def log_message(self, *_: Any) -> None:
                pass

            def _answer(self, *, has_body: bool) -> None:
                is_there = self.path.endswith(counted.file.name)
                size = counted.file.stat().st_size if is_there else 0
                said = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", "")) if is_there else None
                first, last = (int(said[1]), min(int(said[2]), size - 1)) if said else (0, size - 1)
                length = last - first + 1
                self.send_response(206 if said else 200 if is_there else 404)
                self.send_header("Content-Length", str(length))
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("ETag", '"one"')
                if said:
                    self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
                self.end_headers()
                with counted.requests.get_lock():
                    counted.requests.value += 1
                    counted.received.value += length if has_body else 0
                if has_body and is_there:
                    with counted.file.open("rb") as stream:
                        stream.seek(first)
                        self.wfile.write(stream.read(length))

        return Handler


def main() -> int:
    """Write the files and ask for their tiles."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=8_000)
    side = parser.parse_args().side
    print("| a file of | | requests, median | worst | kB, median | worst | grey levels apart, p99 |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as made:
        for name, file in _files(Path(made), side):
            _compare(name, file, Path(made))
    return 0


def _files(folder: Path, side: int) -> Iterator[tuple[str, Path]]:
    plain = folder / "plain.tif"
    write(plain, side)
    yield "tiles of 512 px, overviews behind (GTiff)", plain
    for block in (256, 512):
        cog = folder / f"cog{block}.tif"
        rasterio.shutil.copy(plain, cog, driver="COG", COMPRESS="DEFLATE", PREDICTOR="YES", BLOCKSIZE=str(block))
        yield f"tiles of {block} px (COG)", cog
        cog.unlink()


def _compare(name: str, file: Path, folder: Path) -> None:
    ways: dict[str, dict[str, str]] = {"GDAL, as it comes": {}, "GDAL, as advised": ADVISED}
    asked: dict[str, list[Asked]] = {way: [] for way in ("ours", *ways)}
    apart = []
    server = RangeServer(file)
    with server.running() as address:
        area = _ground(file)
        grid = _archive(folder, address, f"{address}/first/{file.name}").grid(area)
        tiles = list(tiles_covering(area, grid.zoom))
        server.take()
        for place in range(1, TILES + 1):
            view = grid.view(tiles[len(tiles) * place // (TILES + 1)])
            archive = _archive(folder, address, f"{address}/{place}/{file.name}")
            (scene,) = archive.scenes(area, since=SINCE, until=datetime.now(UTC)).scenes
            content = np.frombuffer(archive.fetch(scene, view, area).content, np.uint8)
            ours = cv2.imdecode(content, cv2.IMREAD_UNCHANGED)
            asked["ours"].append(server.take())
            for way, options in ways.items():
                theirs = _by_gdal(f"/vsicurl/{address}/{place}-{len(options)}/{file.name}", view, options)
                asked[way].append(server.take())
            clear = ours[:, :, 3] > 0 if ours.shape[2] == 4 else np.ones(ours.shape[:2], bool)
            apart.append(np.percentile(np.abs(ours[:, :, 2::-1].astype(int) - theirs)[clear], 99))
    for way, each in asked.items():
        requests, received = ([float(one[part]) for one in each] for part in (0, 1))
        figures = [f"{statistics.median(requests):.0f}", f"{max(requests):.0f}"]
        figures += [f"{statistics.median(received) / 1e3:.0f}", f"{max(received) / 1e3:.0f}"]
        first = way == "ours"
        print(f"| {name if first else ''} | {way} | {' | '.join(figures)} | {f'{max(apart):.0f}' if first else ''} |")


def _archive(folder: Path, host: str, href: str) -> ArchiveImagery:
    """Give an archive of one item, in a process that has looked at nothing."""
    item = {"type": "Feature", "stac_version": "1.0.0", "id": "flight", "geometry": None}
    item |= {"properties": {"datetime": "2025-01-15T05:30:00Z"}, "assets": {"image": {"href": href}}}
    place = folder / "archive"
    place.mkdir(exist_ok=True)
    (place / "flight.json").write_text(json.dumps(item))
    store = WithElsewhere(FolderItemStore(place), Hosts([host]), aws_client=_no_aws, monotonic=time.monotonic)
    return ArchiveImagery(TERMS, store)


def _no_aws(service: str) -> Any:
    raise AssertionError(service)


def _ground(file: Path) -> Bounds:
    with rasterio.open(file) as dataset:
        return Bounds(*transform_bounds(dataset.crs, "EPSG:4326", *dataset.bounds, densify_pts=21))


def _by_gdal(address: str, view: View, options: dict[str, str]) -> np.ndarray:
    """Give the view by GDAL: (rows, columns, red green blue)."""
    gsd = WORLD_M / 2**view.tile.z / view.tile_px
    west = -WORLD_M / 2 + (view.tile.x * view.tile_px - view.margin_px) * gsd
    north = WORLD_M / 2 - (view.tile.y * view.tile_px - view.margin_px) * gsd
    grid = {"crs": "EPSG:3857", "transform": from_origin(west, north, gsd, gsd), "resampling": Resampling.bilinear}
    size = {"width": view.size_px, "height": view.size_px}
    with (
        rasterio.Env(**options),
        rasterio.open(address) as dataset,
        WarpedVRT(dataset, **grid, **size) as warped,
    ):
        return warped.read().transpose(1, 2, 0).astype(int)


if __name__ == "__main__":
    sys.exit(main())
