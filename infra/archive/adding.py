"""Add a picture to an archive: the GeoTIFF, a small picture of it to look at, and then the item that makes it one."""

from __future__ import annotations

import json
import shlex
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from chalicelib.adapters.imagery.checksums import sha256_of
from chalicelib.adapters.imagery.dates import day_in, offer, seeming_day
from chalicelib.adapters.imagery.geotiff_tags import Placed
from chalicelib.domain.tiles import centre_of
from infra.archive.bar import Bar
from infra.archive.cog import Converted, convert
from infra.archive.places import Place
from infra.archive.plan import Plan, Wanted, placed_of, planned
from infra.archive.preview import opened, preview
from infra.archive.scale import scale_of
from infra.archive.source import stored
from infra.archive.whole import check_whole
from infra.errors import OperatorError

PART_BYTES = 8_000_000
_EXTENSIONS = [
    f"https://stac-extensions.github.io/{name}/schema.json"
    for name in ("file/v2.1.0", "projection/v2.0.0", "raster/v2.0.0")
]


def add(wanted: Wanted, place: Place, bar: Bar) -> str:
    """Put a file into an archive and say what came of it. Raises OperatorError: then nothing of it lies there."""
    began = time.monotonic()
    plan = planned(wanted, place)
    if wanted.date is None:
        raise OperatorError(f"nobody says when it was taken, and without a date nothing is compared: {_offer(wanted)}")
    with place.work() as folder:
        made, come = _made(wanted, plan, folder, bar)
        placed, why = placed_of(made)
        if placed is None:
            raise OperatorError(f"what GDAL made of it cannot be read: {why}")
        scale = scale_of(opened(made), placed, place, said=come.bits)
        small, item = folder / plan.preview, folder / plan.item
        small.write_bytes(preview(opened(made, bits=scale.bits)))
        said = _item(wanted, plan, placed)
        said["assets"]["image"] |= _stated(made) | ({"raster:bits_per_sample": scale.bits} if scale.bits else {})
        said["assets"]["preview"] |= _stated(small)
        item.write_text(json.dumps(said, indent=1) + "\n")
        there = place.put([small, *([] if plan.stays else [made]), item], bar, below=plan.below)
    told = [f"{wanted.date.day}", f"{placed.gsd_m:.3g} m a pixel", placed.system.name]
    told += [f"{placed.width} x {placed.height} px", *filter(None, (come.note, scale.note, _note_of_name(wanted)))]
    took = f"{time.monotonic() - began:.0f} s"
    return f"added {plan.name}: {', '.join(told)}; {took}\n  {there[-1]}\n  look at it: {there[0]}"


def _offer(wanted: Wanted) -> str:
    """Say what to type, with the day that a file seems to be of."""
    store, file = stored(wanted.file)
    today = datetime.now(UTC).date()
    day = seeming_day(wanted.file.name, partial(store.read_range, file), file.size, until=today)
    return offer(day, shlex.join([str(wanted.file), *(["--to", wanted.to] if wanted.to else [])]))


def _note_of_name(wanted: Wanted) -> str:
    """Say where a file's name names another day than the operator: a year is soon mistyped."""
    day = day_in(wanted.file.name)
    return f"its name says {day}" if day and wanted.date and day != wanted.date.day else ""


def _made(wanted: Wanted, plan: Plan, folder: Path, bar: Bar) -> tuple[Path, Converted]:
    """Return the picture as it is to lie in the archive, and what is to be known of how it was made."""
    if plan.stays:
        check_whole(wanted.file, bar)
        return wanted.file, Converted()
    made = folder / plan.picture
    if not plan.is_whole:
        return made, convert(wanted.file, made, wanted.crs, bar)
    _copy(wanted.file, made, bar)
    check_whole(made, bar)
    return made, Converted()


def _copy(file: Path, made: Path, bar: Bar) -> None:
    whole, done = max(1, file.stat().st_size), 0
    with made.open("wb") as target:
        for part in _parts(file):
            target.write(part)
            done += len(part)
            bar.show("copied, as it is", done / whole)
    shutil.copystat(file, made)


def _parts(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while part := source.read(PART_BYTES):
            yield part


def _stated(file: Path) -> dict[str, Any]:
    return {"file:size": file.stat().st_size, "file:checksum": sha256_of(_parts(file))}


def _item(wanted: Wanted, plan: Plan, placed: Placed) -> dict[str, Any]:
    bounds = placed.bounds
    west, south, east, north = (round(each, 7) for each in bounds)
    corners = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    at = placed.transform
    taken = wanted.date.at_longitude(centre_of(bounds)[0]) if wanted.date else None
    assets: dict[str, Any] = {
        "image": {"href": f"./{plan.picture}", "type": "image/tiff; application=geotiff", "roles": ["data"]},
        "preview": {"href": f"./{plan.preview}", "type": "image/png", "roles": ["thumbnail"]},
    }
    if plan.source and not plan.stays:
        assets["source"] = {"href": f"./{plan.source}", "roles": ["metadata"]}
    properties = {
        "datetime": f"{taken:%Y-%m-%dT%H:%M:%SZ}",
        "proj:code": placed.system.name,
        "proj:shape": [placed.height, placed.width],
        "proj:transform": [at.pixel_width, 0, at.left, 0, -at.pixel_height, at.top],
    }
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": _EXTENSIONS,
        "id": plan.name,
        "bbox": [west, south, east, north],
        "geometry": {"type": "Polygon", "coordinates": [corners]},
        "properties": properties | ({"attribution": wanted.attribution} if wanted.attribution else {}),
        "assets": assets,
        "links": [],
    }
