"""What the parts of a shapefile say of themselves, and of each other."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.domain.errors import Invalid

SHAPES = b"\x00\x00\x27\x0a"  # how a .shp begins, and a .shx


def check_shapefile(parts: Mapping[str, bytes]) -> None:
    """Refuse a shapefile whose parts say that they are longer than they are, or that they are something else."""
    for ending in (".shp", ".shx"):
        data = parts[ending]
        if len(data) < 100 or data[:4] != SHAPES:
            raise Invalid(f"the {ending} of this shapefile is none: it is damaged")
        said = int.from_bytes(data[24:28], "big") * 2
        if said > len(data):
            raise Invalid(f"the {ending} of this shapefile says {said} bytes and has {len(data)}: it is cut off")
    shapes = (said - 100) // 8  # of the .shx: eight bytes each, behind its head
    data = parts[".dbf"]
    if len(data) < 32:
        raise Invalid("the .dbf of this shapefile is none: it is damaged")
    rows, head, width = (int.from_bytes(data[a:b], "little") for a, b in ((4, 8), (8, 10), (10, 12)))
    if head + rows * width > len(data) + 1:
        raise Invalid(
            f"the .dbf of this shapefile says {rows} rows of {width} bytes and has {len(data)}: it is cut off"
        )
    if rows != shapes:  # GDAL reads as many as are in both, and says nothing of the others
        raise Invalid(f"this shapefile has {shapes} shapes, and its .dbf {rows} rows: export it again")
