"""A small, seeded share of `make api-cases`: each answer is as openapi.json says, and links lead on."""

import json
import re

import pytest

from chalicelib.api.follow_ups import GIVEN_BODIES, GIVEN_IDS
from chalicelib.api.openapi import APIS, document
from tests.support.api_cases.description import Description, at_pointer
from tests.support.api_cases.walk import OPEN_WIDE, Walk
from tests.support.api_gateway import Answer

CASES = 700


def test_each_answer_of_a_walk_is_as_the_description_says(server_with):
    walk = Walk(server_with(**OPEN_WIDE), seed=20)
    walk.run(CASES)
    assert walk.faults == {}, "\n".join(f"{about}: {first}" for about, (_, first) in walk.faults.items())
    well = sum(count for (_, status), count in walk.statuses.items() if status < 400)
    assert well > 0.4 * walk.cases, "cases that no view saw say little"
    reached = {name for (name, status), _ in walk.statuses.items() if status < 400}
    assert len(reached) > 30
    assert {kind for kind, hundred in walk.kinds if hundred == 2} >= {"followed", "bytes", "query", "headers", "token"}


def test_every_id_in_a_path_is_given_by_some_answer():
    """A route that nothing leads to would be walked by guessing alone."""
    by_link = ("get_image", "load_export")  # which is an answer's text
    routes = [route for api in APIS for route in api.routes if route.name not in by_link]
    wanted = {name for route in routes for name in re.findall(r"\{(\w+_id)\}", route.path)}
    assert wanted == {name for given in GIVEN_IDS.values() for name in given}
    assert set(GIVEN_IDS) | set(GIVEN_BODIES) <= {route.name for route in routes}
    links = {link["operationId"] for each in Description().operations.values() for link in each.links().values()}
    assert links == {route.name for route in routes if "_id}" in route.path} | {"login", "refresh"}


def answer(**changed):
    area = Description().operations["get_area"]
    schema = document()["components"]["schemas"]["AreaOut"]["properties"]
    values = {"number": 1.5, "integer": 7, "string": "2026-03-01T12:00:00Z", "boolean": True, "array": []}
    body = {name: values.get(each.get("type")) for name, each in schema.items()} | changed
    return area, Answer(200, {"content-type": "application/json"}, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("changed", "says"),
    [({}, None), ({"id": "7"}, "not of type"), ({"userId": 3}, "userId"), ({"createdAt": "yesterday"}, "date-time")],
)
def test_an_answer_that_is_not_as_described_is_found(changed, says):
    operation, told = answer(**changed)
    faults = list(Description().faults(operation, told))
    assert [says in fault for fault in faults] == ([True] if says else []), faults


@pytest.mark.parametrize(
    ("status", "headers", "content", "says"),
    [
        (500, {}, b"", "a 500"),
        (418, {}, b"", "not described"),
        (200, {"content-type": "text/html"}, b"<p>", "text/html is not described"),
        (404, {"content-type": "text/html"}, b"<p>", "a 404 of type"),
        (404, {"content-type": "application/problem+json"}, b'{"status": 400}', "a 404 that says"),
        (401, {"content-type": "application/problem+json"}, b'{"status": 401}', "without www-authenticate"),
    ],
)
def test_a_refusal_that_is_not_in_our_shape_is_found(status, headers, content, says):
    told = Answer(status, headers, content)
    assert any(says in fault for fault in Description().faults(Description().operations["get_area"], told))


def test_a_pointer_leads_to_each_item_of_a_list():
    body = [{"placeIds": [1, 2]}, {"placeIds": []}, {"other": 3}, {"placeIds": [4]}]
    assert list(at_pointer(body, "/0/placeIds/0")) == [1, 2, 4]
    assert list(at_pointer({"session": {"id": 7}}, "/session/id")) == [7]
    assert list(at_pointer({"session": None}, "/session/id")) == []
