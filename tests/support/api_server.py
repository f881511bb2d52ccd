"""The API as its clients meet it: the app behind Chalice's gateway, on a real database, in a world that is given."""

from dataclasses import dataclass
from datetime import timedelta

from chalicelib.adapters.database.engine import make_engine
from chalicelib.adapters.links import SignedLinks
from chalicelib.adapters.tokens import JwtTokens
from chalicelib.application import capture_tile as capturing
from chalicelib.application import compare_tile as comparing
from chalicelib.application import notify as notifying
from chalicelib.composition import Ports
from chalicelib.composition.basis import new_id
from chalicelib.domain.changes import Change, Region
from chalicelib.domain.errors import Invalid, NoCoverage
from chalicelib.domain.image_take import ImageTake
from chalicelib.domain.images import Inspection
from chalicelib.domain.jobs import Queue, SessionJob, TileJob
from chalicelib.domain.scenes import FetchedImage, Found, Grid, Licence, ProviderTerms, Scene
from chalicelib.domain.tiles import centre_of
from chalicelib.settings import Settings
from tests.support.api_gateway import Api
from tests.support.fakes.clock import A_MOMENT
from tests.support.fakes.images import MemoryImages
from tests.support.fakes.jobs import MemoryJobs
from tests.support.fakes.passwords import CountedPasswords
from tests.support.fakes.push import MemoryPush

WEEK_S = 7 * 86_400


AS_IN_TESTS = {"tiles_per_day": 10_000, "session_deadline_s": 3600.0, "default_provider": "sample"}
AS_IN_TESTS |= {"user_units_at_once": 6_000}  # no second goes by between two requests


@dataclass
class ListedImagery:
    """A provider that says its terms and its grid, and lends itself to nothing more."""

    name: str = "sample"
    is_permitted: bool = True
    zoom: int = 17
    scene: Scene | None = None
    older: tuple[Scene, ...] = ()
    season_image: ImageTake | None = None  # of earlier years, where it has some

    @property
    def terms(self):
        licence = Licence(
            name="test",
            url="https://example.org",
            attribution="(c) Test",
            may_store=self.is_permitted,
            may_analyse=self.is_permitted,
        )
        return ProviderTerms(
            name=self.name,
            licence=licence,
            is_dated=True,
            sends_placeholders=False,
            cost_per_request_usd=0.002,
            has_seasons=self.season_image is not None,
            season_image=self.season_image,
        )

    def grid(self, area):
        if area.south < -80:
            raise NoCoverage("there is no imagery of the Antarctic")
        return Grid(zoom=self.zoom, tile_px=1024, margin_px=128)

    def scenes(self, area, *, since, until):
        return Found(scenes=(self.scene,) if self.scene else ())

    def history(self, area, *, until):
        return Found(scenes=(*self.older, *([self.scene] if self.scene else [])))

    def fetch(self, scene, view, area):
        content = f"picture of {view.tile} in {scene.scene_id}".encode()
        return FetchedImage(content=content, scene=scene, attribution="(c) Test")


def inspect(content, view, area, terms, bands):
    return Inspection(content=content, width=view.size_px, height=view.size_px, clear_share=1.0, bands=bands)


def always(changed_m2):
    """Make a comparison that always finds one region of that size."""

    def compare(_before, after, *, area, **_ground):
        region = Region(
            area_m2=changed_m2, score=0.9, bounds=area, centroid=centre_of(area), outline=[[(77.5, 12.9)] * 4]
        )
        return Change(
            regions=(region,),
            clear_share=1.0,
            changed_share=0.015,
            gsd_m=0.3,
            smallest_change_m2=25,
            mask_png=b"mask of " + after,
            overlay_png=b"overlay of " + after,
        )

    return compare


class GivenPorts(Ports):
    """Ports of which some are given: an attribute that is set is never made."""

    def __init__(self, settings, *, clock, imagery, **given):
        super().__init__(settings, clock=clock, sleep=lambda _s: None)
        vars(self).update(given)
        self.imagery = imagery


