"""Who reaches what, for each route there is: the list is the app's own, and a route without an entry here is red.

No route is an operator's: `python -m infra.ops` goes to the database and to Lambda, past the API. A route that is to be
one needs a `who` of its own here, and its column of tests.
"""

import shutil
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select

from chalicelib.adapters.database import tables as t
from chalicelib.api.openapi import APIS
from tests.support.api_gateway import refused
from tests.support.api_server import SMALL_AREA, Person, Server
from tests.support.builders.layers import a_parcel, keep_layer

ROUTES = {f"{route.method} {route.path}": route for api in APIS for route in api.routes}
NOBODYS = 999_999
ANYONE, LINK, OWN, THING = "anyone", "whoever holds the link", "a user, his own", "the owner of the thing"
PASSWORD = "secret-1"
WIDE = {"address_units_per_minute": 10**6}  # every route is asked for from one address in one minute


@dataclass(frozen=True)
class Entry:
    """Who may call a route, a body that is right, and what an owner gets if not its route's status."""

    who: str
    body: object = None
    owner_gets: int = 0


# In an order in which the owner can call one after another: what ends a thing comes last.
ENTRIES = {
    "GET /": Entry(ANYONE),
    "GET /api/health": Entry(ANYONE),
    "GET /console": Entry(ANYONE),
    "GET /console/{name}": Entry(ANYONE),
    "GET /api/openapi.json": Entry(ANYONE),
    "GET /api/docs": Entry(ANYONE),
    "POST /api/auth/register": Entry(ANYONE, {"email": "new@example.org", "password": PASSWORD}),
    "POST /api/auth/login": Entry(ANYONE, {"email": "asha@example.org", "password": PASSWORD}),
    "POST /api/auth/refresh": Entry(ANYONE),
    "GET /static_images/{area_id}/{name}": Entry(LINK),
    "GET /api/exports/{area_id}/{name}": Entry(LINK),
    "GET /api/auth/me": Entry(OWN),
    "GET /api/auth/sign-ins": Entry(OWN),
    "GET /api/devices": Entry(OWN),
    "POST /api/devices": Entry(OWN, {"token": "t", "platform": "web"}),
    "GET /api/area-configs": Entry(OWN),
    "GET /api/area-configs/attention": Entry(OWN),
    "POST /api/area-configs": Entry(OWN, SMALL_AREA),
    "POST /api/area-configs/estimate": Entry(OWN, SMALL_AREA),
    "GET /api/providers": Entry(OWN),
    "GET /api/alerts/sessions": Entry(OWN),
    "GET /api/pushes": Entry(OWN),
    "GET /api/places": Entry(OWN),
    "GET /api/holds": Entry(OWN),
    "POST /api/holds": Entry(OWN, {"areaConfigId": NOBODYS, "reason": "case 12"}),
    "GET /api/places/export": Entry(OWN),
    "POST /api/auth/password": Entry(OWN, {"oldPassword": PASSWORD, "newPassword": "another-secret"}),
    "POST /api/auth/logout": Entry(OWN),
    "GET /api/area-configs/{area_id}": Entry(THING),
    "GET /api/area-configs/{area_id}/scenes": Entry(THING),
    "GET /api/monitor/image-tiles/area/{area_id}": Entry(THING),
    "GET /api/alerts/sessions/{session_id}": Entry(THING),
    "GET /api/alerts/sessions/{session_id}/unseen": Entry(THING),
    "GET /api/alerts/sessions/{session_id}/failures": Entry(THING),
    "GET /api/alerts/sessions/{session_id}/details": Entry(THING),
    "GET /api/alerts/sessions/{session_id}/alerts": Entry(THING),
    "GET /api/alerts/sessions/{session_id}/ignored": Entry(THING),
    "GET /api/alerts/{alert_id}/parcels": Entry(THING),
    "GET /api/places/{place_id}": Entry(THING),
    "GET /api/area-configs/{area_id}/images": Entry(THING),
    "GET /api/area-configs/{area_id}/kept": Entry(THING),
    "PUT /api/images/{image_id}/pin": Entry(THING, {"reason": "evidence"}),
    "DELETE /api/images/{image_id}/pin": Entry(THING),
    "POST /api/holds/{hold_id}/lift": Entry(THING, {"reason": "settled"}),
    "GET /api/layers": Entry(OWN),
    "POST /api/layers/imports": Entry(OWN, {"fileName": "plots.zip", "bytes": 9}),
    "GET /api/layers/{layer_id}": Entry(THING),
    "GET /api/layers/{layer_id}/parcels": Entry(THING),
    "POST /api/layers/{layer_id}/match": Entry(THING, {"text": "820/1"}),
    "PATCH /api/layers/{layer_id}": Entry(THING, {"name": "Plots"}),
    "DELETE /api/layers/{layer_id}": Entry(THING),
    "GET /api/layers/imports/{import_id}": Entry(THING),
    "PUT /api/layers/imports/{import_id}/file": Entry(THING, owner_gets=403),  # without its signature
    "POST /api/layers/imports/{import_id}/read": Entry(THING),
    "POST /api/layers/imports/{import_id}/keep": Entry(THING, owner_gets=409),  # it was not read yet
    "DELETE /api/layers/imports/{import_id}": Entry(THING),
    "PATCH /api/area-configs/{area_id}": Entry(THING, {"sensitivity": "low"}),
    "POST /api/area-configs/{area_id}/exports": Entry(THING, {}, owner_gets=409),  # one is being written
    "GET /api/area-configs/{area_id}/exports": Entry(THING),
    "GET /api/area-configs/{area_id}/exports/{export_id}": Entry(THING),
    "DELETE /api/area-configs/{area_id}/exports/{export_id}": Entry(THING),
    "POST /api/area-configs/{area_id}/baseline": Entry(THING),
    "POST /api/area-configs/{area_id}/dry-run": Entry(THING, {"sensitivity": "low"}),
    "POST /api/monitor/compare/{area_id}": Entry(THING),
    "POST /api/monitor/capture/{area_id}": Entry(THING),
    "POST /api/alerts/sessions/{session_id}/cancel": Entry(THING, owner_gets=409),  # it has ended
    "DELETE /api/devices/{device_id}": Entry(THING),
    "DELETE /api/area-configs/{area_id}": Entry(THING),
    "DELETE /api/auth/sign-ins/{sign_in_id}": Entry(THING),
}


