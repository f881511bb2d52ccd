"""Archives are their owner's alone, so many at a time, and go when their time is over."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from chalicelib.adapters.database import tables as t
from chalicelib.application.reconcile import OBJECTS_AT_ONCE
from chalicelib.domain.errors import Busy, Conflict, LimitReached
from chalicelib.domain.exports import NewExport, WhichImages
from tests.support.exporting import archives, ask, path_of, shown, sweep, waiting, work
from tests.support.timing import at_once

ROUNDS = 12


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