class Server(Api):
    """The app on a database of its own, in a world that is given."""

    def __init__(self, database_url, **settings):
        self.now = A_MOMENT
        self.engine = make_engine(database_url)
        self.images, self.jobs, self.passwords = MemoryImages(), MemoryJobs(), CountedPasswords()
        self.providers = {"sample": ListedImagery(), "google_static": ListedImagery("google_static", False)}
        self.push, self.told = MemoryPush(), []
        self.ports = GivenPorts(
            Settings.of(**(AS_IN_TESTS | settings)),
            clock=lambda: self.now,
            engine=self.engine,
            images=self.images,
            jobs=self.jobs,
            passwords=self.passwords,
            tokens=JwtTokens({"test": "k" * 32}, new_id=new_id),
            links=SignedLinks("l" * 32, expires_s=WEEK_S),
            imagery=self._imagery,
        )
        self.tokens, self.links = self.ports.tokens, self.ports.links
        self.sessions, self.runs = self.ports.sessions, self.ports.tile_runs
        super().__init__(self.ports)

    def _imagery(self, name):
        if name not in self.providers:
            raise Invalid(f"there is no provider {name!r}", pointer="/provider")
        return self.providers[name]

    def user(self, email="asha@example.org", password="secret-1"):
        """Register somebody and sign in."""
        assert self.call("POST", "/api/auth/register", {"email": email, "password": password}).status == 201
        body = self.call("POST", "/api/auth/login", {"email": email, "password": password}).json
        return Person(self, body["access_token"], body["refresh_token"])

    def work(self, *, changed_m2):
        """Do the jobs that wait, as the functions of the queues would."""
        imagery = self.providers["sample"]
        while self.jobs.sent:
            message = self.jobs.sent.pop(0)
            parts = {
                "jitter": lambda most_s: 0.0,
                "runs": self.runs,
                "images": self.images,
                "jobs": self.jobs,
                "clock": lambda: self.now,
            }
            if message.queue is Queue.CAPTURES:
                imagery.scene = Scene(scene_id=str(self.now), captured_at=self.now)
                capturing.capture_tile(
                    TileJob.from_json(message.body),
                    imagery=self._imagery,
                    inspect=inspect,
                    breakers=self.ports.breakers,
                    searches=self.ports.scene_searches,
                    captures=self.ports.captures,
                    tile_images=self.ports.tile_images,
                    lease_s=60,
                    most_tiles=lambda _area_id: 2500,
                    **parts,
                )
            elif message.queue is Queue.COMPARISONS:
                always_so = always(changed_m2)
                parts |= {"compare": always_so, "compare_with_baseline": always_so}
                comparing.compare_tile(TileJob.from_json(message.body), lease_s=60, **parts)
            elif message.queue is Queue.NOTIFICATIONS:
                self.told.append(message)  # files of parcels stay unread

    def notify(self):
        """Do what waits to be told, as its function would: `work` leaves it to those who want pushes."""
        for message in self.told:
            notifying.notify_session(
                SessionJob.from_json(message.body),
                deliveries=self.ports.deliveries,
                push=self.push,
                targets=[],
                clock=lambda: self.now,
                lease_s=60,
            )
        self.told.clear()

    def later(self, **by):
        """Let time pass."""
        self.now += timedelta(**by)


@dataclass
class Person:
    """Somebody who is signed in."""

    server: Server
    token: str
    refresh_token: str

    def call(self, method, path, body=None, **options):
        return self.server.call(method, path, body, token=self.token, **options)

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.call("POST", path, body, **options)

    def area(self, **members):
        """Add an area that one tile covers."""
        answer = self.post("/api/area-configs", SMALL_AREA | members)
        assert answer.status == 201, answer.content
        return answer.json

    def trip(self, *, changed_m2=900.0, **members):
        """Make an area with two sweeps over it, the second of which finds that much change. Gives the area."""
        area = self.area(**members)
        for _ in range(2):
            self.server.later(hours=1)
            assert self.post(f"/api/monitor/capture/{area['id']}").status == 200
            self.server.work(changed_m2=changed_m2)
        return area


SMALL_AREA = {
    "name": "Lake shore",
    "centerLat": 12.9716,
    "centerLon": 77.5946,
    "northKm": 0.05,
    "southKm": 0.05,
    "eastKm": 0.05,
    "westKm": 0.05,
}
