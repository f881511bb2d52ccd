"""What an item says of its picture's samples: which stands for no data, how many bits are used, and how large they are.

Source: STAC's raster extension, 1.1 (`raster:bands`) and 2.0 (`raster:…` of an asset, or of its `bands`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

GSDS = ("gsd", "eo:gsd", "raster:spatial_resolution")  # metres a pixel; the second of STAC before 0.9
MOST = 65_535  # of a sample of 16 bits


class NoData(NamedTuple):
    """A value that a pixel has in all its colours where it shows nothing."""

    value: int | None = None  # as the file has it; None: nothing is said that its samples could have
    note: str = ""  # for the operator


def stated_no_data(asset: Mapping[str, Any], item: Mapping[str, Any]) -> NoData:
    """Return what is said of an asset; `item` is what is said of all of them, and counts where the asset is silent.

    >>> stated_no_data({"raster:bands": [{"nodata": 0}] * 3}, {"nodata": 255}).value
    0
    >>> stated_no_data({"bands": [{"name": "red"}]}, {"bands": [{"nodata": 255}]}).value
    255
    >>> stated_no_data({"nodata": "nan"}, {}), stated_no_data({"bands": [{"nodata": 0}, {"nodata": 9}]}, {}).value
    (NoData(value=None, note=''), None)
    """
    for part in (asset, item):
        values = dict.fromkeys(_values(part))
        if len(values) > 1:
            return NoData(note="its bands say different nodata values, of which none is used")
        if values:
            (value,) = values
            is_one = 0 <= value <= MOST and value == int(value)
            return NoData(int(value)) if is_one else NoData()
    return NoData()


def stated_bits(asset: Mapping[str, Any]) -> int | None:
    """Return how many bits of its 16-bit samples an asset says to be used; None if it says none that can be.

    >>> stated_bits({"raster:bits_per_sample": 12}), stated_bits({"raster:bands": [{"bits_per_sample": 11}, {}]})
    (12, 11)
    >>> stated_bits({"bands": [{"raster:bits_per_sample": "12"}]}), stated_bits({"raster:bits_per_sample": 32})
    (None, None)
    """
    bands = [each for member in ("raster:bands", "bands") for each in _list(asset.get(member))]
    said = [each.get("raster:bits_per_sample", each.get("bits_per_sample")) for each in (asset, *bands)]
    found = [bits for bits in said if isinstance(bits, int) and not isinstance(bits, bool) and 8 <= bits <= 16]
    return max(found, default=None)


def stated_gsds(part: Mapping[str, Any]) -> list[tuple[str, object]]:
    """Return what an asset, or an item's properties, says of the metres a pixel, each with its name.

    >>> stated_gsds({"gsd": 10, "raster:bands": [{"spatial_resolution": 10}, {"nodata": 0}]})
    [('gsd', 10), ('raster:bands[0].spatial_resolution', 10)]
    """
    of_bands = [
        (f"{member}[{place}].{key}", band[key])
        for member in ("raster:bands", "bands")
        for place, band in enumerate(_list(part.get(member)))
        for key in ("gsd", "spatial_resolution", "raster:spatial_resolution")
        if key in band
    ]
    said = [*((key, part[key]) for key in GSDS if key in part), *of_bands]
    return [(name, value) for name, value in said if value is not None]


def _list(bands: object) -> list[Mapping[str, Any]]:
    return [each for each in bands if isinstance(each, dict)] if isinstance(bands, list) else []


def _values(part: Mapping[str, Any]) -> Iterator[int | float]:
    for member in ("raster:bands", "bands"):
        found = [_number(each) for each in _list(part.get(member))]
        said = [value for value in found if value is not None]
        if said:
            yield from said
            return
    whole = _number(part)
    if whole is not None:
        yield whole


def _number(part: Mapping[str, Any]) -> int | float | None:
    """Return a nodata value; None for "nan", "inf" and what else is no number that a picture's samples have."""
    value = part.get("nodata", part.get("raster:nodata"))
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
