"""How the pixels of one directory of a TIFF are stored, checked to be whole before any of them is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.errors import BadImage
from chalicelib.domain.image_formats import tiff
from chalicelib.domain.image_formats.tiff import Directory, Values

NONE, LZW, JPEG, DEFLATE = 1, 5, 7, 8
_SAME = {32946: DEFLATE}  # the number of DEFLATE before it had one
_OTHER_COMPRESSIONS = {
    2: "CCITT",
    3: "CCITT",
    4: "CCITT",
    6: "JPEG of the old kind",
    32773: "PackBits",
    34712: "JPEG 2000",
    34887: "LERC",
    34892: "lossy JPEG",
    34925: "LZMA",
    50000: "ZSTD",
    50001: "WebP",
    50002: "JPEG XL",
}
GREY_FROM_WHITE, GREY, RGB, PALETTE, MASK, YCBCR = 0, 1, 2, 3, 4, 6
_REDUCED, _IS_MASK = 1, 4  # bits of a directory's kind
_ALPHA = (1, 2)  # extra samples: associated, unassociated
_UNSIGNED = 1
_MOST_SIDE = 2_000_000
_MOST_SAMPLES = 64
MOST_BLOCK_BYTES = 64_000_000
TO_COG = "gdal_translate -of COG -co COMPRESS=DEFLATE IN OUT.tif"
_TO_EIGHT_BITS = "scale it with gdal_translate -ot Byte -scale DARKEST BRIGHTEST 0 255 IN OUT.tif"


CUT_OFF = "half a TIFF: it is cut off, or still being written"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One picture of a file: the full one, an overview or a mask; its blocks are tiles, or strips of whole rows."""

    width: int
    height: int
    block_width: int
    block_height: int
    is_tiled: bool
    samples: int
    bits: int  # of a sample: 8 or 16; 1 of a mask
    is_little: bool
    compression: int
    has_predictor: bool  # samples are stored as differences from their left neighbours
    photometric: int
    is_planar: bool  # each sample's picture is stored apart
    alpha: int | None  # which of the samples is alpha
    offsets: Values
    lengths: Values  # bytes
    tables: bytes = b""  # of JPEG: those that all blocks share
    colours: Values | None = None  # of a palette: 16-bit reds, greens, blues
    is_reduced: bool = False
    is_mask: bool = False

    @property
    def across(self) -> int:
        """Blocks in a row."""
        return -(-self.width // self.block_width)

    @property
    def down(self) -> int:
        """Rows of blocks."""
        return -(-self.height // self.block_height)

    @property
    def block_samples(self) -> int:
        """Samples of a pixel that one block holds."""
        return 1 if self.is_planar else self.samples

    @property
    def row_bytes(self) -> int:
        """Of one row of a block, unpacked."""
        return -(-self.block_width * self.block_samples * self.bits // 8)

    def rows_of(self, down: int) -> int:
        """Return the rows that the blocks of a row of blocks hold: a last strip is shorter, a tile is not."""
        return self.block_height if self.is_tiled else min(self.block_height, self.height - down * self.block_height)


def level_of(directory: Directory, *, is_little: bool, file_bytes: int) -> Level:
    """Return how a directory's pixels are stored. Raises BadImage for what is not read, or cannot be."""
    kind = _number(directory, tiff.SUBFILE_TYPE, 0)
    width, height = _number(directory, tiff.WIDTH, 0), _number(directory, tiff.HEIGHT, 0)
    if not (1 <= width <= _MOST_SIDE and 1 <= height <= _MOST_SIDE):
        raise BadImage(f"a damaged TIFF: it says that it has {width}x{height} px")
    is_tiled = tiff.TILE_OFFSETS in directory
    samples = _number(directory, tiff.SAMPLES, 1)
    if not 1 <= samples <= _MOST_SAMPLES:
        raise BadImage(f"a TIFF of {samples} samples a pixel, which is not read: at most {_MOST_SAMPLES} are")
    is_mask = bool(kind & _IS_MASK)
    photometric = _number(directory, tiff.PHOTOMETRIC, RGB if samples > 2 else GREY)
    extras = list(directory.get(tiff.EXTRA_SAMPLES, ()))[-samples:]
    alphas = [samples - len(extras) + place for place, extra in enumerate(extras) if extra in _ALPHA]
    level = Level(
        width=width,
        height=height,
        block_width=_number(directory, tiff.TILE_WIDTH, 0) if is_tiled else width,
        block_height=_number(directory, tiff.TILE_HEIGHT, 0)
        if is_tiled
        else min(height, _number(directory, tiff.ROWS_PER_STRIP, height)),
        is_tiled=is_tiled,
        samples=samples,
        bits=_bits(directory, samples, is_mask=is_mask),
        is_little=is_little,
        compression=_compression(directory),
        has_predictor=_has_predictor(directory),
        photometric=_photometric(photometric, samples),
        is_planar=samples > 1 and _number(directory, tiff.PLANAR, 1) == 2,
        alpha=alphas[0] if alphas and alphas[0] > 0 else None,
        offsets=directory.get(tiff.TILE_OFFSETS if is_tiled else tiff.STRIP_OFFSETS, tiff.NOTHING),
        lengths=directory.get(tiff.TILE_BYTES if is_tiled else tiff.STRIP_BYTES, tiff.NOTHING),
        tables=bytes(directory.get(tiff.JPEG_TABLES, b"")),
        colours=directory.get(tiff.COLOUR_MAP),
        is_reduced=bool(kind & _REDUCED),
        is_mask=is_mask,
    )
    _check(level, file_bytes)
    return level


def _check(level: Level, file_bytes: int) -> None:
    if not (1 <= level.block_width <= _MOST_SIDE and 1 <= level.block_height <= _MOST_SIDE):
        raise BadImage(f"a damaged TIFF: its blocks have {level.block_width}x{level.block_height} px")
    if level.row_bytes * level.block_height > MOST_BLOCK_BYTES:
        raise BadImage(
            f"a TIFF whose blocks of {level.block_width}x{level.block_height} px are too large to read by window: "
            f"store it in tiles with {TO_COG}"
        )
    wanted = level.across * level.down * (level.samples if level.is_planar else 1)
    if len(level.offsets) != wanted or len(level.lengths) != wanted:
        raise BadImage(
            f"a damaged TIFF: {level.width}x{level.height} px are {wanted} blocks of "
            f"{level.block_width}x{level.block_height} px, it names the places of {len(level.offsets)} and the "
            f"lengths of {len(level.lengths)}"
        )
    if any(map(lambda at, length: at + length > file_bytes, level.offsets, level.lengths)):
        raise BadImage(CUT_OFF)
    if level.photometric == PALETTE and (
        level.bits != 8 or level.colours is None or len(level.colours) != 3 << level.bits
    ):
        raise BadImage("a TIFF with a palette of colours that is not read: save it as RGB")
    if level.compression == JPEG and level.bits != 8:
        raise BadImage(f"a TIFF with JPEG of {level.bits} bits, which is not read: 8 are")


def _number(directory: Directory, tag: int, otherwise: int) -> int:
    values = directory.get(tag)
    if values is None:
        return otherwise
    if len(values) != 1:
        raise BadImage(f"a damaged TIFF: its tag {tag} has {len(values)} values")
    return int(values[0])


def _bits(directory: Directory, samples: int, *, is_mask: bool) -> int:
    found = set(directory.get(tiff.BITS, (1,)))
    formats = set(directory.get(tiff.SAMPLE_FORMAT, (_UNSIGNED,)))
    if len(found) == 1 and formats == {_UNSIGNED}:
        bits = int(found.pop())
        if bits in (8, 16) or (bits == 1 and is_mask and samples == 1):
            return bits
        raise BadImage(f"a TIFF of {bits} bits a sample, which is not read: 8 or 16 are; {_TO_EIGHT_BITS}")
    if formats != {_UNSIGNED}:
        kind = "floating-point numbers" if 3 in formats else "signed numbers" if 2 in formats else "another kind"
        raise BadImage(
            f"a TIFF with samples of {kind}, which is not read: unsigned ones of 8 or 16 bits are; {_TO_EIGHT_BITS}"
        )
    raise BadImage("a TIFF whose samples are of different bits, which is not read: 8 or 16 are")


def _compression(directory: Directory) -> int:
    said = _number(directory, tiff.COMPRESSION, NONE)
    found = _SAME.get(said, said)
    if found not in (NONE, LZW, JPEG, DEFLATE):
        name = _OTHER_COMPRESSIONS.get(found, f"kind {found}")
        raise BadImage(
            f"a TIFF compressed with {name}, which is not read: DEFLATE, LZW, JPEG and none are; "
            f"convert it with {TO_COG}"
        )
    if _number(directory, tiff.FILL_ORDER, 1) != 1:
        raise BadImage("a TIFF whose bits run backwards, which is not read")
    return found


def _has_predictor(directory: Directory) -> bool:
    said = _number(directory, tiff.PREDICTOR, 1)
    if said not in (1, 2):
        raise BadImage(f"a TIFF with the predictor {said}, which is not read: none and the horizontal one are")
    return said == 2 and _number(directory, tiff.COMPRESSION, NONE) != JPEG


def _photometric(found: int, samples: int) -> int:
    most = {GREY_FROM_WHITE: 1, GREY: 1, RGB: 3, PALETTE: 1, MASK: 1, YCBCR: 3}
    if found not in most or samples < most[found]:
        raise BadImage(f"a TIFF of the colour space {found} and {samples} samples, which is not read: save it as RGB")
    return found
