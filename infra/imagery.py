"""Walk the way to one tile of a provider, step by step: python -m infra.imagery probe sentinel2 --at LAT,LON.

Each of its catalogues is searched, its files are signed, their beginnings read, then one tile, which is laid on the
grid and saved as an image. Prints each step's requests, bytes and time. Needs no database; the settings are the
environment's. The exit status is 1 where a step failed.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from chalicelib.adapters.imagery.sentinel2.files import Count
from chalicelib.adapters.imagery.sentinel2.imagery import Sentinel2Imagery
from chalicelib.composition import Ports
from chalicelib.composition.basis import system_clock
from chalicelib.domain.errors import DomainError, NoCoverage
from chalicelib.domain.scenes import SINCE
from chalicelib.domain.tiles import Bounds, Tile, grid_position
from chalicelib.settings import settings

Answer = TypeVar("Answer")


def main(arguments: Sequence[str] | None = None) -> int:
    """Probe a provider."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m infra.imagery", description=__doc__, formatter_class=raw)
    commands = parser.add_subparsers(dest="command", required=True)
    probe = commands.add_parser("probe", help="search, sign, read and show one tile")
    probe.add_argument("provider", choices=["sentinel2"])
    probe.add_argument("--at", required=True, type=_position, metavar="LAT,LON", help="in degrees: 20.2961,85.8245")
    probe.add_argument("--out", type=Path, default=Path(), help="the folder for the images (default: here)")
    options = parser.parse_args(arguments)
    logging.getLogger("chalicelib").addHandler(logging.NullHandler())  # what is printed says what the log would
    chosen = settings().providers
    places = [place for place in (chosen.sentinel2_catalogue, chosen.sentinel2_fallback) if place]
    options.out.mkdir(parents=True, exist_ok=True)
    found = [_probe(place, options.at, options.out) for place in places]
    return int(not found or not all(found))


def _position(text: str) -> tuple[float, float]:
    try:
        lat, lon = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"a position is LAT,LON in degrees, not {text!r}") from None
    if not (-80 <= lat <= 84 and -180 <= lon <= 180):
        raise argparse.ArgumentTypeError(f"latitude is -80 to 84 and longitude -180 to 180, not {text!r}")
    return lat, lon


def _probe(place: str, at: tuple[float, float], out: Path) -> bool:
    """Walk one catalogue's way; say whether all of it went well."""
    print(place)
    try:
        _walk(place, at, out)
    except DomainError as failure:
        print(f"  FAILED       {failure.reason}")
        return False
    return True


def _walk(place: str, at: tuple[float, float], out: Path) -> None:
    ports = Ports(settings(), clock=system_clock)
    made = ports.imagery_with("sentinel2", sentinel2_catalogue=place, sentinel2_fallback="")
    if not isinstance(made, Sentinel2Imagery):
        raise TypeError("another provider")
    (catalogue,) = made.catalogues.each
    until = ports.clock() + timedelta(days=1)
    grid = made.grid(Bounds(at[1] - 0.01, at[0] - 0.01, at[1] + 0.01, at[0] + 0.01))
    column, row = grid_position(at[1], at[0], grid.zoom)
    view = grid.view(Tile(grid.zoom, int(column), int(row)))

    newest = _step("newest", lambda: catalogue.count, catalogue.newest)
    print(f"               of anywhere: {newest or 'none'}")
    found = _step("search", lambda: catalogue.count, lambda: made.scenes(view.bounds, since=SINCE, until=until))
    for refused in found.refused[:3]:
        print(f"               {refused.reason}")
    if not found.scenes:
        raise NoCoverage(f"{catalogue.name} has no picture of that place")
    for scene in found.scenes[:5]:
        cloud = "unknown" if scene.cloud_share is None else f"{scene.cloud_share:.0%}"
        print(f"               {scene.captured_at:%Y-%m-%d %H:%M} {scene.scene_id}, clouds {cloud}")
    scene = found.scenes[0]
    product, _ = next(iter(made.products(scene, view).values()))
    href = product.layers[0].href
    signed = _step("sign", lambda: catalogue.count, lambda: catalogue.signed(href, product.collection))
    print(f"               {'a token was had' if signed != href else 'needs no token'}: {href}")
    bands = _step("headers", lambda: made.reader.count, lambda: made.reader.bands(product, catalogue))
    for band in bands:
        coding = "" if band.name == "class" else f", reflectance {band.coding.scale:g} x + {band.coding.offset:g}"
        print(f"               {band.name}: {band.placed.width} x {band.placed.height} px{coding}")
    picture = _step("tile", lambda: made.reader.count, lambda: made.fetch(scene, view, view.bounds))
    _step("warp again", lambda: made.reader.count, lambda: made.fetch(scene, view, view.bounds))
    path = out / f"sentinel2-{catalogue.name}-{view.tile.z}-{view.tile.x}-{view.tile.y}.png"
    path.write_bytes(picture.content)
    print(f"  saved        {path}: {view.size_px} x {view.size_px} px of {view.gsd_m:.1f} m, {picture.attribution}")


def _step(name: str, count: Callable[[], Count], do: Callable[[], Answer]) -> Answer:
    before, began = count(), time.monotonic()
    answer = do()
    took, after = time.monotonic() - began, count()
    requests, received = after.requests - before.requests, after.received - before.received
    print(f"  {name:12} {took:6.2f} s  {requests:3} requests  {received:12,} bytes", flush=True)
    return answer


if __name__ == "__main__":
    sys.exit(main())
