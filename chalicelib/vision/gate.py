"""The gate: is this really an image of what we asked for? Nothing is stored or compared that did not pass it."""

from __future__ import annotations

import hashlib

import cv2
import numpy as np

from chalicelib.domain.errors import BadImage
from chalicelib.domain.images import Inspection
from chalicelib.domain.scenes import ProviderTerms
from chalicelib.domain.tiles import Bounds, View
from chalicelib.vision.evidence import clear_of
from chalicelib.vision.pixels import Pixels, decode, encode_png, ground_of

PLACEHOLDERS: dict[str, str] = {}
"""Pictures that mean "no imagery here": sha256 of the bytes -> what it is. To be filled as providers send them."""

_FLAT_SPREAD = 2.0  # grey levels: below it a picture shows nothing at all
_FLAT_SHARE = 0.93  # a "no imagery" card is one grey and some letters; even calm water varies more from pixel to pixel
_MOST_BYTES_PER_PX = 16  # 16-bit RGBA, stored, is 8


def inspect(content: bytes, view: View, area: Bounds, terms: ProviderTerms) -> Inspection:
    """Look into a picture before it is stored; give it as PNG, with the share of tile and area that it shows.

    Raises BadImage, and nothing else, whatever the bytes are.
    """
    known = PLACEHOLDERS.get(hashlib.sha256(content).hexdigest())
    if known:
        raise BadImage(f"a placeholder instead of imagery: {known}")
    if len(content) > _MOST_BYTES_PER_PX * view.size_px**2 + 65_536:
        raise BadImage(f"{len(content)} bytes are too many for {view.size_px}x{view.size_px} px")
    header, pixels = decode(content, view)
    if terms.sends_placeholders and _is_flat(pixels):
        raise BadImage(f"a blank picture, as {terms.name} sends where it has no imagery")
    stored = content[: header.length] if header.is_plain else encode_png(_with_alpha(pixels))
    ground = ground_of(view, area)
    return Inspection(
        content=stored,
        width=header.width,
        height=header.height,
        clear_share=float(clear_of(pixels, view.gsd_m)[ground].mean()),
    )


def _is_flat(pixels: Pixels) -> bool:
    seen = cv2.cvtColor(pixels.bgr, cv2.COLOR_BGR2GRAY)[pixels.seen]
    if not seen.size or float(seen.std()) < _FLAT_SPREAD:
        return True
    counts = np.bincount(seen, minlength=256)
    level = int(counts.argmax())
    return bool(counts[max(0, level - 1) : level + 2].sum() > _FLAT_SHARE * seen.size)


def _with_alpha(pixels: Pixels) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    if pixels.seen.all():
        return pixels.bgr
    return np.dstack([pixels.bgr, pixels.seen.astype(np.uint8) * np.uint8(255)])
