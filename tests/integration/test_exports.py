"""An area with everything as one archive: asked for over HTTP, written by its job, loaded by its link."""

import csv
import hashlib
import io
import json
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from chalicelib.adapters.database import tables as t
from chalicelib.application.export_area import TOO_LONG, export_area
from chalicelib.application.reconcile import OBJECTS_AT_ONCE
from chalicelib.application.settle_dead_letter import settle
from chalicelib.application.sweep_exports import sweep_exports
from chalicelib.domain.errors import Busy, Conflict, LimitReached, Unavailable
from chalicelib.domain.exports import GIVEN_UP, NewExport, WhichImages
from chalicelib.domain.jobs import DeadLetter, ExportJob, Queue
from tests.support.api_server import Server
from tests.support.timing import at_once

ROUNDS = 12
FILES = {"area.json", "sessions.json", "alerts.json", "places.geojson", "sightings.json", "parcels.json", "holds.json"}
FILES |= {
    "tiles.json",
    "comparisons.json",
    "pushes.json",
    "audit.json",
    "images.csv",
    "LICENCES.txt",
    "README.txt",
    "manifest.json",
}


@pytest.fixture
def server(database_url):
    made = Server(database_url)
    yield made
    made.engine.dispose()


@pytest.fixture
def asha(server):
    return server.user()


def waiting(server):
    """Take the jobs of exports that wait."""
    taken = [each for each in server.jobs.sent if each.queue is Queue.IMPORTS]
    server.jobs.sent = [each for each in server.jobs.sent if each not in taken]
    return taken


def work(server, job=None, *, most_bytes=2**25, store=None, clock=None):
    """Write the archives that are asked for, or one."""
    for one in [job] if job else [ExportJob.from_json(each.body) for each in waiting(server)]:
        export_area(
            one,
            exports=server.ports.area_exports,
            contents=server.ports.area_contents,
            store=store or server.images,
            archive_of=server.ports.archive_of,
            licence_of=server.ports.licence_of,
            clock=clock or (lambda: server.now),
            limit_s=600,
            most_bytes=most_bytes,
            kept_for=timedelta(days=7),
        )


def ask(person, area, **wanted):
    asked = person.post(path_of(area), wanted)
    assert (asked.status, asked.json["state"], asked.json["url"]) == (202, "WAITING", None), asked.content
    return asked.json


def path_of(area, export=None):
    return f"/api/area-configs/{area['id']}/exports" + (f"/{export['id']}" if export else "")


def shown(person, area, export):
    return person.get(path_of(area, export)).json


def load(server, export):
    """Load an archive by its link alone: whoever has it needs no sign-in."""
    answer = server.call("GET", export["url"])
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/zip")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert hashlib.sha256(answer.content).hexdigest() == export["sha256"]
    return zipfile.ZipFile(io.BytesIO(answer.content))


def exported(server, person, area, **wanted):
    export = ask(person, area, **wanted)
    work(server)
    ready = shown(person, area, export)
    assert ready["state"] == "READY", ready
    return load(server, ready)


def told(archive, name):
    return json.loads(archive.read(name))


def images_in(archive):
    rows = csv.DictReader(io.StringIO(archive.read("images.csv").decode(), newline=""))
    return {row["image_id"]: row for row in rows}


def archives(server):
    return [each.key for each in server.images.keys_after("", prefix="exports/")]


