"""Convert a file to a Cloud-Optimized GeoTIFF by GDAL's own driver, showing how far it has come."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from infra.archive.bar import Bar
from infra.archive.copying import write_cog
from infra.archive.source import check_place, check_samples, gdal_errors, system_said
from infra.archive.target import is_named_by_code, is_on_wgs84, straight_box, target_of
from infra.errors import OperatorError

BLOCK_PX = 512
OPTIONS = {
    "COMPRESS": "DEFLATE",
    "PREDICTOR": "YES",
    "BLOCKSIZE": str(BLOCK_PX),
    "OVERVIEW_RESAMPLING": "AVERAGE",
    "BIGTIFF": "IF_SAFER",
    "NUM_THREADS": "ALL_CPUS",
}
_OF_OVERVIEWS = 0.45  # of the time; the file itself takes the rest
_AS_LARGE = 4.6  # the whole file by its overviews before they are packed into it


class Converted(NamedTuple):
    """What is to be known of a file that was made."""

    note: str = ""
    bits: int | None = None  # of its 16-bit samples, how many are used, where the file that it was made of says so


def check_convertible(file: Path, crs: str) -> None:
    """Check all that can be known of a file without reading its pixels. Raises OperatorError as `convert` does."""
    with gdal_errors():
        import rasterio

        with rasterio.Env(GDAL_PAM_ENABLED="NO"), rasterio.open(file) as dataset:
            _target(file, dataset, crs)


def _target(file: Path, dataset: Any, crs: str) -> tuple[Any, Any, bool]:  # noqa: ANN401 (rasterio has no types)
    """Return the system that a file lies in, the one that it is shown in, and whether it is warped to that."""
    check_place(dataset)
    check_samples(dataset)
    system = system_said(file, dataset, crs)
    return system, *target_of(dataset, system)


def convert(file: Path, made: Path, crs: str, bar: Bar) -> Converted:
    """Write a file as a COG in a system that archives read. Raises OperatorError."""
    with gdal_errors():
        import rasterio

        with rasterio.Env(GDAL_NUM_THREADS="ALL_CPUS", GDAL_PAM_ENABLED="NO"), rasterio.open(file) as dataset:
            system, target, is_warped = _target(file, dataset, crs)
            bits = _bits_said(dataset)
            if not is_warped:
                _translate(_with_system(dataset, target, made.parent), made, dataset, bar)
                return Converted(bits=bits)
            warped = made.parent / "warped.tif"
            _warp(dataset, system, target, warped, bar)
            with rasterio.open(warped) as straight:
                _translate(warped, made, straight, bar)
            warped.unlink()
    note = f"warped to EPSG:{target.to_epsg()}"
    if not is_on_wgs84(system):
        note += "; its datum is not WGS 84 and was shifted without local grids: "
        note += "some metres may be left, tens of an old survey's"
    return Converted(note, bits)


def _bits_said(dataset: Any) -> int | None:  # noqa: ANN401
    said = dataset.tags(1, ns="IMAGE_STRUCTURE").get("NBITS", "")
    return int(said) if dataset.dtypes[0] == "uint16" and said.isdecimal() else None


def _with_system(dataset: Any, target: Any, folder: Path) -> Path:  # noqa: ANN401
    """Return the file itself, or a description of it that says the system where it does not, or in its own words."""
    import rasterio
    import rasterio.shutil

    if dataset.crs and is_named_by_code(dataset.crs):
        return Path(dataset.name)
    described = folder / "described.vrt"
    rasterio.shutil.copy(dataset, described, driver="VRT")
    with rasterio.open(described, "r+") as file:
        file.crs = target
    return described


def _translate(file: Path, made: Path, dataset: Any, bar: Bar) -> None:  # noqa: ANN401
    beside = made.with_name(made.name + ".ovr.tmp")
    overviews = 0
    guess = max(1, dataset.width * dataset.height * dataset.count * _bytes(dataset) // 6)

    def share() -> float:
        nonlocal overviews
        written = _size(made)
        if not written:
            overviews = max(overviews, _size(beside))
            return _OF_OVERVIEWS * min(1.0, overviews / guess)
        return _OF_OVERVIEWS + (1 - _OF_OVERVIEWS) * min(1.0, written / max(1, overviews * _AS_LARGE))

    with bar.watching("made a Cloud-Optimized GeoTIFF", share):
        options = OPTIONS | ({"OVERVIEW_RESAMPLING": "NEAREST"} if _has_palette(dataset) else {})
        if "NBITS" in dataset.tags(1, ns="IMAGE_STRUCTURE"):  # else they are packed as tightly, which nobody reads
            options |= {"NBITS": str(8 * _bytes(dataset))}
        write_cog(file, made, options)
    if not made.exists():
        raise OperatorError("GDAL made nothing of it")


def _warp(dataset: Any, system: Any, target: Any, warped: Path, bar: Bar) -> None:  # noqa: ANN401
    """Warp bilinearly, some rows at a time; where nothing lies there is no data."""
    import rasterio
    from rasterio.enums import ColorInterp, Resampling
    from rasterio.transform import from_bounds
    from rasterio.vrt import WarpedVRT
    from rasterio.windows import Window

    has_alpha = ColorInterp.alpha in dataset.colorinterp
    options = {"src_crs": system, "crs": target, "resampling": Resampling.bilinear, "warp_mem_limit": 256}
    options |= {"add_alpha": dataset.nodata is None and not has_alpha}
    if system.to_epsg() == target.to_epsg():  # it is mirrored, or south-up: the same pixels, the right way round
        width, height = dataset.width, dataset.height
        options |= {"width": width, "height": height}
        options |= {"transform": from_bounds(*straight_box(dataset), width, height)}
    with WarpedVRT(dataset, **options) as seen:
        profile = {"driver": "GTiff", "width": seen.width, "height": seen.height, "count": seen.count}
        profile |= {"dtype": seen.dtypes[0], "crs": target, "transform": seen.transform, "nodata": seen.nodata}
        profile |= {"tiled": True, "blockxsize": BLOCK_PX, "blockysize": BLOCK_PX, "bigtiff": "if_safer"}
        profile |= {"compress": "deflate", "zlevel": 1}  # for a moment
        with rasterio.open(warped, "w", **profile) as file:
            file.colorinterp = seen.colorinterp
            for top in range(0, seen.height, BLOCK_PX):
                rows = Window(0, top, seen.width, min(BLOCK_PX, seen.height - top))
                file.write(seen.read(window=rows), window=rows)
                bar.show(f"warped to EPSG:{target.to_epsg()}", (top + rows.height) / seen.height)


def _has_palette(dataset: Any) -> bool:  # noqa: ANN401
    return bool(dataset.colorinterp[0].name == "palette")


def _bytes(dataset: Any) -> int:  # noqa: ANN401
    return 2 if dataset.dtypes[0] == "uint16" else 1


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
