"""Layers of parcels."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field

from chalicelib.api.http import Api, ApiModel, Body
from chalicelib.composition import Ports
from chalicelib.domain.accounts import SignIn
from chalicelib.domain.areas import MAX_NAME
from chalicelib.domain.errors import Invalid
from chalicelib.domain.layers import Layer, LayerVersion, Parcel
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.plain_text import plain

api = Api(__name__)


class VersionOut(ApiModel):
    """A layer as one file has it."""

    id: int
    number: int
    made_at: datetime
    parcels: int
    bounds: list[float]  # west, south, east, north
    m2: float
    accuracy_m: float | None  # how far off its corners may lie
    source: dict[str, Any]  # the file, its coordinate system, what was converted, the shift, the columns

    @classmethod
    def of(cls, version: LayerVersion) -> VersionOut:
        """Show it."""
        words = {name: name.split("_") for name in asdict(version.source)}
        camel = {name: first + "".join(word.title() for word in rest) for name, (first, *rest) in words.items()}
        return cls(
            id=version.version_id,
            number=version.number,
            made_at=version.made_at,
            parcels=version.extent.parcels,
            bounds=list(version.extent.bounds),
            m2=round(version.extent.m2, 1),
            accuracy_m=version.extent.accuracy_m,
            source={camel[name]: value for name, value in asdict(version.source).items()},
        )


class LayerOut(ApiModel):
    """A layer, as its newest version has it."""

    id: int
    name: str
    kind: str  # PARCELS, PERMITS
    created_at: datetime
    version: VersionOut

    @classmethod
    def of(cls, layer: Layer) -> LayerOut:
        """Show it."""
        return cls(
            id=layer.layer_id,
            name=layer.name,
            kind=layer.kind.value,
            created_at=layer.created_at,
            version=VersionOut.of(layer.current),
        )


class ParcelOut(ApiModel):
    """A parcel."""

    id: int
    number: int  # of its row in the file
    name: str
    tags: dict[str, str]
    geometry: dict[str, Any]  # a MultiPolygon
    bounds: list[float]
    m2: float
    valid_from: date | None  # like the three behind it: of a permit
    valid_to: date | None
    reference: str | None
    state: str | None

    @classmethod
    def of(cls, parcel: Parcel) -> ParcelOut:
        """Show it."""
        return cls(
            id=parcel.parcel_id,
            number=parcel.number,
            name=parcel.name,
            tags=parcel.tags,
            geometry={"type": "MultiPolygon", "coordinates": parcel.outlines},
            bounds=list(parcel.bounds),
            m2=parcel.m2,
            valid_from=parcel.valid_from,
            valid_to=parcel.valid_to,
            reference=parcel.reference,
            state=parcel.state,
        )


@api.route("/api/layers", response=list[LayerOut], is_paged=True)
def list_layers(ports: Ports, sign_in: SignIn, page: PageRequest) -> Page[LayerOut]:
    """List your layers, oldest first."""
    return ports.layers.of_user(sign_in.user.user_id, page=page).shown(LayerOut.of)


@api.route("/api/layers/{layer_id}", response=LayerOut)
def get_layer(ports: Ports, sign_in: SignIn, layer_id: int) -> LayerOut:
    """Show a layer."""
    return LayerOut.of(ports.layers.get(layer_id, user_id=sign_in.user.user_id))


@api.route("/api/layers/{layer_id}/parcels", response=list[ParcelOut], is_paged=True)
def list_parcels(ports: Ports, sign_in: SignIn, layer_id: int, page: PageRequest) -> Page[ParcelOut]:
    """List the parcels of a layer's newest version, in the order of its file."""
    layer = ports.layers.get(layer_id, user_id=sign_in.user.user_id)
    return ports.layers.parcels(layer.current.version_id, page=page).shown(ParcelOut.of)


class LayerChange(Body):
    """What of a layer is to be another; its parcels are by a newer version."""

    name: Annotated[str, Field(max_length=MAX_NAME, examples=["Khandagiri, 2026"])]


@api.route("/api/layers/{layer_id}", method="PATCH", body=LayerChange, response=LayerOut)
def change_layer(ports: Ports, sign_in: SignIn, layer_id: int, body: LayerChange) -> LayerOut:
    """Call a layer something else from now on: alerts keep what it was called when they were made."""
    if not (name := plain(body.name)):
        raise Invalid("a layer has a name", pointer="/name")
    return LayerOut.of(ports.layers.rename(layer_id, name, user_id=sign_in.user.user_id, now=ports.clock()))


@api.route("/api/layers/{layer_id}", method="DELETE", status=204, extra_statuses=(409,))
def delete_layer(ports: Ports, sign_in: SignIn, layer_id: int) -> None:
    """Delete a layer, with all its versions."""
    ports.layers.delete(layer_id, user_id=sign_in.user.user_id, now=ports.clock())
