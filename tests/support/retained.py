"""Images that grow old, and rounds of retention: for the tests of what is kept."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select, update

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.audit import SqlAudit
from chalicelib.adapters.database.holds import SqlHolds
from chalicelib.adapters.database.image_history import SqlImageHistory
from chalicelib.adapters.database.invariants import SqlInvariants
from chalicelib.adapters.database.retention import SqlRetention
from chalicelib.application.drop_old_images import EVERY_S, drop_old_images
from chalicelib.application.verify import Verifier
from chalicelib.domain.image_history import ImageFilter
from chalicelib.domain.retention import Policy
from tests.support.trip import ALL, Trip

POLICY = Policy(image_days=400, images_per_tile=50, bands_days=1461, newest_per_tile=1)
FEW = replace(POLICY, images_per_tile=3)


class KeepingTrip(Trip):
    """The trip, with what keeps its images and what lets them go."""

    def __init__(self, engine):
        super().__init__(engine)
        self.retention, self.holds = SqlRetention(engine), SqlHolds(engine)
        self.history = SqlImageHistory(engine, policy=POLICY)

    def look_each_day(self, area, days, *, change=None, name="scene"):
        """Run a session a day, each on a scene of its own; the sessions."""
        ended = []
        for day in days:
            ended.append(self.run_session(area, f"{name} {day}", days=day, change=change))
            self.wait(days=1)
        return ended

    def round(self, policy=POLICY, *, later_days=0):
        """Make one whole round of retention, some days later."""
        self.wait(days=later_days, seconds=EVERY_S)
        for _ in range(100):
            ports = {"retention": self.retention, "tasks": self.tasks, "images": self.images}
            drop_old_images(**ports, policy=policy, now=self.now)
            with self.engine.connect() as connection:
                due_at = connection.execute(select(t.chores.c.next_due_at).where(t.chores.c.name == "retention"))
                if due_at.scalar_one() > self.now:
                    return

    def rows(self, area):
        """The area's images, the oldest first."""
        mine = select(t.image_tiles).where(t.image_tiles.c.area_id == area.area_id)
        with self.engine.connect() as connection:
            return connection.execute(mine.order_by(t.image_tiles.c.taken_at, t.image_tiles.c.id)).all()

    def dropped(self, area):
        """The scenes of the area's images that were dropped, the oldest first."""
        return [row.scene_id for row in self.rows(area) if row.dropped_at is not None]

    def past(self, area, *, page=ALL, **wanted):
        wanted = ImageFilter(**wanted)
        return self.history.of_area(area.area_id, user_id=area.user_id, wanted=wanted, page=page)

    def uses(self, area):
        """What each of the area's images is used for, by its scene."""
        items = self.past(area).items
        return {each.image.scene_id: {used.use.value for used in each.standing.used_by} for each in items}

    def set_image(self, scene_id, **values):
        with self.engine.begin() as connection:
            connection.execute(update(t.image_tiles).where(t.image_tiles.c.scene_id == scene_id).values(**values))

    def broken(self):
        """What a whole verification finds."""
        ports = {"invariants": SqlInvariants(self.engine), "images": self.images, "audit": SqlAudit(self.engine)}
        verifier, cursor, found = Verifier(**ports), "", []
        while cursor is not None:
            part, cursor = verifier.part(cursor, now=self.now + timedelta(minutes=1))
            found += part
        return found
