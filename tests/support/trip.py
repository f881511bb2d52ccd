"""The trip on a real database, with fakes for the rest of the world: what the tests of the pipeline stand on."""

from datetime import timedelta
from uuid import uuid4

from chalicelib.adapters.database.accounts import SqlAccounts
from chalicelib.adapters.database.alerts import SqlAlerts
from chalicelib.adapters.database.area_exports import SqlAreaExports
from chalicelib.adapters.database.areas import SqlAreas
from chalicelib.adapters.database.breakers import SqlBreakers
from chalicelib.adapters.database.captures import SqlCaptures
from chalicelib.adapters.database.clock_repairs import SqlClockRepairs
from chalicelib.adapters.database.deliveries import SqlDeliveries
from chalicelib.adapters.database.images import SqlImageRows
from chalicelib.adapters.database.layer_imports import SqlLayerImports
from chalicelib.adapters.database.orphans import SqlOrphans
from chalicelib.adapters.database.outbox import SqlOutbox
from chalicelib.adapters.database.place_upkeep import SqlPlaceUpkeep
from chalicelib.adapters.database.places import SqlPlaces
from chalicelib.adapters.database.recurring_tasks import SqlRecurringTasks
from chalicelib.adapters.database.scenes import SqlSceneSearches
from chalicelib.adapters.database.session_plans import SqlSessionPlans
from chalicelib.adapters.database.sessions import SqlSessions
from chalicelib.adapters.database.state_notices import SqlStateNotices
from chalicelib.adapters.database.tile_images import SqlTileImages
from chalicelib.adapters.database.tile_runs import SqlTileRuns
from chalicelib.adapters.database.waits import SqlWaits
from chalicelib.adapters.queues.outbox import OutboxJobs
from chalicelib.application import cancel_session, delete_area, notify, open_sessions, reconcile
from chalicelib.application import capture_tile as capturing
from chalicelib.application import compare_now as comparing_now
from chalicelib.application import compare_tile as comparing
from chalicelib.domain.jobs import Queue, SessionJob, TileJob
from chalicelib.domain.paging import PageRequest
from chalicelib.domain.two_dates import TwoDates
from chalicelib.settings.telling import Pushes
from tests.support.builders.domain import NOON, SPRING, a_change, a_new_area, an_inspection
from tests.support.fakes.imagery import ScriptedImagery
from tests.support.fakes.images import MemoryImages
from tests.support.fakes.push import MemoryPush

LEASE_S = 60.0
ALL = PageRequest(1000)
MANY = 1_000_000  # more areas than any test adds, however fast its machine is


