"""On which scale a picture of 16 bits is shown: on that of an earlier one of its ground, so that the two look alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chalicelib.adapters.imagery.catalogue import Catalogue
from chalicelib.adapters.imagery.geotiff_tags import Placed
from chalicelib.domain.scenes import shown_share
from infra.archive.places import Place

if TYPE_CHECKING:
    from chalicelib.intake.tiff_windows import TiffFile

_BRIGHT = 0.02  # of the pixels: so many may be as white as white can be, and of the others one has to be
_DARK = 8  # times darker than the scale reaches: then next to nothing would be seen


class Scale(NamedTuple):
    """How many bits of the samples are used; None of a picture of 8 bits."""

    bits: int | None
    note: str = ""


def scale_of(picture: TiffFile, placed: Placed, place: Place, *, said: int | None) -> Scale:
    """Return the scale of a picture: as the file said that it was made of, else by what lies there, else its own."""
    if picture.picture.full.bits != 16:
        return Scale(None)
    if said is not None:
        return Scale(said)
    own, before = picture.bits(), _newest_of(placed, place)
    if before is None or before[1] == own:
        return Scale(own)
    name, bits = before
    if (1 << bits) // _DARK <= picture.brightest(leaving=_BRIGHT) < 1 << bits:
        return Scale(bits, f"shown on the scale of {name}, {bits} bits")
    return Scale(own, f"its values are of {own} bits, and {name} is shown on a scale of {bits}: the two look unlike")


def _newest_of(placed: Placed, place: Place) -> tuple[str, int] | None:
    """Return the id of the newest item of the same ground that says its scale, and that scale."""
    found = [
        entry
        for entry in Catalogue(place.pictures()).look().entries
        if entry.asset.bits is not None and shown_share(entry.item, placed.bounds, (0.0, 0.0)) > 0
    ]
    newest = max(found, key=lambda entry: entry.item.captured_at, default=None)
    return (newest.item.item_id, newest.asset.bits) if newest is not None and newest.asset.bits is not None else None
