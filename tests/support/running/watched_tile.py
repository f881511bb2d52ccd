"""One tile that is watched through given pictures, with the real comparison, and dry runs over what was seen."""

from dataclasses import replace
from datetime import timedelta

import numpy as np

from chalicelib.adapters.database.dry_runs import SqlDryRuns
from chalicelib.application.dry_run import dry_run
from chalicelib.domain.extents import Extent
from chalicelib.domain.scenes import Grid
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Bounds, Tile, bounds_of
from chalicelib.vision.changes import compare, compare_with_baseline
from tests.support.builders.domain import CORNER, SPRING, a_new_area
from tests.support.builders.land import png
from tests.support.fakes.imagery import ScriptedImagery
from tests.support.trip import Trip

GRID = Grid(zoom=19, tile_px=128, margin_px=16)  # about 0.56 m a pixel
SIDE = 160
WEST, SOUTH, EAST, NORTH = bounds_of(Tile(19, 4 * CORNER.x, 4 * CORNER.y))
INSET = (EAST - WEST) / 20
LAND = Extent.around(Bounds(WEST + INSET, SOUTH + INSET, EAST - INSET, NORTH - INSET))  # of one tile
USUAL = Thresholds(min_changed_area_m2=25.0)
_worked_out = {}


def a_trip(engine):
    """Give a trip with the real comparison, each of which is worked out once."""
    made = Trip(engine)
    made.compare = lambda *pair, older=(), **ground: _once(compare, "older", *pair, readers=older, **ground)
    made.compare_with_baseline = lambda *pair, between=(), **ground: _once(
        compare_with_baseline, "between", *pair, readers=between, **ground
    )
    return made


def _once(function, name, before, after, *, readers, **ground):
    """Give what the real comparison says, which depends on what it is given and on nothing else."""
    known = ground | {"thresholds": ground["thresholds"].key}
    question = (name, before, after, tuple(read() for read in readers), repr(sorted(known.items())))
    if question not in _worked_out:
        _worked_out[question] = function(before, after, **{name: readers}, **ground)
    return _worked_out[question]


def watch(trip, pictures, thresholds=USUAL):
    """Watch one tile through pictures; give the area, and of each session how many regions its alerts have."""
    trip.imagery = ScriptedImagery()
    asked_for = a_new_area(trip.user.user_id, grid=GRID, thresholds=thresholds)
    area, told = trip.areas.add(replace(asked_for, extent=LAND), now=trip.now, most_areas=1000), []
    for number, picture in enumerate(pictures):
        noise = np.random.default_rng(number).normal(0, 3, picture.shape)
        content = png(np.clip(picture + noise, 0, 255).astype(np.uint8))
        trip.imagery.show(f"{area.area_id} {number}", SPRING + timedelta(days=number), lambda _v, c=content: c)
        session = trip.capture_now(area)
        trip.work()
        told.append([len(alert.change_log["regions"]) for alert, _ in trip.alerts_of(session)])
    return area, told


def tried(trip, area, thresholds, *, sessions=100):
    """Try thresholds on all that was seen of an area, or on its newest sessions."""
    return dry_run(
        area.area_id,
        thresholds=thresholds,
        tolerances=(0.05, 0.05),
        since=SPRING,
        most_sessions=sessions,
        dry_runs=SqlDryRuns(trip.engine),
    )
