"""Which value stands for no data in a picture, as its item says: raster extension 1, and bands of STAC 1.1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

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


def _values(part: Mapping[str, Any]) -> Iterator[int | float]:
    for member in ("raster:bands", "bands"):
        bands = part.get(member)
        found = [_number(each) for each in bands if isinstance(each, dict)] if isinstance(bands, list) else []
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
