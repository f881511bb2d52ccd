"""What kind of file somebody gave, told by its bytes alone; and its text as UTF-8."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from chalicelib.adapters.layers.archives import members
from chalicelib.adapters.layers.kml import check_kml, linked_in
from chalicelib.adapters.layers.mapinfo import texts_of_table, without_charset
from chalicelib.adapters.layers.shapefile import SHAPES, check_shapefile
from chalicelib.domain.errors import Invalid

KINDS = "KML or KMZ, a zipped shapefile, GeoPackage, GeoJSON, CSV, DXF or MapInfo"
MOST_UNPACKED = 512 * 2**20
ASSUMED = "cp1252"
_ZIP, _SQLITE = b"PK\x03\x04", b"SQLite format 3\x00"
_PARTS = {  # of a file that comes in several: what each driver reads beside the first
    "ESRI Shapefile": (".shp", ".shx", ".dbf", ".prj", ".cpg"),
    "MapInfo File": (".tab", ".dat", ".map", ".id", ".ind"),
}
_SINGLE = (".kml", ".gpkg", ".geojson", ".json", ".mif", ".dxf", ".csv", ".txt")  # of one part; a .txt may be a note
_NEEDED = {"ESRI Shapefile": (".shx", ".dbf"), "MapInfo File": (".dat", ".map", ".id")}
_WITHOUT_MID = "a .mif comes with its .mid: pack both into one zip file"
_ENCODED = re.compile(rb"""(<\?xml[^>]{0,200}?encoding\s*=\s*)(["'])([\w.:-]{1,40})\2""", re.IGNORECASE)
_ELSEWHERE = re.compile(rb"open\s+table|create\s+view|\"?seamless\"?\s*=", re.IGNORECASE)


@dataclass(slots=True, kw_only=True)
class Source:
    """A file that a driver reads: its parts by the endings of their names."""

    driver: str
    parts: dict[str, bytes]  # by ending, the first one first
    encoding: str = "UTF-8"
    encoding_is_assumed: bool = False
    notes: list[str] = field(default_factory=list)


def source_of(content: bytes, file_name: str, encoding: str) -> Source:
    """Tell what a file is, by its bytes; its name only tells CSV from nothing. Raises Invalid."""
    if not content:
        raise Invalid("this file is empty")
    if encoding:
        _check_encoding(encoding)
    if content.startswith((_ZIP, b"PK\x05\x06")):
        return _packed(members(content, most_bytes=MOST_UNPACKED), encoding)
    return _single(content, PurePosixPath(file_name).suffix.lower(), encoding)


def _packed(found: dict[str, bytes], encoding: str) -> Source:
    shown = {name: data for name, data in found.items() if not name.startswith("__MACOSX/")}
    by_ending: dict[str, list[str]] = {}
    for name in sorted(shown):
        by_ending.setdefault(PurePosixPath(name).suffix.lower(), []).append(name)
    for driver, endings in _PARTS.items():
        if firsts := by_ending.get(endings[0], []):
            return _beside(firsts, by_ending, _several(driver, _only(firsts), shown, encoding))
    for ending in _SINGLE:
        names = by_ending.get(ending, [])
        names = [name for name in names if _base(name).lower() == "doc.kml"] or names
        if len(names) == 1 and ending == ".kml":
            names = linked_in(names[0], shown) or names
        if names:
            read = _interchange if ending == ".mif" else _member
            return _beside(names, by_ending, read(_only(names), shown, encoding))
    if by_ending.keys() & {".shx", ".dbf", ".prj"}:
        raise Invalid("this zip file has parts of a shapefile, and no .shp among them")
    raise Invalid(f"this zip file holds nothing that is read here ({KINDS})")


def _only(names: list[str]) -> str:
    if len(names) > 1:
        ending = PurePosixPath(names[0]).suffix.lower()
        named = ", ".join(map(_base, names[:3]))
        raise Invalid(f"this zip file holds {len(names)} of {ending} ({named}): pack each alone")
    return names[0]


def _beside(names: list[str], by_ending: dict[str, list[str]], source: Source) -> Source:
    """Tell of what else could be read in a zip file, and is not."""
    firsts = (*_SINGLE[:-1], *(endings[0] for endings in _PARTS.values()))
    rest = [_base(each) for ending in firsts for each in by_ending.get(ending, []) if each not in names]
    if others := [each for each in rest if each.lower() != "doc.kml"]:
        source.notes.append(f"this zip file holds {', '.join(others[:3])} as well: not read")
    return source


def _member(name: str, found: dict[str, bytes], encoding: str) -> Source:
    return _single(found[name], PurePosixPath(name).suffix.lower(), encoding)


def _base(name: str) -> str:
    return PurePosixPath(name).name[:80]


def _several(driver: str, first: str, found: dict[str, bytes], encoding: str) -> Source:
    """Take what belongs to one file of several parts, whatever the case of its letters."""
    stem = str(PurePosixPath(first).with_suffix("")).lower()
    parts = {}
    for ending in _PARTS[driver]:
        for name, data in found.items():
            if name.lower() == stem + ending:
                parts[ending] = data
    lacking = [ending for ending in _NEEDED[driver] if ending not in parts]
    if lacking:
        raise Invalid(f"{_base(first)} lacks its {' and '.join(lacking)}: pack all parts of it together")
    if driver == "MapInfo File" and _ELSEWHERE.search(parts[".tab"]):
        raise Invalid("this MapInfo table refers to other tables: export it as one")
    source = Source(driver=driver, parts=parts, encoding=_known(encoding))
    if driver == "ESRI Shapefile":
        check_shapefile(parts)
        said = parts.pop(".cpg", b"").decode("ascii", "replace").strip().strip("\0")
        name = {"65001": "UTF-8", "88591": "ISO-8859-1"}.get(said, f"cp{said}" if said.isdigit() else said)
        _choose_encoding(source, encoding, said=name, texts=[_of_table(parts[".dbf"])])
    else:
        parts[".tab"], name = without_charset(parts[".tab"])
        _choose_encoding(
            source, encoding, said=name, texts=[parts[".tab"], texts_of_table(parts[".tab"], parts[".dat"])]
        )
    return source


def _choose_encoding(source: Source, encoding: str, *, said: str, texts: Sequence[bytes]) -> None:
    """Choose the encoding that a person says, else what the file says, else UTF-8 where its texts are that."""
    if encoding:
        source.encoding = _known(encoding)
    elif said and (known := _known(said)):
        source.encoding = known
    elif all(map(_is_utf8, texts)):
        source.encoding = "UTF-8"
    else:
        source.encoding, source.encoding_is_assumed = ASSUMED, True
        source.notes.append(_assumed("the file does not say in which encoding its texts are, and they are not UTF-8"))


def _of_table(table: bytes) -> bytes:
    """Return the rows of a dBASE table, without its head."""
    return table[int.from_bytes(table[8:10], "little") :]


def _is_utf8(text: bytes) -> bool:
    """Whether texts are UTF-8; numbers among them are ASCII."""
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _single(content: bytes, ending: str, encoding: str) -> Source:
    if content.startswith(_SQLITE):
        return Source(driver="GPKG", parts={".gpkg": content})
    if ending == ".gpkg":
        raise Invalid("this GeoPackage is no SQLite database: it is damaged, or something else under that name")
    if content.startswith(b"AutoCAD Binary DXF"):
        return Source(driver="DXF", parts={".dxf": content})
    if content.startswith(SHAPES) or ending in (".shp", ".shx", ".dbf"):
        raise Invalid("a shapefile comes in several parts: pack .shp, .shx, .dbf and .prj into one zip file")
    text, source = _as_utf8(content, encoding)
    begin = text[:4096].lstrip()
    if begin.startswith(b"<"):
        _check_kml(text)
        source.driver, source.parts = "KML", {".kml": text}
    elif begin[:1] in (b"{", b"["):
        source.driver, source.parts = "GeoJSON", {".geojson": text}
    elif begin[:7].lower() == b"version" or ending == ".mif":
        raise Invalid(_WITHOUT_MID)
    elif re.match(rb"0\s*\r?\n\s*SECTION|999\s*\r?\n", begin):
        source.driver, source.parts = "DXF", {".dxf": text}
    elif ending in (".csv", ".txt", ".tsv", ""):
        source.driver, source.parts = "CSV", {".csv": text}
    else:
        raise Invalid(f"this is no file that is read here ({KINDS})")
    return source


def _interchange(first: str, found: dict[str, bytes], encoding: str) -> Source:
    stem = str(PurePosixPath(first).with_suffix("")).lower()
    parts = {".mif": found[first]}
    for name, data in found.items():
        if name.lower() == stem + ".mid":
            parts[".mid"] = data
    if ".mid" not in parts:  # its parcels would have numbers for names
        raise Invalid(_WITHOUT_MID)
    source = Source(driver="MapInfo File", parts=parts)
    parts[".mif"], name = without_charset(parts[".mif"])
    _choose_encoding(source, encoding, said=name, texts=list(parts.values()))
    return source


def _as_utf8(content: bytes, encoding: str) -> tuple[bytes, Source]:
    """Return a file's text as UTF-8. Raises Invalid for one that is not in the encoding that was said."""
    source = Source(driver="", parts={}, encoding=encoding or "UTF-8")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) and not encoding:
        source.encoding = "UTF-16"
    content = content.removeprefix(codecs.BOM_UTF8)
    if b"\0" in content[:4096] and not _known(source.encoding).upper().startswith("UTF-16"):
        raise Invalid(f"this is no file that is read here ({KINDS})")
    try:
        text = content.decode(source.encoding)
        if codecs.lookup(source.encoding).name == "utf-8":
            return content, source
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        where = f"line {line} of this file is not {source.encoding} (byte {error.start + 1})"
        if encoding:
            raise Invalid(f"{where}: say another encoding", pointer="/encoding") from error
        source.encoding, source.encoding_is_assumed = ASSUMED, True
        source.notes.append(_assumed(where))
        text = content.decode(ASSUMED, "replace")
    utf8 = text.encode("utf-8")
    return _ENCODED.sub(rb"\1\2UTF-8\2", utf8, count=1), source


def _check_kml(text: bytes) -> None:
    if b"<kml" not in text[:4096].lower() and b":kml" not in text[:4096].lower():
        raise Invalid(f"this XML is no KML; what is read here: {KINDS}")
    check_kml(text)


def _assumed(why: str) -> str:
    return f"{why}: {ASSUMED} is assumed. Look at the names below, and say another encoding where they are wrong"


def _check_encoding(encoding: str) -> None:
    if not _known(encoding):
        raise Invalid(
            f"no encoding is called {encoding[:40]!r}; for example: UTF-8, cp1252, UTF-16", pointer="/encoding"
        )


def _known(name: str) -> str:
    """Return the name of an encoding as its codec has it, so that every spelling is the same one; empty: it is none.

    GDAL drops what is wrong in a text where it does not know the name: it knows UTF-8, and not UTF8.
    """
    try:
        b"text".decode(name)
        known = codecs.lookup(name).name
    except (LookupError, ValueError, UnicodeError):
        return ""
    return {"utf-8": "UTF-8", "utf-16": "UTF-16", "iso8859-1": "ISO-8859-1"}.get(known, known)
