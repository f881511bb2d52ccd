"""The list of areas over HTTP: what was seen of each last, searched, sorted, and refused where it is asked wrongly."""

import pytest

from tests.support.many_areas import fill_areas

LIST = "/api/area-configs"


def test_an_area_says_in_the_list_what_was_seen_of_it_last(asha):
    quiet = asha.area(name="Quiet")
    (listed,) = asha.get(f"{LIST}?limit=10").json
    assert listed | {"lastSession": None, "attention": "not looked at", "openPlaces": 0} == listed
    area = asha.trip()
    sessions = asha.get("/api/alerts/sessions").json
    changed = asha.get(f"{LIST}?order=attention").json[0]
    assert (changed["id"], changed["attention"], changed["openPlaces"] > 0) == (area["id"], "changed", True)
    newest = next(session for session in sessions if session["areaConfigId"] == area["id"])
    assert changed["lastSession"].items() <= newest.items()
    assert changed["lastChange"] == changed["lastSession"]
    counts = asha.get(f"{LIST}/attention").json
    assert (counts["areas"], counts["byAttention"]["changed"]) == (2, 1)
    asha.post(f"{LIST}/{area['id']}/baseline")
    assert asha.get(f"{LIST}?ids={area['id']}").json[0]["attention"] == "none", "settled"
    asha.post(f"/api/monitor/capture/{quiet['id']}")
    running = asha.get(f"{LIST}?ids={quiet['id']}").json[0]["lastSession"]
    assert (running["status"], running["tilesDone"], running["allClear"]) == ("IN_PROGRESS", 0, False)
    assert asha.get(f"{LIST}/attention").json["running"] == 1


def test_a_filter_goes_on_with_the_pages(asha, server):
    fill_areas(server.engine, user_id=1, areas=130)
    page = asha.get(f"{LIST}?order=attention&search=plot+1&attention=none,changed&limit=5")
    assert page.headers["X-Total-Count"] == "39"
    seen = [area["id"] for area in page.json]
    while "Link" in page.headers:
        query = page.headers["Link"].split(">")[0].lstrip("<")
        page = asha.get(LIST + query)
        seen += [area["id"] for area in page.json]
    assert len(seen) == len(set(seen)) == 39


def test_the_sessions_of_one_area_are_found_among_those_of_many(asha, badri, server):
    ids = fill_areas(server.engine, user_id=1, areas=120)
    answer = asha.get(f"/api/alerts/sessions?area={ids[0]}&limit=50")
    assert [session["areaConfigId"] for session in answer.json] == [ids[0]]
    assert answer.headers["X-Total-Count"] == "1"
    assert badri.get(f"/api/alerts/sessions?area={ids[0]}").json == []
    assert badri.get(f"{LIST}?ids={ids[0]}").json == []


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("attention=urgent", "attention"),
        ("order=name", "order"),
        ("order=", "order"),
        ("ids=1,x", "ids"),
        ("ids=", "ids"),
        ("ids=" + ",".join(["1"] * 101), "ids"),
        ("search=" + "x" * 201, "search"),
        ("search=a&search=b", "search"),
    ],
)
def test_a_list_that_is_asked_for_wrongly_says_where(asha, query, pointer):
    answer = asha.get(f"{LIST}?{query}")
    assert answer.status == 400
    assert [fault["pointer"] for fault in answer.json["errors"]] == [pointer]


def test_a_page_of_areas_whose_sessions_all_failed_stays_small(asha, server):
    fill_areas(server.engine, user_id=1, areas=100, looks=2)
    answer = asha.get(f"{LIST}?order=attention&limit=100")
    assert len(answer.json) == 100
    assert len(answer.content) < 250_000


def test_the_first_client_gets_a_thousand_areas_in_one_answer(asha, server):
    ids = fill_areas(server.engine, user_id=1, areas=1000)
    answer = asha.get(LIST)
    assert [area["id"] for area in answer.json] == ids
    assert "Link" not in answer.headers
    assert "lastSession" not in answer.json[0]
