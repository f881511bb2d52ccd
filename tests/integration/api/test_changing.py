"""Areas that are changed over HTTP: every setting, the version of what is changed, and what is refused."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.support.api_gateway import assert_refused
from tests.support.api_server import SMALL_AREA

WEEKDAYS = {"weekdays": ["fri", "mon", "mon"], "at": "06:30", "timeZone": "Asia/Kolkata"}
DAILY = {"everyDays": 3, "at": "22:15", "timeZone": "UTC"}


@pytest.fixture
def area(asha):
    return asha.post("/api/area-configs", SMALL_AREA).json


@pytest.fixture
def change(asha, area):
    def patch(body, **headers):
        return asha.call("PATCH", f"/api/area-configs/{area['id']}", body, headers=headers)

    return patch


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"name": " Hill "}, {"name": "Hill"}),
        ({"tags": ["north", " dump", "north"]}, {"tags": ["north", "dump"]}),
        ({"isPaused": True}, {"isPaused": True, "nextSessionAt": None}),
        ({"cadenceHours": 6}, {"cadenceHours": 6, "schedule": None}),
        ({"schedule": WEEKDAYS}, {"schedule": WEEKDAYS | {"weekdays": ["mon", "fri"], "everyDays": None}}),
        ({"schedule": DAILY}, {"schedule": DAILY | {"weekdays": None}, "cadenceHours": 72}),
        ({"minChangedAreaM2": 100}, {"minChangedAreaM2": 100}),
        ({"minChangedAreaM2": None}, {"minChangedAreaM2": 25}),
        ({"sensitivity": "high"}, {"sensitivity": "high"}),
        ({"alertKinds": ["road"]}, {"alertKinds": ["road"]}),
        ({"unseenTolerance": 0.5}, {"unseenTolerance": 0.5}),
        ({"compareSince": "2024-01-15"}, {"compareSince": "2024-01-15"}),
        ({"confirmBySecondImage": True}, {"confirmBySecondImage": True}),
    ],
    ids=lambda value: next(iter(value)),
)
def test_each_setting_is_changed_alone(asha, area, change, body, shown):
    answer = change(body)
    assert answer.status == 200, answer.content
    expected = area | shown | {"version": 2}
    differ = {name for name in area if answer.json[name] != expected[name]}
    assert differ <= ({"cadenceHours", "nextDueAt", "nextSessionAt"} if "schedule" in body else set())
    assert asha.get(f"/api/area-configs/{area['id']}").json == answer.json


def test_all_at_once_or_nothing(asha, area, change):
    answer = change({"name": "Hill", "sensitivity": "high", "tags": ["a"], "minChangedAreaM2": 0.5})
    assert_refused(answer)
    assert answer.json["errors"][0]["pointer"] == "/minChangedAreaM2"
    assert asha.get(f"/api/area-configs/{area['id']}").json == area


def test_a_change_of_an_earlier_version_is_refused_and_the_version_of_now_is_told(asha, area, change):
    path = f"/api/area-configs/{area['id']}"
    assert (area["version"], asha.get(path).headers["ETag"]) == (1, '"1"')
    first = change({"name": "Hill"}, **{"If-Match": '"1"'})
    assert (first.status, first.headers["ETag"], first.json["version"]) == (200, '"2"', 2)
    late = change({"name": "Dale"}, **{"If-Match": '"1"'})
    assert (late.status, late.headers["ETag"]) == (412, '"2"')
    assert "at version 2 by now" in late.json["message"]
    assert asha.get(path).json["name"] == "Hill"
    for of_any, version in (({}, 3), ({"If-Match": "*"}, 4), ({"If-Match": 'W/"4"'}, 5)):
        assert change({"name": "Dale"}, **of_any).json["version"] == version


@pytest.mark.parametrize("said", ['"7", "1"', '"1" ,, "7"', '"a,b","1"', ' "1" ', "*", 'W/"1"'])
def test_a_change_is_of_one_of_several_versions(change, said):
    assert change({"name": "Hill"}, **{"If-Match": said}).json["version"] == 2


@pytest.mark.parametrize("said", ['"x"', '""', '"0"', '"01"', '"2", "3"', '"1,2"', '"\xe9"', 'W/"2"'])
def test_a_tag_that_nobody_gave_is_of_another_version(asha, area, change, said):
    answer = change({"name": "Hill"}, **{"If-Match": said})
    assert (answer.status, answer.headers["ETag"]) == (412, '"1"')
    assert asha.get(f"/api/area-configs/{area['id']}").json == area


@pytest.mark.parametrize("said", ["3", '"1" "2"', '"1', '"1", *', '"1 2"', ",", 'w/"1"'])
def test_an_if_match_that_is_no_version_is_refused(change, said):
    answer = change({"name": "Hill"}, **{"If-Match": said})
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (400, "If-Match")


def test_an_area_is_added_with_its_version_and_settings(asha):
    body = SMALL_AREA | {"schedule": WEEKDAYS, "tags": ["north"], "confirmBySecondImage": True}
    made = asha.post("/api/area-configs", body)
    assert (made.status, made.headers["ETag"]) == (201, '"1"')
    assert (made.json["schedule"]["weekdays"], made.json["tags"]) == (["mon", "fri"], ["north"])
    assert made.json["confirmBySecondImage"]
    estimate = asha.post("/api/area-configs/estimate", SMALL_AREA | {"schedule": WEEKDAYS}).json
    assert estimate["sessionsPerMonth"] == pytest.approx(2 * 30 / 7, abs=0.01)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": " "}, "/name"),
        ({"tags": ["a", " "]}, "/tags/1"),
        ({"tags": ["x" * 51]}, "/tags/0"),
        ({"tags": [f"{n}" for n in range(21)]}, "/tags"),
        ({"cadenceHours": 0}, "/cadenceHours"),
        ({"cadenceHours": 24, "schedule": DAILY}, "/schedule"),
        ({"schedule": {"at": "06:30", "timeZone": "UTC"}}, "/schedule"),
        ({"schedule": DAILY | {"weekdays": ["mon"]}}, "/schedule"),
        ({"schedule": WEEKDAYS | {"weekdays": []}}, "/schedule/weekdays"),
        ({"schedule": WEEKDAYS | {"weekdays": ["mon", "someday"]}}, "/schedule/weekdays/1"),
        ({"schedule": DAILY | {"everyDays": 366}}, "/schedule/everyDays"),
        ({"schedule": DAILY | {"at": "24:00"}}, "/schedule/at"),
        ({"schedule": DAILY | {"at": "6:30"}}, "/schedule/at"),
        ({"schedule": DAILY | {"timeZone": "Asia/Puri"}}, "/schedule/timeZone"),
        ({"schedule": DAILY | {"timeZone": "../../etc/passwd"}}, "/schedule/timeZone"),
        ({"schedule": DAILY | {"timeZone": "Asia"}}, "/schedule/timeZone"),
        ({"schedule": DAILY | {"timeZone": ""}}, "/schedule/timeZone"),
        ({"looksOnArrival": True}, "/looksOnArrival"),
        ({"minChangedAreaM2": 999_999}, "/minChangedAreaM2"),
        ({"unseenTolerance": 2}, "/unseenTolerance"),
        ({"compareSince": "2999-01-01"}, "/compareSince"),
        ({"isPaused": None}, "/isPaused"),
        ({"sensitivity": None, "tags": ["a"]}, "/sensitivity"),
        ({"unseenTolerance": None, "tags": ["a"]}, "/unseenTolerance"),
        ({"looksOnArrival": None, "tags": ["a"]}, "/looksOnArrival"),
        ({"confirmBySecondImage": None, "tags": ["a"]}, "/confirmBySecondImage"),
        ({"name": None}, "/name"),
        ({"name": None, "tags": ["a"]}, "/name"),
        ({"schedule": DAILY | {"timeZone": "localtime"}}, "/schedule/timeZone"),
        ({"provider": "xyz"}, "/provider"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_where_it_was_said(asha, area, change, body, pointer):
    answer = change(body)
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (400, pointer)
    assert asha.get(f"/api/area-configs/{area['id']}").json == area


def test_a_cadence_takes_the_place_of_a_schedule_and_may_be_left_to_the_imagery(change):
    assert change({"schedule": DAILY}).json["cadenceHours"] == 72
    assert change({"cadenceHours": 6}).json["schedule"] is None
    change({"schedule": DAILY})
    alone = change({"schedule": None}).json
    assert (alone["cadenceHours"], alone["schedule"]) == (72, None), "at the hours that the schedule had on average"
    left = change({"cadenceHours": None}).json
    assert (left["cadenceHours"], left["schedule"]) == (24, None)


def test_every_change_is_in_the_audit_log_with_what_was_changed(server, area, change):
    change({"name": "Hill", "sensitivity": "high"})
    with server.engine.connect() as connection:
        deed, about = connection.execute(text("SELECT deed, about FROM audit_entries ORDER BY number DESC")).first()
    assert (deed, about) == ("area changed", f"area {area['id']}, version 2: name, sensitivity")


def test_the_next_session_is_shown_and_none_while_it_is_paused(server, asha, area, change):
    asha.trip()
    path = f"/api/area-configs/{area['id']}"
    assert asha.get(path).json["nextSessionAt"] == area["nextDueAt"]
    assert change({"isPaused": True}).json["nextSessionAt"] is None
    server.now += timedelta(days=3)
    assert change({"isPaused": False}).json["nextSessionAt"] == area["nextDueAt"], "it is overdue: at once"
