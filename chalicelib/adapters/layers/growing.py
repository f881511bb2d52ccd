"""What of a file grows without end while it is read: blocks of a drawing in blocks, and tables that are queries."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from contextlib import closing
from itertools import pairwise
from pathlib import Path

from chalicelib.domain.errors import Invalid

_BLOCKS_AND_USES = re.compile(
    rb"^[ \t]*(BLOCK|ENDBLK|INSERT|DIMENSION|ACAD_TABLE|M?LEADER|MULTILEADER|EOF)[ \t]*$", re.IGNORECASE | re.MULTILINE
)
_BEGINS = re.compile(rb"^[ \t]*0+[ \t]*$", re.MULTILINE)  # an object of a drawing
_NAME, _COLUMNS, _ROWS = (
    re.compile(rb"^[ \t]*0*%d[ \t]*\n[ \t]*([^\n]*?)[ \t]*$" % code, re.MULTILINE) for code in (2, 70, 71)
)
MOST_LAYERS = 200  # of a GeoPackage
_MOST_OF_A_USE = 2000  # bytes, in which it says what is drawn, and how often
_DEEPEST = 50  # blocks in one another
_QUERIES = """SELECT name FROM sqlite_master WHERE (type = 'view' OR sql LIKE 'create virtual%')
    AND name IN (SELECT table_name FROM gpkg_contents UNION SELECT table_name FROM gpkg_geometry_columns)"""


def check_drawing(text: bytes, most_rows: int) -> None:
    """Raise Invalid for a drawing whose blocks, each drawn as often as it is used, are more objects than are read."""
    own: dict[bytes, int] = {}
    uses: dict[bytes, Counter[bytes]] = {b"": Counter()}
    text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    block = b""
    for found, following in pairwise([*_BLOCKS_AND_USES.finditer(text), None]):
        if found is None:
            break
        kind, end = found[1].upper(), following.start() if following else len(text)
        said = text[found.end() : min(end, found.end() + _MOST_OF_A_USE)]
        name = _first(_NAME, said).upper()
        if kind == b"BLOCK":
            block = name
            own.setdefault(block, 0)
            uses.setdefault(block, Counter())
        elif kind in (b"ENDBLK", b"EOF"):
            block = b""
        else:
            times = max(1, _number(_COLUMNS, said)) * max(1, _number(_ROWS, said)) if kind == b"INSERT" else 1
            uses[block][name] += times
        if block:
            own[block] += len(_BEGINS.findall(text, found.end(), end))
    _check_drawn(own, uses, most_rows)


def _check_drawn(own: dict[bytes, int], uses: dict[bytes, Counter[bytes]], most_rows: int) -> None:
    drawn: dict[bytes, int] = {}

    def count(block: bytes, above: tuple[bytes, ...]) -> int:
        if block in above or block not in uses:
            return 0  # none is drawn in itself
        if len(above) > _DEEPEST:
            raise Invalid(f"this drawing has blocks in blocks, more than {_DEEPEST} deep: explode them first")
        if block not in drawn:
            inside = (times * count(name, (*above, block)) for name, times in uses[block].items())
            drawn[block] = own.get(block, 0) + sum(inside)
        return drawn[block]

    if count(b"", ()) > most_rows:
        raise Invalid(
            f"the blocks of this drawing, drawn as often as it uses them, are more than {most_rows} objects: "
            "leave out those that are no parcels"
        )


def _first(pattern: re.Pattern[bytes], said: bytes) -> bytes:
    found = pattern.search(said)
    return found[1] if found else b""


def _number(pattern: re.Pattern[bytes], said: bytes) -> int:
    said = _first(pattern, said)
    return int(said) if said.isdigit() and len(said) < 10 else 0


def check_database(path: Path) -> None:
    """Raise Invalid for a GeoPackage with a layer that is made while it is read: its rows may have no end."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            found = database.execute(_QUERIES).fetchone()
            layers = database.execute("SELECT COUNT(*) FROM gpkg_geometry_columns").fetchone()[0]
    except sqlite3.DatabaseError:
        return  # who reads it tells what is wrong
    if layers > MOST_LAYERS:  # each is opened, and takes the longer the more there are
        raise Invalid(
            f"this GeoPackage has {layers} layers; at most {MOST_LAYERS} are read: save the one that is meant"
        )
    if found:
        raise Invalid(f"the layer {str(found[0])[:60]!r} of this GeoPackage is a query: save its rows as a table")
