"""Add a picture to an archive: the GeoTIFF, a small picture of it to look at, and then the item that makes it one."""

from __future__ import annotations

import json
import shlex
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.dates import day_in, offer, seeming_day
from chalicelib.adapters.imagery.geotiff_tags import Placed
from chalicelib.adapters.imagery.placing import lie
from chalicelib.adapters.imagery.remote import picture_in
from chalicelib.domain.errors import BadImage
from chalicelib.domain.image_formats.tiff_picture import TiffPicture
from chalicelib.domain.image_formats.tiff_picture import read_picture as read_tiff
from chalicelib.domain.tiles import centre_of
from infra.archive.bar import Bar
from infra.archive.cog import convert
from infra.archive.places import Place
from infra.archive.preview import preview
from infra.archive.source import stored
from infra.archive.times import Taken
from infra.archive.whole import check_whole
from infra.errors import OperatorError

ENOUGH_PX = 2048  # a side: what is no longer needs no overviews
PART_BYTES = 8_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A file, and what the operator says of it."""

    file: Path
    name: str
    date: Taken | None
    crs: str
    attribution: str
    to: str = ""  # as the operator said it; empty: the settings' archive


def add(wanted: Wanted, place: Place, bar: Bar) -> str:
    """Put a file into an archive and say what came of it. Raises OperatorError: then nothing of it lies there."""
    began = time.monotonic()
    if not wanted.file.is_file():
        raise OperatorError("there is no such file")
    if wanted.name.startswith(".") or "/" in wanted.name or "\\" in wanted.name:
        raise OperatorError(f"--name is the name of a file, without a folder, not {wanted.name!r:.60}")
    if wanted.date is None:
        store, file = stored(wanted.file)
        today = datetime.now(UTC).date()
        day = seeming_day(wanted.file.name, partial(store.read_range, file), file.size, until=today)
        what = offer(day, shlex.join([str(wanted.file), *(["--to", wanted.to] if wanted.to else [])]))
        raise OperatorError(f"nobody says when it was taken, and without a date nothing is compared: {what}")
    inside, is_read = place.holds(wanted.file), _placed(wanted.file)[0] is not None
    stays = bool(inside) and is_read and "/" not in inside  # it lies there as it should: it lacks its item alone
    picture = wanted.file.name if stays else f"{wanted.name}.tif"
    names = [f"{wanted.name}.preview.png", *([] if stays else [picture]), f"{wanted.name}.json"]
    for name in names:
        place.check_free(name)
    with place.work() as folder:
        made, note = wanted.file, _note_of_name(wanted)
        if stays:
            check_whole(wanted.file, bar)
        else:
            made = folder / picture
            if is_read and _is_good_by_window(wanted.file):
                _copy(wanted.file, made, bar)
                check_whole(made, bar)
            else:
                note = "; ".join(filter(None, [convert(wanted.file, made, wanted.crs, bar), note]))
        placed, why = _placed(made)
        if placed is None:
            raise OperatorError(f"what GDAL made of it cannot be read: {why}")
        (folder / names[0]).write_bytes(preview(made))
        source = inside if inside and not stays else ""
        (folder / names[-1]).write_text(json.dumps(_item(wanted, placed, made, names[0], source), indent=1) + "\n")
        there = place.put([folder / name for name in names], bar)
    said = [f"{wanted.date.day}", f"{placed.gsd_m:.3g} m a pixel", placed.system.name]
    said += [f"{placed.width} x {placed.height} px", *([note] if note else [])]
    took = f"{time.monotonic() - began:.0f} s"
    return f"added {wanted.name}: {', '.join(said)}; {took}\n  {there[-1]}\n  look at it: {there[0]}"


def _note_of_name(wanted: Wanted) -> str:
    """Say where a file's name names another day than the operator: a year is soon mistyped."""
    day = day_in(wanted.file.name)
    return f"its name says {day}" if day and wanted.date and day != wanted.date.day else ""


def _placed(file: Path) -> tuple[Placed | None, str]:
    """Return where a GeoTIFF lies by itself; or None, and why it cannot be used as it is."""
    try:
        found = picture_in(*stored(file))
        return lie(found, None).placed, "it does not say where it lies"
    except BadItem as bad:
        return None, str(bad)


def _tiff(file: Path) -> TiffPicture:
    store, found = stored(file)
    return read_tiff(partial(store.read_range, found), found.size)


def _is_good_by_window(file: Path) -> bool:
    """Tell whether a tile costs few requests as it is: tiles, overviews, and nothing of it in a file beside it."""
    if any(file.with_name(file.name + ending).exists() for ending in (".msk", ".ovr")):
        return False
    try:
        levels = _tiff(file).levels
    except BadImage:
        return False
    coarsest = levels[-1].level
    return levels[0].level.is_tiled and max(coarsest.width, coarsest.height) <= ENOUGH_PX


def _copy(file: Path, made: Path, bar: Bar) -> None:
    whole, done = max(1, file.stat().st_size), 0
    with file.open("rb") as source, made.open("wb") as target:
        while part := source.read(PART_BYTES):
            target.write(part)
            done += len(part)
            bar.show("copied, as it is", done / whole)
    shutil.copystat(file, made)


def _item(wanted: Wanted, placed: Placed, made: Path, preview_name: str, source: str) -> dict[str, Any]:
    bounds = placed.bounds
    west, south, east, north = (round(each, 7) for each in bounds)
    corners = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    at = placed.transform
    taken = wanted.date.at_longitude(centre_of(bounds)[0]) if wanted.date else None
    picture = {"href": f"./{made.name}", "type": "image/tiff; application=geotiff", "roles": ["data"]}
    assets: dict[str, Any] = {
        "image": picture | {"file:size": made.stat().st_size},
        "preview": {"href": f"./{preview_name}", "type": "image/png", "roles": ["thumbnail"]},
    }
    if source:
        assets["source"] = {"href": f"./{source}", "roles": ["metadata"]}
    properties = {
        "datetime": f"{taken:%Y-%m-%dT%H:%M:%SZ}",
        "proj:code": placed.system.name,
        "proj:shape": [placed.height, placed.width],
        "proj:transform": [at.pixel_width, 0, at.left, 0, -at.pixel_height, at.top],
    }
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": wanted.name,
        "bbox": [west, south, east, north],
        "geometry": {"type": "Polygon", "coordinates": [corners]},
        "properties": properties | ({"attribution": wanted.attribution} if wanted.attribution else {}),
        "assets": assets,
        "links": [],
    }