def of(*who):
    return [name for name, entry in ENTRIES.items() if entry.who in who]


def test_every_route_has_an_entry_that_fits_it():
    assert set(ROUTES) == set(ENTRIES)
    for name, route in ROUTES.items():
        entry = ENTRIES[name]
        assert route.public == (entry.who in (ANYONE, LINK)), name
        assert ("_id}" in route.path) == (entry.who in (THING, LINK)), name
        if route.body is not None and entry.body is not None:
            route.body.model_validate(entry.body)
        needs_none = route.body is None or route.is_body_optional or name == "POST /api/auth/refresh"
        assert entry.body is not None or needs_none, name


@dataclass
class World:
    """Asha with one of each thing, and Badri with none. `hers` has their ids, `texts` what only she has said."""

    server: Server
    asha: Person
    badri: Person
    hers: dict

    def stored(self):
        """Give every row there is, but for what counts how often addresses ask."""
        tables = [table for table in t.users.metadata.sorted_tables if table is not t.buckets]
        with self.server.engine.connect() as connection:
            return {table.name: connection.execute(select(table)).all() for table in tables}

    def ask(self, name, person=None, *, ids=None, headers=None, raw=None):
        """Call a route by its entry, as somebody or with headers of one's own."""
        path = ROUTES[name].path.format(name="index.html", **(ids or self.hers))
        body = None if raw is not None else ENTRIES[name].body
        given = {"content-type": "application/json"} if raw is not None or ENTRIES[name].body is not None else {}
        token = None if person is None else person.token
        return self.server.call(ROUTES[name].method, path, body, raw=raw, token=token, headers=given | (headers or {}))


CANARIES = ("Ashas secret orchard", "asha.of.the.orchard@example.org", "token-of-asha")


@pytest.fixture(scope="module")
def world(tmp_path_factory, migrated):
    """Give a world that these tests leave as it is, or else are red."""
    folder = tmp_path_factory.mktemp("isolation")
    server = Server(f"sqlite:///{shutil.copy(migrated, folder / 'one.db')}", **WIDE)
    yield made_world(server)
    server.engine.dispose()


def made_world(server):
    asha, badri = server.user(CANARIES[1]), server.user("badri@example.org")
    area = asha.trip(name=CANARIES[0])
    device = asha.post("/api/devices", {"token": CANARIES[2], "platform": "android"}).json
    phone = server.call("POST", "/api/auth/login", {"email": CANARIES[1], "password": PASSWORD}).json
    ids = {each["isCurrent"]: each["id"] for each in asha.get("/api/auth/sign-ins").json}
    hers = {"area_id": area["id"], "device_id": device["id"], "sign_in_id": ids[False]}
    hers["session_id"] = asha.get("/api/alerts/sessions").json[0]["id"]
    hers["alert_id"] = asha.get(f"/api/alerts/sessions/{hers['session_id']}/alerts").json[0]["id"]
    hers["place_id"] = asha.get("/api/places").json[0]["id"]
    hers["image_id"] = asha.get(f"/api/area-configs/{area['id']}/images").json[0]["id"]
    hers["hold_id"] = asha.post("/api/holds", {"placeId": hers["place_id"], "reason": CANARIES[0]}).json["id"]
    assert phone["access_token"]
    user_id = asha.get("/api/auth/me").json["id"]
    plots = keep_layer(server.engine, user_id, [a_parcel(1, name=CANARIES[0])], now=server.now)
    hers["layer_id"] = plots.layer_id
    hers["import_id"] = asha.post("/api/layers/imports", {"fileName": "ashas.kml", "bytes": 9}).json["id"]
    hers["export_id"] = asha.post(f"/api/area-configs/{area['id']}/exports").json["id"]
    return World(server, asha, badri, hers)


