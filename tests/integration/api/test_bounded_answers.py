"""Whatever is stored, an answer has at most a megabyte, and what did not fit is behind a link: nothing is lost."""

import json
import re
from itertools import pairwise

import pytest
from sqlalchemy import insert, select, update

from chalicelib.adapters.database import tables as t
from chalicelib.api.answers import MOST_BYTES

NEXT = re.compile(r'<([a-z]*\?[^>]+)>; rel="next"')


def copies(server, table, many, *, only=None, **columns):
    """Store many more rows like the newest one; `columns` are values, or make one of the copy's number."""
    with server.engine.begin() as connection:
        query = select(table).order_by(table.c.id.desc()).limit(1)
        row = dict(connection.execute(query if only is None else query.where(only)).one()._mapping)
        row.pop("id")
        made = [row | {name: of(n) if callable(of) else of for name, of in columns.items()} for n in range(many)]
        connection.execute(insert(table), made)


def followed(person, path):
    """Read a list to its end; give its items and the number of answers."""
    items, answers = [], 0
    base, _, query = path.partition("?")
    while True:
        answer = person.get(f"{base}?{query}" if query else base)
        assert answer.status == 200
        assert len(answer.content) <= MOST_BYTES
        items += answer.json
        answers += 1
        link = answer.headers.get("Link")
        if link is None:
            return items, answers
        query = NEXT.fullmatch(link)[1].partition("?")[2]


