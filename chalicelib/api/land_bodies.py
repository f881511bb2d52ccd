"""What is said of land: as a box, as a geometry, or by the parcels of a layer."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from pydantic.alias_generators import to_camel

from chalicelib.api.answers import Further
from chalicelib.api.http import LARGEST_ID, Body
from chalicelib.composition import Ports
from chalicelib.domain.errors import Invalid
from chalicelib.domain.extents import Extent
from chalicelib.domain.geojson import Given, read_geometry, read_polygons
from chalicelib.domain.shapes import Shape

BOX = "of the box; needed where there is no geometry"
Kilometres = Annotated[float | None, Field(ge=0, examples=[1], description=BOX)]
EXTENT = ("center_lat", "center_lon", "north_km", "south_km", "east_km", "west_km")
MOST_PARCELS = 10_000  # that a body names one by one
PARCELS_A_ROW = 20  # that are joined in the time in which a list reads a row
SLACK_DEGREES = 1e-5  # a metre: the numbers of a box are rounded
OF_LAYER = ("layer_version_id", "parcel_ids")
BESIDE = ("buffer_m", "exclude", *OF_LAYER)  # what is said of land, and is none
LAND = (*EXTENT, "geometry", "layer_id", *BESIDE)


class LandBody(Body):
    """Where land lies, and how far it reaches."""

    # The extent says what is wrong with a latitude: it asks whether the two numbers are exchanged.
    center_lat: Annotated[
        float | None, Field(json_schema_extra={"minimum": -90, "maximum": 90}, examples=[12.9716], description=BOX)
    ] = None
    center_lon: Annotated[float | None, Field(ge=-180, le=180, examples=[77.5946], description=BOX)] = None
    north_km: Kilometres = None
    south_km: Kilometres = None
    east_km: Kilometres = None
    west_km: Kilometres = None
    geometry: Annotated[
        dict[str, Any] | None,
        Field(
            description="GeoJSON: a Polygon or MultiPolygon with its holes, or points or lines with bufferM; or a "
            "Feature of one. The land instead of a box; with a box as well it must lie in it",
            examples=[
                {"type": "Polygon", "coordinates": [[[77.59, 12.97], [77.6, 12.97], [77.6, 12.98], [77.59, 12.97]]]}
            ],
        ),
    ] = None
    buffer_m: Annotated[
        float | None,
        Field(description="how far points and lines reach on all sides, in metres on the ground", examples=[200]),
    ] = None
    layer_id: Annotated[
        int | None,
        Field(
            ge=1, le=LARGEST_ID, description="the land is that of a layer's parcels, bufferM around them", examples=[7]
        ),
    ] = None
    layer_version_id: Annotated[
        int | None, Field(ge=1, le=LARGEST_ID, description="of that layer; null: the newest")
    ] = None
    parcel_ids: Annotated[
        list[Annotated[int, Field(ge=1, le=LARGEST_ID)]] | None,
        Field(min_length=1, max_length=MOST_PARCELS, description="of that version; null: all of its parcels"),
    ] = None
    exclude: Annotated[
        dict[str, Any] | list[Any] | None,
        Field(description="polygons of the land that are not watched: GeoJSON as `geometry`, or a list of it"),
    ] = None
    is_place_confirmed: Annotated[bool, Field(description="the place is meant as it is said, however it looks")] = False

    def pay(self, further: Further) -> None:
        """Pay for the parcels that are joined, before they are read. Raises LimitReached."""
        if self.parcel_ids is not None and len(self.parcel_ids) >= PARCELS_A_ROW:
            further(len(self.parcel_ids) // PARCELS_A_ROW)

    def land(self, ports: Ports, user_id: int) -> tuple[Extent, Shape | None]:
        """Return the land itself: the box that was said, or a shape in the box around it. Raises Invalid, NotFound."""
        if self.layer_id is not None:
            shape = self._parcels(ports, user_id, self.layer_id)
            return Extent.around(shape.bounds), shape
        for name in OF_LAYER:
            if getattr(self, name) is not None:
                raise _only_for(name, "land that is said by its layer: say layerId too")
        if self.geometry is None:
            return self._boxed(ports)
        given = read_geometry(self.geometry, "/geometry")
        shape = ports.shapes.shape(given, buffer_m=self.buffer_m, exclude=self._left_out())
        if any(getattr(self, name) is not None for name in EXTENT):
            _check_within(shape, self._box())
        return Extent.around(shape.bounds), shape

    def _parcels(self, ports: Ports, user_id: int, layer_id: int) -> Shape:
        for name in ("geometry", *EXTENT):
            if getattr(self, name) is not None:
                raise _only_for(name, "other land than parcels of a layer")
        left_out = self._left_out()  # before parcels by the ten thousand are read
        version_id, parcel_ids = self.layer_version_id, self.parcel_ids
        ground = ports.parcels.ground(layer_id, user_id=user_id, version_id=version_id, parcel_ids=parcel_ids)
        return ports.shapes.of_parcels(ground, buffer_m=self.buffer_m, exclude=left_out)

    def _boxed(self, ports: Ports) -> tuple[Extent, Shape | None]:
        box = self._box()
        if self.buffer_m is not None:
            raise _only_for("buffer_m", "land that is said as a geometry, or by its layer")
        if self.exclude is None:
            return box, None
        west, south, east, north = box.bounds
        ring = [(west, south), (east, south), (east, north), (west, north), (west, south)]
        given = Given("Polygon", [ring], [], [], [[ring]], pointer="/northKm", places=["/northKm"])
        shape = ports.shapes.shape(given, buffer_m=None, exclude=self._left_out())
        return Extent.around(shape.bounds), shape

    def _left_out(self) -> list[Given]:
        return [] if self.exclude is None else read_polygons(self.exclude, "/exclude")

    def _box(self) -> Extent:
        said = {name: getattr(self, name) for name in EXTENT}
        missing = [name for name, number in said.items() if number is None]
        if missing:
            name = to_camel(missing[0])
            raise Invalid(f"{name}: field required, or say the land as a geometry", pointer=f"/{name}")
        return Extent(**said)


def _only_for(name: str, land: str) -> Invalid:
    return Invalid(f"{to_camel(name)} is for {land}", pointer=f"/{to_camel(name)}")


def _check_within(shape: Shape, box: Extent) -> None:
    """Raise Invalid for a shape that reaches out of the box that was said beside it: which of the two is meant?"""
    inner, outer = shape.bounds, box.bounds
    beyond = max(outer.west - inner.west, outer.south - inner.south, inner.east - outer.east, inner.north - outer.north)
    if beyond > SLACK_DEGREES:
        raise Invalid(
            "the geometry reaches out of the box that centerLat to westKm say: leave those out, or put it right; are "
            "longitude and latitude exchanged?",
            pointer="/geometry",
        )
