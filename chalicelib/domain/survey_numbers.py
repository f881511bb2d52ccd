"""Survey numbers as people write them, matched against the parcels of a layer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from chalicelib.domain.survey_columns import Part, plot_spelled, spelled, ulpin_in, ulpin_spelled
from chalicelib.domain.survey_lists import Line

MOST_SHOWN = 10  # parcels of one line, where several fit
MOST_NEAREST = 3
_FIRST_NUMBER = re.compile(r"\d+")


class Match(StrEnum):
    """What became of a line."""

    FOUND = "found"
    AMBIGUOUS = "ambiguous"  # several fit, or what it says is of different parcels
    NOT_FOUND = "not found"
    NOT_COMPARED = "not compared"  # it says an ULPIN alone, and the layer has none


class ParcelText(NamedTuple):
    """What a parcel is called, without its ground."""

    parcel_id: int
    name: str
    tags: Mapping[str, str]


class Matched(NamedTuple):
    """A line with the parcels that it may mean: one that was found, several, or those spelled nearest."""

    line: Line
    match: Match
    parcels: tuple[ParcelText, ...]  # of several, or of the nearest, some
    total: int  # that it may mean
    note: str | None = None  # what of it disagrees


class Answer(NamedTuple):
    """A list as it was matched against a layer."""

    lines: tuple[Matched, ...]
    not_compared: tuple[Part, ...]  # that the list says, and no column of the layer


class _Known(NamedTuple):
    """A parcel with what its columns say of it, as it is compared."""

    parts: Mapping[Part, str]
    parcel: ParcelText

    def fits(self, asked: Mapping[Part, str]) -> bool:
        return all(self.parts.get(part) == text for part, text in asked.items())

    def disagrees(self, said: Mapping[Part, str]) -> list[Part]:
        """Return what is said otherwise; a cell that is empty says nothing."""
        return [part for part, text in said.items() if self.parts.get(part) not in ("", None, text)]


class _Found(NamedTuple):
    """The parcels that a list may mean, by what it says of them."""

    by_plot: dict[str, list[_Known]]
    by_ulpin: dict[str, list[_Known]]
    near: dict[str, list[ParcelText]]  # by the first number of their plots


def match(lines: Sequence[Line], parcels: Iterable[ParcelText], columns: Mapping[Part, str]) -> Answer:
    """Say of each line which parcels it means; `columns` are the tags that hold a part, where a tag does.

    A parcel's own name is its plot, or its ULPIN where it looks like one. What no column holds is not compared, and
    that is told: of a layer without ULPINs nobody knows whether it has the land of one. An ULPIN alone decides nothing
    where the line says more: what is beside it has to be of the same parcel.
    """
    plots = {plot_spelled(line.said.get(Part.PLOT, "")) for line in lines} - {""}
    ulpins = {ulpin_spelled(line.said.get(Part.ULPIN, "")) for line in lines} - {""}
    numbers = {_first_number(plot) for plot in plots} - {""}
    found = _Found({}, {}, {})
    compared = {Part.PLOT, *columns}
    for parcel in parcels:
        known = {part: spelled(parcel.tags.get(column, "")) for part, column in columns.items()}
        own_ulpin = ulpin_in(parcel.name)
        if own_ulpin:
            compared.add(Part.ULPIN)
        plot = plot_spelled(known.get(Part.PLOT) or parcel.name)
        is_said = bool(known.get(Part.PLOT)) or not own_ulpin  # a name that is an ULPIN says nothing of the plot
        one = _Known(known | {Part.PLOT: plot if is_said else ""}, parcel)
        if plot in plots:
            found.by_plot.setdefault(plot, []).append(one)
        for ulpin in {ulpin_spelled(known.get(Part.ULPIN, "")), own_ulpin} & ulpins:
            found.by_ulpin.setdefault(ulpin, []).append(one)
        number = _first_number(plot)
        if number in numbers and len(found.near.setdefault(number, [])) < MOST_NEAREST:
            found.near[number].append(parcel)
    said = {part for line in lines for part, text in line.said.items() if text}
    answers = tuple(_matched(line, found, compared) for line in lines)
    return Answer(answers, tuple(part for part in Part if part in said - compared))


def _matched(line: Line, found: _Found, compared: set[Part]) -> Matched:
    said = {part: spelled(text) for part, text in line.said.items() if text}
    ulpin, plot = said.pop(Part.ULPIN, ""), plot_spelled(said.pop(Part.PLOT, ""))
    if ulpin and not plot and Part.ULPIN not in compared:
        return Matched(line, Match.NOT_COMPARED, (), 0)
    asked = {part: text for part, text in said.items() if part in compared}
    alike = found.by_plot.get(plot, ())
    fitting = [each for each in alike if each.fits(asked)]
    if ulpin and Part.ULPIN in compared:
        owners = found.by_ulpin.get(ulpin_spelled(ulpin), [])
        return _of_ulpin(line, owners, fitting, asked | ({Part.PLOT: plot} if plot else {}))
    nearest = [each.parcel for each in alike] or found.near.get(_first_number(plot), [])
    return _one_of(line, fitting) if fitting else Matched(line, Match.NOT_FOUND, tuple(nearest[:MOST_NEAREST]), 0)


def _of_ulpin(line: Line, owners: Sequence[_Known], beside: Sequence[_Known], said: Mapping[Part, str]) -> Matched:
    """Say which parcel a line means by its ULPIN; `beside` are those that it means by what else it says."""
    if not owners:
        nearest = tuple(each.parcel for each in beside[:MOST_NEAREST])
        note = "no parcel has this ULPIN: those that fit what is said beside it are named" if nearest else None
        return Matched(line, Match.NOT_FOUND, nearest, 0, note)
    agreeing = [each for each in owners if not each.disagrees(said)]
    if agreeing:
        return _one_of(line, agreeing)
    first = owners[0]
    told = (f"{part} {first.parts[part]!r}, not {said[part]!r}" for part in first.disagrees(said))
    both = {each.parcel.parcel_id: each for each in (*owners, *beside)}
    return _one_of(line, list(both.values()))._replace(
        match=Match.AMBIGUOUS, note=f"the parcel with this ULPIN has {'; '.join(told)}"
    )


def _one_of(line: Line, found: Sequence[_Known]) -> Matched:
    kind = Match.FOUND if len(found) == 1 else Match.AMBIGUOUS
    return Matched(line, kind, tuple(each.parcel for each in found[:MOST_SHOWN]), len(found))


def _first_number(plot: str) -> str:
    found = _FIRST_NUMBER.search(spelled(plot))
    return found[0].lstrip("0") if found else ""