def test_an_archive_has_everything_and_says_what_it_has(server, asha):
    area = asha.trip(name='Lake "shore", ଭୂପ୍ରହରୀ')
    beside = asha.trip(name="Another", centerLat=14.0)
    (alert,) = asha.get(f"/api/area-configs/{area['id']}/exports").json or [None]
    assert alert is None
    held = asha.post("/api/holds", {"areaConfigId": area["id"], "reason": "case 12"})
    assert held.status == 201, held.content
    archive = exported(server, asha, area)
    assert archive.testzip() is None
    names = archive.namelist()
    assert set(names) >= FILES
    assert (told(archive, "area.json")["name"], told(archive, "area.json")["geometry"]) == (area["name"], None)
    sessions, alerts = told(archive, "sessions.json"), told(archive, "alerts.json")
    assert len(sessions) == 2
    assert [each["session_id"] for each in alerts] == [sessions[1]["id"]]
    assert alerts[0]["change_log"]["regions"], "with its regions"
    assert not {"mask_key", "overlay_key"} & set(alerts[0])
    assert {f"alerts/{alerts[0]['id']}-{kind}.png" for kind in ("mask", "overlay")} <= set(names)
    places = told(archive, "places.geojson")["features"]
    assert [each["properties"]["area"] for each in places] == [area["name"]]
    assert [each["place_id"] for each in told(archive, "sightings.json")] == [places[0]["id"]]
    assert [each["reason"] for each in told(archive, "holds.json")] == ["case 12"]
    assert [each["deed"] for each in told(archive, "audit.json")] == ["hold placed", "area exported"]
    rows = images_in(archive)
    assert [row["standing"] for row in rows.values()] == ["whole", "whole"]
    assert all(hashlib.sha256(archive.read(row["file"])).hexdigest() == row["sha256"] for row in rows.values())
    assert f"alert/{alerts[0]['id']}" in rows[str(alerts[0]["image_id"])]["used_by"].split()
    assert "(c) Test" in archive.read("LICENCES.txt").decode()
    assert area["name"] in archive.read("README.txt").decode()
    assert beside["name"] not in archive.read("README.txt").decode()


def test_the_manifest_has_each_file_with_its_digest(server, asha):
    archive = exported(server, asha, asha.trip())
    manifest = told(archive, "manifest.json")
    listed = {each["name"]: each for each in manifest["files"]}
    assert set(listed) == set(archive.namelist()) - {"manifest.json"}
    for name, each in listed.items():
        content = archive.read(name)
        assert (len(content), hashlib.sha256(content).hexdigest()) == (each["size_bytes"], each["sha256"])
    assert manifest["images"] == {"whole": 2, "damaged": 0, "lost": 0, "dropped": 0, "left out": 0}
    assert manifest["drawings"]["whole"] == 2


def test_the_same_is_called_the_same_each_time(server, asha):
    area = asha.trip()
    first = exported(server, asha, area)
    server.later(hours=1)
    assert exported(server, asha, area).namelist() == first.namelist()


def test_what_is_not_there_or_not_as_it_was_is_said_and_not_hidden(server, asha):
    area = asha.trip()
    server.later(hours=1)
    asha.post(f"/api/monitor/capture/{area['id']}")
    server.work(changed_m2=900.0)
    image = t.image_tiles
    with server.engine.begin() as connection:
        damaged, lost, dropped = connection.execute(select(image.c.id, image.c.object_key).order_by(image.c.id)).all()
        gone = {"object_key": "", "capture_id": None, "dropped_at": server.now}
        connection.execute(update(image).where(image.c.id == dropped.id).values(**gone))
    server.images.contents[damaged.object_key] = b"something else"
    del server.images.contents[lost.object_key]
    archive = exported(server, asha, area, images="all")
    rows = images_in(archive)
    standings = {number: row["standing"] for number, row in rows.items()}
    assert standings == {str(damaged.id): "damaged", str(lost.id): "lost", str(dropped.id): "dropped"}
    assert archive.read(rows[str(damaged.id)]["file"]) == b"something else", "what is there is shown"
    assert rows[str(lost.id)]["file"] == rows[str(dropped.id)]["file"] == ""
    counted = {"whole": 0, "damaged": 1, "lost": 1, "dropped": 1, "left out": 0}
    assert told(archive, "manifest.json")["images"] == counted
    assert "0 whole, 1 damaged, 1 lost, 1 dropped, 0 left out" in archive.read("README.txt").decode()


def test_an_image_that_is_dropped_while_the_archive_is_written_is_said_to_be(server, asha):
    area = asha.trip()
    image = t.image_tiles

    class Dropping:
        """The store, while retention is at work."""

        def __getattr__(self, name):
            return getattr(server.images, name)

        def get(self, key):
            with server.engine.begin() as connection:
                gone = {"object_key": "", "capture_id": None, "dropped_at": server.now}
                connection.execute(update(image).where(image.c.object_key == key).values(**gone))
            server.images.delete([key])
            return server.images.get(key)

    export = ask(asha, area)
    work(server, store=Dropping())
    rows = images_in(load(server, shown(asha, area, export)))
    assert {row["standing"] for row in rows.values()} == {"dropped"}


