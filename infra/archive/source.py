"""What an operator's file is, and whether it can be laid on its ground. GDAL reads it, by rasterio."""

from __future__ import annotations

import glob
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from chalicelib.adapters.imagery.item_store import FolderItemStore, StoredFile
from infra.errors import OperatorError

NEEDS = (
    "rasterio is not installed, and this file has to be converted: "
    "pip install --require-hashes -r requirements-archive.txt"
)
COPY_AGAIN = "copy it again from where it came, or ask for it anew"
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
    """Turn what GDAL says into OperatorError, without the paths of our own files.

    Of a damaged JPEG inside a TIFF it only warns, and fills up what is missing: that is an error here.
    """
    try:
        import rasterio  # noqa: F401
        from rasterio.errors import NotGeoreferencedWarning
    except ModuleNotFoundError:
        raise OperatorError(NEEDS) from None
    try:
        with warnings.catch_warnings(), _Damage() as damage:
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # told in words of our own
            yield
    except Exception as error:
        if not is_gdals(error):
            raise
        raise OperatorError(f"GDAL cannot read or convert it: {str(error.__cause__ or error)[:300]}") from error
    if damage.said:
        raise OperatorError(f"it is damaged ({damage.said:.200}): {COPY_AGAIN}")


class _Damage(logging.Handler):
    """Keeps the first that GDAL says of a damaged JPEG, meanwhile."""

    said = ""

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if "JPEGLib" in text and not self.said:
            self.said = text.rpartition("JPEGLib:")[2]

    def __enter__(self) -> Self:
        logging.getLogger("rasterio").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("rasterio").removeHandler(self)


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
            raise OperatorError(f"--crs says {crs}, the file itself says {name_of(dataset.crs)}: one of them is wrong")
        return dataset.crs
    beside = next((each for each in (file.with_suffix(".prj"), file.with_suffix(".PRJ")) if each.exists()), None)
    if beside is None and given is None:
        raise OperatorError("it says where it lies, and not in which system: say --crs EPSG:…, or put a .prj beside it")
    stated = beside and _system_in(beside)
    if given is None and stated is None:
        raise OperatorError(f"{beside.name} beside it names no system that GDAL knows: say --crs EPSG:…")
    if given and stated and given != stated and given.to_epsg() != stated.to_epsg():
        raise OperatorError(f"--crs says {crs}, {beside.name} beside it says {name_of(stated)}: one of them is wrong")
    return given or stated


def _system_in(projection: Path) -> Any:  # noqa: ANN401
    """Return the system that a .prj names, in OGC's words or ESRI's; None if GDAL knows none."""
    from rasterio.crs import CRS
    from rasterio.errors import CRSError

    try:
        return CRS.from_wkt(projection.read_text(encoding="utf-8", errors="replace"), morph_from_esri_dialect=True)
    except CRSError:
        return None


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
        _check_world_file(Path(dataset.name), is_tiff=dataset.driver == "GTiff")
        raise OperatorError(
            "it has no georeference: nothing says where it lies. Export it as a GeoTIFF, or put its world file and "
            ".prj beside it"
        )
    if abs(at.b) > ALMOST * abs(at.a) or abs(at.d) > ALMOST * abs(at.e):
        raise OperatorError(
            "it is rotated against its system: warp it first, gdalwarp -t_srs EPSG:3857 -dstalpha IN OUT.tif"
        )


def _check_world_file(file: Path, *, is_tiff: bool) -> None:
    """Say why a file that lies nowhere by itself does not lie where one beside it says. Raises OperatorError."""
    ending = file.suffix[1:].lower()
    endings = {".wld", f".{ending}w", f".{ending[:3]}w", f".{ending[:1]}{ending[-1:]}w"}
    others = sorted(file.parent.glob(f"{glob.escape(file.stem)}.*"))
    beside = next((each for each in others if each.suffix.lower() in endings), None)
    is_read = is_tiff and beside is not None and beside.suffix.lower() in {".tfw", ".wld"}
    if beside is not None and is_read and len(beside.read_bytes()[:1000].split()) == 6:
        raise OperatorError(
            f"its own tags say that it lies nowhere, and hide {beside.name} beside it: take them away, "
            "gdal_edit.py -unsetgt IN.tif"
        )
    if beside is not None:
        raise OperatorError(
            f"{beside.name} beside it is not read: it has to be six numbers, one a line, in a file with the ending "
            ".tfw (of a TIFF), .pgw (PNG), .jgw (JPEG) or .j2w (JPEG 2000); turn any other picture into a PNG first"
        )
    if file.with_name(f"{file.name}.aux.xml").exists():
        raise OperatorError(
            f"{file.name}.aux.xml beside it, which may say where it lies, is not read: gdal_translate -of GTiff "
            f"IN{file.suffix} OUT.tif writes that into a GeoTIFF"
        )


def check_samples(dataset: Any) -> None:  # noqa: ANN401
    """Check that its samples are those that an archive reads. Raises OperatorError."""
    kinds = sorted(set(dataset.dtypes))
    if kinds not in (["uint8"], ["uint16"]):
        raise OperatorError(
            f"its samples are {', '.join(kinds)}: unsigned ones of 8 or 16 bits are read. "
            "gdal_translate -ot Byte -scale LOW HIGH IN OUT.tif"
        )


def is_gdals(error: Exception) -> bool:
    """Tell whether an error is GDAL's: rasterio lets some through that are of none of its own public classes."""
    return type(error).__module__.partition(".")[0] == "rasterio"


def name_of(system: Any) -> str:  # noqa: ANN401
    """Return what a system is called, by its code if it has one."""
    code = system.to_epsg()
    named = _NAMED.match(text := str(system.to_wkt()))
    return f"EPSG:{code}" if code else repr(named[1]) if named else text[:60]
