"""Write an archive of two large images of one kind, for `intake_memory`: as large as the intake takes, or hostile."""

from __future__ import annotations

import json
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from chalicelib.domain.image_formats.facts import MAX_BYTES
from chalicelib.domain.image_header import read_header
from tests.support.builders.archives import item, square
from tests.support.builders.image_files import PNG, chunk, encoded, lying, png_of, with_orientation

GSD_M = 0.3
START_PX = 3000


def land(side: int) -> np.ndarray:
    """Something that packs as imagery does: smooth ground with fine grain."""
    small = np.random.default_rng(1).integers(40, 200, (side // 40 + 1, side // 40 + 1, 3), dtype=np.uint8)
    image = cv2.resize(small, (side, side), interpolation=cv2.INTER_LINEAR)
    grain = np.random.default_rng(2).integers(0, 4, (side, side, 1), dtype=np.uint8)
    return image + grain


def _rgba16(image: np.ndarray) -> np.ndarray:
    return np.dstack([image, np.full((*image.shape[:2], 1), 255, np.uint8)]).astype(np.uint16) * 257


QUALITY = (cv2.IMWRITE_JPEG_QUALITY, 90)
PROGRESSIVE = (
    *(*QUALITY, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
    *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444),
)
WRITERS: dict[str, Callable[[np.ndarray], bytes]] = {
    "png": lambda image: encoded("png", image),
    "png16": lambda image: encoded("png", image.astype(np.uint16) * 8),
    "png-rgba16": lambda image: encoded("png", _rgba16(image)),
    "png-grey": lambda image: encoded("png", image[:, :, 0]),
    "png-interlaced": lambda image: png_of(image[:, :, ::-1], interlaced=True),
    "jpeg": lambda image: encoded("jpg", image, *QUALITY),
    "jpeg-progressive": lambda image: encoded("jpg", image, *PROGRESSIVE),
    "jpeg-turned": lambda image: with_orientation(encoded("jpg", image, *QUALITY), 6),
    "webp": lambda image: encoded("webp", image, cv2.IMWRITE_WEBP_QUALITY, 80),  # lossless takes minutes to write
}


def of_kind(kind: str, side: int) -> bytes:
    """Encode an image of that side."""
    return WRITERS[kind](land(side))


def hostile(kind: str) -> bytes:
    """Write a small file of a large image."""
    if kind == "png-lie":
        return lying(encoded("png", land(900)), width=14, height=14)
    side = 14_142  # 16-bit RGBA of one colour: 1.5 MB, 1.6 GB unpacked
    packer = zlib.compressobj(9)
    row = b"\0" + b"\x40\0" * (4 * side)
    rows = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 16, 6, 0, 0, 0)
    return PNG + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def main() -> None:
    """Write the archive; print what is in it."""
    kind, folder = sys.argv[1], Path(sys.argv[2])
    if kind.endswith(("lie", "bomb")):
        content = hostile(kind)
    else:
        side, content = START_PX, of_kind(kind, START_PX)
        for _ in range(2):  # what a strip takes is the same whatever the size: the second guess is near
            side = int(side * (MAX_BYTES / (read_header(content).decoding_bytes + len(content))) ** 0.5)
            content = of_kind(kind, side)
        while read_header(content).decoding_bytes + len(content) > MAX_BYTES:
            side = int(side * 0.985)
            content = of_kind(kind, side)
    header = read_header(content)
    extent = square(20.35, 85.8, width_px=header.width, height_px=header.height, gsd_m=GSD_M)
    for name, day in (("a", "2025-01-15"), ("b", "2025-02-15")):
        (folder / f"{name}.png").write_bytes(content)
        stac = item(extent.bounds, item_id=name, taken=f"{day}T05:30:00Z", href=f"./{name}.png")
        (folder / f"{name}.json").write_text(json.dumps(stac))
    print(f"{header.width} x {header.height} px, {len(content) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
