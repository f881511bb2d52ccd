"""TIFFs that lie, are cut off or are of kinds that are not read: refused in words, in little time and memory."""

import struct
import time
import tracemalloc
import zlib
from contextlib import suppress

import numpy as np
import pytest
import rasterio.errors

from chalicelib.domain.errors import BadImage
from chalicelib.domain.image_formats import tiff
from chalicelib.domain.image_formats.tiff_picture import read_picture
from chalicelib.intake.tiff_windows import Blocks, TiffFile, Window
from tests.support.builders.geotiffs import entry_of, noise, range_of, with_value, write


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tiffs")


@pytest.fixture(scope="module")
def tiled(folder):
    """A tiled TIFF of 600 x 400 px in 128-px tiles, its directory at its end."""
    options = {"driver": "GTiff", "tiled": True, "blockxsize": 128, "blockysize": 128, "compress": "deflate"}
    return write(folder / "tiled.tif", noise(600, 400, 3), **options).read_bytes()


def read_all(content):
    picture = read_picture(range_of(content), len(content))
    file = TiffFile(picture, range_of(content), key="x", blocks=Blocks())
    for place, (level, _, _) in enumerate(picture.levels):
        file.pixels(place, Window(0, min(level.height, 700), 0, min(level.width, 700)))


def refusal(content):
    """The words of its refusal, which takes less than two seconds and 150 MiB."""
    tracemalloc.start()
    began = time.monotonic()
    with pytest.raises(BadImage) as bad:
        read_all(content)
    assert time.monotonic() - began < 2
    assert tracemalloc.get_traced_memory()[1] < 150 * 2**20
    tracemalloc.stop()
    return bad.value.reason


def test_it_is_read_as_it_is(tiled):
    read_all(tiled)


@pytest.mark.parametrize(
    ("tag", "value", "words"),
    [
        (tiff.WIDTH, 60_000, "it names the places of 20"),
        (tiff.WIDTH, 0, "0x400 px"),
        (tiff.HEIGHT, 4_000_000_000, "4000000000 px"),
        (tiff.HEIGHT, 100, "it names the places of 20"),
        (tiff.TILE_WIDTH, 0, "its blocks have 0x128 px"),
        (tiff.TILE_WIDTH, 256, "it names the places of 20"),
        (tiff.TILE_HEIGHT, 1_000_000, "are too large to read by window: store it in tiles"),
        (tiff.SAMPLES, 0, "0 samples"),
        (tiff.SAMPLES, 60_000, "60000 samples"),
        (tiff.SAMPLES, 4, "a block unpacks to 49152 bytes, not 65536"),
        (tiff.COMPRESSION, 50_000, "ZSTD, which is not read: DEFLATE, LZW, JPEG and none are"),
        (tiff.COMPRESSION, 34_887, "LERC"),
        (tiff.COMPRESSION, 32_773, "PackBits"),
        (tiff.COMPRESSION, 77, "kind 77"),
        (tiff.COMPRESSION, 5, "does not begin as LZW does"),
        (tiff.COMPRESSION, 7, "a block is no JPEG"),
        (tiff.PHOTOMETRIC, 5, "colour space 5"),
        (tiff.PHOTOMETRIC, 3, "a palette of colours that is not read"),
        (tiff.PLANAR, 2, "60 blocks"),
        (tiff.SAMPLE_FORMAT, 3, "floating-point"),
        (tiff.BITS, 32, "32 bits"),
    ],
)  # fmt: skip
def test_a_tag_that_lies(tiled, tag, value, words):
    assert words in refusal(with_value(tiled, tag, value))


@pytest.mark.parametrize("kind", ["float32", "int16", "uint32", "float64", "int8"])
def test_samples_of_other_kinds(folder, kind):
    path = write(folder / f"{kind}.tif", np.ones((40, 40, 1), kind), driver="GTiff")
    assert "which is not read" in refusal(path.read_bytes())


@pytest.mark.parametrize("compress", ["zstd", "lerc", "webp", "packbits", "lzma"])
def test_other_compressions_as_gdal_writes_them(folder, compress):
    try:
        path = write(folder / f"{compress}.tif", noise(40, 40, 3), driver="GTiff", compress=compress)
    except rasterio.errors.RasterioError:
        pytest.skip("this GDAL does not write it")
    assert "which is not read: DEFLATE, LZW, JPEG and none are; convert it with gdal_translate" in refusal(
        path.read_bytes()
    )


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.01, 0.3, 0.5, 0.9, 0.999])
def test_one_that_is_cut_off(tiled, share):
    assert "TIFF" in refusal(tiled[: int(len(tiled) * share)])


