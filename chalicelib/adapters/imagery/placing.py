"""Where a GeoTIFF lies: by its own tags, which its item may not contradict; or by its item where they are silent."""

from __future__ import annotations

from typing import NamedTuple

from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.boxes import TOLERANCE, Affine, check_agreement, in_degrees
from chalicelib.adapters.imagery.crs import REMEDY
from chalicelib.adapters.imagery.georeference import LEAST_PIXEL_M, Georeference, Shape, check_shape, off
from chalicelib.adapters.imagery.geotiff_tags import Placed
from chalicelib.adapters.imagery.picture import Picture
from chalicelib.domain.tiles import Bounds, centre_of, gsd_m

_TAGS = "its GeoTIFF's own place"


class Lying(NamedTuple):
    """A picture on its ground."""

    bounds: Bounds
    gsd_m: float
    placed: Placed | None = None  # of a GeoTIFF


def lie(picture: Picture, said: Georeference | None) -> Lying:
    """Lay a picture on its ground, by its own tags or as its item says. Raises BadItem where these do not agree."""
    if picture.format == "GeoTIFF":
        placed = place(picture, said)
        return Lying(placed.bounds, placed.gsd_m, placed)
    if said is None:
        raise BadItem("bbox is missing: its picture is no GeoTIFF, which could say itself where it lies")
    if said.system.zone:
        raise BadItem(f"it lies in {said.system.name}: UTM lies askew to north, and is read of GeoTIFFs", remedy=REMEDY)
    return Lying(*said.lay(picture.width, picture.height))


def place(picture: Picture, said: Georeference | None) -> Placed:
    """Return where a GeoTIFF lies. Raises BadItem where its item says something else, or nobody says it."""
    if picture.placed is None:
        return _by_item(picture, said)
    if said is not None:
        try:
            _check(picture.placed, said)
        except BadItem as bad:
            both = bad.again()  # nobody knows which of the two is wrong: it may show either ground
            both.grounds = (picture.placed.bounds, *([] if said.bounds is None else [said.bounds]))
            raise both from None
    return fine(picture.placed)


def _check(placed: Placed, said: Georeference) -> None:
    if said.is_system_said and said.system != placed.system:
        raise BadItem(f"it says {said.system.name}, its GeoTIFF says {placed.system.name} itself: one of them is wrong")
    if said.shape is not None:
        check_shape(said.shape, Shape(placed.height, placed.width))
    check_agreement(("the item", said.bounds), (_TAGS, placed.bounds))
    if said.transform is not None:
        spanned = in_degrees("proj:transform", said.transform.box(placed.width, placed.height), said.system)
        check_agreement(("proj:transform", spanned), (_TAGS, placed.bounds))
    on_map = gsd_m(0, 0, 1) / gsd_m(centre_of(placed.bounds)[1], 0, 1) * placed.gsd_m
    what, gsd = said.gsd or ("gsd", placed.gsd_m)
    if min(off(gsd / placed.gsd_m), off(gsd / on_map)) > TOLERANCE:
        hint = "; is it in centimetres?" if off(gsd / placed.gsd_m / 100) <= TOLERANCE else ""
        raise BadItem(f"{what} says {gsd:g} m a pixel, its GeoTIFF has {placed.gsd_m:.3g} m{hint}")


def _by_item(picture: Picture, said: Georeference | None) -> Placed:
    if said is None:
        raise BadItem(
            "neither it nor its GeoTIFF says where that lies",
            remedy="gdal_edit.py -a_srs EPSG:… -a_ullr WEST NORTH EAST SOUTH IN.tif, or give the item its bbox",
        )
    width, height = picture.width, picture.height
    if said.system.zone:
        if said.transform is None:
            raise BadItem(f"it says {said.system.name}, and its GeoTIFF does not say where it lies: add proj:transform")
        if said.shape is not None:
            check_shape(said.shape, Shape(height, width))
        return fine(Placed(system=said.system, transform=said.transform, width=width, height=height))
    box = said.system.box(said.lay(width, height).bounds)
    transform = Affine(box.west, box.north, (box.east - box.west) / width, (box.north - box.south) / height)
    return Placed(system=said.system, transform=transform, width=width, height=height)


def fine(placed: Placed) -> Placed:
    """Return what lies somewhere with pixels that can be. Raises BadItem, BadImage."""
    if placed.gsd_m < LEAST_PIXEL_M:
        raise BadItem(f"a pixel of its GeoTIFF would be {placed.gsd_m:.2g} m wide")
    return placed
