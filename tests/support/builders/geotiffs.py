"""GeoTIFFs for tests, written by GDAL; and the same read by it."""

import struct
import warnings

import cv2
import numpy as np
import rasterio
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.errors import NotGeoreferencedWarning
from rasterio.transform import from_origin
from rasterio.windows import Window as GdalWindow

from chalicelib.domain.image_formats.tiff_picture import read_picture
from chalicelib.intake.tiff_windows import Blocks, TiffFile, Window

warnings.simplefilter("ignore", NotGeoreferencedWarning)

UTM = ("EPSG:32645", from_origin(375_000, 2_251_000, 0.5, 0.5))  # near Bhubaneswar


def noise(width, height, samples, kind="uint8", *, top=None, seed=1):
    """Smooth noise: (rows, columns, samples)."""
    top = top or np.iinfo(kind).max
    pixels = np.random.default_rng(seed).random((height, width, samples)).astype(np.float32)
    pixels = cv2.GaussianBlur(pixels, (0, 0), 2).reshape(height, width, samples)
    pixels = (pixels - pixels.min()) / (pixels.max() - pixels.min())
    return (1 + pixels * (top - 2)).astype(kind)


def write(path, pixels, *, at=UTM, driver="COG", nodata=None, mask=None, is_mask_apart=False, alpha=False, **options):
    """Write a GeoTIFF with GDAL; `mask` has 0 where there is no data."""
    system, transform = at
    height, width, samples = pixels.shape
    profile = {"width": width, "height": height, "count": samples, "dtype": pixels.dtype.name, "nodata": nodata}
    if system is not None:
        profile |= {"crs": system, "transform": transform}
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=not is_mask_apart),
        rasterio.open(path, "w", driver=driver, **profile, **options) as file,
    ):
        if alpha:
            colours = [ColorInterp.red, ColorInterp.green, ColorInterp.blue] if samples == 4 else [ColorInterp.gray]
            file.colorinterp = [*colours, ColorInterp.alpha]
        file.write(pixels.transpose(2, 0, 1))
        if mask is not None:
            file.write_mask(mask)
    return path


def opened(path, *, size=None, **options):
    """Open a file with the product's reader."""
    content = path.read_bytes()
    beside = path.with_name(path.name + ".msk")
    mask = beside.read_bytes() if beside.exists() else None
    picture = read_picture(range_of(content), size or len(content), (range_of(mask), len(mask)) if mask else None)
    return TiffFile(
        picture,
        range_of(content),
        key=str(path),
        blocks=Blocks(),
        read_mask=range_of(mask) if mask else None,
        **options,
    )


def range_of(content):
    return lambda at, length: content[at : at + length]


def read_by_gdal(path, place, window):
    """The samples of a window of a level, and which pixels hold data."""
    within = GdalWindow(window.left, window.top, window.right - window.left, window.bottom - window.top)
    options = {"OVERVIEW_LEVEL": place - 1} if place else {}
    with rasterio.open(path, **options) as file:
        assert (file.width, file.height) >= (window.right, window.bottom)
        samples = file.read(window=within).transpose(1, 2, 0)
        has_mask = any(MaskFlags.all_valid not in flags for flags in file.mask_flag_enums)
        valid = file.dataset_mask(window=within) > 0 if has_mask else np.ones(samples.shape[:2], bool)
    return samples, valid


def overviews_by_gdal(path):
    with rasterio.open(path) as file:
        return file.overviews(1)


def differences(path):
    """What the product reads otherwise than GDAL, of whole levels and of windows that cut blocks."""
    file = opened(path)
    found = []
    if len(file.picture.levels) != 1 + len(overviews_by_gdal(path)):
        found.append("levels")
    for place, (level, _, _) in enumerate(file.picture.levels):
        height, width = level.height, level.width
        cut = Window(
            height // 3, max(height // 3 + 1, height * 2 // 3), width // 4, max(width // 4 + 1, width * 3 // 4)
        )
        for window in (Window(0, height, 0, width), cut):
            samples, valid = read_by_gdal(path, place, window)
            if file.samples(place, window).dtype != samples.dtype:
                found.append((place, window, "dtype"))
            elif not np.array_equal(file.samples(place, window), samples):
                found.append((place, window, "samples"))
            if not np.array_equal(file.masked(place, window)[1], valid):
                found.append((place, window, "valid"))
    return found


def entry_of(content, tag, directory=0):
    """Where the entry of a tag of a little-endian TIFF begins: for tests that make it lie."""
    (at,) = struct.unpack_from("<I", content, 4)
    for _ in range(directory):
        (count,) = struct.unpack_from("<H", content, at)
        (at,) = struct.unpack_from("<I", content, at + 2 + 12 * count)
    (count,) = struct.unpack_from("<H", content, at)
    for place in range(count):
        entry = at + 2 + 12 * place
        if struct.unpack_from("<H", content, entry)[0] == tag:
            return entry
    raise LookupError(tag)


def with_value(content, tag, value, *, directory=0):
    """Another value for a tag of one value that stands in its entry."""
    changed = bytearray(content)
    entry = entry_of(content, tag, directory)
    struct.pack_into("<HII", changed, entry + 2, 4, 1, value)
    return bytes(changed)
