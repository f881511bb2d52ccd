"""Pasted lists of survey numbers, read: one a line, or CSV with a first line that names its columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import NamedTuple

from chalicelib.domain.errors import Invalid
from chalicelib.domain.survey_columns import Part, columns_of, spelled, ulpin_in

MOST_LINES = 2000
MOST_LETTERS = 500  # of one cell

_WITHOUT_HEADER = (
    (Part.PLOT,),
    (Part.MOUZA, Part.PLOT),
    (Part.TAHASIL, Part.MOUZA, Part.PLOT),
    (Part.DISTRICT, Part.TAHASIL, Part.MOUZA, Part.PLOT),
    (Part.DISTRICT, Part.TAHASIL, Part.MOUZA, Part.PLOT, Part.ULPIN),
)


class Header(NamedTuple):
    """What the first line of a list says of its columns; nothing where it is a survey number itself."""

    parts: tuple[Part | None, ...]  # of each column; None: its cells are not read
    names: Mapping[Part, str]  # of the columns that are read, as they were written
    unread: tuple[str, ...]  # names of the others


class Line(NamedTuple):
    """One survey number of a list."""

    number: int  # of its line, from 1
    text: str
    said: Mapping[Part, str]  # as it was written


def read_lines(text: str) -> list[Line]:
    r"""Read a pasted list: one survey number a line, or CSV with a header that names its columns. Raises Invalid.

    Without a header the plot is last, then to its left the mouza, the tahasil and the district; and each line is parted
    by what it has itself, for such lists are typed and pasted together.

    >>> [dict(line.said) for line in read_lines("Mouza;Plot No\nChandaka;820/1")]
    [{<Part.MOUZA: 'mouza'>: 'Chandaka', <Part.PLOT: 'plot'>: '820/1'}]
    """
    numbered = _rows(text)
    for number, row in numbered:
        if any(len(each) > MOST_LETTERS for each in row):
            raise Invalid(f"line {number} has more than the {MOST_LETTERS} letters of a survey number", pointer="/text")
    header = _header(numbered[0][1]).parts
    numbered = numbered[1:] if header else numbered
    if not 1 <= len(numbered) <= MOST_LINES:
        raise Invalid(f"a list has 1 to {MOST_LINES} survey numbers, not {len(numbered)}", pointer="/text")
    return [_line(number, row, header) for number, row in numbered]


def header_of(text: str) -> Header:
    r"""Return what a pasted list says of its columns. Raises Invalid.

    >>> header_of("Khata,Plot,Name\nB,5,Asha").unread
    ('Khata', 'Name')
    """
    return _header(_rows(text)[0][1])


def _header(cells: Sequence[str]) -> Header:
    names = columns_of(cells, {})
    if Part.PLOT not in names and Part.ULPIN not in names:
        return Header((), {}, ())
    places = {cells.index(name): part for part, name in names.items()}
    unread = [cell for place, cell in enumerate(cells) if cell and place not in places]
    return Header(tuple(places.get(place) for place in range(len(cells))), names, tuple(dict.fromkeys(unread)))


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Return the lines of a list with their numbers, at least one."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    lines = io.StringIO(text, newline="")
    try:
        begin = next((row for row in _parted(io.StringIO(text, newline="")) if any(map(str.strip, row))), [])
        is_headed = bool(_header([each.strip() for each in begin]).parts)
        rows = csv.reader(lines, delimiter=_between(first), strict=True) if is_headed else _parted(lines)
        numbered = [
            (number, [each.strip() for each in row]) for number, row in enumerate(rows, 1) if any(map(str.strip, row))
        ]
    except csv.Error as error:
        raise Invalid(f"this list cannot be read as CSV: {error}", pointer="/text") from None
    if not numbered:
        raise Invalid("this list has no line: write one survey number a line", pointer="/text")
    return numbered


def _parted(lines: Iterable[str]) -> Iterator[list[str]]:
    """Yield the cells of each line, by what stands between them there; one that is quoted may go on in the next."""
    left, between = iter(lines), ""
    for line in left:
        between = _between(line, between)  # a quoted cell may fill a line that has none
        yield from islice(csv.reader(chain([line], left), delimiter=between, strict=True), 1)


def _between(line: str, otherwise: str = "") -> str:
    return max(otherwise + "\t;,", key=line.count)


def _line(number: int, row: Sequence[str], header: Sequence[Part | None]) -> Line:
    text = ", ".join(row)
    if header:
        return Line(number, text, {part: cell for part, cell in zip(header, row, strict=False) if part and cell})
    cells = [cell for cell in row if cell]
    if len(cells) > len(_WITHOUT_HEADER):
        raise Invalid(f"line {number} has {len(cells)} columns: say in a first line what they are", pointer="/text")
    parts = _WITHOUT_HEADER[len(cells) - 1]
    if len(cells) == 1 and ulpin_in(cells[0]):
        parts = (Part.ULPIN,)
    elif len(cells) > 1 and ulpin_in(cells[-1]) == spelled(cells[-1]):  # in groups it may be a plot
        parts = (*_WITHOUT_HEADER[len(cells) - 2], Part.ULPIN)
    elif len(cells) > 1 and cells[0][:2].isdecimal() and ulpin_in(cells[0]) == spelled(cells[0]):
        parts = (Part.ULPIN, *_WITHOUT_HEADER[len(cells) - 2])  # no mouza begins with a state's number
    return Line(number, text, dict(zip(parts, cells, strict=True)))
