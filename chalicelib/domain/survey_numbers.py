"""Survey numbers as people paste them: read from lines or CSV, spelled alike, and matched against a layer's parcels."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from chalicelib.domain.errors import Invalid
from chalicelib.domain.survey_columns import Part, columns_of, spelled

MOST_LINES = 2000
MOST_LETTERS = 500  # of one cell
MOST_SHOWN = 10  # parcels of one line, where several fit
MOST_NEAREST = 3
_ULPIN = re.compile(r"(?=.*\d)[0-9a-z]{14}")  # of 14 letters and digits
_FIRST_NUMBER = re.compile(r"\d+")


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


class Match(StrEnum):
    """What became of a line."""

    FOUND = "found"
    AMBIGUOUS = "ambiguous"
    NOT_FOUND = "not found"
    NOT_COMPARED = "not compared"  # it says an ULPIN alone, and the layer has none


class ParcelText(NamedTuple):
    """What a parcel is called, without its ground."""

    parcel_id: int
    name: str
    tags: Mapping[str, str]


class Line(NamedTuple):
    """One survey number of a list."""

    number: int  # of its line, from 1
    text: str
    said: Mapping[Part, str]  # as it was written


class Matched(NamedTuple):
    """A line with the parcels that it may mean: one that was found, several, or those spelled nearest."""

    line: Line
    match: Match
    parcels: tuple[ParcelText, ...]  # of several, or of the nearest, some
    total: int  # that it may mean


class Answer(NamedTuple):
    """A list as it was matched against a layer."""

    lines: tuple[Matched, ...]
    not_compared: tuple[Part, ...]  # that the list says, and no column of the layer


def read_lines(text: str) -> list[Line]:
    r"""Read a pasted list: one survey number a line, or CSV with a header that names its columns. Raises Invalid.

    Without a header the plot is last, then to its left the mouza, the tahasil and the district.

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

    >>> header_of("Mouja,Plot,Name\nB,5,Asha").unread
    ('Mouja', 'Name')
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
    between = max("\t;,", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=between, strict=True))
    except csv.Error as error:
        raise Invalid(f"this list cannot be read as CSV: {error}", pointer="/text") from None
    numbered = [
        (number, [each.strip() for each in row]) for number, row in enumerate(rows, 1) if any(map(str.strip, row))
    ]
    if not numbered:
        raise Invalid("this list has no line: write one survey number a line", pointer="/text")
    return numbered


def match(lines: Sequence[Line], parcels: Iterable[ParcelText], columns: Mapping[Part, str]) -> Answer:
    """Say of each line which parcels it means; `columns` are the tags that hold a part, where a tag does.

    A parcel's own name is its plot, or its ULPIN where it looks like one. What no column holds is not compared, and
    that is told: of a layer without ULPINs nobody knows whether it has the land of one.
    """
    wanted = {spelled(text) for line in lines for text in line.said.values()}
    numbers = {_first_number(line.said.get(Part.PLOT, "")) for line in lines} - {""}
    by_plot: dict[str, list[tuple[dict[Part, str], ParcelText]]] = {}
    by_ulpin: dict[str, list[ParcelText]] = {}
    near: dict[str, list[ParcelText]] = {}
    compared = {Part.PLOT, *columns}
    for parcel in parcels:
        known = {part: spelled(parcel.tags.get(column, "")) for part, column in columns.items()}
        name = spelled(parcel.name)
        if Part.ULPIN not in compared and _ULPIN.fullmatch(name):
            compared.add(Part.ULPIN)
        plot = known.get(Part.PLOT) or name
        if plot in wanted:
            by_plot.setdefault(plot, []).append((known, parcel))
        for ulpin in {known.get(Part.ULPIN), name} & wanted:
            if ulpin is not None and _ULPIN.fullmatch(ulpin):
                by_ulpin.setdefault(ulpin, []).append(parcel)
        number = _first_number(plot)
        if number in numbers and len(near.setdefault(number, [])) < MOST_NEAREST:
            near[number].append(parcel)
    said = {part for line in lines for part, text in line.said.items() if text}
    answers = tuple(_matched(line, by_plot, by_ulpin, near, compared) for line in lines)
    return Answer(answers, tuple(part for part in Part if part in said - compared))


def _matched(
    line: Line,
    by_plot: Mapping[str, Sequence[tuple[dict[Part, str], ParcelText]]],
    by_ulpin: Mapping[str, Sequence[ParcelText]],
    near: Mapping[str, Sequence[ParcelText]],
    compared: set[Part],
) -> Matched:
    said = {part: spelled(text) for part, text in line.said.items() if text}
    ulpin, plot = said.pop(Part.ULPIN, ""), said.pop(Part.PLOT, "")
    if ulpin and not plot and Part.ULPIN not in compared:
        return Matched(line, Match.NOT_COMPARED, (), 0)
    if ulpin and Part.ULPIN in compared:
        found = list(by_ulpin.get(ulpin, ()))
        nearest: Sequence[ParcelText] = ()
    else:
        alike = by_plot.get(plot, ())
        asked = {part: text for part, text in said.items() if part in compared}
        found = [parcel for known, parcel in alike if all(known.get(part) == text for part, text in asked.items())]
        nearest = [parcel for _, parcel in alike] or near.get(_first_number(plot), ())
    if not found:
        return Matched(line, Match.NOT_FOUND, tuple(nearest[:MOST_NEAREST]), 0)
    kind = Match.FOUND if len(found) == 1 else Match.AMBIGUOUS
    return Matched(line, kind, tuple(found[:MOST_SHOWN]), len(found))


def _line(number: int, row: Sequence[str], header: Sequence[Part | None]) -> Line:
    text = ", ".join(row)
    if header:
        return Line(number, text, {part: cell for part, cell in zip(header, row, strict=False) if part and cell})
    cells = [cell for cell in row if cell]
    if len(cells) > len(_WITHOUT_HEADER):
        raise Invalid(f"line {number} has {len(cells)} columns: say in a first line what they are", pointer="/text")
    parts = _WITHOUT_HEADER[len(cells) - 1]
    if _ULPIN.fullmatch(spelled(cells[-1])):
        parts = (*_WITHOUT_HEADER[len(cells) - 2], Part.ULPIN) if len(cells) > 1 else (Part.ULPIN,)
    return Line(number, text, dict(zip(parts, cells, strict=True)))


def _first_number(plot: str) -> str:
    found = _FIRST_NUMBER.search(spelled(plot))
    return found[0].lstrip("0") if found else ""
