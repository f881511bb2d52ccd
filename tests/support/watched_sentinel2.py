"""One area on Sentinel-2, watched by the whole trip over a local catalogue, with a clock that is driven."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from chalicelib.adapters.database import tables as t
from chalicelib.domain.areas import NewArea
from chalicelib.domain.extents import Extent
from chalicelib.domain.sessions import SessionStatus
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tile_runs import Verdict
from chalicelib.domain.tiles import centre_of
from chalicelib.vision.gate import inspect
from tests.support.builders import sentinel2
from tests.support.builders.catalogues import imagery
from tests.support.builders.domain import a_plan
from tests.support.builders.products import product_of
from tests.support.notices import register
from tests.support.trip import Trip


def put_scenes(folder):
    """Lay a clear scene's files into a folder, and those of one under clouds: each day's product has one of the two."""
    sentinel2.put(folder, "clear", taken="2026-01-01T05:30:00Z", scl=sentinel2.classes())
    sentinel2.put(folder, "cloud", taken="2026-01-01T05:30:00Z", scl=sentinel2.classes(sentinel2.CLOUD))
    sentinel2.put(folder, "gone", taken="2026-01-01T05:30:00Z", scl=sentinel2.classes())
    return folder


class Watched:
    """A trip over a catalogue, and the one area that it watches."""

    def __init__(self, engine, server, scenes):
        self.trip, self.server, self.scenes = Trip(engine), server, scenes
        self.trip.inspect, self.trip.imagery = inspect, imagery(server, clock=self.trip.clock)
        register(self.trip, self.trip.user, "phone")
        lon, lat = centre_of(sentinel2.GROUND)
        extent = Extent(center_lat=lat, center_lon=lon, north_km=0.4, south_km=0.4, east_km=0.4, west_km=0.4)
        plan = a_plan(provider="sentinel2", grid=self.trip.imagery.grid(extent.bounds))
        plan = replace(plan, thresholds=Thresholds(min_changed_area_m2=2_000))
        new = NewArea(user_id=self.trip.user.user_id, name="Hill", extent=extent, plan=plan, is_told_to_operator=False)
        self.area = self.trip.areas.add(new, now=self.trip.now, most_areas=1000)

    def shows(self, name):
        """Let a satellite pass: the catalogue has another product."""
        taken = f"{self.trip.now - timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}"
        product = product_of(self.scenes / name, taken=taken, tile="45QUD")
        if name == "gone":
            product.item["assets"]["nir"]["file"] = "none.tif"
        self.server.products.append(product)
        self.server.shown_at = self.trip.now - timedelta(hours=1)

    def look(self):
        session = self.trip.capture_now(self.area)
        self.trip.work()
        return self.trip.session(session)

    def stored(self):
        """The rows of all images, and what lies in the store."""
        with self.trip.engine.connect() as connection:
            rows = connection.execute(select(t.image_tiles.c.id, t.image_tiles.c.object_key)).all()
        return sorted(rows), [item.key for item in self.trip.images.keys_after("")]

    def given_up(self, session):
        """Let time pass until nobody tries any more; the session as it ended."""
        for _ in range(80):
            if not self.trip.session(session).is_open:
                break
            self.trip.wait(minutes=1)
            self.trip.reconcile()
            self.trip.work()
        ended = self.trip.session(session)
        assert ended.status is SessionStatus.ERROR
        assert set(ended.counts_by_verdict) == {Verdict.FAILED}
        assert ended.is_all_clear is False
        return ended
