"""The parcels that an alert or a place touches, as they are shown with it."""

from __future__ import annotations

from typing import Annotated, Literal

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

    @classmethod
    def of(cls, parcel: NamedParcel) -> NamedParcelOut:
        """Show it."""
        return cls(
            layer_id=parcel.layer_id,
            layer_name=parcel.layer_name,
            layer_version_id=parcel.version_id,
            parcel_id=parcel.parcel_id,
            name=parcel.name,
            tags=dict(parcel.tags),
            share=parcel.share,
            maybe=parcel.is_maybe,
            permit=None if parcel.standing is None else parcel.standing.value,
            reference=parcel.reference,
        )