def test_what_is_left_out_is_listed(server, asha):
    area = asha.trip()
    none = exported(server, asha, area, images="none")
    assert {row["standing"] for row in images_in(none).values()} == {"left out"}
    assert not [name for name in none.namelist() if name.endswith(".png")]
    newer = exported(server, asha, area, images="all", since=f"{server.now - timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}")
    assert sorted(row["standing"] for row in images_in(newer).values()) == ["left out", "whole"]
    no_time = {"since": "0001-01-01T00:00:00+23:59"}  # its zone puts it before the year 1
    for wrong in ({"since": "yesterday"}, {"since": "2026-03-01"}, no_time, {"images": "some"}, {"more": 1}):
        assert asha.post(path_of(area), wrong).status == 400


def test_what_only_the_newest_of_a_tile_keeps_is_left_out_of_what_is_used(server, asha):
    area = asha.area()
    for _ in range(12):
        server.later(days=1)
        asha.post(f"/api/monitor/capture/{area['id']}")
        server.work(changed_m2=0.0)
    used = images_in(exported(server, asha, area))
    newest = {row["standing"] for row in used.values() if row["used_by"] == "newest"}
    others = {row["standing"] for row in used.values() if set(row["used_by"].split()) - {"newest"}}
    assert (newest, others) == ({"left out"}, {"whole"}), used
    whole = images_in(exported(server, asha, area, images="all"))
    assert {row["standing"] for row in whole.values()} == {"whole"}


def test_pictures_that_are_too_many_are_refused_with_their_size_before_one_is_read(server, asha, monkeypatch):
    area, read = asha.trip(), []
    monkeypatch.setattr(server.images, "get", lambda key, get=server.images.get: (read.append(key), get(key))[1])
    with server.engine.begin() as connection:
        connection.execute(update(t.image_tiles).values(size_bytes=10 * 2**20))
    failed = refused_as_too_large(server, asha, area, most_bytes=15 * 2**20, images="all")
    assert failed.startswith("this archive would have 20 MiB, and at most 15 are written: ask for the pictures alone")
    assert read == []
    assert exported(server, asha, area, images="none").testzip() is None, "and what it says helps"


def test_what_turns_out_to_be_too_large_is_refused(server, asha):
    failed = refused_as_too_large(server, asha, asha.trip(), most_bytes=1500)
    assert failed.startswith("this archive would have 1 MiB, and at most 0 are written: ask for")


def refused_as_too_large(server, person, area, *, most_bytes, **wanted):
    export = ask(person, area, **wanted)
    work(server, most_bytes=most_bytes)
    failed = shown(person, area, export)
    assert (failed["state"], failed["url"], archives(server)) == ("FAILED", None, [])
    return failed["problem"]


def test_what_takes_too_long_ends_with_the_reason(server, asha):
    area = asha.trip()
    export = ask(asha, area)
    times = iter([server.now] * 3)
    work(server, clock=lambda: next(times, server.now + timedelta(seconds=541)))
    assert shown(asha, area, export)["problem"] == TOO_LONG
    assert archives(server) == []


def test_a_worker_that_dies_is_followed_by_one_and_leaves_nothing(server, asha):
    area, other = asha.trip(), server.ports.area_exports
    export = ask(asha, area)
    waiting(server)
    job = ExportJob(export_id=export["id"])
    claim = other.claim(export["id"], now=server.now, lease_s=600)
    server.images.put(claim.export.key, b"put, and not said")
    with pytest.raises(Busy):
        work(server, job)
    server.later(seconds=601)
    work(server, job)
    assert shown(asha, area, export)["state"] == "READY"
    assert archives(server) == [f"{claim.export.stem}-2.zip"], "what was put before is deleted"
    with pytest.raises(Busy):
        other.end(claim, size_bytes=1, sha256="x", files=1, expires_at=server.now)
    assert load(server, shown(asha, area, export)).testzip() is None