def with_alerts(server, many, *, bytes_each):
    """Give the newest session that many alerts."""
    regions = [{"area_m2": 900.0, "reason": "é" * (bytes_each // 2)}]
    copies(server, t.session_tiles, many, x=lambda n: 10_000 + n)
    with server.engine.begin() as connection:
        runs = connection.execute(
            select(t.session_tiles.c.id, t.session_tiles.c.session_id).where(t.session_tiles.c.x >= 10_000)
        ).all()
    ids = iter(runs)
    log = {"changed": True, "change_percent": 1.0, "message": "m", "severity": "high", "regions": regions}
    copies(server, t.alert_details, many, tile_run_id=lambda _n: next(ids).id, change_log=log)


@pytest.fixture
def session(server, asha):
    asha.trip()
    return asha.get("/api/alerts/sessions").json[0]


def details_path(session):
    return f"/api/alerts/sessions/{session['id']}/details"


def test_details_that_fit_are_as_they_were(asha, session):
    answer = asha.get(details_path(session))
    ids = [alert["id"] for alert in answer.json["alert_details"]]
    assert ids == sorted(ids)
    assert not {"Link", "X-Truncated"} & set(answer.headers)
    whole = json.dumps(answer.json, ensure_ascii=False, separators=(",", ":"))
    assert answer.content == whole.encode(), "the members in their order, and no blank"


def test_of_more_alerts_than_fit_the_newest_are_shown_and_the_others_linked(server, asha, session):
    with_alerts(server, 300, bytes_each=20_000)
    answer = asha.get(details_path(session))
    assert MOST_BYTES * 0.9 < len(answer.content) <= MOST_BYTES
    shown = [alert["id"] for alert in answer.json["alert_details"]]
    assert shown == sorted(shown)
    assert answer.headers["X-Truncated"] == "true"
    assert answer.headers["X-Total-Count"] == "301"
    link = NEXT.fullmatch(answer.headers["Link"])[1]
    rest, _ = followed(asha, f"/api/alerts/sessions/{session['id']}/{link}")
    left = [alert["id"] for alert in rest]
    assert len(shown) + len(left) == 301
    assert left == sorted(left, reverse=True)
    assert left[0] < shown[0], "the newest are in the answer of the call that the client knows"


def test_a_tile_with_more_regions_than_fit_says_how_many_are_left_out(server, asha, session):
    regions = [{"area_m2": 1000.0 - n, "outline": "x" * 5000} for n in range(400)]
    with server.engine.begin() as connection:
        connection.execute(update(t.alert_details).values(change_log={"severity": "low", "regions": regions}))
    answer = asha.get(details_path(session))
    assert len(answer.content) <= MOST_BYTES
    log = answer.json["alert_details"][0]["changeLog"]
    assert 0 < len(log["regions"]) < 400
    assert log["regions_left_out"] == 400 - len(log["regions"])
    assert [region["area_m2"] for region in log["regions"]][:2] == [1000.0, 999.0]


def test_sessions_with_failures_fit_and_are_all_there(server, asha, session):
    failures = [{"tile": f"17/{n}/1", "reason": "r" * 500} for n in range(100)]
    kept = {"counts": {"FAILED": 100}, "severity": None, "clear_share": None, "newest_captured_at": None}
    kept |= {"unseen": None, "failures": failures}
    copies(server, t.alert_sessions, 500, summary=kept, open_area_id=None, slot_at=None)
    whole = asha.get("/api/alerts/sessions")
    assert whole.headers["X-Truncated"] == "true"
    items, answers = followed(asha, "/api/alerts/sessions")
    ids = [item["id"] for item in items]
    assert len(ids) == 502
    assert all(one > other for one, other in pairwise(ids))
    assert answers > 2
    assert {len(item["failures"]) for item in items} == {0, 10}, "ten of them each"
    most = next(item for item in items if item["failures"])
    assert most["countsByVerdict"] == {"FAILED": 100}
    assert len(asha.get(f"/api/alerts/sessions/{most['id']}").json["failures"]) == 100


@pytest.mark.parametrize("path", ["/api/monitor/image-tiles/area/{area}", "/api/pushes", "/api/area-configs"])
def test_long_lists_fit_and_are_all_there(server, asha, session, path):
    long = {"attribution": "ü" * 490, "tile_run_id": lambda n: 1}
    copies(server, t.image_tiles, 1200, **long | {"taken_at": lambda n: server.now.replace(microsecond=n)})
    copies(server, t.area_configs, 1200, name="नदी" * 66)
    push = {"session_id": session["id"], "kind": "topic", "address": "x", "status": "SENT", "attempts": 1}
    push |= {"detail": "d" * 500, "created_at": server.now}
    with server.engine.begin() as connection:
        connection.execute(insert(t.deliveries), [push | {"address_hash": str(n)} for n in range(1500)])
    path = path.format(area=session["areaConfigId"])
    items, _ = followed(asha, path)
    assert len({item["id"] for item in items}) == len(items) >= 1200
    first = asha.get(path)
    assert "X-Total-Count" not in first.headers, "more than a thousand are counted where that is asked for"
    assert asha.get(f"{path}?limit=1&total=true").headers["X-Total-Count"] == str(len(items))
    assert "X-Total-Count" not in asha.get(f"{path}?limit=1&total=false").headers
    assert asha.get(f"{path}?total=maybe").status == 400


def test_all_failures_of_a_session_are_listed_in_pages(server, asha, session):
    tile = {"verdict": "FAILED", "state": "ENDED", "reason": "gone"}
    copies(server, t.session_tiles, 250, x=lambda n: 10_000 + n, **tile)
    path = f"/api/alerts/sessions/{session['id']}/failures"
    answer = asha.get(f"{path}?limit=100")
    assert answer.json[0] == {"uniqueKey": answer.json[0]["uniqueKey"], "reason": "gone"}
    items, answers = followed(asha, f"{path}?limit=100")
    assert (len({item["uniqueKey"] for item in items}), answers) == (250, 3)


def test_what_tiles_saw_without_alerting_fits(server, asha):
    asha.trip(changed_m2=24, northKm=0.4)
    newest = asha.get("/api/alerts/sessions").json[0]
    regions = [{"reason": "below size", "area_m2": 9.0, "outline": "y" * 90_000} for _ in range(5)]
    with server.engine.begin() as connection:
        connection.execute(update(t.comparisons).values(ignored=regions))
    path = f"/api/alerts/sessions/{newest['id']}/ignored"
    items, answers = followed(asha, path)
    assert len(items) == newest["tilesDone"] >= 2
    assert answers >= 1


def test_the_alerts_of_another_are_none(asha, badri, session):
    for name in ("alerts", "failures"):
        assert badri.get(f"/api/alerts/sessions/{session['id']}/{name}").status == 404
