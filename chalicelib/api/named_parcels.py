"""The parcels that an alert or a place touches, as they are shown with it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from chalicelib.api.http import ApiModel
from chalicelib.domain.parcels import NamedParcel


class NamedParcelOut(ApiModel):
    """A parcel of one of your layers that a change touches, as it was when that was found."""

    layer_id: Annotated[int, Field(description="Its layer; by now it may be deleted.")]
    layer_name: Annotated[str, Field(description="What the layer was called.")]
    layer_version_id: Annotated[int, Field(description="The version of the layer that was the current one.")]
    parcel_id: Annotated[int, Field(description="The parcel in that version.")]
    name: Annotated[str, Field(description="What it is called: a plot number is a text.")]
    tags: Annotated[dict[str, str], Field(description="What else its file says of it, by column.")]
    share: Annotated[float, Field(description="Of the change, that lies inside it, 0 to 1.")]
    maybe: Annotated[
        bool, Field(description="The change is so near its border that, by the layer's accuracy, it may touch or not.")
    ]
    permit: Annotated[
        Literal["valid", "revoked", "disputed", "expired", "not yet valid"] | None,
        Field(description="What it was on the day of the change, if it is a permit."),
    ]
    reference: Annotated[str | None, Field(description="The permit's reference.")]
    valid_from: Annotated[date | None, Field(description="From which day the permit held; null: no bound.")]
    valid_to: Annotated[date | None, Field(description="Until which day, that day too; null: no bound.")]
    state: Annotated[
        Literal["approved", "revoked", "disputed", "expired"] | None,
        Field(description="What had been decided of the permit by then."),
    ]
    layer_version: Annotated[
        int | None,
        Field(
            description="Which version of its layer that was, from 1; null, as what else was true of it, in what was "
            "named before that was kept."
        ),
    ]
    number: Annotated[int | None, Field(description="Its row in that version's file, from 1.")]
    m2: Annotated[float | None, Field(description="Its square metres.")]
    accuracy_m: Annotated[float | None, Field(description="How far off its border may lie; 0 where that is unknown.")]
    bounds: Annotated[list[float] | None, Field(description="West, south, east, north of it, in degrees.")]

    @classmethod
    def of(cls, parcel: NamedParcel) -> NamedParcelOut:
        """Show it."""
        return cls(**_members(parcel))


class ParcelThenOut(NamedParcelOut):
    """A parcel that an alert names, with its land, as it was when the alert was made."""

    geometry: Annotated[
        dict[str, Any] | None,
        Field(description="A MultiPolygon; null where it was not kept: before it was, or of too many corners."),
    ]

    @classmethod
    def of(cls, parcel: NamedParcel) -> ParcelThenOut:
        """Show it."""
        land = None if parcel.outlines is None else {"type": "MultiPolygon", "coordinates": parcel.outlines}
        return cls(**_members(parcel), geometry=land)


def _members(parcel: NamedParcel) -> dict[str, Any]:
    facts = parcel.facts
    return {
        "layer_id": parcel.layer_id,
        "layer_name": parcel.layer_name,
        "layer_version_id": parcel.version_id,
        "parcel_id": parcel.parcel_id,
        "name": parcel.name,
        "tags": dict(parcel.tags),
        "share": parcel.share,
        "maybe": parcel.is_maybe,
        "permit": None if parcel.standing is None else parcel.standing.value,
        "reference": parcel.reference,
        "valid_from": facts and facts.valid_from,
        "valid_to": facts and facts.valid_to,
        "state": facts and facts.state,
        "layer_version": facts and facts.version,
        "number": facts and facts.number,
        "m2": facts and facts.m2,
        "accuracy_m": facts and facts.accuracy_m,
        "bounds": facts and list(facts.bounds),
    }