def test_a_copy_that_is_cut_off_is_told_by_its_header_alone(folder):
    content = write(folder / "cog.tif", noise(1300, 900, 3), compress="DEFLATE", blocksize=256).read_bytes()
    with pytest.raises(BadImage, match="cut off, or still being written"):
        read_picture(range_of(content), len(content) // 2)


def test_directories_that_run_in_a_circle(tiled):
    (at,) = struct.unpack_from("<I", tiled, 4)
    (count,) = struct.unpack_from("<H", tiled, at)
    looped = bytearray(tiled)
    struct.pack_into("<I", looped, at + 2 + 12 * count, at)
    assert "run in a circle" in refusal(bytes(looped))


def test_directories_without_end():
    directory = struct.pack("<HHHII", 1, 256, 4, 1, 7)
    content = bytearray(b"II*\0" + struct.pack("<I", 8))
    for _ in range(200_000):
        content += directory + struct.pack("<I", len(content) + len(directory) + 4)
    assert "more than 100 directories" in refusal(bytes(content))


@pytest.mark.parametrize("count", [2**31, 2**20, 10**9])
def test_counts_that_are_not_there(tiled, count):
    changed = bytearray(tiled)
    struct.pack_into("<I", changed, entry_of(tiled, tiff.TILE_OFFSETS) + 4, count)
    assert "TIFF" in refusal(bytes(changed))


def test_fewer_places_than_tiles(tiled):
    changed = bytearray(tiled)
    struct.pack_into("<I", changed, entry_of(tiled, tiff.TILE_BYTES) + 4, 19)
    assert "it names the places of 20 and the lengths of 19" in refusal(bytes(changed))


def first_block(content):
    """Where the places of the tiles and their lengths stand."""
    return [
        struct.unpack_from("<I", content, entry_of(content, tag) + 8)[0] for tag in (tiff.TILE_OFFSETS, tiff.TILE_BYTES)
    ]


def with_first_block(content, block):
    """The file with another first tile, at its end."""
    changed = bytearray(content + block)
    offsets, lengths = first_block(content)
    struct.pack_into("<I", changed, offsets, len(content))
    kind = struct.unpack_from("<H", content, entry_of(content, tiff.TILE_BYTES) + 2)[0]
    struct.pack_into("<H" if kind == 3 else "<I", changed, lengths, len(block))
    return bytes(changed)


def test_a_bomb(tiled):
    packer = zlib.compressobj(9)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(60)) + packer.flush()
    assert len(bomb) < 65_536
    assert "a block unpacks to more than 49152 bytes, not 49152" in refusal(with_first_block(tiled, bomb))


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (b"", "one of its blocks is missing"),
        (b"garbage that does not unpack", "does not unpack"),
        (zlib.compress(bytes(100)), "unpacks to 100 bytes"),
        (zlib.compress(bytes(49_152))[:-3], "is cut off"),
        (zlib.compress(bytes(49_152))[:-1] + b"x", "does not unpack"),
    ],
)
def test_a_tile_that_is_no_tile(tiled, block, words):
    assert words in refusal(with_first_block(tiled, block))


@pytest.mark.parametrize("compress", ["lzw", "jpeg", "none"])
@pytest.mark.parametrize("share", [0, 0.2, 0.9])
def test_a_tile_that_is_cut_off(folder, compress, share):
    options = {"driver": "GTiff", "tiled": True, "blockxsize": 128, "blockysize": 128, "compress": compress}
    content = write(folder / f"{compress}.tif", noise(600, 400, 3), **options).read_bytes()
    offsets, lengths = first_block(content)
    kind = struct.unpack_from("<H", content, entry_of(content, tiff.TILE_BYTES) + 2)[0]
    (at,) = struct.unpack_from("<I", content, offsets)
    (length,) = struct.unpack_from("<H" if kind == 3 else "<I", content, lengths)
    assert "TIFF" in refusal(with_first_block(content, content[at : at + int(length * share)]))


def test_what_is_read_short_is_told(tiled):
    with pytest.raises(BadImage, match="shorter than it says"):
        read_picture(lambda at, length: tiled[at : at + length - 1], len(tiled))


def test_a_mask_of_another_size(folder):
    content = write(folder / "a.tif", noise(300, 200, 3)).read_bytes()
    other = write(folder / "b.tif", noise(200, 300, 1)).read_bytes()
    with pytest.raises(BadImage, match="mask beside it has another size"):
        read_picture(range_of(content), len(content), (range_of(other), len(other)))


@pytest.mark.parametrize("seed", range(150))
def test_damage_anywhere_is_refused_or_read(tiled, seed):
    """No byte makes it fail in another way, or take long."""
    random = np.random.default_rng(seed)
    changed = bytearray(tiled)
    (at,) = struct.unpack_from("<I", tiled, 4)
    ranges = [(0, 8), (at, at + 300), (at, len(tiled))]
    low, high = ranges[seed % 3]
    for place in random.integers(low, min(high, len(tiled)), 1 + seed % 4):
        changed[place] = random.integers(256)
    began = time.monotonic()
    with suppress(BadImage):
        read_all(bytes(changed))
    assert time.monotonic() - began < 3
