"""Read a picture that is kept as it is from its beginning to its end: what is damaged is found now, not by a look."""

from __future__ import annotations

from pathlib import Path

from chalicelib.domain.errors import BadImage
from infra.archive.bar import Bar
from infra.archive.preview import opened
from infra.archive.source import COPY_AGAIN
from infra.errors import OperatorError

BAND_BYTES = 64_000_000


def check_whole(file: Path, bar: Bar) -> None:
    """Raise OperatorError for a file of which a pixel cannot be read as tiles are, of its overviews too."""
    from chalicelib.intake.tiff_windows import Window

    picture = opened(file)
    for place, each in enumerate(picture.picture.levels):
        width, height = each.level.width, each.level.height
        rows = max(1, BAND_BYTES // (width * 4))
        for top in range(0, height, rows):
            try:
                picture.pixels(place, Window(top, min(top + rows, height), 0, width))
            except BadImage as bad:
                where = f"row {top}" if place == 0 else f"row {top} of an overview"
                raise OperatorError(f"it is damaged behind {where} ({bad.reason}): {COPY_AGAIN}") from bad
            if place == 0:
                bar.show("read to its end", min(1.0, (top + rows) / height))
