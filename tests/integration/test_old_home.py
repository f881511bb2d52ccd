"""A filled home of an old release, upgraded: people find there what they left, and the old code works on beside it.

The home is kept in tests/support/old_home; `make same-as` does the same with whole processes of the old release.
"""

import hashlib
from datetime import datetime, timedelta

import pytest

from chalicelib.adapters.database.engine import make_engine
from chalicelib.adapters.database.schema.migrate import head, revision_of, to_head
from chalicelib.composition import Ports
from chalicelib.settings import read
from tests.same_as.keeping import shown
from tests.same_as.normal import leaves
from tests.support.api_gateway import Api
from tests.support.old_code.recording import say_again
from tests.support.old_home.restoring import KEPT, REVISION, kept_json, restore

LIMIT_BYTES = 1_500_000


class Caller:
    """A client of the API with an access token; what it gets is JSON."""

    def __init__(self, api, token):
        self.api, self.token = api, token

    def call(self, method, path):
        answer = self.api.call(method, f"/{path}", token=self.token)
        assert answer.status == 200, (path, answer.status, answer.content)
        return answer.json


class OldHome:
    """A copy of the home, and what people held of it. It is always the moment at which the old code was stopped."""

    def __init__(self, url, folder):
        restore(url, folder)
        self.engine = make_engine(url)
        self.said, self.held = (kept_json(self.engine.dialect.name, what) for what in ("statements", "held"))
        self.now = datetime.fromisoformat(self.held["at"])
        self.url, self.folder = url, folder

    @property
    def revision(self):
        with self.engine.connect() as connection:
            return revision_of(connection)

    def serve(self):
        """Upgrade the home and serve it, with every port as at home, but for the clock."""
        to_head(self.engine)
        said = {"HOME": self.folder, "DATABASE_URL": self.url, "ARCHIVE": self.folder / "archive"}
        settings = read({f"BHUPRAHARI_{name}": str(value) for name, value in said.items()})
        self.api = Api(Ports(settings, clock=lambda: self.now))
        return self

    def load(self, link):
        """Load an image as the client does; give what is kept of one."""
        answer = self.api.call("GET", "/static_images/" + link.partition("captured_images/")[2])
        return [answer.status, answer.headers["Content-Type"], hashlib.sha256(answer.content).hexdigest()]

    def sign_in(self, **person):
        return self.api.call("POST", "/api/auth/login", person)

    def lost(self, tokens):
        """Name what the old code showed, and is not shown to these access tokens now."""
        assert len(tokens) == len(self.held["seen"]) == 2
        now = shown([Caller(self.api, token) for token in tokens])
        return sorted(set(leaves(self.held["seen"])) - set(leaves(now)))


@pytest.fixture
def old_home(empty_database_url, tmp_path):
    folder = tmp_path / "home"
    (folder / "archive").mkdir(parents=True)  # where its provider looks: nothing new is there
    home = OldHome(empty_database_url, folder)
    yield home
    home.engine.dispose()


@pytest.fixture
def upgraded(old_home):
    home = old_home.serve()
    yield home
    home.api.ports.engine.dispose()


def access_tokens(credentials):
    return [each["access_token"] for each in credentials]


def test_the_home_is_filled_and_is_the_old_releases(old_home):
    assert old_home.revision == REVISION != head()
    seen = old_home.held["seen"]
    assert [len(each["area-configs"]) for each in seen] == [1, 1]
    assert [len(each["alerts/sessions"]) for each in seen] == [3, 1]
    assert [len(each["devices"]) for each in seen] == [2, 0]
    assert [{push["status"] for push in each["pushes"]} for each in seen] == [{"SENT"}, set()]
    assert sum(len(each.get("alert_details", ())) for each in seen[0].values() if isinstance(each, dict)) == 1
    assert len(old_home.held["images"]) == 7
    assert {status for status, _, _ in old_home.held["images"].values()} == {200}


def test_what_is_kept_is_small():
    assert sum(path.stat().st_size for path in KEPT.rglob("*") if path.is_file()) < LIMIT_BYTES


def test_old_access_tokens_show_the_same_areas_sessions_alerts_and_devices(upgraded):
    assert upgraded.revision == head()
    assert upgraded.lost(access_tokens(upgraded.held["tokens"])) == []


def test_what_is_lost_would_be_found(upgraded):
    upgraded.held["seen"][0]["devices"][0]["platform"] = "telex"
    assert len(upgraded.lost(access_tokens(upgraded.held["tokens"]))) == 1


def test_old_image_links_still_load_until_they_end(upgraded):
    images = upgraded.held["images"]
    assert {link: upgraded.load(link) for link in images} == images
    link = next(iter(images))
    assert upgraded.load(link[:-1] + ("0" if link[-1] != "0" else "1"))[0] == 403
    upgraded.now += timedelta(days=8)
    assert upgraded.load(link)[0] == 403


def test_old_passwords_sign_in_and_show_the_same(upgraded):
    answers = [upgraded.sign_in(**person) for person in upgraded.held["people"]]
    assert [answer.status for answer in answers] == [200, 200]
    assert upgraded.lost(access_tokens(answer.json for answer in answers)) == []
    assert upgraded.sign_in(**upgraded.held["people"][0] | {"password": "another-one"}).status == 401


def test_old_refresh_tokens_are_renewed_and_show_the_same(upgraded):
    given = [{"refresh_token": each["refresh_token"]} for each in upgraded.held["tokens"]]
    answers = [upgraded.api.call("POST", "/api/auth/refresh", body) for body in given]
    assert [answer.status for answer in answers] == [200, 200]
    assert upgraded.lost(access_tokens(answer.json for answer in answers)) == []


def test_the_old_code_works_on_beside_the_new_and_nobody_loses_anything(upgraded):
    say_again(upgraded.engine, upgraded.said)
    assert upgraded.lost(access_tokens(upgraded.held["tokens"])) == []


def test_alerts_of_the_old_release_become_places_that_their_owner_is_shown(upgraded):
    ports = upgraded.api.ports
    for _ in range(2):
        for session_id in ports.place_upkeep.waiting(after=0, until=10**6, limit=1):
            assert ports.place_upkeep.join(session_id)
    assert ports.place_upkeep.waiting(after=0, until=10**6, limit=10) == []
    owner, other = (Caller(upgraded.api, token) for token in access_tokens(upgraded.held["tokens"]))
    assert other.call("GET", "api/places") == []
    places = owner.call("GET", "api/places")
    sessions = [session["id"] for session in owner.call("GET", "api/alerts/sessions")]
    alerts = [
        alert
        for each in sessions
        for alert in owner.call("GET", f"api/alerts/sessions/{each}/details")["alert_details"]
    ]
    regions = [region for alert in alerts for region in alert["changeLog"]["regions"]]
    assert sorted({n for alert in alerts for n in alert["placeIds"]}) == sorted(place["id"] for place in places) != []
    assert sum(place["areaM2"] for place in places) == pytest.approx(sum(region["area_m2"] for region in regions))
    assert upgraded.lost(access_tokens(upgraded.held["tokens"])) == []
