"""Two dates, and the dates that there are, over the API; and since when an area is compared."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.scenes import Item, Scene, scene_of
from chalicelib.domain.tiles import Bounds
from tests.support.api_gateway import assert_refused
from tests.support.api_server import A_MOMENT, SMALL_AREA, ListedImagery
from tests.support.contract_members import DETAIL, SESSION, assert_shape

A_YEAR, A_MONTH = timedelta(days=365), timedelta(days=60)


def day(ago):
    return str((A_MOMENT - ago).date())


BEFORE, AFTER = day(A_YEAR), day(A_MONTH)


@pytest.fixture
def imagery(server):
    """Give the provider, which has a picture of a year ago and one of two months ago beside the newest."""
    made = server.providers["sample"]
    made.scene = Scene(scene_id="now", captured_at=A_MOMENT)
    made.older = tuple(Scene(scene_id=str(ago), captured_at=A_MOMENT - ago) for ago in (A_YEAR, A_MONTH))
    return made


@pytest.fixture
def area(asha, imagery):
    return asha.area()


def compare(person, area, body=None, **options):
    return person.post(f"/api/monitor/compare/{area['id']}", body, **options)


def test_two_dates_are_a_session_with_alerts(server, asha, area):
    answer = compare(asha, area, {"before": BEFORE, "after": AFTER})
    assert (answer.status, answer.json["message"]) == (200, "comparison running")
    session = answer.json["session"]
    assert (session["before"], session["after"], session["allClear"]) == (BEFORE, AFTER, False)
    server.work(changed_m2=900.0)
    whole = asha.get(f"/api/alerts/sessions/{session['id']}/details").json
    assert_shape(whole, SESSION)
    (detail,) = whole["alert_details"]
    assert_shape(detail, DETAIL)
    assert whole["status"] == "COMPLETED_CHANGES_DETECTED"
    assert detail["changeLog"]["message"].endswith(f"from {BEFORE} to {AFTER}")
    assert (detail["previousCapturedAt"][:10], detail["currentCapturedAt"][:10]) == (BEFORE, AFTER)
    assert (detail["previousAttribution"], detail["currentAttribution"], detail["placeIds"]) == ("(c) Test",) * 2 + (
        [],
    )
    for path in (detail["previousImagePath"], detail["currentImagePath"]):
        assert asha.get("/static_images/" + path.partition("captured_images/")[2]).status in (200, 302)
    again = compare(asha, area, {"before": BEFORE, "after": AFTER}).json
    assert (again["session"]["id"], again["message"]) == (session["id"], "comparison completed")
    assert asha.get("/api/alerts/sessions").json[0]["before"] == BEFORE
    assert asha.get(f"/api/monitor/image-tiles/area/{area['id']}").json == [], "the area's own pictures are others"


@pytest.mark.parametrize("body", [None, b"", b" \n", b"null", b"{}", b'{"before": null, "after": null}'])
def test_without_dates_it_is_as_it_was(asha, area, body):
    options = {} if body is None else {"raw": body}
    assert compare(asha, area, **options).status == 409, "nothing has been captured yet"
    assert asha.post(f"/api/monitor/capture/{area['id']}").status == 200
    answer = compare(asha, area, **options)
    assert (answer.status, answer.json["session"]["before"]) == (200, None)


@pytest.mark.parametrize(
    ("body", "status", "pointer", "says"),
    [
        ({"before": AFTER, "after": BEFORE}, 400, "/before", "a day before"),
        ({"before": BEFORE, "after": BEFORE}, 400, "/before", "a day before"),
        ({"before": BEFORE}, 400, "/after", "after is missing"),
        ({"after": AFTER}, 400, "/before", "before is missing"),
        ({"before": "15.01.2025", "after": AFTER}, 400, "/before", "2025-01-15"),
        ({"before": "20250115", "after": AFTER}, 400, "/before", "2025-01-15"),
        ({"before": "2025-02-30", "after": AFTER}, 400, "/before", "2025-01-15"),
        ({"before": "2025-01-15T05:30:00Z", "after": AFTER}, 400, "/before", "2025-01-15"),
        ({"before": "\u0662\u0660\u0662\u0665-01-15", "after": AFTER}, 400, "/before", "2025-01-15"),
        ({"before": "", "after": AFTER}, 400, "/before", "2025-01-15"),
        ({"before": "x" * 51, "after": AFTER}, 400, "/before", "at most 50"),
        ({"before": 20250115, "after": AFTER}, 400, "/before", "string"),
        ({"before": ["2025-01-15"], "after": AFTER}, 400, "/before", "string"),
        ({"before": "1899-12-31", "after": AFTER}, 400, "/before", "1900"),
        ({"before": "0001-01-01", "after": AFTER}, 400, "/before", "1900"),
        ({"before": BEFORE, "after": "2999-01-01"}, 400, "/after", "has not come yet"),
        ({"before": day(timedelta(days=200)), "after": AFTER}, 409, "/before", f"pictures of {BEFORE}, {AFTER}"),
        ({"before": BEFORE, "after": day(timedelta(days=200))}, 409, "/after", f"pictures of {BEFORE}, {AFTER}"),
        ({"before": BEFORE, "after": AFTER, "between": AFTER}, 400, "/between", "no such member"),
        ({"befor": BEFORE}, 400, "/befor", "no such member"),
    ],
)
def test_what_is_no_pair_of_dates_is_refused_where_it_is_wrong(asha, area, body, status, pointer, says):
    answer = compare(asha, area, body)
    assert_refused(answer, status)
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]
    assert says in answer.json["errors"][0]["detail"]
    assert asha.get("/api/alerts/sessions").json == []


@pytest.mark.parametrize("raw", [b"hello", b"[]", b'"2025-01-15"', b'{"before": "2025-01-15",}', b'{"before": 1} {}'])
def test_a_body_that_is_none_is_refused(asha, area, raw):
    assert_refused(compare(asha, area, raw=raw), 400)


def test_others_have_no_such_area(badri, area):
    assert compare(badri, area, {"before": BEFORE, "after": AFTER}).status == 404
    assert badri.get(f"/api/area-configs/{area['id']}/scenes").status == 404
    assert badri.call("PATCH", f"/api/area-configs/{area['id']}", {"compareSince": BEFORE}).status == 404


def test_an_undated_provider_has_no_dates(server, asha, area, imagery):
    server.providers["sample"] = Undated()
    refused = compare(asha, area, {"before": BEFORE, "after": AFTER})
    assert (refused.status, "does not say when" in refused.json["message"]) == (409, True)
    refused = asha.get(f"/api/area-configs/{area['id']}/scenes")
    assert (refused.status, "does not say when" in refused.json["message"]) == (409, True)
    for refused in (
        asha.call("PATCH", f"/api/area-configs/{area['id']}", {"compareSince": BEFORE}),
        asha.post("/api/area-configs", SMALL_AREA | {"compareSince": BEFORE}),
    ):
        assert (refused.status, refused.json["errors"][0]["pointer"]) == (400, "/compareSince")


class Undated:
    """A provider whose pictures have no time."""

    def __init__(self):
        self.listed = ListedImagery()

    @property
    def terms(self):
        return replace(self.listed.terms, is_dated=False)

    def grid(self, area):
        return self.listed.grid(area)

    def scenes(self, area, *, since, until):
        return self.history(area, until=until)

    def history(self, area, *, until):
        raise AssertionError("it is not asked")


def test_since_when_is_kept_changed_and_taken_back(asha, imagery):
    made = asha.area(compareSince="2024-01-15")
    path = f"/api/area-configs/{made['id']}"
    assert made["compareSince"] == asha.get(path).json["compareSince"] == "2024-01-15"
    assert asha.call("PATCH", path, {"compareSince": BEFORE}).json["compareSince"] == BEFORE
    assert asha.call("PATCH", path, {"sensitivity": "low"}).json["compareSince"] == BEFORE
    assert asha.call("PATCH", path, {"compareSince": None}).json["compareSince"] is None
    assert asha.area()["compareSince"] is None


@pytest.mark.parametrize("text", ["15.01.2025", "2999-01-01", "1899-12-31", "", 7, True])
def test_since_no_day_is_refused(asha, area, text):
    for refused in (
        asha.post("/api/area-configs", SMALL_AREA | {"compareSince": text}),
        asha.post("/api/area-configs/estimate", SMALL_AREA | {"compareSince": text}),
        asha.call("PATCH", f"/api/area-configs/{area['id']}", {"compareSince": text}),
    ):
        assert_refused(refused, 400)
        assert [error["pointer"] for error in refused.json["errors"]] == ["/compareSince"]


# The dates that there are


def half(name, ago, *, west=True, cloud=None):
    """Give a scene of a picture of one half of the area."""
    middle = SMALL_AREA["centerLon"]
    box = Bounds(middle - 1, 12, middle, 14) if west else Bounds(middle, 12, middle + 1, 14)
    return scene_of([Item(name, A_MOMENT - ago, "1", box, 0.5, cloud)])


def test_the_dates_say_what_they_show_and_which_were_used(server, asha, area, imagery):
    imagery.older += (half("half", 2 * A_YEAR, cloud=0.25),)
    compare(asha, area, {"before": BEFORE, "after": AFTER})
    server.work(changed_m2=900.0)
    imagery.scene = Scene(scene_id="now", captured_at=A_MOMENT)
    answer = asha.get(f"/api/area-configs/{area['id']}/scenes")
    assert answer.status == 200
    assert [(each["date"], each["isUsed"]) for each in answer.json] == [
        (str(A_MOMENT.date()), False),
        (AFTER, True),
        (BEFORE, True),
        (day(2 * A_YEAR), False),
    ]
    last = answer.json[-1]
    assert (last["coverage"], last["cloudShare"], last["pictures"]) == (0.5, 0.25, 1)
    assert answer.headers["X-Total-Count"] == "4"


def test_many_dates_come_in_pages(asha, area, imagery):
    imagery.older = tuple(
        Scene(scene_id=str(ago), captured_at=A_MOMENT - timedelta(days=ago)) for ago in range(1, 1200)
    )
    path, found, query = f"/api/area-configs/{area['id']}/scenes", [], "limit=90"
    while query:
        answer = asha.get(f"{path}?{query}")
        assert len(answer.content) < 1_000_000
        found += [each["date"] for each in answer.json]
        query = answer.headers.get("Link", "").partition("?")[2].partition(">")[0]
    assert len(found) == len(set(found)) == 1200
    assert found == sorted(found, reverse=True)
    assert len(asha.get(path).json) == 100, "without a limit as many as can be read at once"
