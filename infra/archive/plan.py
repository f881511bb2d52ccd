"""What becomes of a file that is added to an archive: told by what it says of itself, before anything is done.

`check` asks the same for what it offers, so that what it offers is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.geotiff_tags import Placed
from chalicelib.adapters.imagery.placing import lie
from chalicelib.adapters.imagery.remote import picture_in
from chalicelib.adapters.imagery.stac import MAX_ID_LENGTH
from chalicelib.domain.errors import BadImage
from chalicelib.domain.image_formats.tiff_levels import CUT_OFF
from chalicelib.domain.image_formats.tiff_picture import TiffPicture, read_picture
from infra.archive.cog import check_convertible
from infra.archive.places import Place
from infra.archive.source import COPY_AGAIN, stored
from infra.archive.times import Taken
from infra.errors import OperatorError

ENOUGH_PX = 2048  # a side: what is no longer needs no overviews
MOST_NAME_BYTES = 255 - len(".tif.msk.ovr.tmp")  # of a file's name, with the longest ending while it is made


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A file, and what the operator says of it."""

    file: Path
    name: str = ""  # of the picture and its item; empty: as the file is called
    date: Taken | None = None
    crs: str = ""
    attribution: str = ""
    to: str = ""  # as the operator said it; empty: the settings' archive


class Plan(NamedTuple):
    """What is done with a file, and by which names."""

    name: str
    below: str  # the folder of the archive that it goes to: where the file lies, if it lies in the archive
    source: str  # the name of the file there; "" if it does not lie there
    stays: bool  # it lies there as it should: it lacks its item alone
    is_whole: bool  # it is read as it is, in few requests: it is copied, if it does not lie there

    @property
    def picture(self) -> str:
        """The name of the picture."""
        return self.source if self.stays else f"{self.name}.tif"

    @property
    def preview(self) -> str:
        """The name of the small picture to look at."""
        return f"{self.name}.preview.png"

    @property
    def item(self) -> str:
        """The name of the item."""
        return f"{self.name}.json"


def planned(wanted: Wanted, place: Place) -> Plan:
    """Return what is done with a file. Raises OperatorError where it is not added."""
    file, name = wanted.file, wanted.name
    if file.is_dir():
        raise OperatorError(f"it is a folder: name the files in it, as {file}/*.tif does")
    if not file.is_file():
        raise OperatorError("there is no such file")
    if name.startswith(".") or "/" in name or "\\" in name:
        raise OperatorError(f"--name is the name of a file, without a folder, not {name!r:.60}")
    inside = PurePosixPath(place.holds(file))
    placed, why = placed_of(file)
    if CUT_OFF in why:
        raise OperatorError("it is cut off, or still being copied: wait, or copy it again from where it came")
    _check_blocks(file)
    is_inside, is_read = inside.name != "", placed is not None
    stays, is_whole = is_inside and is_read, is_read and _is_good_by_window(file)
    if not is_read or not (stays or is_whole):
        check_convertible(file, wanted.crs)
    if not name:
        is_its_own = is_inside and not stays and file.name == f"{file.stem}.tif"
        name = f"{file.stem}.cog" if is_its_own else file.stem
    _check_name(name)
    below = inside.parent.as_posix() if is_inside and inside.parent.name else ""
    plan = Plan(name, below, inside.name, stays, is_whole)
    for each in (plan.preview, *(() if stays else (plan.picture,)), plan.item):
        place.check_free(f"{below}/{each}" if below else each)
    return plan


def _check_name(name: str) -> None:
    """Check that files and an item can be called so: else it would lie there and not be used."""
    if not name.strip() or not name.isprintable() or len(name.encode()) > MOST_NAME_BYTES or len(name) > MAX_ID_LENGTH:
        raise OperatorError(
            f"an item cannot be called {name!r:.60}: say --name, in one line, with at most {MAX_ID_LENGTH} characters "
            f"and {MOST_NAME_BYTES} bytes"
        )


def _check_blocks(file: Path) -> None:
    """Check that no block is left out of a TIFF that says no-data by nothing: GDAL would make black ground of it."""
    try:
        picture = tiff_of(file)
    except BadImage:
        return  # it is said elsewhere
    full = picture.levels[0]
    says_no_data = picture.no_data is not None or full.level.alpha is not None or full.mask is not None
    if not says_no_data and not (all(full.level.offsets) and all(full.level.lengths)):
        raise OperatorError(
            "some of its blocks are left out, and it does not say which value means no data: say so, "
            f"gdal_edit.py -a_nodata 0 IN.tif, if it was made so; else it is damaged: {COPY_AGAIN}"
        )


def placed_of(file: Path) -> tuple[Placed | None, str]:
    """Return where a GeoTIFF lies by itself; or None, and why it cannot be used as it is."""
    try:
        found = picture_in(*stored(file))
        return lie(found, None).placed, "it does not say where it lies"
    except BadItem as bad:
        return None, str(bad)


def tiff_of(file: Path) -> TiffPicture:
    """Read the header of a TIFF. Raises BadImage."""
    store, found = stored(file)
    return read_picture(partial(store.read_range, found), found.size)


def _is_good_by_window(file: Path) -> bool:
    """Tell whether a tile costs few requests as it is: tiles, overviews, and nothing of it in a file beside it."""
    if any(file.with_name(file.name + ending).exists() for ending in (".msk", ".ovr")):
        return False
    try:
        levels = tiff_of(file).levels
    except BadImage:
        return False
    coarsest = levels[-1].level
    return levels[0].level.is_tiled and max(coarsest.width, coarsest.height) <= ENOUGH_PX