@pytest.mark.parametrize("name", of(THING))
def test_another_user_finds_nothing_there_and_changes_nothing(world, name):
    before = world.stored()
    theirs = world.ask(name, world.badri)
    nobodys = world.ask(name, world.badri, ids=dict.fromkeys(world.hers, NOBODYS))
    assert theirs.status == nobodys.status == 404
    assert theirs.is_problem
    assert theirs.json | {"instance": ""} == nobodys.json | {"instance": ""}, "hers and nobody's look the same"
    assert theirs.headers.keys() == nobodys.headers.keys()
    assert world.stored() == before


@pytest.mark.parametrize("name", [name for name in of(OWN) if name.startswith("GET ")])
def test_what_a_user_lists_has_nothing_of_another(world, name):
    hers = world.ask(name, world.asha).json
    his = world.ask(name, world.badri)
    assert his.status == 200
    assert not [text for text in CANARIES if text in his.content.decode()]
    if isinstance(hers, list) and name != "GET /api/providers":
        assert not {item["id"] for item in hers} & {item["id"] for item in his.json}
        assert his.headers.get("X-Total-Count", "0") == "0"
        assert hers or name == "GET /api/pushes", "her own list shows that there was something to find"


def _no_sign_ins(world):
    """Give headers that are nobody's, by what is wrong with them."""
    server = world.server

    def new(email):
        return server.user(email)

    out = new("out@example.org")
    assert out.post("/api/auth/logout").status == 200
    ended = new("ended@example.org")
    other = server.call("POST", "/api/auth/login", {"email": "ended@example.org", "password": PASSWORD}).json
    (there,) = [each["id"] for each in ended.get("/api/auth/sign-ins").json if each["isCurrent"]]
    assert server.call("DELETE", f"/api/auth/sign-ins/{there}", token=other["access_token"]).status == 204
    changed = new("changed@example.org")
    body = {"oldPassword": PASSWORD, "newPassword": "another-secret"}
    assert changed.post("/api/auth/password", body).status == 200
    reused = new("reused@example.org")
    for _ in range(2):
        server.call("POST", "/api/auth/refresh", {"refresh_token": reused.refresh_token})
        server.later(seconds=11)
    last_year, tomorrow = server.now - timedelta(days=400), server.now + timedelta(days=1)
    tokens = {
        "signed out": out.token,
        "ended by its owner": ended.token,
        "ended by a new password": changed.token,
        "ended by a refresh token that came twice": reused.token,
        "expired": server.tokens.issue(1, now=last_year, expires_at=last_year + timedelta(days=1)),
        "a refresh token": world.asha.refresh_token,
        "a sign-in that never was": server.tokens.issue(NOBODYS, now=server.now, expires_at=tomorrow),
    }  # fmt: skip
    made = {what: {"authorization": f"Bearer {token}"} for what, token in tokens.items()}
    return made | {"nothing": {}, "another scheme": {"authorization": f"Basic {world.asha.token}"}}


@pytest.fixture(scope="module")
def no_sign_ins(world):
    return _no_sign_ins(world)


@pytest.mark.parametrize("name", of(OWN, THING))
def test_without_a_live_sign_in_it_is_a_401_before_anything_is_read(world, no_sign_ins, name):
    before = world.stored()
    for what, headers in no_sign_ins.items():
        for raw in (None, b"{"):
            assert refused(world.ask(name, headers=headers, raw=raw)), what
    assert refused(world.ask(name, ids=dict.fromkeys(world.hers, NOBODYS)))
    assert world.stored() == before


@pytest.mark.parametrize("name", of(ANYONE))
def test_what_is_open_to_anyone_tells_nothing_of_anybody(world, name):
    if name.startswith("GET "):
        answer = world.ask(name)
        assert answer.status in (200, 302)
        assert not [text for text in CANARIES if text in answer.content.decode()]
    else:
        assert world.ask(name, raw=b"{}").status == 400, "it reads what it is sent, and wants no token"


def test_an_image_opens_by_its_own_link_alone(world):
    paths = [
        tile["imagePath"] for tile in world.asha.get(f"/api/monitor/image-tiles/area/{world.hers['area_id']}").json
    ]
    one, two = [path.partition("captured_images/")[2].partition("?") for path in paths[:2]]
    assert world.server.call("GET", f"/static_images/{''.join(one)}").status == 200
    for link in (one[0], f"{one[0]}?{two[2]}", f"{two[0]}?{one[2]}", f"{one[0]}?{one[2]}0"):
        for token in (None, world.badri.token, world.asha.token):
            assert world.server.call("GET", f"/static_images/{link}", token=token).status == 403, link


def test_the_owner_gets_what_it_is_and_after_a_deletion_nobody_does(server):
    """The 404 above is no matter of spelling."""
    world = made_world(server)
    for name in of(THING):
        wanted = ENTRIES[name].owner_gets or ROUTES[name].status
        answer = world.ask(name, world.asha)
        assert answer.status == wanted, (name, answer.content)
        if name.startswith("POST /api/monitor"):
            server.work(changed_m2=900)
    gone = world.stored()
    for name in of(THING):
        assert world.ask(name, world.asha).status == 404, name
        assert world.ask(name, world.badri).status == 404, name
    assert world.stored() == gone
