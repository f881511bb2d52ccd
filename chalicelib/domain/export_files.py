"""The files of an area's archive: what they are called, and what is written in them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from chalicelib.domain.place_files import cell, time_text
from chalicelib.domain.plain_text import plain, plain_name
from chalicelib.domain.scenes import Licence
from chalicelib.domain.tiles import Tile

FORMAT = 1  # of the archive: one more with each change that a reader has to know of


class InArchive(StrEnum):
    """What has become of a stored image in an archive."""

    WHOLE = "whole"
    DAMAGED = "damaged"  # it is in the archive, and its bytes are not those that were stored
    LOST = "lost"  # it should be kept, and is not there
    DROPPED = "dropped"  # it was kept no longer
    LEFT_OUT = "left out"  # nobody asked for it


class Counts(NamedTuple):
    """How many of the images are in the archive, and how many are not."""

    by_standing: Mapping[InArchive, int]

    def __str__(self) -> str:
        """Say it in words."""
        return ", ".join(f"{self.by_standing.get(each, 0)} {each}" for each in InArchive)


IMAGE_COLUMNS = (
    *("image_id", "standing", "file", "bands_file", "tile", "west", "south", "east", "north"),
    *("taken_at", "captured_at", "stored_at", "session_id", "provider", "scene_id", "attribution"),
    *("sha256", "used_by", "pinned_at", "pin_reason", "dropped_at"),
)


def image_name(tile: Tile, taken_at: datetime, image_id: int, *, kind: str = "") -> str:
    """Return what an image's file is called: by its tile, its time, and its number.

    >>> from datetime import UTC
    >>> image_name(Tile(17, 3, 4), datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), 6, kind="-bands")
    'images/17-3-4/20260102T030405Z-6-bands.png'
    """
    return f"images/{tile.z}-{tile.x}-{tile.y}/{taken_at:%Y%m%dT%H%M%SZ}-{image_id}{kind}.png"


def drawing_name(alert_id: int, kind: str) -> str:
    """Return what the file of an alert's mask or overlay is called."""
    return f"alerts/{alert_id}-{kind}.png"


def json_lines(items: Iterable[Any], *, head: str = "[", tail: str = "]") -> Iterator[bytes]:
    """Write a list as JSON, an item on each line, as it comes.

    >>> b"".join(json_lines([{"a": 1}, {"a": 2}])).decode().splitlines()
    ['[', '{"a": 1},', '{"a": 2}', ']']
    """
    yield f"{head}\n".encode()
    behind = ""
    for item in items:
        yield f"{behind}{json.dumps(item, ensure_ascii=False, default=_text)}".encode()
        behind = ",\n"
    yield f"{chr(10) if behind else ''}{tail}\n".encode()


def json_text(value: Any) -> bytes:  # noqa: ANN401 (what is known, as it is kept)
    """Write a value as JSON for people to read."""
    return (json.dumps(value, ensure_ascii=False, indent=2, default=_text) + "\n").encode()


def geojson_lines(features: Iterable[Any]) -> Iterator[bytes]:
    """Write features as a GeoJSON FeatureCollection, one on each line, as they come."""
    return json_lines(features, head='{"type": "FeatureCollection", "features": [', tail="]}")


def csv_line(cells: Sequence[Any]) -> bytes:
    """Write a row of CSV."""
    written = io.StringIO(newline="")
    csv.writer(written).writerow([cell(each) for each in cells])
    return written.getvalue().encode()


def licences_text(licences: Mapping[str, Licence | None], attributions: Iterable[str]) -> str:
    """Say whose the images are: by provider, and as it stood with each of them."""
    lines = ["Whose the pictures are", ""]
    for name, licence in sorted(licences.items()):
        terms = "no longer set up here" if licence is None else " ".join(filter(None, (licence.name, licence.url)))
        lines.append(f"- {name}: {terms}")
    lines += ["", "To be named wherever the pictures are shown:", ""]
    lines += [f"- {text}" for text in sorted(set(map(plain, attributions))) if text] or ["- nobody said"]
    lines += ["", "To hand the pictures on, look into those terms first: this archive gives no right of its own."]
    return "\n".join(lines) + "\n"


README = """\
{title}
{rule}

What is known of this area, as it was on {made_at}: all that is listed here, from its beginning.
Times are UTC. Positions are WGS 84, longitude before latitude. Areas are in square metres.

area.json         what is watched and how: the land, its settings, when its look was accepted
sessions.json     each look at it, and how it ended
tiles.json        each tile in each look: the verdict and why, and how many square metres were not seen
comparisons.json  which pictures were compared with which, and what was seen and told to nobody: `ignored`, and why
alerts.json       what changed, tile by tile: `change_log` has the regions with kind, size and outline
alerts/           of each alert the mask of what changed, and that drawn over the picture
places.geojson    changes as people know them, over tiles and looks; `state` is what was decided of each
sightings.json    what each look saw of each place, with its outline then
parcels.json      the parcels that alerts and places touch, as their layers had them then
holds.json        legal holds: who may not delete what, why, and why one was lifted
pushes.json       who was told, when, and whether it arrived; of a change, or (`notice`) of how the area stands
audit.json        what its owner did with it, from the audit log, each with its hash in the log's chain
images/           the pictures, by tile, then by when they were taken; `-bands` is what the sensor measured
images.csv        every picture that was ever stored of it, also those that are not in here, with their digests
LICENCES.txt      whose the pictures are
manifest.json     every file in here, with its size and its sha256

Not in here: the addresses of the devices that were told, layers of parcels as a whole, the pictures that images.csv
says are not, drawings of what was no alert, and the work itself (tries, jobs that wait, logs).

Numbers join the files: `session_id`, `tile_run_id` (`id` in tiles.json), `image_id` and `reference_id` (images.csv),
`place_id` (`id` in places.geojson), `alert_id`.

Pictures: {pictures}.
Asked for: {asked}.

What images.csv says in `standing`:
- whole: it is in here, and its bytes are those that were stored.
- damaged: it is in here, and its bytes are not those that were stored: it proves nothing.
- lost: it should be kept, and is not there.
- dropped: it was kept no longer, since the time in `dropped_at`.
- left out: nobody asked for it.

To check that nothing was changed since: compute the SHA-256 of each file, and hold it against manifest.json.
A change is a hint for a person, not a judgement: look at both pictures before acting on one.
"""


def readme_text(*, area_id: int, name: str, made_at: datetime, pictures: Counts, asked: str) -> str:
    """Say in plain words what is in an archive."""
    title = f"Bhuprahari: {plain_name(name, area_id)}"
    values = {"title": title, "rule": "=" * len(title), "made_at": f"{made_at:%Y-%m-%d %H:%M} UTC"}
    return README.format(**values, pictures=pictures, asked=asked)


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is nothing that a file has")
