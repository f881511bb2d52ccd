"""Lists of areas, on both databases: searched, sorted by what waits for a person, in few statements."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, event, insert, update

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.area_lists import SqlAreaLists
from chalicelib.adapters.database.sessions import SqlSessions
from chalicelib.domain.area_lists import MOST_COUNTED, AreaFilter, AreaOrder, Attention
from chalicelib.domain.errors import Invalid
from chalicelib.domain.paging import PageRequest
from tests.support.builders.domain import NOON
from tests.support.many_areas import EVERY, add_places, fill_areas

USER = 7
ALL = AreaFilter()
BY_ATTENTION = AreaFilter(order=AreaOrder.ATTENTION)
BRACKETS = ("BEGIN", "COMMIT", "ROLLBACK")


@pytest.fixture
def lists(engine):
    with engine.begin() as connection:
        for user_id in (USER, USER + 1):
            user = {"id": user_id, "email": f"{user_id}@example.org", "email_key": str(user_id), "password_hash": "x"}
            connection.execute(insert(t.users).values(**user, created_at=NOON, updated_at=NOON))
    return SqlAreaLists(engine)


def ids_of(lists, wanted=ALL, *, limit=100):
    found, after = [], None
    while True:
        page = lists.of_user(USER, wanted=wanted, page=PageRequest(limit, after))
        found += [area.area_id for area in page.items]
        if page.next_after is None:
            return found
        after = page.next_after


def looks_of(lists):
    return {area.area_id: look for area, look in lists.looked_at(USER, wanted=ALL, page=PageRequest(200)).items}


def test_each_area_says_its_last_session_however_many_there_are(lists, engine):
    ids = fill_areas(engine, user_id=USER, areas=70, looks=5)
    looks = looks_of(lists)
    assert len(looks) == 70
    newest = {look.latest.started_at for look in looks.values()}
    assert newest == {NOON - timedelta(days=1)}
    changed = looks[ids[3]]
    assert (changed.attention, changed.open_places) == (Attention.CHANGED, 1)
    assert changed.latest.counts_by_verdict == {"CHANGED": 4}
    assert changed.latest_change == changed.latest
    assert looks[ids[0]].attention is Attention.NONE
    assert looks[ids[0]].latest_change is None


def test_open_places_are_counted_as_far_as_is_said(lists, engine):
    (area_id,) = fill_areas(engine, user_id=USER, areas=1)
    for more, counted in ((MOST_COUNTED - 1, MOST_COUNTED - 1), (1, MOST_COUNTED), (2, MOST_COUNTED)):
        add_places(engine, area_id, more)
        assert looks_of(lists)[area_id].open_places == counted


def test_what_waits_for_a_person_comes_first_in_pages_without_gap_or_double(lists, engine):
    ids = fill_areas(engine, user_id=USER, areas=2 * EVERY)
    fill_areas(engine, user_id=USER + 1, areas=5)
    with engine.begin() as connection:
        connection.execute(delete(t.area_states).where(t.area_states.c.area_id == ids[5]))
    numbers = [ids.index(area_id) for area_id in ids_of(lists, BY_ATTENTION, limit=7)]
    assert numbers[:11] == [3, 63, 17, 77, 29, 89, 41, 101, 55, 115, 5]
    assert sorted(numbers) == list(range(120))
    assert numbers[11:] == sorted(numbers[11:])
    assert ids_of(lists, limit=7) == ids
    counts = lists.counts(USER)
    assert (counts.areas, counts.running) == (120, 0)
    assert counts.by_attention == dict(zip(Attention, (2, 2, 2, 2, 2, 1, 109), strict=True))


def test_what_was_accepted_waits_no_longer(lists, engine):
    ids = fill_areas(engine, user_id=USER, areas=4)
    with engine.begin() as connection:
        connection.execute(update(t.area_configs).values(baseline_at=NOON))
        connection.execute(update(t.places).values(state="accepted"))
    assert looks_of(lists)[ids[3]].attention is Attention.NONE


@pytest.mark.parametrize(
    ("search", "numbers"),
    [
        ("plot 1", [0, 9]),
        ("PLOT 1", [0, 9]),
        ("मौज़ा", [2]),
        ("ଭୁବନ", [3]),
        ("100%", [4]),
        ("0_0", []),
        ("ÖST", [5]),
        ("bank", [6, 7]),
        ("BANK", [6, 7]),
        ("वन", [7]),
    ],
)
def test_areas_are_found_by_what_their_names_and_tags_hold(lists, engine, search, numbers):
    names = {2: "मौज़ा रामपुर", 3: "ଭୁବନେଶ୍ୱର", 4: "at 100% slope", 5: "ÖSTERMALM"}
    ids = fill_areas(engine, user_id=USER, areas=10, names=names, tags={6: ["Bank"], 7: ["east bank", "वन"]})
    assert [ids.index(area_id) for area_id in ids_of(lists, AreaFilter(search=search))] == numbers


def test_areas_are_asked_for_by_their_numbers_and_by_what_waits(lists, engine):
    ids = fill_areas(engine, user_id=USER, areas=EVERY)
    others = fill_areas(engine, user_id=USER + 1, areas=1)
    assert ids_of(lists, AreaFilter(ids=(ids[8], ids[2], *others))) == [ids[2], ids[8]]
    blind = frozenset({Attention.BLIND, Attention.PARTLY_BLIND})
    assert ids_of(lists, AreaFilter(attention=blind)) == [ids[29], ids[41]]
    with pytest.raises(Invalid):
        AreaFilter(search="x" * 201)


def test_a_running_session_and_one_of_two_dates(lists, engine):
    ids = fill_areas(engine, user_id=USER, areas=2)
    row = {"cause": "REQUESTED", "started_at": NOON, "deadline_at": NOON, "tiles_planned": 2}
    with engine.begin() as connection:
        running = row | {"area_id": ids[0], "open_area_id": ids[0], "status": "IN_PROGRESS"}
        session_id = connection.execute(insert(t.alert_sessions).values(**running)).inserted_primary_key[0]
        tile = {"session_id": session_id, "z": 17, "x": 1, "y": 1, "state": "ENDED", "verdict": "NO_CHANGE"}
        connection.execute(insert(t.session_tiles).values(**tile, retry_at=NOON))
        dates = {"before": "2025-01-01", "after": "2026-01-01"}
        apart = row | {"area_id": ids[1], "status": "COMPLETED_NO_CHANGES", "two_dates": dates, "ended_at": NOON}
        apart |= {"summary": {"counts": {}, "clear_share": None, "newest_captured_at": None, "failures": []}}
        connection.execute(insert(t.alert_sessions).values(**apart))
    looks = looks_of(lists)
    latest = looks[ids[0]].latest
    assert (latest.session_id, latest.is_open, latest.tiles_done, latest.tiles_planned) == (session_id, True, 1, 2)
    assert looks[ids[1]].latest.dates is None, "of today, not of two dates"
    assert lists.counts(USER).running == 1


def test_a_list_takes_as_many_statements_of_few_areas_as_of_many(lists, engine):
    ids = fill_areas(engine, user_id=USER, areas=100, looks=20)
    said = []
    event.listen(engine, "before_cursor_execute", lambda *call: said.append(call[2]))

    def statements(limit):
        said.clear()
        lists.looked_at(USER, wanted=BY_ATTENTION, page=PageRequest(limit))
        return sum(not statement.startswith(BRACKETS) for statement in said)

    assert statements(1) == statements(50) <= 4
    assert len(ids) == 100


def test_the_newest_session_is_found_by_the_index(lists, engine):
    ids = fill_areas(engine, user_id=USER, areas=50, looks=20)
    said = []
    event.listen(engine, "before_cursor_execute", lambda *call: said.append(call[2:4]))
    looks_of(lists)
    sessions = SqlSessions(engine, deadline_s=1, retry_s=1, tiles_per_day=1)
    mine = sessions.of_user(USER, page=PageRequest(10), area_id=ids[9])
    assert [session.area_id for session in mine.items] == [ids[9]] * 10
    assert mine.total == 20
    is_sqlite = engine.dialect.name == "sqlite"
    asked = [call for call in said if "alert_sessions.id DESC" in call[0] or "latest_id" in call[0]]
    assert len(asked) >= 2
    with engine.connect() as connection:
        for statement, values in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN {'QUERY PLAN' if is_sqlite else ''} {statement}", values)
            rows = [" ".join(map(str, row)) if is_sqlite else f"{row.table} {row.key} {row.type}" for row in plan]
            of_sessions = [row for row in rows if "alert_sessions" in row]
            assert of_sessions
            assert all(
                "alert_sessions_area_id" in row or "PRIMARY KEY" in row or "PRIMARY eq_ref" in row
                for row in of_sessions
            ), rows
