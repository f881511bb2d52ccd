"""What is read of a TIFF is what GDAL reads of it, to the last bit."""

import numpy as np
import pytest

from chalicelib.domain.errors import BadImage
from chalicelib.domain.image_formats.tiff_levels import YCBCR
from chalicelib.domain.image_formats.tiff_picture import read_picture
from chalicelib.intake.pixels import to_pixels
from chalicelib.intake.tiff_windows import Blocks, TiffFile, Window
from tests.support.builders.geotiffs import differences, noise, opened, read_by_gdal, write
from tests.support.running.pairs import SHARED

SENTINEL2 = sorted((SHARED / "sentinel2").glob("*/**/*.tif"))


@pytest.mark.skipif(not SENTINEL2, reason="the images of Sentinel-2 are not here (../shared)")
def test_the_cogs_of_sentinel2_are_read_as_gdal_reads_them():
    assert len(SENTINEL2) >= 75
    assert {path: found for path in SENTINEL2 if (found := differences(path))} == {}


@pytest.mark.parametrize("kind", ["uint8", "uint16"])
@pytest.mark.parametrize("samples", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("compress", ["NONE", "DEFLATE", "LZW"])
@pytest.mark.parametrize("predictor", ["NO", "YES"])
def test_a_cog_of_any_samples_and_depth(tmp_path, kind, samples, compress, predictor):
    options = {} if compress == "NONE" else {"predictor": predictor}
    path = write(tmp_path / "a.tif", noise(700, 530, samples, kind), compress=compress, blocksize=256, **options)
    assert differences(path) == []


@pytest.mark.parametrize("block", [128, 256, 512, 1024])
def test_a_cog_of_any_size_of_block_with_overviews_and_edges(tmp_path, block):
    path = write(tmp_path / "a.tif", noise(1301, 1099, 3), compress="DEFLATE", blocksize=block)
    assert differences(path) == []


def test_a_cog_as_gdal_makes_it_when_it_is_asked_for_nothing(tmp_path):
    assert differences(write(tmp_path / "a.tif", noise(1301, 700, 3))) == []


@pytest.mark.parametrize("interleave", ["pixel", "band"])
@pytest.mark.parametrize("compress", ["none", "deflate", "lzw", "jpeg"])
@pytest.mark.parametrize("rows", [1, 7, 64, 4000])
def test_strips(tmp_path, interleave, compress, rows):
    path = write(
        tmp_path / "a.tif",
        noise(333, 210, 3),
        driver="GTiff",
        compress=compress,
        interleave=interleave,
        blockysize=8 if compress == "jpeg" and rows < 8 else rows,
    )
    assert differences(path) == []


@pytest.mark.parametrize("endianness", ["LITTLE", "BIG"])
@pytest.mark.parametrize("big", ["YES", "NO"])
@pytest.mark.parametrize("compress", ["none", "deflate", "lzw"])
def test_both_orders_of_bytes_and_both_kinds_of_tiff(tmp_path, endianness, big, compress):
    path = write(
        tmp_path / "a.tif",
        noise(300, 200, 3, "uint16"),
        driver="GTiff",
        tiled=True,
        blockxsize=128,
        blockysize=64,
        endianness=endianness,
        bigtiff=big,
        compress=compress,
        **({} if compress == "none" else {"predictor": 2}),
    )
    assert differences(path) == []


@pytest.mark.parametrize("options", [{}, {"photometric": "RGB"}, {"jpeg_quality": 40}, {"interleave": "band"}])
def test_jpeg(tmp_path, options):
    path = write(
        tmp_path / "a.tif",
        noise(300, 200, 3),
        driver="GTiff",
        tiled=True,
        blockxsize=128,
        blockysize=128,
        compress="jpeg",
        **options,
    )
    assert differences(path) == []


def test_a_grey_cog_of_jpeg_with_overviews(tmp_path):
    assert differences(write(tmp_path / "a.tif", noise(900, 700, 1), compress="JPEG", blocksize=256)) == []


def test_the_colours_of_jpeg_are_stored_coarser_and_read_at_least_as_well(tmp_path):
    """rasterio's wheel carries IJG's libjpeg 9, which makes the coarser colours finer in a way of its own."""
    pixels = noise(900, 700, 3)
    path = write(tmp_path / "a.tif", pixels, compress="JPEG", blocksize=256)
    whole = Window(0, 700, 0, 900)
    assert opened(path).picture.full.photometric == YCBCR
    ours, theirs = opened(path).samples(0, whole), read_by_gdal(path, 0, whole)[0]

    def off(one, other):
        return np.abs(one.astype(int) - other).mean()

    assert off(ours, pixels) <= off(theirs, pixels)
    assert off(ours, theirs) < 4


@pytest.mark.parametrize("kind", ["uint8", "uint16"])
@pytest.mark.parametrize("is_apart", [False, True])
@pytest.mark.parametrize("driver", ["COG", "GTiff"])
def test_masks_inside_and_beside(tmp_path, kind, is_apart, driver):
    if driver == "COG" and is_apart:
        pytest.skip("a COG has its mask inside")
    mask = np.full((530, 700), 255, np.uint8)
    mask[100:300, 200:] = 0
    options = {"blocksize": 256} if driver == "COG" else {"tiled": True, "blockxsize": 256, "blockysize": 256}
    path = write(
        tmp_path / "a.tif", noise(700, 530, 3, kind), driver=driver, mask=mask, is_mask_apart=is_apart, **options
    )
    assert (tmp_path / "a.tif.msk").exists() == is_apart
    assert differences(path) == []
    assert 0 < opened(path).masked(0, Window(0, 530, 0, 700))[1].mean() < 1


@pytest.mark.parametrize(("kind", "nodata"), [("uint8", 0), ("uint8", 255), ("uint16", 0), ("uint16", 65_535)])
def test_no_data(tmp_path, kind, nodata):
    pixels = noise(700, 530, 3, kind)
    pixels[50:200, :300] = nodata
    pixels[300:310, :300, 1] = nodata  # in one of the colours alone: it is one
    path = write(tmp_path / "a.tif", pixels, nodata=nodata, compress="DEFLATE", blocksize=256)
    assert differences(path) == []
    assert not opened(path).pixels(0, Window(60, 100, 10, 100)).valid.any()
    assert opened(path).pixels(0, Window(300, 310, 0, 300)).valid.all()


@pytest.mark.parametrize("samples", [2, 4])
@pytest.mark.parametrize("kind", ["uint8", "uint16"])
def test_alpha(tmp_path, samples, kind):
    pixels = noise(700, 530, samples, kind)
    pixels[:, :, -1] = np.iinfo(kind).max
    pixels[50:200, :300, -1] = 0
    path = write(tmp_path / "a.tif", pixels, alpha=True, compress="DEFLATE", blocksize=256)
    assert differences(path) == []
    assert not opened(path).pixels(0, Window(60, 100, 10, 100)).valid.any()
    assert opened(path).pixels(0, Window(200, 530, 0, 700)).valid.all()


def test_what_a_sparse_file_leaves_out_is_no_data(tmp_path):
    pixels = noise(700, 530, 3)
    pixels[:256, :256] = 7
    path = write(tmp_path / "a.tif", pixels, driver="GTiff", tiled=True, nodata=7, sparse_ok=True, compress="deflate")
    assert 0 in opened(path).picture.full.offsets
    assert differences(path) == []


def test_colours_are_blue_green_red_and_greys_are_all_three(tmp_path):
    pixels = noise(64, 64, 3)
    whole = Window(0, 64, 0, 64)
    assert np.array_equal(opened(write(tmp_path / "a.tif", pixels)).pixels(0, whole).bgr, pixels[:, :, ::-1])
    grey = opened(write(tmp_path / "b.tif", pixels[:, :, :1])).pixels(0, whole).bgr
    assert np.array_equal(grey, np.repeat(pixels[:, :, :1], 3, axis=2))
    inverted = write(tmp_path / "c.tif", pixels[:, :, :1], driver="GTiff", photometric="miniswhite")
    assert np.array_equal(opened(inverted).pixels(0, whole).bgr, 255 - grey)


def test_16_bits_are_on_one_scale_in_all_windows_of_a_file(tmp_path):
    pixels = noise(700, 530, 3, "uint16", top=1500)
    pixels[500:, 600:] = 9000  # one bright corner: 14 bits
    file = opened(write(tmp_path / "a.tif", pixels, compress="DEFLATE", blocksize=256))
    assert file.bits() == 14
    dark = file.pixels(0, Window(0, 100, 0, 100)).bgr
    assert np.array_equal(dark, to_pixels(pixels[:100, :100, ::-1], bits=14).bgr)


@pytest.mark.parametrize("driver", ["COG", "GTiff"])
def test_the_scale_of_a_large_file_is_known_by_few_ranges(tmp_path, driver):
    pixels = noise(2400, 2200, 3, "uint16", top=1500)
    pixels[:, 1200:] += 5000
    path = write(tmp_path / "a.tif", pixels, driver=driver, compress="DEFLATE")
    content, ranges = path.read_bytes(), []

    def read(at, length):
        ranges.append(length)
        return content[at : at + length]

    file = TiffFile(read_picture(read, len(content)), read, key="a", blocks=Blocks())
    assert file.bits() == 14
    assert len(ranges) <= 30
    assert sum(ranges) < len(content) / 2


def test_the_scale_does_not_count_what_is_no_data(tmp_path):
    pixels = noise(700, 530, 3, "uint16", top=1500)
    pixels[:100] = 65_535
    assert opened(write(tmp_path / "a.tif", pixels)).bits() == 12
    pixels[:100] = 40_000
    assert opened(write(tmp_path / "b.tif", pixels, nodata=40_000)).bits() == 12


def test_a_block_that_is_missing_is_told_where_the_file_says_no_data_by_nothing(tmp_path):
    pixels = noise(700, 530, 3)
    pixels[:256, :256] = 0
    path = write(tmp_path / "a.tif", pixels, driver="GTiff", tiled=True, sparse_ok=True, compress="deflate")
    with pytest.raises(BadImage, match="one of its blocks is missing"):
        opened(path).pixels(0, Window(0, 10, 0, 10))
    assert opened(path).pixels(0, Window(300, 310, 300, 310)).valid.all()
