"""The gate: is this an image of what was asked for, and complete? Nothing is stored or compared that did not pass."""

from __future__ import annotations

import hashlib

import cv2
import numpy as np

from chalicelib.domain.errors import BadImage
from chalicelib.domain.images import Inspection
from chalicelib.domain.scenes import ProviderTerms
from chalicelib.domain.shapes import Outlines
from chalicelib.domain.tiles import Bounds, View
from chalicelib.intake.bands import check
from chalicelib.intake.decode import decode
from chalicelib.vision.bands import seen_of
from chalicelib.vision.change_map import clear_mask
from chalicelib.vision.pixels import Pixels, encode_png, ground_mask, header_of

PLACEHOLDERS: dict[str, str] = {}
"""Images that mean "no imagery here": sha256 of the bytes -> what it is. To be filled as providers send them."""

_FLAT_SPREAD = 2.0  # grey levels, standard deviation: below it an image shows nothing at all
_FLAT_SHARE = 0.93  # a "no imagery" card is one grey and some letters; even calm water varies more from pixel to pixel
_MAX_BYTES_PER_PX = 16  # 16-bit RGBA, uncompressed, has 8


def inspect(
    content: bytes,
    view: View,
    area: Bounds,
    terms: ProviderTerms,
    bands: bytes | None = None,
    *,
    outlines: Outlines | None = None,
) -> Inspection:
    """Check an image and its bands before they are stored, and convert the image to PNG of exactly the view's size.

    `clear_share` of the result is the share of tile and area together (its box, or the outlines in it) that the image
    shows, and whose ground is not hidden as the bands say. Raises BadImage, and
    nothing else, for any bytes; Unavailable where this machine lacks what decoding them takes.
    """
    known = PLACEHOLDERS.get(hashlib.sha256(content).hexdigest())
    if known:
        raise BadImage(f"a placeholder instead of imagery: {known}")
    if len(content) > _MAX_BYTES_PER_PX * view.size_px**2 + 65_536:
        raise BadImage(f"{len(content)} bytes are too many for {view.size_px}x{view.size_px} px")
    header = header_of(content, view)
    pixels = decode(content, header)
    if terms.sends_placeholders and _is_flat(pixels):
        raise BadImage(f"a blank picture, as {terms.name} sends where it has no imagery")
    stored = content[: header.length] if header.is_plain else encode_png(_with_alpha(pixels))
    ground = ground_mask(view, area, outlines)
    seen = pixels if bands is None else seen_of(pixels, check(bands, view), view)
    return Inspection(
        content=stored,
        width=header.width,
        height=header.height,
        clear_share=float(clear_mask(seen, view.gsd_m)[ground].mean()),
        bands=bands,
    )


def _is_flat(pixels: Pixels) -> bool:
    grey = cv2.cvtColor(pixels.bgr, cv2.COLOR_BGR2GRAY)[pixels.valid]
    if not grey.size or float(grey.std()) < _FLAT_SPREAD:
        return True
    counts = np.bincount(grey, minlength=256)
    level = int(counts.argmax())
    return bool(counts[max(0, level - 1) : level + 2].sum() > _FLAT_SHARE * grey.size)


def _with_alpha(pixels: Pixels) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    if pixels.valid.all():
        return pixels.bgr
    return np.dstack([pixels.bgr, pixels.valid.astype(np.uint8) * np.uint8(255)])