def test_a_worker_that_was_given_up_ends_nothing_any_more(server, asha):
    area, exports = asha.trip(), server.ports.area_exports
    export = ask(asha, area)
    slow = exports.claim(export["id"], now=server.now, lease_s=600)
    server.later(seconds=601)
    quick = exports.claim(export["id"], now=server.now, lease_s=600)
    assert slow.export.key != quick.export.key
    whole = {"size_bytes": 1, "sha256": "x", "files": 1, "expires_at": server.now + timedelta(days=1)}
    with pytest.raises(Busy):
        exports.end(slow, **whole)
    with pytest.raises(Busy):
        exports.fail(slow, "too late")
    exports.release(slow)
    with pytest.raises(Busy):
        exports.claim(export["id"], now=server.now, lease_s=600)
    exports.end(quick, **whole)
    assert shown(asha, area, export)["state"] == "READY"


def test_after_two_deaths_it_is_given_up(server, asha):
    area = asha.trip()
    export = ask(asha, area)
    waiting(server)
    for _ in range(2):
        assert server.ports.area_exports.claim(export["id"], now=server.now, lease_s=600) is not None
        server.later(seconds=601)
    work(server, ExportJob(export_id=export["id"]))
    assert (shown(asha, area, export)["state"], shown(asha, area, export)["problem"]) == ("FAILED", GIVEN_UP)
    assert ask(asha, area)["id"] != export["id"], "and another one can be asked for"


def test_a_store_that_is_away_uses_up_no_try(server, asha):
    area = asha.trip()
    export = ask(asha, area)
    (message,) = waiting(server)
    server.images.away = True
    for _ in range(4):
        with pytest.raises(Unavailable):
            work(server, ExportJob.from_json(message.body))
    server.images.away = False
    work(server, ExportJob.from_json(message.body))
    assert shown(asha, area, export)["state"] == "READY"


def test_a_dead_letter_ends_an_export(server, asha):
    area = asha.trip()
    export = ask(asha, area)
    (message,) = waiting(server)
    ports = server.ports
    settle(
        DeadLetter(message=message, receipt="r", reason="killed"),
        runs=ports.tile_runs,
        deliveries=ports.deliveries,
        imports=ports.layer_imports,
        exports=ports.area_exports,
        jobs=server.jobs,
        clock=lambda: server.now,
    )
    assert shown(asha, area, export)["problem"] == GIVEN_UP


def test_an_archive_goes_when_its_time_is_over(server, asha):
    area = asha.trip()
    export = ask(asha, area)
    work(server)
    ready = shown(asha, area, export)
    sweep(server)
    assert archives(server)
    assert ready["expiresAt"] == f"{server.now + timedelta(days=7):%Y-%m-%dT%H:%M:%SZ}"
    server.later(days=7)
    sweep(server)
    assert archives(server) == []
    assert asha.get(path_of(area, export)).status == 404
    assert server.call("GET", ready["url"]).status in (403, 404)


def sweep(server):
    sweep_exports(exports=server.ports.area_exports, store=server.images, clock=lambda: server.now)


def test_what_is_never_written_is_forgotten_after_a_day(server, asha):
    area = asha.trip()
    export = ask(asha, area)
    waiting(server)  # and lost
    server.later(days=1)
    sweep(server)
    assert asha.get(path_of(area, export)).status == 404


def test_orphans_are_swept_and_archives_are_not(server, asha):
    area = asha.trip()
    export = ask(asha, area)
    work(server)
    assert shown(asha, area, export)["state"] == "READY"
    (key,) = archives(server)
    nobodys = "exports/7-of-nobody-1.zip"
    stored = [each.key for each in server.images.keys_after("", limit=OBJECTS_AT_ONCE)]
    assert server.ports.orphans.release([*stored, nobodys]) == [nobodys]
    assert key in stored


