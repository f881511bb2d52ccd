"""What a text that cannot be used as an item still says of its ground and its time.

Nothing is shown by it: it only tells over which areas there may be a newer picture that nobody sees. So it is read
generously, also where the text is no JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from chalicelib.domain.tiles import MAX_LATITUDE, Bounds

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_BBOX = re.compile(r"""["']bbox["']\s*:\s*\[([^\[\]{}:]*)\]""")
_COORDINATES = re.compile(r"""["']coordinates["']\s*:\s*([\[\]\s\d.,eE+-]*)""")
_POSITION = re.compile(rf"\[\s*({_NUMBER.pattern})\s*,\s*({_NUMBER.pattern})\s*[,\]]")
_TIME = re.compile(r"""["'](?:end_)?datetime["']\s*:\s*["']([^"']*)["']""")
_POINT = 0.001  # degrees, about 100 m each way: around what has no width or no height
_ODD_DEGREES = 180.0  # a box from east to west that is wider lies over the 180th meridian, else it is turned


def readable(content: bytes) -> str:
    """Return a text whatever its encoding: of UTF-16 and UTF-32 what is ASCII, which is all that is looked for."""
    return content.replace(b"\0", b"").decode("utf-8", "replace")


def times_in(text: str) -> list[str]:
    """Return what stands as `datetime` or `end_datetime`."""
    return _TIME.findall(text)


def grounds_in(text: str) -> tuple[Bounds, ...]:
    """Return the ground of each bbox; of the geometries, where no bbox can be read."""
    boxes = ([float(each) for each in _NUMBER.findall(found)] for found in _BBOX.findall(text))
    found = tuple(chain.from_iterable(map(_meant, boxes)))
    return found or tuple(chain.from_iterable(map(_around, _COORDINATES.findall(text))))


def _around(coordinates: str) -> Iterator[Bounds]:
    positions = [(float(lon), float(lat)) for lon, lat in _POSITION.findall(coordinates)]
    if positions:
        lons, lats = zip(*positions, strict=True)
        yield from _meant([min(lons), min(lats), max(lons), max(lats)])


def _meant(numbers: list[float]) -> Iterator[Bounds]:
    """Yield the places that four or six numbers can mean, cut at the 180th meridian; none if they are no degrees."""
    if len(numbers) not in (4, 6):
        return
    half = len(numbers) // 2
    west, south, east, north = *numbers[:2], *numbers[half : half + 2]
    highest = max(abs(south), abs(north))
    if highest <= 90:
        yield from _cut(west, south, east, north)
    if highest > MAX_LATITUDE:  # no picture lies there: longitude and latitude may be exchanged
        yield from _cut(south, west, north, east)


def _cut(west: float, south: float, east: float, north: float) -> Iterator[Bounds]:
    south, north = _at_least(*sorted((south, north)))
    if west > east:
        west, east = (west, east + 360) if west - east > _ODD_DEGREES else (east, west)
    west, east = _at_least(west, east)
    if not (-91 < south < north < 91 and -541 < west < east < 541):
        return
    for turn in (-360.0, 0.0, 360.0):
        left, right = max(west + turn, -180.0), min(east + turn, 180.0)
        if left < right:
            yield Bounds(left, south, right, north)


def _at_least(low: float, high: float) -> tuple[float, float]:
    return (low, high) if low < high else (low - _POINT, high + _POINT)
