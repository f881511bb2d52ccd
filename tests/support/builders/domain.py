"""Builders of domain values, with defaults that a test overrides where it matters."""

import math
from datetime import UTC, datetime, timedelta

from chalicelib.domain.areas import NewArea, Plan
from chalicelib.domain.changes import Change, Region
from chalicelib.domain.extents import Extent
from chalicelib.domain.images import Inspection, StoredImage
from chalicelib.domain.scenes import Grid
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import M_PER_DEGREE, Bounds, Tile, bounds_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SPRING = NOON - timedelta(days=60)  # the day 0 of the scenes that tests show: none of them is in the future
GRID = Grid(zoom=17, tile_px=64, margin_px=8)
CORNER = Tile(17, 96780, 57975)
A_PNG = b"\x89PNG\r\n\x1a\n picture"


def an_extent(tiles=2, rows=1):
    """Give an extent that exactly `tiles` x `rows` tiles of GRID cover."""
    first, last = bounds_of(CORNER), bounds_of(Tile(CORNER.z, CORNER.x + tiles - 1, CORNER.y + rows - 1))
    lat, lon = (first.north + last.south) / 2, (first.west + last.east) / 2
    height_km = (first.north - last.south) * M_PER_DEGREE / 1000
    width_km = (last.east - first.west) * M_PER_DEGREE / 1000 * math.cos(math.radians(lat))
    height_km, width_km = height_km * (rows - 0.1) / rows, width_km * (tiles - 0.1) / tiles
    half = {"north_km": height_km / 2, "south_km": height_km / 2, "east_km": width_km / 2, "west_km": width_km / 2}
    return Extent(center_lat=lat, center_lon=lon, **half)


def a_plan(**changed):
    """Give a plan."""
    plan = {
        "provider": "scripted",
        "grid": GRID,
        "cadence_hours": 24,
        "thresholds": Thresholds(min_changed_area_m2=25.0),
    }
    return Plan(**(plan | changed))


def a_new_area(user_id, *, tiles=2, rows=1, name="Hill", is_told_to_operator=True, **plan):
    """Give an area that somebody asks for."""
    told = {"is_told_to_operator": is_told_to_operator}
    return NewArea(user_id=user_id, name=name, extent=an_extent(tiles, rows), plan=a_plan(**plan), **told)


def a_region(m2=900.0):
    """Give a changed region."""
    return Region(
        area_m2=m2,
        score=0.9,
        bounds=Bounds(85.0, 20.0, 85.001, 20.001),
        centroid=(85.0005, 20.0005),
        outline=[[(85.0, 20.0), (85.001, 20.0), (85.001, 20.001), (85.0, 20.0)]],
    )


def a_change(m2=None, *, clear_share=1.0):
    """Give what a comparison found: one region, or nothing."""
    return Change(
        regions=() if m2 is None else (a_region(m2),),
        clear_share=clear_share,
        changed_share=0.0 if m2 is None else 0.05,
        gsd_m=0.5,
        smallest_change_m2=25.0,
        mask_png=b"mask",
        overlay_png=b"overlay",
    )


def an_inspection(content, *, clear_share=1.0, bands=None):
    """Give what the gate says of a picture that it lets through."""
    return Inspection(content=content, width=80, height=80, clear_share=clear_share, bands=bands)


def day_after(days):
    """Give the day of a scene that is shown so many days after the first."""
    return (SPRING + timedelta(days=days)).date()


def later(hours=0.0, **delta):
    """Give a time after NOON."""
    return NOON + timedelta(hours=hours, **delta)


def a_stored_image(*, days=0, image_id=1, clear_share=1.0):
    """Give an image that was taken so many days before NOON."""
    return StoredImage(
        image_id=image_id,
        area_id=1,
        session_id=1,
        view=GRID.view(CORNER),
        provider="scripted",
        scene_id=f"{days} days ago",
        captured_at=NOON - timedelta(days=days),
        fetched_at=NOON,
        key="1/1",
        sha256="0",
        attribution="",
        clear_share=clear_share,
    )
