"""An area with everything as one archive: what is in it, and what is said of what is not."""

import hashlib
from datetime import timedelta

from sqlalchemy import select, update

from chalicelib.adapters.database import tables as t
from tests.support.exporting import archives, ask, exported, images_in, load, path_of, shown, told, work

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


def test_what_a_supplier_wrote_turns_no_writing_in_it(server, asha):
    area = asha.trip()
    with server.engine.begin() as connection:
        connection.execute(update(t.image_tiles).values(attribution="\u202e(c) Test\r\nall whole\x1b[2J"))
    archive = exported(server, asha, area)
    assert {row["attribution"] for row in images_in(archive).values()} == {"(c) Test all whole[2J"}
    assert "- (c) Test all whole[2J\n" in archive.read("LICENCES.txt").decode()


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
