"""Pasted lists of survey numbers, matched against the parcels of a layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from chalicelib.api.answers import MOST_BYTES, fitting_items
from chalicelib.api.http import Api, ApiModel, Body
from chalicelib.composition import Ports
from chalicelib.domain.accounts import SignIn
from chalicelib.domain.errors import Invalid
from chalicelib.domain.survey_columns import Part, columns_of
from chalicelib.domain.survey_lists import MOST_LINES, header_of, read_lines
from chalicelib.domain.survey_numbers import Match, Matched, ParcelText, match

api = Api(__name__)
Column = Annotated[str | None, Field(max_length=200)]


class MatchColumns(Body):
    """Which of the layer's columns hold what; null: the one that is called so, if there is one."""

    district: Column = None
    tahasil: Column = None
    mouza: Column = None
    plot: Annotated[str | None, Field(max_length=200, description="null: the parcel's name")] = None
    ulpin: Column = None


class MatchBody(Body):
    """A list of survey numbers as it was pasted."""

    text: Annotated[
        str,
        Field(
            min_length=1,
            max_length=400_000,
            description=f"at most {MOST_LINES} lines: plot; mouza, plot; tahasil, mouza, plot; or district, tahasil, "
            "mouza, plot; or an ULPIN. Or CSV, with a first line that names its columns",
            examples=["Mouza,Plot\nChandaka,820/1\nChandaka,821"],
        ),
    ]
    columns: MatchColumns | None = None


class MatchedParcelOut(ApiModel):
    """A parcel that a line may mean."""

    id: int
    name: str
    tags: dict[str, str]

    @classmethod
    def of(cls, parcel: ParcelText) -> MatchedParcelOut:
        """Show it."""
        return cls(id=parcel.parcel_id, name=parcel.name, tags=dict(parcel.tags))


class MatchedLineOut(ApiModel):
    """What became of one line."""

    line: Annotated[int, Field(description="Its number in the list, from 1.")]
    text: str
    state: Literal["found", "ambiguous", "not found", "not compared"]
    parcel_id: Annotated[int | None, Field(description="The parcel that was found.")]
    parcels: Annotated[
        list[MatchedParcelOut],
        Field(description="Which it may mean, where several fit; which are spelled nearest, where none does."),
    ]
    total: Annotated[int, Field(description="How many fit.")]
    note: Annotated[
        str | None, Field(description="What disagrees, where its ULPIN is of another parcel than what else it says.")
    ]

    @classmethod
    def of(cls, matched: Matched) -> MatchedLineOut:
        """Show it."""
        is_found = matched.match is Match.FOUND
        return cls(
            line=matched.line.number,
            text=matched.line.text,
            state=matched.match.value,
            parcel_id=matched.parcels[0].parcel_id if is_found else None,
            parcels=[] if is_found else [MatchedParcelOut.of(parcel) for parcel in matched.parcels],
            total=matched.total,
            note=matched.note,
        )


class MatchOut(ApiModel):
    """A list as it was matched."""

    layer_id: int
    layer_version_id: Annotated[int, Field(description="The version whose parcels these are: say it with an area.")]
    found: int
    ambiguous: int
    not_found: int
    lines_not_compared: Annotated[
        int, Field(description="Lines that say an ULPIN alone, where the layer has none: they may be in it, or not.")
    ]
    not_compared: Annotated[
        list[str],
        Field(
            description="What the list says and no column of the layer holds, then its own columns that are not known."
        ),
    ]
    parcel_ids: Annotated[list[int], Field(description="Those that were found, each once, for an area of them.")]
    lines: list[MatchedLineOut]
    lines_left_out: Annotated[int, Field(description="Lines that were found and are not in this answer: no room.")]


@api.route("/api/layers/{layer_id}/match", method="POST", body=MatchBody, response=MatchOut)
def match_list(ports: Ports, sign_in: SignIn, layer_id: int, body: MatchBody) -> MatchOut:
    """Find the parcels of a layer that a pasted list of survey numbers means, line by line."""
    lines, header = read_lines(body.text), header_of(body.text)
    layer = ports.parcels.texts(layer_id, user_id=sign_in.user.user_id)
    names = dict.fromkeys(name for parcel in layer.parcels[:1000] for name in parcel.tags)
    answer = match(lines, layer.parcels, _columns(body.columns, names, header.names))
    states = [matched.match for matched in answer.lines]
    found = [matched.parcels[0].parcel_id for matched in answer.lines if matched.match is Match.FOUND]
    # What somebody has to look at comes first, where not all of it has room.
    telling = sorted(answer.lines, key=lambda matched: matched.match is Match.FOUND)
    shown = list(fitting_items(map(MatchedLineOut.of, telling), most_bytes=MOST_BYTES - 20 * len(found)))
    return MatchOut(
        layer_id=layer_id,
        layer_version_id=layer.version_id,
        found=states.count(Match.FOUND),
        ambiguous=states.count(Match.AMBIGUOUS),
        not_found=states.count(Match.NOT_FOUND),
        lines_not_compared=states.count(Match.NOT_COMPARED),
        not_compared=[*(part.value for part in answer.not_compared), *header.unread],
        parcel_ids=list(dict.fromkeys(found)),
        lines=sorted(shown, key=lambda line: line.line),
        lines_left_out=len(states) - len(shown),
    )


def _columns(said: MatchColumns | None, names: dict[str, None], in_list: Mapping[Part, str]) -> dict[Part, str]:
    """Return which tags hold what: as was said, else by what they and the list's are called. Raises Invalid."""
    columns = columns_of(names, in_list)
    columns.pop(Part.PLOT, None)  # it is the parcel's name
    for part in Part:
        asked = None if said is None else getattr(said, part.value)
        if asked is not None and asked not in names:
            raise Invalid(f"the layer has no column {asked!r}: it has {', '.join(names)}", pointer=f"/columns/{part}")
        if asked is not None:
            columns[part] = asked
    return columns
