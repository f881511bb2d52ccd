"""CSV as people export it: any of three separators, land as WKT or as latitude and longitude, and every text a text."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from io import StringIO
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import shapely

from chalicelib.domain.errors import Invalid

MOST_COLUMNS, MOST_HEAD = 500, 200_000  # letters, of all their names
_WKT = ("wkt", "geometry", "geom", "the_geom", "shape")
_NAMES = tuple(  # of columns that name a plot, the likeliest first
    re.compile(name, re.IGNORECASE)
    for name in ("plot", "kh[ae]sra", "survey", "parcel", "ulpin", "^name$", "name|numb")
)
_SEPARATOR = re.compile(r"\s*sep=([,;\t|])[ \t]*(?:\r\n?|\n)", re.IGNORECASE)  # as spreadsheets say it
_NESTS = re.compile("collection|curve|surface", re.IGNORECASE)
MOST_NESTED = 100  # of those, in one row
_SIXTY = 60
_MARKS = str.maketrans({"\u2019": "'", "\u2032": "'", "\u201d": '"', "\u2033": '"', "\u00ba": "\u00b0"})
_DEGREES = re.compile(  # and minutes, and seconds
    r"""([NSEW])?\s*(\d{1,3})\s*(\u00b0|\s)\s*(\d{1,2}(?:\.\d+)?)\s*'?\s*(?:(\d{1,2}(?:\.\d+)?)\s*(?:"|'')?)?\s*([NSEW])?""",
    re.IGNORECASE,
)
_LAT, _LON = ("lat", "latitude", "y", "northing"), ("lon", "long", "lng", "longitude", "x", "easting")


class Table(NamedTuple):
    """A table of texts, and where its land is: as WKT, or as a pair of numbers."""

    columns: list[str]  # without those of the land
    rows: list[dict[str, str]]
    land: list[str | tuple[str, str]]  # of each row: WKT, or x and y as they were written


def read_table(text: str, most_rows: int) -> Table:
    """Read a table. Raises Invalid."""
    text = text.removeprefix("\ufeff")
    if said := _SEPARATOR.match(text):
        lines = len(said[0].splitlines())
        separator, text = said[1], "\n" * lines + text[said.end() :]  # lines keep their numbers
    else:
        first = next((line for line in text.splitlines() if line.strip()), "")
        separator = max(",;\t", key=first.count)  # the first of them where none is there
        if len(first) > MOST_HEAD:
            raise Invalid(f"the first line of this table has {len(first)} letters: its columns are to be named there")
    csv.field_size_limit(2**24)
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=False)
    try:
        head = [name.strip() for name in next(row for row in reader if any(row))]
        if len(head) > MOST_COLUMNS:
            raise Invalid(f"this table has {len(head)} columns; at most {MOST_COLUMNS} are read")
        wkt, pair = _land(head)
        of_land = {wkt} if pair is None else set(pair)
        names = [(place, name) for place, name in enumerate(_distinct(head)) if place not in of_land]
        rows: list[dict[str, str]] = []
        land: list[str | tuple[str, str]] = []
        for row in _whole_rows(reader, len(head), text):
            if not any(row):
                continue
            if len(rows) == most_rows:
                raise Invalid(f"this table has more than {most_rows} rows: cut it into several layers")
            cells = row + [""] * (len(head) - len(row))
            rows.append({name: cells[place].strip() for place, name in names})
            land.append(cells[wkt] if pair is None else (cells[pair[0]].strip(), cells[pair[1]].strip()))
    except StopIteration:
        raise Invalid("this table has no line with the names of its columns") from None
    except csv.Error as error:
        raise Invalid(f"line {reader.line_num} of this table cannot be read: {error}") from error
    return Table([name for _, name in names], rows, land)


def _whole_rows(reader: Any, columns: int, text: str) -> Iterator[list[str]]:  # noqa: ANN401 (of `csv`)
    """Yield the rows; Invalid for one that goes on over others, for a quote in it was not closed."""
    line, is_long = reader.line_num + 1, False
    for row in reader:
        is_long = reader.line_num > line
        if is_long and len(row) != columns:
            raise _left_open(line)
        yield row
        began, line = line, reader.line_num + 1
    if is_long and "".join(islice(StringIO(text, newline=""), began - 1, None)).count('"') % 2:
        raise _left_open(began)


def _left_open(line: int) -> Invalid:
    return Invalid(f"a quote in line {line} of this table is not closed before its row ends")


def _distinct(head: list[str]) -> list[str]:
    """Return names for columns that have none, or one that is there before: none takes another's place."""
    names: list[str] = []
    for place, name in enumerate(head, 1):
        first = name or f"column {place}"
        names.append(first if first not in names else f"{first} (column {place})")
    return names


def _land(head: list[str]) -> tuple[int, tuple[int, int] | None]:
    lower = [name.lower() for name in head]
    for name in _WKT:
        if name in lower:
            return lower.index(name), None
    lat = next((lower.index(name) for name in _LAT if name in lower), None)
    lon = next((lower.index(name) for name in _LON if name in lower), None)
    if lat is None or lon is None:
        raise Invalid(
            "this table does not say where its rows lie: name a column `wkt`, or two `lat` and `lon`. Its columns: "
            + ", ".join(head[:20])[:300]
        )
    return -1, (lon, lat)


def number_of(text: str) -> float:
    """Return a number as people write it, with a point or a comma; or degrees as a receiver shows them. ValueError.

    >>> number_of("20,5"), round(number_of("W 85 42.5"), 4)
    (20.5, -85.7083)
    """
    said = (text.replace(",", ".") if "." not in text else text).translate(_MARKS)
    found = _DEGREES.fullmatch(said.strip())
    if found is None:
        return float(said)
    before, degrees, sign, minutes, seconds, behind = found.groups()
    side = (before or behind or "").upper()
    parts = [float(part or 0) for part in (degrees, minutes, seconds)]
    if not (side or sign.strip()) or max(parts[1:]) >= _SIXTY:
        raise ValueError(text)
    return (-1 if side in ("S", "W") else 1) * (parts[0] + parts[1] / _SIXTY + parts[2] / _SIXTY**2)


def geometries_of(land: list[str | tuple[str, str]]) -> Any:  # noqa: ANN401 (an array)
    """Return the geometries of a table's rows; None where there is none."""
    return np.array([_geometry(each) for each in land], dtype=object)


def _geometry(said: str | tuple[str, str]) -> Any:  # noqa: ANN401 (a geometry, or None)
    try:
        if isinstance(said, tuple):
            return shapely.Point(number_of(said[0]), number_of(said[1]))
        land = said.rpartition(";")[2].strip()
        # They may stand in one another, and GEOS goes down into each: enough of them end its process.
        return shapely.from_wkt(land) if land and len(_NESTS.findall(land)) <= MOST_NESTED else None
    except (ValueError, NotImplementedError, shapely.errors.GEOSException):
        return None


def name_column_of(columns: list[str]) -> str:
    """Return the column that names a plot, by what people call such columns; else the first one."""
    found = (name for pattern in _NAMES for name in columns if pattern.search(name))
    return next(found, columns[0] if columns else "")
