"""What day a file seems to be of, by its name or its TIFF tags: offered to the operator, and never taken by itself."""

from __future__ import annotations

import re
from datetime import date
from pathlib import PurePosixPath

from chalicelib.domain.errors import BadImage
from chalicelib.domain.image_formats import tiff
from chalicelib.domain.image_formats.tiff import ReadRange, read_header, text_of
from chalicelib.domain.scenes import SINCE

FILE = "FILE"  # where it is not known what leads to the file from where one types
_DAY = re.compile(
    r"(?<!\d)((?:19|20)\d\d)([-_.:]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?=\D|\Z|\d{4}(?:\d\d)?(?!\d))"
)


def day_in(text: str) -> date | None:
    """Return the one day that a text names, year first; None where it names none, or several.

    >>> day_in("ward12_20240301_10cm.tif"), day_in("2024-03-01T0530.tif"), day_in("01-03-2024.tif")
    (datetime.date(2024, 3, 1), datetime.date(2024, 3, 1), None)
    """
    return _one_of(_days_in(text))


def _days_in(text: str) -> set[date]:
    found = set()
    for year, _, month, day in _DAY.findall(text):
        try:
            found.add(date(int(year), int(month), int(day)))
        except ValueError:  # the 31st of June
            continue
    return found


def _one_of(days: set[date]) -> date | None:
    return next(iter(days)) if len(days) == 1 and min(days) >= SINCE.date() else None


def seeming_day(name: str, read: ReadRange, size: int, *, until: date) -> date | None:
    """Return what day a file seems to be of: by its name, or else by what its TIFF tags say. Raises as `read` does.

    A name with several days is asked about, not the tags, which are of whatever program wrote the file; and what has
    not come yet is no day of a picture.
    """
    days = _days_in(PurePosixPath(name).name)
    if not days:
        try:
            tags = read_header(read, size).directories[0]
        except BadImage:
            return None
        days = _days_in(text_of(tags.get(tiff.DATE_TIME, tiff.NOTHING)))
    day = _one_of(days)
    return day if day is None or day <= until else None


def offer(day: date | None, file: str = FILE) -> str:
    """Say what to type for a picture without an item."""
    command = f"python -m infra.archive add {file} --date {day or 'YYYY-MM-DD'}"
    return f"looks like {day}: {command}" if day else command
