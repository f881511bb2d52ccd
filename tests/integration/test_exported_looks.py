"""What an area's archive says of its looks: verdicts of tiles, what was seen and told to nobody, outlines, pushes."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.area_contents import SqlAreaContents
from chalicelib.adapters.database.area_state_table import state_notices
from chalicelib.adapters.database.engine import insert_row
from chalicelib.application.export_area import TOO_LONG
from tests.support.exporting import ask, exported, shown, told, work
from tests.support.retained import POLICY

TOKEN = "the-token-of-her-phone"


def look(server, person, area, *, changed_m2):
    server.later(hours=1)
    assert person.post(f"/api/monitor/capture/{area['id']}").status == 200
    server.work(changed_m2=changed_m2)


def contents(server):
    return SqlAreaContents(server.engine, policy=POLICY)


def test_each_tile_of_each_session_has_its_verdict_and_what_was_not_seen(server, asha):
    area = asha.trip()
    asha.trip(name="Another", centerLat=14.0)
    with server.engine.begin() as connection:
        run = t.session_tiles
        first = connection.execute(select(run.c.id).order_by(run.c.id).limit(1)).scalar_one()
        unseen = {"verdict": "OBSCURED", "reason": "a cloud", "watched_m2": 90.0, "unseen_m2": 60.0}
        connection.execute(run.update().where(run.c.id == first).values(**unseen))
    archive = exported(server, asha, area, images="none")
    sessions, tiles = told(archive, "sessions.json"), told(archive, "tiles.json")
    assert [each["session_id"] for each in tiles] == [each["id"] for each in sessions]
    assert {name: tiles[0][name] for name in unseen} == unseen
    assert [each["verdict"] for each in tiles] == ["OBSCURED", "CHANGED"]
    assert tiles[1]["ended_at"] == sessions[1]["ended_at"]
    assert not {"fence", "lease_until", "retry_at", "attempts"} & set(tiles[0])
    (alert,) = told(archive, "alerts.json")
    assert [alert["tile_run_id"], alert["image_id"]] == [tiles[1]["id"], tiles[1]["image_id"]]


def test_what_was_seen_and_told_to_nobody_is_there_with_its_reason(server, asha):
    area = asha.trip(changed_m2=30.0, minChangedAreaM2=200)
    look(server, asha, area, changed_m2=900.0)
    asha.trip(name="Another", centerLat=14.0)
    archive = exported(server, asha, area, images="none")
    tiles, made = told(archive, "tiles.json"), told(archive, "comparisons.json")
    assert [(each["image_id"], each["reference_id"]) for each in made][:1] == [
        (tiles[1]["image_id"], tiles[1]["reference_id"])
    ]
    assert {each["image_id"] for each in made} == {each["image_id"] for each in tiles[1:]}
    (ignored,) = made[0]["ignored"]
    assert (made[0]["verdict"], ignored["area_m2"], bool(ignored["reason"])) == ("NO_CHANGE", 30.0, True)
    assert ignored["outline"]["type"] == "Polygon"
    assert all(each["detector"] and each["created_at"] for each in made)


def test_what_each_look_saw_of_a_place_has_its_outline(server, asha):
    archive = exported(server, asha, asha.trip(), images="none")
    (seen,), (place,) = told(archive, "sightings.json"), told(archive, "places.geojson")["features"]
    assert seen["geometry"] == place["geometry"]
    assert seen["geometry"]["type"] == "MultiPolygon"
    assert "outlines" not in seen
    assert seen["tile_run_id"] in [each["id"] for each in told(archive, "tiles.json")]


def test_who_was_told_is_there_and_no_address_is(server, asha):
    assert asha.post("/api/devices", {"token": TOKEN, "platform": "android"}).status == 201
    area, beside = asha.trip(), asha.trip(name="Another", centerLat=14.0)
    server.later(minutes=1)
    server.notify()
    archive = exported(server, asha, area, images="none")
    sessions = told(archive, "sessions.json")
    (push,) = told(archive, "pushes.json")
    assert (push["session_id"], push["kind"], push["status"]) == (sessions[1]["id"], "token", "SENT")
    assert push["notice"] is None
    assert push["sent_at"] == f"{server.now:%Y-%m-%dT%H:%M:%SZ}"
    assert not [name for name in archive.namelist() if TOKEN.encode() in archive.read(name)]
    assert {"address", "address_hash"}.isdisjoint(push)
    assert [each["session_id"] for each in contents(server).pushes(beside["id"], user_id=1)] != [push["session_id"]]


def test_what_people_were_told_of_how_it_stands_is_there_for_each_of_the_areas(server, asha):
    areas = [asha.trip(), asha.trip(name="Another", centerLat=14.0)]
    user_id = asha.get("/api/auth/me").json["id"]
    with server.engine.begin() as connection:
        session = t.alert_sessions
        of = {row.area_id: row.id for row in connection.execute(select(session).order_by(session.c.id))}
        entries = [
            {"area_id": area["id"], "session_id": of[area["id"]], "state": "BLIND", "since": "2026-03-01T00:00:00"}
            | {"share": 1.0, "m2": 5.0, "why": "clouds", "before": {"state": "CLEAR"}}
            for area in areas
        ]
        made = {"user_id": user_id, "areas": entries, "created_at": server.now}
        notice_id = insert_row(connection, state_notices, **made)
        insert_row(connection, state_notices, **made | {"areas": entries[1:]})
        push = {"session_id": of[areas[0]["id"]], "kind": "topic", "address": TOKEN, "address_hash": "h"}
        insert_row(
            connection, t.deliveries, **push, notice_id=notice_id, status="FAILED", detail="gone", created_at=server.now
        )
    for area in areas:
        (told_of,) = contents(server).pushes(area["id"], user_id=user_id)
        assert (told_of["session_id"], told_of["kind"], told_of["status"]) == (of[area["id"]], "topic", "FAILED")
        news = {"state": "BLIND", "since": "2026-03-01T00:00:00", "share": 1.0, "m2": 5.0, "why": "clouds"}
        assert told_of["notice"] == news, "and nothing of the other area"
    assert list(contents(server).pushes(areas[0]["id"], user_id=user_id + 1)) == []


def add_runs(server, area, *, sessions, tiles):
    """Keep sessions of so many tiles, that ended; return the ids of both, in the order of an archive."""
    run, found = t.session_tiles, []
    with server.engine.begin() as connection:
        ended = {"cause": "manual", "status": "COMPLETED", "started_at": server.now, "deadline_at": server.now}
        for _ in range(sessions):
            session_id = insert_row(connection, t.alert_sessions, area_id=area["id"], tiles_planned=tiles, **ended)
            row = {"session_id": session_id, "z": 17, "y": 1, "state": "ENDED", "retry_at": server.now}
            connection.execute(insert(run), [row | {"x": tiles - x} for x in range(tiles)])
            of = select(run.c.session_id, run.c.id).where(run.c.session_id == session_id).order_by(run.c.id)
            found += [tuple(each) for each in connection.execute(of)]
    return found


@pytest.mark.parametrize(("sessions", "tiles"), [(3, 6001), (130, 3)])
def test_all_tiles_of_all_sessions_are_there_once_in_their_order(server, asha, sessions, tiles):
    area, beside = asha.area(), asha.area(centerLat=14.0)
    wanted = add_runs(server, area, sessions=sessions, tiles=tiles)
    add_runs(server, beside, sessions=1, tiles=2)
    assert [(row["session_id"], row["id"]) for row in contents(server).tiles(area["id"])] == wanted


def test_tiles_that_take_too_long_end_the_archive_with_the_reason(server, asha):
    area = asha.area()
    add_runs(server, area, sessions=1, tiles=1001)
    times = iter([server.now] * 3)
    export = ask(asha, area, images="none")
    work(server, clock=lambda: next(times, server.now + timedelta(seconds=541)))
    failed = shown(asha, area, export)
    assert (failed["state"], failed["problem"]) == ("FAILED", TOO_LONG)
