"""What an operator's file is, and whether it can be laid on its ground. GDAL reads it, by rasterio."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chalicelib.adapters.imagery.item_store import FolderItemStore, StoredFile
from chalicelib.adapters.imagery.systems import system_of
from infra.errors import OperatorError

NEEDS = (
    "rasterio is not installed, and this file has to be converted: "
    "pip install --require-hashes -r requirements-archive.txt"
)
_SOUTH, _NORTH = -80, 84  # where UTM ends
ALMOST = 1e-6  # of a pixel: rotation that is rounding
_NAMED = re.compile(r'\w+\["([^"]{1,80})"')
PALETTE_REMEDY = "gdal_translate -expand rgb IN OUT.tif"


def stored(file: Path) -> tuple[FolderItemStore, StoredFile]:
    """Return a file as an archive has one."""
    store = FolderItemStore(file.parent)
    status = file.stat()
    return store, StoredFile(file.name, f"{status.st_mtime_ns}-{status.st_ino}", status.st_size)


@contextmanager
def gdal_errors() -> Iterator[None]:
    """Turn what GDAL says into OperatorError, without the paths of our own files."""
    try:
        import rasterio  # noqa: F401
        from rasterio.errors import NotGeoreferencedWarning
    except ModuleNotFoundError:
        raise OperatorError(NEEDS) from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # told in words of our own
            yield
    except Exception as error:
        if not _is_gdals(error):
            raise
        raise OperatorError(f"GDAL cannot read or convert it: {str(error.__cause__ or error)[:300]}") from error


def system_said(file: Path, dataset: Any, crs: str) -> Any:  # noqa: ANN401 (rasterio has no types)
    """Return the reference system: by the file, by --crs, by a .prj beside it. Raises OperatorError."""
    from rasterio.crs import CRS
    from rasterio.errors import CRSError

    try:
        given = CRS.from_user_input(crs) if crs else None
    except CRSError:
        raise OperatorError(f"--crs {crs:.60} is no system that GDAL knows: say it like EPSG:32645") from None
    if dataset.crs:
        if given and given != dataset.crs:
            raise OperatorError(f"--crs says {crs}, the file itself says {_name(dataset.crs)}: one of them is wrong")
        return dataset.crs
    if given:
        return given
    beside = next((each for each in (file.with_suffix(".prj"), file.with_suffix(".PRJ")) if each.exists()), None)
    if beside is None:
        raise OperatorError("it says where it lies, and not in which system: say --crs EPSG:…, or put a .prj beside it")
    try:
        return CRS.from_wkt(beside.read_text(encoding="utf-8", errors="replace"), morph_from_esri_dialect=True)
    except CRSError:
        raise OperatorError(f"{beside.name} beside it names no system that GDAL knows: say --crs EPSG:…") from None


def check_place(dataset: Any) -> None:  # noqa: ANN401
    """Check that a file says where it lies, straight in its system. Raises OperatorError."""
    at = dataset.transform
    if at.is_identity:
        if dataset.gcps[0]:
            raise OperatorError(
                "it has ground control points only, so its pixels lie askew: warp it first, "
                "gdalwarp -t_srs EPSG:3857 -dstalpha IN OUT.tif"
            )
        if dataset.rpcs:
            raise OperatorError(
                "it has a camera's model (RPC) only: orthorectify it first, "
                "gdalwarp -rpc -t_srs EPSG:3857 -dstalpha IN OUT.tif with the terrain's heights (-to RPC_DEM=…)"
            )
        if any(Path(dataset.name).with_suffix(each).exists() for each in (".tfw", ".TFW", ".wld")):
            raise OperatorError(
                "its own tags say that it lies nowhere, and hide the world file beside it: take them away, "
                "gdal_edit.py -unsetgt IN.tif"
            )
        raise OperatorError(
            "it has no georeference: nothing says where it lies. Export it as a GeoTIFF, or put its world file and "
            ".prj beside it"
        )
    if abs(at.b) > ALMOST * abs(at.a) or abs(at.d) > ALMOST * abs(at.e):
        raise OperatorError(
            "it is rotated against its system: warp it first, gdalwarp -t_srs EPSG:3857 -dstalpha IN OUT.tif"
        )


def check_samples(dataset: Any) -> None:  # noqa: ANN401
    """Check that its samples are those that an archive reads. Raises OperatorError."""
    kinds = sorted(set(dataset.dtypes))
    if kinds not in (["uint8"], ["uint16"]):
        raise OperatorError(
            f"its samples are {', '.join(kinds)}: unsigned ones of 8 or 16 bits are read. "
            "gdal_translate -ot Byte -scale LOW HIGH IN OUT.tif"
        )


def target_of(dataset: Any, system: Any) -> tuple[Any, bool]:  # noqa: ANN401
    """Return the system that it is shown in, and whether it is warped. Raises OperatorError."""
    from rasterio.crs import CRS
    from rasterio.warp import transform_bounds

    code = system.to_epsg()
    at = dataset.transform
    if code is not None and system_of(code) is not None and at.a > 0 > at.e:
        return CRS.from_epsg(code), False
    if dataset.colorinterp[0].name == "palette":
        raise OperatorError(f"it has to be warped, and its colours are a palette: {PALETTE_REMEDY} first")
    try:
        west, south, east, north = transform_bounds(system, "EPSG:4326", *dataset.bounds)
    except Exception as error:
        if not _is_gdals(error):
            raise
        raise OperatorError(
            f"it lies in {_name(system)}, a system nobody can turn into degrees: say the right one, "
            "gdal_edit.py -a_srs EPSG:… IN.tif, or warp it by what it was made from"
        ) from error
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise OperatorError(f"it spans {[round(each, 4) for each in dataset.bounds]}, which is nowhere in that system")
    is_wide = east - west > 6 or south < _SOUTH or north > _NORTH
    zone = min(60, int(((west + east) / 2 + 180) / 6) + 1)
    return CRS.from_epsg(3857 if is_wide else (32_600 if south + north >= 0 else 32_700) + zone), True


def is_on_wgs84(system: Any) -> bool:  # noqa: ANN401
    """Tell whether a system stands on WGS 84: another datum is shifted, as well as can be without its grids."""
    text = system.to_wkt().upper()
    return "WGS_1984" in text or "WGS 84" in text or "WORLD GEODETIC SYSTEM 1984" in text


def _is_gdals(error: Exception) -> bool:
    """Tell whether an error is GDAL's: rasterio lets some through that are of none of its own public classes."""
    return type(error).__module__.partition(".")[0] == "rasterio"


def _name(system: Any) -> str:  # noqa: ANN401
    code = system.to_epsg()
    named = _NAMED.match(text := str(system.to_wkt()))
    return f"EPSG:{code}" if code else repr(named[1]) if named else text[:60]