def test_an_export_is_the_owners_alone(server, asha):
    area = asha.trip()
    export = ask(asha, area)
    work(server)
    ready = shown(asha, area, export)
    badri = server.user("badri@example.org")
    his = badri.area()
    assert badri.post(path_of(area)).status == 404
    assert badri.get(path_of(area)).status == 404
    assert badri.get(path_of(area, export)).status == 404
    assert badri.get(path_of(his, export)).status == 404, "not by an area of his own either"
    assert badri.call("DELETE", path_of(area, export)).status == 404
    assert server.call("GET", ready["url"][:-1] + "x").status == 403
    assert server.call("GET", ready["url"].replace("-1.zip", "-2.zip")).status == 403


def test_an_export_can_be_deleted_also_while_it_is_written(server, asha):
    area = asha.trip()
    export = ask(asha, area)

    class Deleting:
        """The store, while the owner thinks better of it."""

        def __getattr__(self, name):
            return getattr(server.images, name)

        def put_file(self, key, content, *, media_type):
            server.images.put_file(key, content, media_type=media_type)
            assert asha.call("DELETE", path_of(area, export)).status == 204
            server.images.put(key, b"a worker that put it a moment later")

    with pytest.raises(Busy):
        work(server, store=Deleting())
    assert archives(server) == []


def test_an_area_takes_its_archives_with_it(server, asha):
    area = asha.trip()
    ask(asha, area)
    work(server)
    assert archives(server)
    assert asha.call("DELETE", f"/api/area-configs/{area['id']}").status == 204
    keys = []
    while not server.ports.areas.is_purged(area["id"]):
        keys += server.ports.areas.purge(area["id"])
    assert set(archives(server)) <= set(keys)
    with server.engine.connect() as connection:
        assert connection.execute(select(t.area_exports)).all() == []


def test_a_user_has_so_many_archives_at_a_time(server, asha):
    areas = [asha.area(centerLat=13.0 + number) for number in range(6)]
    for area in areas[:5]:
        ask(asha, area)
    work(server)
    refused = asha.post(path_of(areas[5]))
    assert (refused.status, "5 archives" in refused.json["message"]) == (429, True)
    assert asha.call("DELETE", path_of(areas[0], asha.get(path_of(areas[0])).json[0])).status == 204
    ask(asha, areas[5])
    assert server.user("badri@example.org").area(), "others are not kept from theirs"


def test_of_those_who_ask_at_once_one_gets_it(server, asha):
    user_id = asha.get("/api/auth/me").json["id"]
    exports, now = server.ports.area_exports, server.now
    for number in range(ROUNDS):
        area = asha.area(centerLat=13.0 + number, name=f"Race {number}")
        wanted = {"area_id": area["id"], "user_id": user_id, "images": WhichImages.NONE, "since": None}
        new = [NewExport(**wanted, token=f"{number}-{each}") for each in range(4)]
        answers = at_once(*[lambda one=one: exports.add(one, now=now, most_kept=99) for one in new])
        assert sorted(isinstance(answer, Conflict) for answer in answers) == [False, True, True, True], answers
        (export,) = asha.get(path_of(area)).json
        asha.call("DELETE", path_of(area, export))
    with server.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(t.outbox)).scalar_one() == ROUNDS


def test_of_one_users_who_ask_at_once_none_passes_the_limit(server, asha):
    user_id = asha.get("/api/auth/me").json["id"]
    areas = [asha.area(centerLat=13.0 + number) for number in range(6)]
    wanted = {"user_id": user_id, "images": WhichImages.NONE, "since": None}
    new = [NewExport(**wanted, area_id=area["id"], token=f"{area['id']}-t") for area in areas]
    exports, now = server.ports.area_exports, server.now
    answers = at_once(*[lambda one=one: exports.add(one, now=now, most_kept=2) for one in new])
    assert sorted(isinstance(answer, LimitReached) for answer in answers) == [False] * 2 + [True] * 4, answers


def test_of_workers_at_once_one_writes(server, asha):
    area = asha.trip()
    for _ in range(ROUNDS):
        export = ask(asha, area, images="none")
        waiting(server)
        claim = server.ports.area_exports.claim
        now = server.now
        claims = at_once(*[lambda e=export: claim(e["id"], now=now, lease_s=60)] * 4)
        assert sorted(isinstance(each, Busy) for each in claims) == [False, True, True, True], claims
        asha.call("DELETE", path_of(area, export))