class Trip:
    """One user, one provider, and every use case with its ports filled in. Time moves only when it is told to."""

    def __init__(self, engine, *, targets=(), tiles_per_day=10_000):
        self.engine, self.now, self.targets = engine, NOON, list(targets)
        self.archive = None
        self.accounts, self.areas, self.alerts = SqlAccounts(engine), SqlAreas(engine), SqlAlerts(engine)
        self.sessions = SqlSessions(engine, deadline_s=3600, retry_s=900, tiles_per_day=tiles_per_day)
        self.plans = SqlSessionPlans(engine, retry_s=900)
        self.tile_images, self.searches = SqlTileImages(engine), SqlSceneSearches(engine)
        self.runs, self.deliveries = SqlTileRuns(engine, retry_s=900), SqlDeliveries(engine)
        self.clock_repairs = SqlClockRepairs(engine, lease_s=LEASE_S, retry_s=900, deadline_s=3600, work_s=900)
        self.state_notices = SqlStateNotices(engine, periods=Pushes().periods, targets=self.targets)
        self.places, self.place_upkeep = SqlPlaces(engine), SqlPlaceUpkeep(engine)
        self.imports, self.exports = SqlLayerImports(engine), SqlAreaExports(engine)
        self.captures = SqlCaptures(engine)
        self.breakers, self.waits = SqlBreakers(engine), SqlWaits(engine)
        self.orphans, self.tasks, self.image_rows = SqlOrphans(engine), SqlRecurringTasks(engine), SqlImageRows(engine)
        self.outbox, self.images, self.push = SqlOutbox(engine), MemoryImages(now=NOON), MemoryPush()
        self.jobs = OutboxJobs(self.outbox, wake=lambda: None, clock=self.clock)
        self.imagery = ScriptedImagery()
        self.waiting_room = {"places": 4, "places_a_user": 1}
        self.change, self.slow, self.clear_share = a_change(), a_change(), 1.0
        self.user = self.add_user()

    def clock(self):
        return self.now

    def wait(self, **delta):
        self.now += timedelta(**delta)

    def add_user(self):
        email = f"{uuid4().hex}@example.org"  # no recorded trip has it, which a test may have said again before
        return self.accounts.add_user(email=email, password_hash="x", profile=None, now=self.now)

    def add_area(self, *, user=None, **area):
        return self.areas.add(a_new_area((user or self.user).user_id, **area), now=self.now, most_areas=MANY)

    def show(self, scene_id, *, days=0, change=None, bands=None):
        """Let the provider have a new scene, and the detector find `change` in it."""
        picture = scene_id.encode()
        self.imagery.show(scene_id, SPRING + timedelta(days=days), lambda _view: picture, bands_of=lambda _view: bands)
        self.change = a_change() if change is None else change

    def provider(self, _name):
        if isinstance(self.imagery, Exception):
            raise self.imagery
        return self.imagery

    def inspect(self, content, _view, _area, _terms, bands, **_of_shape):
        return an_inspection(content, clear_share=self.clear_share, bands=bands)

    def compare_with_baseline(self, _baseline, _after, **_ground):
        return self.slow

    def compare(self, _before, _after, **_ground):
        if isinstance(self.change, Exception):
            raise self.change
        return self.change

    # The use cases

    def tick(self):
        return open_sessions.open_due_sessions(
            areas=self.areas,
            sessions=self.sessions,
            jobs=self.jobs,
            clock=self.clock,
            has_time=lambda: True,
            request_id="",
        )

    def capture_now(self, area, *, request_id=""):
        return open_sessions.open_session_now(
            area.area_id,
            user_id=area.user_id,
            sessions=self.sessions,
            jobs=self.jobs,
            clock=self.clock,
            request_id=request_id,
        )

    def compare_now(self, area, *, sleep=lambda _s: None, wait_s=0.0):
        return comparing_now.compare_now(area.area_id, **self._waiting(area, sleep, wait_s))

    def compare_dates(self, area, before, after, *, sleep=lambda _s: None, wait_s=0.0):
        """Ask for a comparison of two days."""
        ports = self._waiting(area, sleep, wait_s) | {"areas": self.areas, "imagery": self.provider}
        return comparing_now.compare_two_dates(area.area_id, TwoDates(before=before, after=after), **ports)

    def _waiting(self, area, sleep, wait_s):
        patience = comparing_now.Patience(wait_s=wait_s, **self.waiting_room)
        waiting = comparing_now.Waiting(patience, self.waits, self.clock, sleep)
        ports = {"sessions": self.sessions, "jobs": self.jobs, "waiting": waiting}
        return ports | {"user_id": area.user_id, "request_id": ""}

    def capture_tile(self, job):
        capturing.capture_tile(
            job,
            runs=self.runs,
            tile_images=self.tile_images,
            searches=self.searches,
            captures=self.captures,
            breakers=self.breakers,
            imagery=self.provider,
            images=self.images,
            jobs=self.jobs,
            inspect=self.inspect,
            clock=self.clock,
            jitter=lambda most_s: most_s / 2,
            lease_s=LEASE_S,
            most_tiles=lambda _area_id: 2500,
        )

    def compare_tile(self, job):
        ports = {"runs": self.runs, "images": self.images, "jobs": self.jobs, "clock": self.clock}
        ports |= {"compare": self.compare, "compare_with_baseline": self.compare_with_baseline}
        comparing.compare_tile(job, jitter=lambda most_s: most_s / 2, lease_s=LEASE_S, **ports)

    def notify(self, job):
        ports = {"deliveries": self.deliveries, "push": self.push, "clock": self.clock}
        notify.notify_session(job, targets=self.targets, lease_s=LEASE_S, **ports)

    def cancel(self, session):
        ports = {"sessions": self.sessions, "jobs": self.jobs, "clock": self.clock}
        return cancel_session.cancel_session(session.session_id, user_id=self.user.user_id, request_id="", **ports)

    def delete(self, area):
        ports = {"areas": self.areas, "sessions": self.sessions, "jobs": self.jobs, "clock": self.clock}
        delete_area.delete_area(area.area_id, user_id=area.user_id, request_id="", **ports)

    def reconcile(self):
        reconcile.reconcile(
            areas=self.areas,
            sessions=self.sessions,
            plans=self.plans,
            runs=self.runs,
            deliveries=self.deliveries,
            state_notices=self.state_notices,
            orphans=self.orphans,
            captures=self.captures,
            place_upkeep=self.place_upkeep,
            imports=self.imports,
            exports=self.exports,
            tasks=self.tasks,
            clock_repairs=self.clock_repairs,
            images=self.images,
            jobs=self.jobs,
            clock=self.clock,
            orphan_age_s=86_400,
            archive=self.archive,
        )

    # The worker

    def work_once(self):
        """Take one message through its use case; say whether there was one."""
        handlers = {
            Queue.NOTIFICATIONS: lambda body: self.notify(SessionJob.from_json(body)),
            Queue.COMPARISONS: lambda body: self.compare_tile(TileJob.from_json(body)),
            Queue.CAPTURES: lambda body: self.capture_tile(TileJob.from_json(body)),
        }
        received = self.outbox.receive(list(handlers), now=self.now, lease_s=LEASE_S)
        if received is None:
            return False
        try:
            handlers[received.message.queue](received.message.body)
        except Exception as error:  # noqa: BLE001 (as the worker: the message comes back)
            is_dead, back = received.receives >= 5, self.now + timedelta(seconds=30)
            self.outbox.give_back(received, available_at=back, reason=str(error), dead=is_dead)
        else:
            self.outbox.done(received)
        return True

    def work(self):
        """Work until there is nothing to take."""
        while self.work_once():
            pass

    def run_session(self, area, scene_id, *, days, change=None):
        """Run one whole session on a new scene; give it ended."""
        self.show(scene_id, days=days, change=change)
        session = self.capture_now(area)
        self.work()
        return self.session(session)

    # What came of it

    def session(self, session):
        return self.sessions.get(session.session_id, user_id=self.user.user_id)

    def all_sessions(self):
        return self.sessions.of_user(self.user.user_id, page=ALL).items

    def tiles(self, area):
        return self.image_rows.of_area(area.area_id, user_id=area.user_id, page=ALL).items

    def alerts_of(self, session):
        return self.alerts.of_session(session.session_id, user_id=self.user.user_id, page=ALL).items[::-1]

    def pushes(self):
        return self.deliveries.of_user(self.user.user_id, page=ALL).items


def jobs_of(trip, queue):
    """Receive every job of a queue, for hands that work by themselves."""
    jobs = []
    while (received := trip.outbox.receive([queue], now=trip.now, lease_s=3600)) is not None:
        jobs.append(TileJob.from_json(received.message.body))
    return jobs
