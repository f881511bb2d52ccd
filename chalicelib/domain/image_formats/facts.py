"""What is known of an image file before it is decoded."""

from __future__ import annotations

from dataclasses import dataclass

MAX_BYTES = 330_000_000  # of a file and of what its decoding takes: with the process itself, less than 450 MiB
UPRIGHT = 1
SIDEWAYS = frozenset({5, 6, 7, 8})  # of Exif's orientations: width and height change places


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageHeader:
    """An image file that is complete as far as its structure tells."""

    format: str  # PNG, JPEG or WebP
    stored_width: int
    stored_height: int
    length: int  # bytes up to the image's own end; what follows does not belong to it
    is_plain: bool  # an upright 8-bit PNG of 3 or 4 channels, stored as it is
    decoding_bytes: int  # at most what decoding it takes, beside the file itself
    orientation: int = UPRIGHT  # Exif's, 1 to 8
    depth: int = 8  # bits a sample
    channels: int = 3  # samples a pixel, in the file
    has_alpha: bool = False
    is_interlaced: bool = False  # PNG: Adam7
    in_strips: bool = False  # PNG: decoded a strip of rows at a time
    is_inverted: bool = False  # JPEG of four channels: 255 is no ink, as Adobe writes it
    block: tuple[int, int] = (8, 8)  # JPEG: columns and rows of pixels that are stored together (an MCU)

    @property
    def width(self) -> int:
        """Pixels from left to right, once it is turned as it says."""
        return self.stored_height if self.orientation in SIDEWAYS else self.stored_width

    @property
    def height(self) -> int:
        """Pixels from top to bottom, once it is turned as it says."""
        return self.stored_width if self.orientation in SIDEWAYS else self.stored_height


def turning_bytes(pixels: int, channels: int, orientation: int) -> int:
    """Return what a second copy of the decoded pixels takes, where they have to be turned."""
    return 0 if orientation == UPRIGHT else pixels * channels
