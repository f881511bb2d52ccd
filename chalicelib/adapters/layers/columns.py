"""How many columns and texts a file has: GDAL takes minutes to name as many columns as somebody may write."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence

from chalicelib.adapters.layers.tables import MOST_COLUMNS
from chalicelib.domain.errors import Invalid

_JSON = re.compile(rb'"((?:[^"\\]|\\.)*+)"(\s*+:)?|[{}]')  # a text, with its colon where it is a key; an object's ends
MOST_TAG_BYTES = 60_000  # of a row, with their columns
_DEPTH = 3  # of the objects around a column: the collection, its feature, the feature's properties
_OWN_KEYS = 20  # of GeoJSON itself, which are no columns: "type", "geometry" and their like
_KML = re.compile(
    rb"""<\s*(?:\w+:)?(Schema|SimpleField|Data)\b[^<>]{0,400}?\sname\s*=\s*["']([^"'<]*)""", re.IGNORECASE
)
_MAPINFO = re.compile(rb"^\s*(?:columns|fields)\s+(\d{1,9})\b", re.IGNORECASE | re.MULTILINE)


def check_columns(count: int, *, more: bool = False) -> None:
    """Raise Invalid where a file has more columns than are read; `more`: it was counted no further."""
    if count > MOST_COLUMNS:
        said = f"more than {MOST_COLUMNS}" if more else f"{count}"
        raise Invalid(f"this file has {said} columns; at most {MOST_COLUMNS} are read: leave some out")


def columns_left_out(chosen: Sequence[str], kept: Sequence[str]) -> str:
    """Return a note of the columns whose texts are not kept, for there are too many; empty where all are."""
    left_out = chosen[len(kept) :]
    if not left_out:
        return ""
    named = ", ".join(left_out[:10])[:200] + (", …" if len(left_out) > 10 else "")
    return f"of {len(chosen)} columns the first {len(kept)} are kept, without {named}: choose them by tagColumns"


def check_size(texts: Mapping[str, str], kept: Callable[[], Mapping[str, str]]) -> None:
    """Raise ValueError where a row's texts, as they are kept, are longer than a row may be."""
    if sum(map(len, texts.values())) > MOST_TAG_BYTES // 12:  # shorter ones need not be measured
        size = len(json.dumps(kept(), ensure_ascii=False).encode())
        if size > MOST_TAG_BYTES:
            raise ValueError(f"this row has {size} bytes of texts; {MOST_TAG_BYTES} are kept: choose fewer tagColumns")


def check_columns_of_text(driver: str, text: bytes) -> None:
    """Raise Invalid for a text of a driver's kind with more columns than are read."""
    if driver == "GeoJSON":
        _check_json(text)
    elif driver == "KML":
        _check_kml(text)
    elif driver == "MapInfo File" and (said := _MAPINFO.search(text)):
        check_columns(int(said[1]))


def _check_json(text: bytes) -> None:
    names: set[bytes] = set()
    depth = 0
    for found in _JSON.finditer(text):
        if found[2]:
            if depth <= _DEPTH:
                names.add(found[1])
                check_columns(len(names) - _OWN_KEYS, more=True)
        elif found[1] is None:
            depth += 1 if found[0] == b"{" else -1


def _check_kml(text: bytes) -> None:
    names: set[bytes] = set()
    fields = 0  # of one schema: one name may be there many times
    for found in _KML.finditer(text):
        fields = 0 if found[1].lower() == b"schema" else fields + (found[1].lower() == b"simplefield")
        names.add(found[2])
        check_columns(max(fields, len(names)), more=True)
