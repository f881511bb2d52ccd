"""Stored images and their bands, read and held against their digests."""

from __future__ import annotations

import hashlib
import logging

from chalicelib.application.ports.images import Images
from chalicelib.domain.errors import BadImage, NotFound
from chalicelib.domain.images import StoredImage

log = logging.getLogger(__name__)


def read(images: Images, image: StoredImage) -> tuple[bytes, bytes | None]:
    """Read an image, and its bands if it has them: where one of the two is lost, so is the image."""
    content, *bands = [_checked(images, image, *each) for each in zip(image.keys, image.digests, strict=True)]
    return content, bands[0] if bands else None


def _checked(images: Images, image: StoredImage, key: str, sha256: str) -> bytes:
    content = images.get(key)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise BadImage(f"the stored picture of {image.view.tile} is damaged: its bytes are not those that were stored")
    return content


def read_older(images: Images, image: StoredImage) -> bytes | None:
    """Read an older image; None if it is lost: without that evidence there are more alerts, not fewer."""
    return _get(images, image, image.key, image.sha256)


def read_older_bands(images: Images, image: StoredImage) -> bytes | None:
    """Read the bands of an older image; None if it has none, or they are lost."""
    return None if image.bands is None else _get(images, image, *image.bands)


def _get(images: Images, image: StoredImage, key: str, sha256: str) -> bytes | None:
    try:
        return _checked(images, image, key, sha256)
    except (BadImage, NotFound) as failure:
        log.warning("older picture not read", extra={"tile": str(image.view.tile), "reason": failure.reason})
        return None
